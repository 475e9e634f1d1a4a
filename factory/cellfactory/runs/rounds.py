"""Which cells of a design ask for their peerings in rounds."""

from __future__ import annotations

from cellfactory.design import Design
from cellfactory.layers import StackId
from cellfactory.layers.edges import asks_in_rounds, most_requests
from cellfactory.terraform.rounds import Asker, Rounds, ask_requests
from cellfactory.terraform.sessions import sessions
from cellfactory.terraform.target import Target


def rounds_of(design: Design, target: Target) -> Rounds:
    """List the cells that ask more VPCs than may wait at once; of a small mesh there are none."""
    inventory, facts = design.inventory, design.facts
    return Rounds(
        askers={
            StackId(cell, "peering"): Asker(
                hubs=frozenset(inventory.hubs[h].vpc for h in inventory.hubs_of(cell)),
                most=most_requests(inventory, facts, cell),
            )
            for cell in inventory.cells
            if asks_in_rounds(inventory, facts, cell)
        },
        ask=ask_requests(sessions(target, "cellfactory-rounds")),
    )
