"""Through which hubs the clusters of a design are reached."""

from __future__ import annotations

from cellfactory.design import Design
from cellfactory.layers import list_stacks
from cellfactory.terraform.hub_ways import Hub, HubWays, answers, ask_status
from cellfactory.terraform.sessions import sessions
from cellfactory.terraform.target import Target


def hub_ways_of(design: Design, target: Target) -> HubWays:
    """List the hubs of every stack that talks to a cluster; there may be none."""
    inventory = design.inventory
    cells = {
        stack.id: stack.id.owner
        for stack in list_stacks(inventory, design.facts)
        if stack.id.row.needs_kubernetes
    }
    return HubWays(
        hubs={
            stack: tuple(
                Hub(
                    name=name,
                    account=inventory.hubs[name].account,
                    vpc=inventory.hubs[name].vpc,
                    block=str(design.plan.cells[cell].primary),
                )
                for name in inventory.hubs_of(cell)
            )
            for stack, cell in cells.items()
        },
        ask=ask_status(sessions(target, "cellfactory-hubs")),
        answers=answers,
    )
