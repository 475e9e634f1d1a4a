"""Every stack of an inventory."""

from __future__ import annotations

from factory.facts.schema import Facts
from factory.inventory.schema import Inventory
from factory.layers.cell import cell_stacks
from factory.layers.edges import edge_stacks
from factory.layers.order import order_stacks
from factory.layers.stack import Stack


def list_stacks(inventory: Inventory, facts: Facts) -> tuple[Stack, ...]:
    """List every stack of every cell, in an order in which they can be applied.

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
    return tuple(stacks[i] for i in order_stacks(stacks.values()))
