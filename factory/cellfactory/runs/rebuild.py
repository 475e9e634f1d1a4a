"""The drill: a cell goes, down to its account, and is made again with all the ways to its peers.

Taking it down is what `decommission` does, with the inventory as if the cell had left it: routes of
peers first, then their connections, then the cell. Nothing is written down meanwhile. Whatever ends
it, the same command, or `apply`, goes on from what is recorded.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import replace

from cellfactory.design import Design, without_cells
from cellfactory.layers import Stack, StackId, list_stacks
from cellfactory.layers.rows import REBUILT
from cellfactory.runs.adopt import import_found
from cellfactory.runs.apply import apply_design
from cellfactory.runs.decommission import decommission
from cellfactory.runs.departure import Departure, Leaving
from cellfactory.runs.freshness import sources_of
from cellfactory.runs.request import Outcome, Request
from cellfactory.runs.watcher import Watcher
from cellfactory.terraform.kept_parts import KeptParts, buckets_in
from cellfactory.terraform.leaving import EDGE_LAYERS
from cellfactory.terraform.selection import Selection
from cellfactory.terraform.workspace import Sources

WHY = "the cell is rebuilt"


def take_down(
    design: Design,
    request: Request,
    cell: str,
    watcher: Watcher,
    show: Callable[[Departure], None],
    *,
    buckets: bool,
) -> Outcome:
    """Destroy a cell but its account, once its peers have let go of it.

    Args:
        design: with the cell.
        request: where; its selection is not read.
        cell: a cell of the inventory.
        watcher: is told, and asked.
        show: is handed all that is about to be done, before anybody is asked.
        buckets: whether log buckets stay, with what they hold.

    Raises:
        FactoryError: as `decommission`; F643 where peers wait for another change to be applied.
        SizingError: when the design does not fit, so that the cell would not be made again.
        SynthError: when what `synth` wrote of it is out of date.
    """
    design.require_fit()
    _joined_sources(design, request, cell)
    leaving = Leaving(cells=(cell,), parts=KeptParts(buckets=buckets, keys=False), ignore_jobs=WHY)
    without = replace(request, synthesizes=True)
    return decommission(design.without(cell), without, leaving, watcher, show).outcome


def build_again(
    design: Design, request: Request, cell: str, watcher: Watcher, *, buckets: bool
) -> Outcome:
    """Make a cell again, and all that joins it to others; buckets that stayed are its own again.

    Args:
        design: with the cell.
        request: where, and how long rings bake; its selection is not read.
        cell: as of `take_down`.
        watcher: is told, and asked.
        buckets: as of `take_down`.

    Raises:
        FactoryError: as `apply_design`.
    """
    stacks, sources = _joined_sources(design, request, cell)
    for stack in stacks if buckets else ():
        if stack.id.owner != cell or not any(buckets_in(sources[stack.id])):
            continue
        before = [s.id for s in stacks if s.id.owner == cell and s.id in stack.waits_for]
        for outcome in _taken_up(design, request, stack.id, before, watcher):
            if outcome.failed or outcome.stopped:
                return outcome
    joined = [stack.id for stack in stacks]
    return apply_design(design, _about(request, joined), watcher)


def _joined_sources(
    design: Design, request: Request, cell: str
) -> tuple[tuple[Stack, ...], Mapping[StackId, Sources]]:
    joined = tuple(joined_stacks(design, cell))
    return joined, sources_of(request, design, joined)


def _taken_up(
    design: Design, request: Request, stack: StackId, before: Collection[StackId], watcher: Watcher
) -> Iterator[Outcome]:
    """Take up again what a stack left in AWS, once what it takes values from is there."""
    if before:
        yield apply_design(design, _about(request, before), watcher)
    yield import_found(design, request, [stack], watcher)


def _about(request: Request, stacks: Collection[StackId]) -> Request:
    return replace(request, selection=Selection(stacks=tuple(stack.name for stack in stacks)))


def joined_stacks(design: Design, cell: str) -> Iterator[Stack]:
    """Yield what a cell is made of but its account, and what joins others to it, in order.

    Others are those of whose stacks one would be another without the cell, and meshes whose
    gateways lead to its blocks.
    """
    inventory, facts = design.inventory, design.facts
    stacks = list_stacks(inventory, facts)
    without = {stack.id: stack for stack in list_stacks(without_cells(inventory, cell), facts)}
    moved = {stack.id.owner for stack in stacks if without.get(stack.id) != stack}
    moved |= {*inventory.linked_meshes(inventory.cells[cell].mesh)}
    for stack in stacks:
        layers = REBUILT if stack.id.owner == cell else EDGE_LAYERS
        if stack.id.owner in moved and stack.id.layer in layers:
            yield stack
