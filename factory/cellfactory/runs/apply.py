"""`apply`: every stack, each as soon as those it takes values from are done."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from cellfactory.design import Design
from cellfactory.layers import StackId
from cellfactory.processes import forwarding_signals
from cellfactory.runs.notices import Notice, Pending, Resumable
from cellfactory.runs.prepare import prepare
from cellfactory.runs.request import Outcome, Request
from cellfactory.runs.watcher import Watcher, listen, require_agreement
from cellfactory.terraform.guard import NOTHING, Allowed
from cellfactory.terraform.journal import Journal, find_journal, read_finished
from cellfactory.terraform.pending import hub_requests
from cellfactory.terraform.results import Result, Status
from cellfactory.terraform.runner import apply_stacks
from cellfactory.terraform.target import Mode


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
        fatal=fatal_of(results),
    )


def fatal_of(results: Sequence[Result]) -> frozenset[Status]:
    """Say whether deferred stacks fail a run: not where they wait for others that nobody asked for.

    A cell is applied before its peers have theirs. What its own owner lacks is another matter.

    Args:
        results: of all that was asked for.
    """
    deferred = {result.stack: result for result in results if result.status == "deferred"}
    asked = {result.stack for result in results}

    def is_excused(stack: StackId) -> bool:
        waits = deferred[stack].waits_for
        return any(
            is_excused(w) if w in deferred else w not in asked and w.owner != stack.owner
            for w in waits
        )

    return frozenset() if all(map(is_excused, deferred)) else frozenset({"deferred"})


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
