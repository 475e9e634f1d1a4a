"""`decommission`: all that a cell had, given up in the order that leaves no peer with a hole.

Each step is found from what is recorded and from AWS, never from a note of an earlier run. So
whatever ended a run, the same command takes it up where it is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

from cellfactory.design import Design
from cellfactory.layers import list_stacks
from cellfactory.processes import forwarding_signals
from cellfactory.runs.context import open_context
from cellfactory.runs.departing import settle_all, take_steps
from cellfactory.runs.departure import VERB, Departed, Departure, Leaving, Work, require_ready
from cellfactory.runs.freshness import sources_of
from cellfactory.runs.leavers import find_leaver
from cellfactory.runs.request import Outcome, Request
from cellfactory.runs.watcher import Watcher, listen, require_agreement
from cellfactory.terraform.advice import apply_line
from cellfactory.terraform.journal import Journal
from cellfactory.terraform.leaving import plot_course, refuse_strangers, strangers_in
from cellfactory.terraform.results import Result
from cellfactory.terraform.runner import plan_stacks_now


def decommission(
    design: Design,
    request: Request,
    leaving: Leaving,
    watcher: Watcher,
    show: Callable[[Departure], None],
) -> Departed:
    """Give up what cells had that left the inventory, once the watcher agrees.

    Args:
        design: without the cells.
        request: where; its selection is not read.
        leaving: which cells, and what is kept of them.
        watcher: is told, and asked.
        show: is handed all that is about to be done, before anybody is asked.

    Raises:
        FactoryError: as `apply_design`; F644 where jobs run, F645 where a cell cannot go yet.
        UsageError: when nobody knows a cell, or the watcher does not agree.
    """
    work = _prepare(design, request, leaving, watcher)
    with forwarding_signals(work.context.children):
        planned = _plan_peers(work)
    bad = [result for result in planned if result.broken or result.status == "deferred"]
    if bad:
        fatal = frozenset({result.status for result in bad})
        return Departed(outcome=Outcome(results=planned, fatal=fatal, stopped=work.stopping))
    show(Departure(leavers=work.leavers, course=work.course, planned=planned, leaving=leaving))
    if work.course.steps or leaving.account != "keep":
        require_agreement(watcher, VERB, work.course.stacks, request.mode)
    journal = _begin(work)
    with forwarding_signals(work.context.children):
        results = take_steps(work, planned, journal)
        outcome = Outcome(results=results, stopped=work.stopping)
        if outcome.failed or outcome.stopped:
            return Departed(outcome=outcome)
        return settle_all(work, outcome, journal)


def _prepare(design: Design, request: Request, leaving: Leaving, watcher: Watcher) -> Work:
    design.require_lock()  # what does not fit may lose a cell all the same
    context = open_context(design.inventory.state, request, watcher)
    records, unread = context.registry.read_each()
    for stack, other in unread.items():
        if stack.owner in leaving.cells:
            raise other.error
    leavers = tuple(find_leaver(design, records, cell) for cell in dict.fromkeys(leaving.cells))
    standing = {stack.id: stack for stack in list_stacks(design.inventory, design.facts)}
    peers = {peer for leaver in leavers for peer in leaver.peers}
    blocks = [block for leaver in leavers for block in leaver.blocks]
    course = plot_course(records, standing.keys(), leaving.cells, peers, blocks)
    require_ready(leaving, leavers, course)
    chosen = [standing[stack] for stack in course.peers]
    return Work(
        design=design,
        request=request,
        context=context,
        leaving=leaving,
        leavers=leavers,
        course=course,
        stacks={stack.id: stack for stack in chosen},
        sources=sources_of(request, design, chosen),
        watcher=watcher,
    )


def _plan_peers(work: Work) -> tuple[Result, ...]:
    """Plan the peers, and refuse what does more than letting go of the cells."""
    chosen = work.stacks.values()
    if not chosen:
        return ()
    listener = listen(work.watcher, tuple(chosen))

    def judged(result: Result) -> None:
        listener.finished(_judged(work, result))

    results = plan_stacks_now(
        work.context,
        chosen,
        work.sources,
        replace(listener, finished=judged),
        parallel=work.request.parallel,
    )
    return tuple(_judged(work, result) for result in results)


def _judged(work: Work, result: Result) -> Result:
    cells = [leaver.cell for leaver in work.leavers]
    blocks = [block for leaver in work.leavers for block in leaver.blocks]
    if result.broken or not (found := strangers_in(result.planned, cells, blocks)):
        return result
    line = apply_line([result.stack], work.request.mode)
    finding = refuse_strangers(result.stack, found, line)
    return replace(result, status="refused", reason=str(finding), finding=finding, refused=found)


def _begin(work: Work) -> Journal:
    now = datetime.now(UTC)  # noqa: TID251 - names the run
    folder = work.context.target.runs_folder
    journal = Journal(folder / f"{now:%Y%m%dT%H%M%S.%fZ}.jsonl", VERB)
    journal.noted(
        VERB,
        cells=[leaver.cell for leaver in work.leavers],
        account=work.leaving.account,
        ignore_jobs=work.leaving.ignore_jobs,
        steps=[{step.title: [str(stack) for stack in step.stacks]} for step in work.course.steps],
    )
    return journal
