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
from cellfactory.layers.edges import WAYS
from cellfactory.layers.gateway import READY
from cellfactory.layers.stack import Stack, StackId, VariableType
from cellfactory.layers.wiring import entry, of_each, put_together


def hub_stacks(inventory: Inventory, facts: Facts) -> Iterator[Stack]:
    """Yield the stack of each hub that a role accepts for, and that a cell is joined to."""
    for name, hub in sorted(inventory.hubs.items()):
        cells = inventory.cells_of(name)
        if hub.role is None or not cells:
            continue
        asked = of_each(asking_cells(inventory, name), "peering", "connection_ids", key=name)
        inputs = {"connection_ids": put_together(asked, lacking="leave-out")}
        outputs: dict[str, VariableType] = {"accepted_ids": "map(string)"}
        if has_gateway(inventory, name):
            moved = {
                cell: entry(inventory.cells[cell].mesh, "segments", READY, cell)
                for cell in cells
                if inventory.leads_over_gateway(cell, name)
            }
            # Of a cell that is to be reached over the gateway nothing is left out: its route would
            # go, and with it the way that there is.
            inputs["gateway_ids"] = put_together(moved)
            outputs[WAYS] = "map(string)"
        yield Stack(
            id=StackId(name, "hub"),
            access=hub_access(inventory, facts, name, hub.role),
            inputs=inputs,
            outputs=outputs,
        )


def asking_cells(inventory: Inventory, hub: str) -> tuple[str, ...]:
    """The cells that send a peering request to a hub, by name, sorted."""
    return tuple(c for c in inventory.cells_of(hub) if inventory.mesh_of(c).step.peerings)


def has_gateway(inventory: Inventory, hub: str) -> bool:
    """Whether some cell reaches a hub over a gateway, or is about to."""
    return any(inventory.mesh_of(cell).step.gateway for cell in inventory.cells_of(hub))
