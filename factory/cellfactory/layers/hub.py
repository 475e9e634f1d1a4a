"""The layer of a hub that names a role: it accepts what cells ask for, and leads back to them.

A hub serves cells of many rings. Its state holds a row for each cell whose request is there, and
none for one that has not asked yet: so it comes after the requests of whichever cells a run is
about, and waits for no other.
"""

from __future__ import annotations

from collections.abc import Iterator

from cellfactory.facts.schema import Facts
from cellfactory.inventory.schema import Inventory
from cellfactory.layers.access import hub_access
from cellfactory.layers.stack import Stack, StackId
from cellfactory.layers.wiring import of_each, put_together


def hub_stacks(inventory: Inventory, facts: Facts) -> Iterator[Stack]:
    """Yield the stack of each hub that a role accepts for, and that a cell is joined to."""
    for name, hub in sorted(inventory.hubs.items()):
        cells = inventory.cells_of(name)
        if hub.role is not None and cells:
            asked = of_each(cells, "peering", "connection_ids", key=name)
            yield Stack(
                id=StackId(name, "hub"),
                access=hub_access(inventory, facts, name, hub.role),
                inputs={"connection_ids": put_together(asked, lacking="leave-out")},
                outputs={"accepted_ids": "map(string)"},
            )
