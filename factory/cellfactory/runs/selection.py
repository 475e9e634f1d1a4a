"""Which stacks of a design a run is about, and which of them its target cannot hold."""

from __future__ import annotations

from collections.abc import Sequence

from cellfactory.design import Design
from cellfactory.inventory.schema import Inventory
from cellfactory.layers import Stack, list_stacks
from cellfactory.runs.notices import LayerLeftOut, NothingSelected, Orphaned
from cellfactory.runs.reading_roles import cannot_read
from cellfactory.runs.request import Request
from cellfactory.runs.watcher import Watcher
from cellfactory.terraform.pending import orphaned
from cellfactory.terraform.registry import Registry
from cellfactory.terraform.results import Result
from cellfactory.terraform.selection import select_stacks
from cellfactory.terraform.target import Mode

NO_PLATFORM = "the emulated EKS has no Kubernetes API that a chart could be installed to"


def choose_stacks(design: Design, request: Request, watcher: Watcher) -> tuple[Stack, ...]:
    """Keep the stacks of the named cells and layers; nothing named means all of them.

    Raises:
        UsageError: when a name fits no stack.
    """
    stacks = list_stacks(design.inventory, design.facts)
    chosen = set(select_stacks([s.id for s in stacks], request.selection))
    wanted = request.selection
    if not chosen and wanted.has_owners and wanted.layers:
        watcher.noted(NothingSelected.of(wanted))
    return tuple(stack for stack in stacks if stack.id in chosen)


def leave_out(
    stacks: Sequence[Stack], mode: Mode, watcher: Watcher
) -> tuple[tuple[Stack, ...], tuple[Result, ...]]:
    """Part the stacks that can be applied to a target from results for those that cannot."""
    if mode != "sandbox":
        return tuple(stacks), ()
    left_out = [stack.id for stack in stacks if stack.id.row.needs_kubernetes]
    for layer in dict.fromkeys(stack.layer for stack in left_out):
        watcher.noted(LayerLeftOut(layer, NO_PLATFORM))
    kept = tuple(stack for stack in stacks if stack.id not in left_out)
    return kept, tuple(Result(stack=i, status="left-out", reason=NO_PLATFORM) for i in left_out)


def leave_unread(
    stacks: Sequence[Stack], inventory: Inventory
) -> tuple[tuple[Stack, ...], tuple[Result, ...]]:
    """Part the stacks that roles can look at which only read from results for the others."""
    why = {stack.id: cannot_read(inventory, stack.id) for stack in stacks}
    kept = tuple(stack for stack in stacks if not why[stack.id])
    return kept, tuple(Result(stack=i, status="left-out", reason=w) for i, w in why.items() if w)


def note_orphaned(registry: Registry, design: Design, mode: Mode, watcher: Watcher) -> None:
    """Tell which stacks have a state but no place in the inventory."""
    stacks = [stack.id for stack in list_stacks(design.inventory, design.facts)]
    if gone := orphaned(registry.stacks(), stacks):
        watcher.noted(Orphaned(gone, mode))
