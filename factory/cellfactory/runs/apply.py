"""`apply`: plan what can be planned, show it, ask once, and do that and nothing beyond it.

Each stack is applied as soon as those it takes values from are done. One that could not be planned
when it was asked about is planned then, and may do what its synthesized files foresaw. Nothing is
replayed: a plan that was looked at is applied where the state has not moved since, and made again
and held against what was seen where it has.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from cellfactory.design import Design
from cellfactory.diff.guard import Override
from cellfactory.diff.model import Changes, StackChange
from cellfactory.errors import Finding
from cellfactory.layers import Stack, StackId
from cellfactory.processes import ending_in_order, forwarding_signals
from cellfactory.runs.asked import asked_as_before, note_asked
from cellfactory.runs.guarding import changes_of, recorded_of, require_within
from cellfactory.runs.meeting import Joined, find_run, joined, pace_of, run_id
from cellfactory.runs.notices import NothingToDo, Notice, Pending, Resumable, Waiting
from cellfactory.runs.prepare import Prepared, prepare
from cellfactory.runs.reading_roles import cannot_read
from cellfactory.runs.request import Outcome, Request
from cellfactory.runs.review import Review
from cellfactory.runs.reviewed import agree_to, read_reviewed
from cellfactory.runs.reviewing import make_review, reviewed_stacks, unplanned_of
from cellfactory.runs.ring_checks import checks_of
from cellfactory.runs.ring_choice import require_order
from cellfactory.runs.rings import Rollout, Turn, plan_turns, ring_plan, rings_by_name, roll_out
from cellfactory.runs.watcher import Watcher, listen, require_agreement
from cellfactory.terraform.guard import NOTHING, Allowed
from cellfactory.terraform.journal import Rings, read_finished, read_rings
from cellfactory.terraform.leave import Agreed
from cellfactory.terraform.passes import each_once
from cellfactory.terraform.pending import edges_to_ask, hub_requests
from cellfactory.terraform.planning import Kept
from cellfactory.terraform.results import Result, Status
from cellfactory.terraform.reviewing import remove_kept, review_stacks
from cellfactory.terraform.runner import Listener, apply_stacks


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
    overrides: tuple[Override, ...]  # of the guard


def apply_design(
    design: Design,
    request: Request,
    watcher: Watcher,
    *,
    allowed: Allowed = NOTHING,
    resume: str | None = None,
    reviewed: Path | None = None,
    unseen: bool = False,
    overrides: tuple[Override, ...] = (),
) -> Outcome:
    """Apply the stacks of a design, once the watcher agrees to what is planned.

    In the sandbox nobody is asked, unless the request says so: every stack is planned in its turn.

    Args:
        design: what to apply.
        request: which stacks, and where.
        watcher: is told, shown what is planned, and asked.
        allowed: what plans may destroy and replace.
        resume: an earlier run, or `last`, of which nothing is done twice, and whose rings go on as
            they were asked for.
        reviewed: a file that `plan --out` wrote; nothing beyond it is done, and nobody is asked.
        unseen: whether to plan and do, too, what no role could look at that only reads.
        overrides: limits of the guard that are lifted, and why.

    Raises:
        GuardError: when it does more at once than the guard of the inventory allows.
        FactoryError: as `prepare`, `read_reviewed` and `asked_as_before`.
        UsageError: when there is no such run, or the watcher does not agree.
    """
    plan = None if reviewed is None else read_reviewed(reviewed, design, request)
    ready = prepare(design, request, watcher)
    require_order(design, request, ready.context.registry)
    earlier = find_run(ready.context, resume) if resume else None
    if earlier is not None:
        request = asked_as_before(request, earlier, watcher)
    run = _Run(
        design=design,
        request=request,
        watcher=watcher,
        ready=ready,
        allowed=allowed,
        earlier=earlier,
        finished=read_finished(earlier) if earlier else {},
        overrides=overrides,
    )
    if reviewed is not None and plan is not None:
        deferred = (one.stack for one in plan.stacks if one.is_foreseen)
        unplanned = unplanned_of(ready, (s for s in deferred if s in ready.sources))
        _guard(run, changes_of(plan.stacks, recorded_of(ready)), unplanned)
        free = (s for s in ready.ids if unseen and cannot_read(design.inventory, s))
        agreed = agree_to(reviewed, plan, ready, frozenset(free))
        return _apply_untold(run, agreed.touched, agreed)
    if request.mode == "aws" or request.asks:
        return _review_and_apply(run)
    return _apply_untold(run, ready.ids, None)


def _apply_untold(run: _Run, touched: Sequence[StackId], agreed: Agreed | None) -> Outcome:
    """Apply what nobody is asked about; in which order it comes is told all the same."""
    turns = _turns(run, touched)
    _tell(run, turns)
    return _apply(run, turns, agreed, run.ready.ids)


def _review_and_apply(run: _Run) -> Outcome:
    """Plan, show, ask and apply; whatever happens, no plan stays."""
    results, kept = _look(run)
    try:
        if run.ready.context.children.stopping:
            return Outcome(results=(*results, *run.ready.left_out), stopped=True)
        review = make_review(run.ready, results)
        turns = _turns(run, review.touched)
        with ending_in_order():
            _ask(run, review, turns)
        agreed = _agreed(run.ready, review, _kept_for_first(turns, kept))
        return _apply(run, turns, agreed, review.touched, review)
    finally:
        remove_kept(kept)


def _ask(run: _Run, review: Review, turns: Sequence[Turn]) -> None:
    """Show a review, and ask about it where there is something to do.

    Raises:
        GuardError: when it is more at once than the guard allows; nobody is asked then.
        UsageError: when the watcher does not agree.
    """
    run.watcher.reviewed(review)
    _guard(run, review.changes, review.unplanned)
    _tell(run, turns)
    if review.is_done:
        run.watcher.noted(NothingToDo())
    elif not review.is_idle:
        require_agreement(run.watcher, "apply", review.touched, run.request.mode, review)


def _guard(run: _Run, changes: Changes, unplanned: Sequence[StackChange]) -> None:
    require_within(run.design, run.ready, changes, run.overrides, run.watcher, unplanned)


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


def _turns(run: _Run, touched: Sequence[StackId]) -> tuple[Turn, ...]:
    """Say in which order of rings a run goes, of which these stacks are touched."""
    return plan_turns(run.design, run.request, run.ready.waves, run.ready.stacks, touched)


def _tell(run: _Run, turns: Sequence[Turn]) -> None:
    """Tell in which order the rings come, where there is more to it than one."""
    if (told := ring_plan(turns)) is not None:
        run.watcher.noted(told)


def _kept_for_first(turns: Sequence[Turn], kept: Mapping[StackId, Kept]) -> Mapping[StackId, Kept]:
    """Keep plans for the first ring that is touched: by the time of the others they are old."""
    first = next((turn for turn in turns if turn.touched), None)
    own = {stack.id for stack in first.stacks} if first is not None else set()
    old = {stack: plan for stack, plan in kept.items() if plan.digest and stack not in own}
    remove_kept(old)
    return {stack: plan for stack, plan in kept.items() if stack not in old}


def _apply(
    run: _Run,
    turns: tuple[Turn, ...],
    agreed: Agreed | None,
    touched: Sequence[StackId],
    review: Review | None = None,
) -> Outcome:
    ready = run.ready
    runs = ready.context.target.runs_folder
    path, pace = run.earlier or runs / f"{run_id()}.jsonl", pace_of(run.request.patience_seconds)
    listener = _telling_news(listen(run.watcher, touched), review)
    with (
        joined(ready.context, path, "apply", pace) as met,
        forwarding_signals(ready.context.children),
    ):
        note_asked(met.journal, run.request)
        for override in run.overrides:
            met.journal.overridden(override.what, override.reason)
        told, findings = roll_out(_rollout(run, met, turns, agreed, listener))
        results = each_once(told)
        met.results += results
    left = _left_for_people(run.design, results)
    return Outcome(
        results=(*_with_changes(results, review), *ready.left_out),
        notices=(*left, *_resumable(results, findings, path, run.request)),
        findings=findings,
        stopped=ready.context.children.stopping,
        fatal=fatal_of(results),
    )


def _rollout(
    run: _Run,
    met: Joined,
    turns: tuple[Turn, ...],
    agreed: Agreed | None,
    listener: Listener,
) -> Rollout:
    """Put together what goes ring by ring."""
    ready = run.ready

    def apply(stacks: Sequence[Stack]) -> tuple[Result, ...]:
        return apply_stacks(
            met.context,
            stacks,
            ready.sources,
            listener,
            parallel=run.request.parallel,
            journal=met.journal,
            finished=run.finished,
            allowed=run.allowed,
            agreed=agreed,
        )

    rings = rings_by_name(ready.waves)
    return Rollout(
        turns=turns,
        apply=apply,
        failed=lambda own: any(result.broken for result in own) or bool(fatal_of(own)),
        check=checks_of(ready.context, run.request),
        watcher=run.watcher,
        skipped=listener.finished,
        journal=met.journal,
        stopping=lambda: ready.context.children.stopping,
        before=read_rings(run.earlier, rings) if run.earlier else Rings(),
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


def _left_for_people(design: Design, results: Sequence[Result]) -> Iterator[Notice]:
    yield from waiting_notices(results)
    for sentence in hub_requests(design.inventory, design.plan, results):
        yield Pending(sentence)
    yield from map(Pending, edges_to_ask(results))


def _resumable(
    results: Sequence[Result], findings: Sequence[Finding], journal: Path, request: Request
) -> Iterator[Notice]:
    if findings or any(result.broken for result in results):
        yield Resumable(journal.stem, request.mode, request.rings)
