"""`apply`: every stack, each as soon as those it takes values from are done."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from factory.design import Design
from factory.layers import StackId
from factory.processes import forwarding_signals
from factory.runs.notices import Notice, Pending, Resumable
from factory.runs.prepare import prepare
from factory.runs.request import Outcome, Request
from factory.runs.watcher import Watcher, listen, require_agreement
from factory.terraform.guard import NOTHING, Allowed
from factory.terraform.journal import Journal, find_journal, read_finished
from factory.terraform.pending import hub_requests
from factory.terraform.results import Result, Status
from factory.terraform.runner import apply_stacks
from factory.terraform.target import Mode


def apply_design(
    design: Design,
    request: Request,
    watcher: Watcher,
    *,
    allowed: Allowed = NOTHING,
    resume: str | None = None,
) -> Outcome:
    """Apply the stacks of a design, once the watcher agrees where real AWS is touched.

    Args:
        design: what to apply.
        request: which stacks, and where.
        watcher: is told, and asked.
        allowed: what plans may destroy and replace.
        resume: an earlier run, or `last`, of which nothing is done twice.

    Raises:
        FactoryError: as `prepare`.
        UsageError: when there is no such run, or the watcher does not agree.
    """
    ready = prepare(design, request, watcher)
    runs = ready.context.target.runs_folder
    earlier = find_journal(runs, resume) if resume else None
    require_agreement(watcher, "apply", ready.ids, request.mode)
    journal = Journal(earlier or runs / f"{run_id()}.jsonl", "apply")
    with forwarding_signals(ready.context.children):
        results = apply_stacks(
            ready.context,
            ready.stacks,
            ready.sources,
            listen(watcher, ready.stacks),
            parallel=request.parallel,
            journal=journal,
            finished=read_finished(earlier) if earlier else {},
            allowed=allowed,
        )
    return Outcome(
        results=(*results, *ready.left_out),
        notices=tuple(_left_for_people(design, results, journal.path, request.mode)),
        stopped=ready.context.children.stopping,
        fatal=_fatal(results, ready.ids),
    )


def _fatal(results: Sequence[Result], asked_for: Collection[StackId]) -> frozenset[Status]:
    """Choose what fails a run beside broken stacks: what was asked for and could not be done.

    Where something was done, stacks may wait for those of other owners that were not asked for: the
    peers of a new cell, say.
    """
    deferred = {result.stack: result for result in results if result.status == "deferred"}

    def is_left_to_others(stack: StackId) -> bool:
        return any(
            is_left_to_others(other)
            if other in deferred
            else other not in asked_for and (other.kind, other.owner) != (stack.kind, stack.owner)
            for other in deferred[stack].waits_for
        )

    excused = len(deferred) < len(results) and all(map(is_left_to_others, deferred))
    return frozenset(() if excused else {"deferred"})


def run_id() -> str:
    """Name a run by its time, so that names sort as runs do."""
    return datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%fZ")  # noqa: TID251 - names the run


def _left_for_people(
    design: Design, results: Sequence[Result], journal: Path, mode: Mode
) -> Iterator[Notice]:
    for sentence in hub_requests(design.inventory, design.plan, results):
        yield Pending(sentence)
    if any(result.broken for result in results):
        yield Resumable(journal.stem, mode)
