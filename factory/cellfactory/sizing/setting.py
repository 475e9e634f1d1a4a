"""A cell among its peers, as one value that can be sized again and again with changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial

from cellfactory.addressing.blocks import AddressPlan
from cellfactory.facts.schema import Facts
from cellfactory.inventory.schema import Inventory
from cellfactory.sizing.bounds import stage
from cellfactory.sizing.ledger import Part, parts_of
from cellfactory.sizing.mesh import Neighbourhood, cell_neighbourhood, size_neighbourhood
from cellfactory.sizing.nau import CellNau, cell_nau
from cellfactory.sizing.shape import CellShape, shape_of
from cellfactory.sizing.usage import Scenario, Usage


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """A cell among its peers: all that its ledger depends on."""

    shape: CellShape
    around: Neighbourhood
    nau: Mapping[str, CellNau]  # of its peers, by cell name
    facts: Facts
    scenario: Scenario | None = None  # what is taken to happen


def setting_of(inventory: Inventory, plan: AddressPlan, cell: str, facts: Facts) -> Setting:
    """Gather a cell of an inventory and its peers.

    Raises:
        UnknownInstanceType: when a pool names one; the inventory's rules report it first.
    """
    around = cell_neighbourhood(inventory, cell)
    shapes = {c: shape_of(inventory, c, plan.cells[c], facts) for c in around.cells}
    return Setting(
        shape=shapes[cell],
        around=around,
        nau={peer: cell_nau(shape, facts) for peer, shape in shapes.items()},
        facts=facts,
    )


def size_setting(setting: Setting, shape: CellShape | None = None) -> tuple[Usage, ...]:
    """Size a cell among its peers, itself or in another shape."""
    parts = parts_of_setting(setting, shape or setting.shape)
    return stage((usage for part in parts for usage in part()), setting.scenario)


def parts_of_setting(setting: Setting, shape: CellShape) -> tuple[Part, ...]:
    """Take what sizes a cell among its peers apart, without a scenario; see `parts_of`."""
    own = cell_nau(shape, setting.facts)
    around = replace(setting.around, quotas=shape.quotas)
    nau = {**setting.nau, shape.name: own}
    peers = partial(size_neighbourhood, around, nau, setting.facts)
    return (*parts_of(shape, own, setting.facts), peers)
