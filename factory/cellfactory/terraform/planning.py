"""The plan of one stack: made, looked into, held against what a run may do, and kept for a while.

Every command of the AWS provider costs seconds of CPU before it does anything, also the one that
shows a plan. So a plan is shown once, and only where it changes something.

A kept plan lies in the work folder of its stack, where other runs may come by between the look at
it and its apply: it is known by its digest, and one that is not that any more is made again.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from cellfactory.errors import Finding
from cellfactory.facts.loader import load_facts
from cellfactory.files import digest_file, read_text
from cellfactory.layers import Stack, StackId
from cellfactory.terraform.chart_registries import charts_in_reach
from cellfactory.terraform.guard import (
    Allowed,
    dangers,
    describe,
    forbidden,
    tainted_warnings,
)
from cellfactory.terraform.kept_ways import refuse_cut
from cellfactory.terraform.messages import Change, Report, Value
from cellfactory.terraform.reported import planned
from cellfactory.terraform.results import Result
from cellfactory.terraform.reviewed import (
    ReviewedStack,
    beyond,
    beyond_foreseen,
    less,
    refusal,
)
from cellfactory.terraform.running import (
    LOCK_TIMEOUT,
    RunContext,
    failed_result,
    init_stack,
    push_kept,
    reported,
    run_terraform,
)
from cellfactory.terraform.shown import changes_of, parse_shown
from cellfactory.terraform.target import Mode
from cellfactory.terraform.version_steps import changes_versions, check_steps
from cellfactory.terraform.workspace import (
    CONFIGURATION,
    PLAN,
    Sources,
    Workspace,
    parse_configuration,
    prepare_workspace,
)

TOLD = ("-json", "-input=false")
_PLAN = (*TOLD, "-detailed-exitcode")


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A stack with everything that a command needs of it."""

    stack: Stack
    sources: Sources
    inputs: Mapping[str, Value]  # by variable


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A plan that was looked at, and may be applied as it is for as long as it is fresh."""

    space: Workspace
    inputs: Mapping[str, Value]  # that it was made with
    digest: str  # of the saved plan; empty where there was nothing to do
    warnings: tuple[Finding, ...] = ()

    @property
    def file(self) -> Path:
        """Where it lies."""
        return self.space.folder / PLAN

    def is_fresh(self, job: Job) -> bool:
        """Whether it is still there, and is of what is to be done now."""
        if self.inputs != job.inputs:
            return False
        return not self.digest or digest_file(self.file) == self.digest

    def remove(self) -> None:
        """Remove it, unless it is another one's by now: it holds the state."""
        if self.digest and digest_file(self.file) == self.digest:
            self.file.unlink(missing_ok=True)


@contextmanager
def with_charts(context: RunContext, job: Job) -> Iterator[RunContext]:
    """Let Terraform reach the charts of a stack."""
    with charts_in_reach(
        context.log_in,
        job.stack,
        job.inputs,
        parse_configuration(job.stack.id, job.sources),
        context.target.work_folder(job.stack.id),
        context.environment,
    ) as environment:
        yield replace(context, environment=environment)


def plan_stack(context: RunContext, job: Job) -> Result:
    """Plan a stack without a lock, for the sake of what it says: the plan is gone afterwards."""
    stack = job.stack.id
    started = time.monotonic()
    space = prepare_workspace(
        context.target, context.engine, stack, job.sources, job.inputs, pins=context.pins
    )
    if failed := init_stack(context, stack, space):
        return failed
    if refused := context.rescue.refuse(stack):
        return Result(stack=stack, status="failed", reason=str(refused), finding=refused)
    try:
        with with_charts(context, job) as reaching:
            report, finished = reported(
                *(reaching, stack, space, "plan"), *_PLAN, "-lock=false", f"-out={PLAN}"
            )
            if finished.code not in (0, 2):
                return failed_result(context, stack, report, finished)
            took = time.monotonic() - started
            if cut := _cut(context, space, report, took):
                return cut
            result = _look_into(reaching, space, planned(stack, report, finished, took))
            tainted = tainted_warnings(report.planned, stack, context.target.mode)
            return replace(result, warnings=(*result.warnings, *tainted))
    finally:
        (space.folder / PLAN).unlink(missing_ok=True)  # it holds the state


def review_stack(context: RunContext, job: Job, allowed: Allowed) -> tuple[Result, Kept | None]:
    """Plan a stack that is to be applied, and keep the plan.

    Args:
        context: what to work with.
        job: the stack.
        allowed: what the plan may destroy and replace.

    Returns:
        What the plan would do, and the plan, where it may be applied. Whoever takes it removes it.
    """
    stack = job.stack.id
    started = time.monotonic()
    space = space_for_apply(context, job, allowed)
    if failed := init_stack(context, stack, space) or push_kept(context, space):
        return failed, None
    keeps = False
    try:
        with with_charts(context, job) as reaching:
            result = plan_and_look(reaching, stack, space, allowed, started)
        if result.status not in ("planned", "no-change"):
            return result, None
        keeps = result.status == "planned" and not context.children.stopping
        digest = digest_file(space.folder / PLAN) if keeps else ""
        if result.status == "planned" and not keeps:
            return result, None
        return result, Kept(space=space, inputs=job.inputs, digest=digest, warnings=result.warnings)
    finally:
        if not keeps:
            (space.folder / PLAN).unlink(missing_ok=True)


def space_for_apply(context: RunContext, job: Job, allowed: Allowed) -> Workspace:
    """Fill the work folder of a stack for an apply, which may destroy what is allowed."""
    return prepare_workspace(
        *(context.target, context.engine, job.stack.id, job.sources, job.inputs),
        lift=allowed.addresses,
        pins=context.pins,
    )


def plan_and_look(
    context: RunContext,
    stack: StackId,
    space: Workspace,
    allowed: Allowed,
    started: float,
    *,
    reviewed: ReviewedStack | None = None,
    shows: bool = True,
) -> Result:
    """Save a plan, and hold it against what an apply may do.

    Args:
        context: what to work with.
        stack: whose plan it is.
        space: its work folder.
        allowed: what the plan may destroy and replace.
        started: when the work on it began (s).
        reviewed: what it may do at most; None does not ask.
        shows: whether somebody wants to know its values.
    """
    report, finished = reported(context, stack, space, "plan", *_PLAN, LOCK_TIMEOUT, f"-out={PLAN}")
    took = time.monotonic() - started
    mode = context.target.mode
    if refused := _cut(context, space, report, took) or _refusal(
        mode, stack, report, allowed, took
    ):
        return refused
    if finished.code not in (0, 2):
        return failed_result(context, stack, report, finished)
    result = planned(stack, report, finished, took)
    if reviewed is not None:
        result = replace(result, less=less(reviewed, (one.address for one in report.planned)))
    if reviewed is not None and reviewed.is_foreseen:
        lines = beyond_foreseen(reviewed, _not_allowed(report, stack, allowed))
        if lines:
            return _refused(result, refusal(stack, lines, foreseen=True))
        reviewed = None
    if not shows and reviewed is None and not changes_versions(result.planned):
        return result
    result = _look_into(context, space, result)
    if result.status != "planned" or reviewed is None:
        return result
    lines = beyond(reviewed, result.changes)
    return _refused(result, refusal(stack, lines, foreseen=False)) if lines else result


def _cut(context: RunContext, space: Workspace, report: Report, seconds: float) -> Result | None:
    """Refuse a plan that would take a way which stays, by what the stack was applied with last."""
    if space.stack.layer != "routes":
        return None
    record = context.registry.read(space.stack)
    after = {CONFIGURATION: read_text(space.folder / CONFIGURATION)}
    finding = refuse_cut(space.stack, report.planned, record.sources if record else {}, after)
    if finding is None:
        return None
    return Result(
        stack=space.stack,
        status="refused",
        counts=report.planned_counts,
        reason=str(finding),
        finding=finding,
        planned=report.planned,
        seconds=seconds,
    )


def _not_allowed(report: Report, stack: StackId, allowed: Allowed) -> Iterator[Change]:
    """Leave out what was allowed on purpose, though nobody could foresee it."""
    danger = dangers(report.planned, report.lost)
    left = forbidden(danger, stack.layer, allowed)
    yield from (one for one in report.planned if one in left or one not in danger)


def _look_into(context: RunContext, space: Workspace, result: Result) -> Result:
    """Read the values of a saved plan, and hold its versions against what EKS does with them."""
    if result.status != "planned":
        return result
    told = run_terraform(context, space, "show", "-json", PLAN)
    if told.code != 0:
        return failed_result(context, result.stack, Report(other=told.stdout), told)
    document = parse_shown(told.stdout)
    result = replace(result, changes=changes_of(document))
    if not changes_versions(result.planned):
        return result
    name = result.stack.name
    found = [replace(f, stack=name) for f in check_steps(document, load_facts())]
    refused = next((finding for finding in found if finding.severity == "error"), None)
    if refused is None:
        return replace(result, warnings=tuple(found))
    return _refused(result, refused)


def _refused(result: Result, finding: Finding) -> Result:
    return replace(result, status="refused", reason=str(finding), finding=finding)


def _refusal(
    mode: Mode, stack: StackId, report: Report, allowed: Allowed, seconds: float
) -> Result | None:
    """Refuse a plan, also one that Terraform itself stopped at what is kept."""
    refused = forbidden(dangers(report.planned, report.lost), stack.layer, allowed)
    if not refused:
        return None
    message, hint = describe(refused, stack, mode)
    finding = Finding(rule="F607", stack=stack.name, message=message, hint=hint)
    return Result(
        stack=stack,
        status="refused",
        counts=report.planned_counts,
        reason=str(finding),
        finding=finding,
        planned=report.planned,
        refused=refused,
        seconds=seconds,
    )
