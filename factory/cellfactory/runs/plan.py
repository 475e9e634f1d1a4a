"""`plan`: what Terraform would do to every stack whose inputs exist."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from cellfactory.design import Design
from cellfactory.errors import Finding
from cellfactory.processes import forwarding_signals
from cellfactory.runs.apply import waiting_notices
from cellfactory.runs.guarding import guard_findings
from cellfactory.runs.meeting import note_others
from cellfactory.runs.notices import Guarded, Notice, ReviewWritten
from cellfactory.runs.prepare import Prepared, prepare
from cellfactory.runs.request import Outcome, Request
from cellfactory.runs.review import Review
from cellfactory.runs.reviewed import require_writable, write_reviewed
from cellfactory.runs.reviewing import make_review
from cellfactory.runs.watcher import Watcher, listen
from cellfactory.terraform.runner import plan_stacks_now


def plan_design(
    design: Design, request: Request, watcher: Watcher, *, out: Path | None = None
) -> Outcome:
    """Plan the stacks of a design; those whose inputs do not exist yet are deferred.

    Args:
        design: what to plan.
        request: which stacks, and where.
        watcher: is told.
        out: a file for what was planned, which `apply --reviewed` takes; not written when the run
            was stopped.

    Raises:
        FactoryError: as `prepare`.
        UsageError: when the file cannot be written.
    """
    if out is not None:
        require_writable(out)
    ready = prepare(design, request, watcher)
    note_others(ready.context, ready.ids, watcher)
    with forwarding_signals(ready.context.children):
        results = plan_stacks_now(
            ready.context,
            ready.stacks,
            ready.sources,
            listen(watcher, ready.stacks),
            parallel=request.parallel,
        )
    stopped = ready.context.children.stopping
    review = make_review(ready, results)
    notices: list[Notice] = list(waiting_notices(results))
    beyond = _beyond(design, ready, review)
    if beyond:
        notices.append(Guarded(beyond))
    if out is not None and not stopped:
        write_reviewed(out, design, request, ready, review)
        notices.append(ReviewWritten(str(out), request.mode))
    return Outcome(
        results=(*review.results, *ready.left_out),
        review=review,
        notices=tuple(notices),
        problems=tuple(design.source.locate_all(beyond)),
        stopped=stopped,
    )


def _beyond(design: Design, ready: Prepared, review: Review) -> tuple[Finding, ...]:
    """Warn of what is more at once than `apply` would do."""
    found = guard_findings(design, ready, review.changes, (), review.unplanned)
    return tuple(replace(one, severity="warning") for one in found)
