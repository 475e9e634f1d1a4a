"""The order of work: each stack after those whose outputs it takes."""

from __future__ import annotations

from collections.abc import Iterable
from graphlib import TopologicalSorter

from cellfactory.layers.rows import LAYERS
from cellfactory.layers.stack import Stack, StackId


def layer_rank(stack: StackId) -> tuple[int, str]:
    """Sort stacks by layer, then by owner: the order where nothing else decides."""
    return LAYERS.index(stack.layer), stack.owner


def order_stacks(stacks: Iterable[Stack]) -> tuple[StackId, ...]:
    """Order stacks so that each comes after those it waits for.

    Stacks that are waited for but not given are left out.

    Raises:
        graphlib.CycleError: when stacks wait for each other in a ring.
    """
    known = {stack.id: stack for stack in stacks}
    graph = {i: [w for w in s.waits_for if w in known] for i, s in known.items()}
    sorter = TopologicalSorter(graph)
    sorter.prepare()
    ordered: list[StackId] = []
    while sorter.is_active():
        ready = sorted(sorter.get_ready(), key=layer_rank)
        ordered.extend(ready)
        sorter.done(*ready)
    return tuple(ordered)
