"""`destroy`: what the outputs registry knows, also of cells that left the inventory.

It goes by the registry alone: every record holds the configuration and the inputs that its stack
was applied with. Of the inventory it takes where the states are kept and nothing else, so that
cells can be got rid of although the inventory is not sound, or no longer fits. Only `--gone`, which
asks what has no place in the inventory, takes one that can be read.

An account is never destroyed. Given up on an explicit word, it leaves the state and the registry,
and stays open in its organization.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path

from cellfactory.inventory.schema import State
from cellfactory.layers import LAYERS, StackId, list_stacks
from cellfactory.layers.order import layer_rank
from cellfactory.processes import forwarding_signals
from cellfactory.runs.context import open_context
from cellfactory.runs.meeting import joined, pace_of, run_id
from cellfactory.runs.notices import (
    AccountLeft,
    Lying,
    NothingGone,
    NothingRecorded,
    NothingSelected,
    Notice,
    RecordUnread,
    StackKept,
    Swept,
)
from cellfactory.runs.reading import read_declared
from cellfactory.runs.recorded import recorded_cell
from cellfactory.runs.request import Outcome, Request
from cellfactory.runs.watcher import Watcher, listen, require_agreement
from cellfactory.terraform.pending import orphaned
from cellfactory.terraform.record import Record
from cellfactory.terraform.results import Result
from cellfactory.terraform.runner import destroy_stacks
from cellfactory.terraform.running import RunContext
from cellfactory.terraform.selection import select_stacks


def destroy_recorded(
    state: State,
    request: Request,
    watcher: Watcher,
    *,
    standing: Collection[StackId] | None = None,
) -> Outcome:
    """Destroy recorded stacks in reverse order, once the watcher agrees where AWS is real.

    Args:
        state: where the states are kept; the registry lies beside them.
        request: which stacks, and where; accounts stay unless it says `forget`.
        watcher: is told, and asked.
        standing: what has a place in the inventory, which is left out; None leaves nothing out.

    Raises:
        TerraformError: when Terraform, the registry or the emulator cannot be had.
        UsageError: when a name fits no recorded stack, or the watcher does not agree.
    """
    context = open_context(state, request, watcher)
    records, others = context.registry.read_each()
    for stack, other in others.items():
        watcher.noted(RecordUnread(stack, str(other.error)))
    known = orphaned({*records, *others}, standing or ())
    if not known:
        watcher.noted(NothingGone() if records or others else NothingRecorded())
        return Outcome(results=())
    chosen = select_stacks(sorted(known, key=layer_rank), request.selection, LAYERS)
    if not chosen:
        watcher.noted(NothingSelected.of(request.selection))
    elif not request.forget:
        chosen = _without_kept(chosen, watcher)
    if not chosen:
        return Outcome(results=())
    if request.sweep:
        _note_leftovers(context, (records[stack] for stack in chosen), watcher)
    require_agreement(watcher, "destroy", chosen, request.mode)
    runs, pace = context.target.runs_folder, pace_of(request.patience_seconds)
    with (
        joined(context, runs / f"{run_id()}.destroy", "destroy", pace) as met,
        forwarding_signals(context.children),
    ):
        results = destroy_stacks(
            met.context,
            chosen,
            met.noting(listen(watcher, chosen)),
            parallel=request.parallel,
            gone=standing is not None,
            sweep=request.sweep,
        )
        met.results += results
    return Outcome(
        results=results,
        notices=(*_swept(context), *_accounts_left(records, results)),
        stopped=context.children.stopping,
    )


def read_standing(inventory_file: Path) -> tuple[StackId, ...]:
    """List the stacks that have a place in an inventory; its addresses need not work out.

    Raises:
        UsageError: when it cannot be read.
        InventoryError: with every problem of it.
    """
    declared = read_declared(inventory_file)
    return tuple(stack.id for stack in list_stacks(declared.inventory, declared.facts))


def _without_kept(chosen: Iterable[StackId], watcher: Watcher) -> tuple[StackId, ...]:
    kept = []
    for stack in chosen:
        if stack.row.kept_on_destroy:
            watcher.noted(StackKept(stack))
        else:
            kept.append(stack)
    return tuple(kept)


def _note_leftovers(context: RunContext, records: Iterable[Record], watcher: Watcher) -> None:
    """Say what is to be swept, before anybody agrees to it."""
    for record in records:
        if context.sweeper is None or not record.stack.row.holds_vpc:
            continue
        if found := context.sweeper.look(record):
            watcher.noted(Lying(record.stack, tuple(found)))


def _swept(context: RunContext) -> Iterator[Notice]:
    for stack, deleted in sorted(context.sweeper.swept.items() if context.sweeper else ()):
        if deleted:
            yield Swept(stack, deleted)


def _accounts_left(
    records: Mapping[StackId, Record], results: Iterable[Result]
) -> Iterator[Notice]:
    for result in results:
        if result.status != "forgotten" or result.stack.layer != "account":
            continue
        record = records[result.stack]
        known = recorded_cell(result.stack.owner, [record])
        yield AccountLeft(known.account_id or "", known.email or "", record.account)
