"""`apply`: plan what can be planned, show it, ask once, and do that and nothing beyond it.

Each stack is applied as soon as those it takes values from are done. One that could not be planned
when it was asked about is planned then, and may do what its synthesized files foresaw. Nothing is
replayed: a plan that was looked at is applied where the state has not moved since, and made again
and held against what was seen where it has.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from cellfactory.design import Design
from cellfactory.layers import StackId
from cellfactory.processes import ending_in_order, forwarding_signals
from cellfactory.runs.notices import NothingToDo, Notice, Pending, Resumable, Waiting
from cellfactory.runs.prepare import Prepared, prepare
from cellfactory.runs.request import Outcome, Request
from cellfactory.runs.review import Review
from cellfactory.runs.reviewed import agree_to, read_reviewed
from cellfactory.runs.reviewing import make_review, reviewed_stacks
from cellfactory.runs.watcher import Watcher, listen, require_agreement
from cellfactory.terraform.guard import NOTHING, Allowed
from cellfactory.terraform.journal import Journal, find_journal, read_finished
from cellfactory.terraform.leave import Agreed
from cellfactory.terraform.pending import hub_requests
from cellfactory.terraform.planning import Kept
from cellfactory.terraform.results import Result, Status
from cellfactory.terraform.reviewing import remove_kept, review_stacks
from cellfactory.terraform.runner import Listener, apply_stacks
from cellfactory.terraform.target import Mode


@dataclass(frozen=True, slots=True, kw_only=True)
class _Run:
    """An apply, with all that each of its steps needs."""

    design: Design
    request: Request
    watcher: Watcher
    ready: Prepared
    allowed: Allowed
    earlier: Path | None  # journal of the run that is resumed
    finished: Mapping[str, str]  # what that one has done


def apply_design(
    design: Design,
    request: Request,
    watcher: Watcher,
    *,
    allowed: Allowed = NOTHING,
    resume: str | None = None,
    reviewed: Path | None = None,
) -> Outcome:
    """Apply the stacks of a design, once the watcher agrees to what is planned.

    In the sandbox nobody is asked, unless the request says so: every stack is planned in its turn.

    Args:
        design: what to apply.
        request: which stacks, and where.
        watcher: is told, shown what is planned, and asked.
        allowed: what plans may destroy and replace.
        resume: an earlier run, or `last`, of which nothing is done twice.
        reviewed: a file that `plan --out` wrote; nothing beyond it is done, and nobody is asked.

    Raises:
        FactoryError: as `prepare` and `read_reviewed`.
        UsageError: when there is no such run, or the watcher does not agree.
    """
    plan = None if reviewed is None else read_reviewed(reviewed, design, request)
    ready = prepare(design, request, watcher)
    earlier = find_journal(ready.context.target.runs_folder, resume) if resume else None
    run = _Run(
        design=design,
        request=request,
        watcher=watcher,
        ready=ready,
        allowed=allowed,
        earlier=earlier,
        finished=read_finished(earlier) if earlier else {},
    )
    if reviewed is not None and plan is not None:
        return _apply(run, agree_to(reviewed, plan, ready), ready.ids)
    if request.mode == "aws" or request.asks:
        return _review_and_apply(run)
    return _apply(run, None, ready.ids)


def _review_and_apply(run: _Run) -> Outcome:
    """Plan, show, ask and apply; whatever happens, no plan stays."""
    results, kept = _look(run)
    try:
        if run.ready.context.children.stopping:
            return Outcome(results=(*results, *run.ready.left_out), stopped=True)
        review = make_review(run.ready, results)
        with ending_in_order():
            _ask(run, review)
        return _apply(run, _agreed(run.ready, review, kept), review.touched, review)
    finally:
        remove_kept(kept)


def _ask(run: _Run, review: Review) -> None:
    """Show a review, and ask about it where there is something to do.

    Raises:
        UsageError: when the watcher does not agree.
    """
    run.watcher.reviewed(review)
    if review.is_done:
        run.watcher.noted(NothingToDo())
    elif not review.is_idle:
        require_agreement(run.watcher, "apply", review.touched, run.request.mode, review)


def _look(run: _Run) -> tuple[tuple[Result, ...], Mapping[StackId, Kept]]:
    ready = run.ready
    with forwarding_signals(ready.context.children):
        return review_stacks(
            ready.context,
            ready.stacks,
            ready.sources,
            listen(run.watcher, ready.stacks),
            parallel=run.request.parallel,
            finished=run.finished,
            allowed=run.allowed,
        )


def _agreed(ready: Prepared, review: Review, kept: Mapping[StackId, Kept]) -> Agreed:
    """What a yes is worth: what was seen, and no second try of what could not be planned."""
    return Agreed(
        reviewed=reviewed_stacks(ready, review),
        kept=kept,
        settled={result.stack: result for result in review.results if result.broken},
    )


def _apply(
    run: _Run, agreed: Agreed | None, touched: Sequence[StackId], review: Review | None = None
) -> Outcome:
    ready = run.ready
    runs = ready.context.target.runs_folder
    journal = Journal(run.earlier or runs / f"{run_id()}.jsonl", "apply")
    with forwarding_signals(ready.context.children):
        results = apply_stacks(
            ready.context,
            ready.stacks,
            ready.sources,
            _telling_news(listen(run.watcher, touched), review),
            parallel=run.request.parallel,
            journal=journal,
            finished=run.finished,
            allowed=run.allowed,
            agreed=agreed,
        )
    return Outcome(
        results=(*_with_changes(results, review), *ready.left_out),
        notices=tuple(_left_for_people(run.design, results, journal.path, run.request.mode)),
        stopped=ready.context.children.stopping,
        fatal=fatal_of(results),
    )


def _telling_news(listener: Listener, review: Review | None) -> Listener:
    """Tell nothing a second time of a stack that is as it was when it was reviewed."""
    if review is None:
        return listener
    told = {result.stack: result.status for result in review.results}

    def finished(result: Result) -> None:
        if told.get(result.stack) != result.status:
            listener.finished(result)

    return replace(listener, finished=finished)


def _with_changes(results: Sequence[Result], review: Review | None) -> Iterator[Result]:
    """Hand on with each result what was planned for it, where somebody looked."""
    seen = {} if review is None else {result.stack: result for result in review.results}
    for result in results:
        before = seen.get(result.stack)
        if before is None or result.changes:
            yield result
        else:
            planned = result.planned or before.planned
            yield replace(result, planned=planned, changes=before.changes)


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


def waiting_notices(results: Sequence[Result]) -> Iterator[Waiting]:
    """Say what waits for stacks that the run was not about, and for whom."""
    asked = {result.stack for result in results}
    groups: dict[tuple[StackId, ...], list[StackId]] = {}
    for result in results:
        others = tuple(stack for stack in result.waits_for if stack not in asked)
        if result.status == "deferred" and others:
            groups.setdefault(others, []).append(result.stack)
    for others, stacks in groups.items():
        yield Waiting(tuple(stacks), others)


def run_id() -> str:
    """Name a run by its time, so that names sort as runs do."""
    return datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%fZ")  # noqa: TID251 - names the run


def _left_for_people(
    design: Design, results: Sequence[Result], journal: Path, mode: Mode
) -> Iterator[Notice]:
    yield from waiting_notices(results)
    for sentence in hub_requests(design.inventory, design.plan, results):
        yield Pending(sentence)
    if any(result.broken for result in results):
        yield Resumable(journal.stem, mode)
