"""What the specs of all stacks are taken from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from cellfactory.addressing.blocks import AddressPlan
from cellfactory.facts.schema import Facts
from cellfactory.inventory.schema import Inventory


@dataclass(frozen=True, kw_only=True)
class Parts:
    """An inventory, its addresses and the facts."""

    inventory: Inventory
    plan: AddressPlan
    facts: Facts
    charts: Mapping[str, str]  # file of each chart of ours, packed; by the chart's name

    @cached_property
    def primaries(self) -> Mapping[str, str]:
        """The routable block of each cell, as text: every peer of a mesh writes it."""
        return {cell: str(addresses.primary) for cell, addresses in self.plan.cells.items()}
