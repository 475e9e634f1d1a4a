"""Every stack of an inventory."""

from __future__ import annotations

from cellfactory.facts.schema import Facts
from cellfactory.inventory.schema import Inventory
from cellfactory.layers.cell import cell_stacks
from cellfactory.layers.edges import edge_stacks
from cellfactory.layers.gateway import gateway_stacks
from cellfactory.layers.hub import hub_stacks
from cellfactory.layers.order import order_stacks
from cellfactory.layers.stack import Stack


def list_stacks(inventory: Inventory, facts: Facts) -> tuple[Stack, ...]:
    """List every stack of every cell and hub, in an order in which they can be applied.

    Args:
        inventory: one in which nothing is wrong.
        facts: which Regions know the roles of every account.

    Returns:
        Stacks sorted so that each comes after those it waits for; where that leaves a choice,
        by layer and then by owner.
    """
    stacks = {
        stack.id: stack
        for cell in sorted(inventory.cells)
        for part in (cell_stacks, edge_stacks)
        for stack in part(inventory, facts, cell)
    }
    stacks |= {stack.id: stack for stack in gateway_stacks(inventory, facts)}
    stacks |= {stack.id: stack for stack in hub_stacks(inventory, facts)}
    return tuple(stacks[i] for i in order_stacks(stacks.values()))
