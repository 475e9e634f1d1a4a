"""One stack, one Terraform command: run it, and say what became of the stack.

Every command of the AWS provider costs about seven seconds of CPU before it does anything, so
an apply is one process where that is safe. It is safe where nothing can be destroyed: in the
sandbox, for a stack that has no state yet. Everywhere else an apply is a plan, a look at the
plan, and the apply of that very plan, unless destroying was allowed beforehand.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace

from cellfactory.errors import Finding
from cellfactory.facts.loader import load_facts
from cellfactory.layers import Stack, StackId
from cellfactory.layers.access import ACCOUNT_VARIABLE
from cellfactory.terraform.chart_registries import charts_in_reach
from cellfactory.terraform.guard import Allowed, dangers, describe, forbidden
from cellfactory.terraform.messages import (
    Report,
    Step,
    Value,
    parse_validation,
)
from cellfactory.terraform.record import Record, check_outputs
from cellfactory.terraform.reported import applied, planned
from cellfactory.terraform.results import Result
from cellfactory.terraform.running import (
    LOCK_TIMEOUT,
    RunContext,
    failed_result,
    init_stack,
    outputs_of,
    push_kept,
    reported,
    run_terraform,
)
from cellfactory.terraform.target import Mode, Target
from cellfactory.terraform.version_steps import CLUSTER, changes_versions, check_steps, parse_plan
from cellfactory.terraform.workspace import (
    PLAN,
    Sources,
    Workspace,
    digest_sources,
    parse_configuration,
    prepare_workspace,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A stack with everything that a command needs of it."""

    stack: Stack
    sources: Sources
    inputs: Mapping[str, Value]  # by variable


def validate_stack(context: RunContext, stack: StackId, sources: Sources) -> Result:
    """Hold a synthesized stack against the schema of its providers; needs no values."""
    started = time.monotonic()
    space = prepare_workspace(
        context.target, context.engine, stack, sources, None, pins=context.pins
    )
    if failed := init_stack(context, stack, space):
        return failed
    context.working(stack, Step(phase="validate"))
    finished = run_terraform(context, space, "validate", "-json")
    try:
        told = parse_validation(finished.stdout)
    except ValueError:
        return failed_result(context, stack, Report(other=finished.stdout), finished)
    if finished.code != 0:
        return failed_result(context, stack, Report(diagnostics=told), finished)
    took = time.monotonic() - started
    return Result(stack=stack, status="valid", diagnostics=told, seconds=took)


@contextmanager
def _with_charts(context: RunContext, job: Job) -> Iterator[RunContext]:
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
    """Plan a stack without a lock; a plan that is looked into is gone afterwards."""
    stack = job.stack.id
    started = time.monotonic()
    space = prepare_workspace(
        context.target, context.engine, stack, job.sources, job.inputs, pins=context.pins
    )
    if failed := init_stack(context, stack, space):
        return failed
    if refused := context.rescue.refuse(stack):
        return Result(stack=stack, status="failed", reason=str(refused), finding=refused)
    with _with_charts(context, job) as reaching:
        return _plan(reaching, job, space, started)


def _plan(context: RunContext, job: Job, space: Workspace, started: float) -> Result:
    stack = job.stack.id
    saved = (f"-out={PLAN}",) if _holds_versions(stack, job.sources) else ()
    try:
        report, finished = reported(context, stack, space, "plan", *_PLAN, "-lock=false", *saved)
        if finished.code not in (0, 2):
            return failed_result(context, stack, report, finished)
        result = planned(stack, report, finished, time.monotonic() - started)
        return _looked_into(context, space, result) if saved else result
    finally:
        (space.folder / PLAN).unlink(missing_ok=True)  # it holds the state


def apply_stack(context: RunContext, job: Job, allowed: Allowed) -> Result:
    """Apply a stack and record its outputs.

    Args:
        context: what to work with.
        job: the stack.
        allowed: what the plan may destroy and replace.

    Raises:
        TerraformError: when its outputs are not as the layers say (F604), or the registry
            cannot be had (F603, F605).
    """
    stack = job.stack.id
    started = time.monotonic()
    space = prepare_workspace(
        *(context.target, context.engine, stack, job.sources, job.inputs),
        lift=allowed.addresses,
        pins=context.pins,
    )
    if failed := init_stack(context, stack, space) or push_kept(context, space):
        return failed
    with _with_charts(context, job) as reaching:
        return _plan_and_apply(reaching, job, space, allowed, started)


def _plan_and_apply(
    context: RunContext, job: Job, space: Workspace, allowed: Allowed, started: float
) -> Result:
    stack = job.stack.id
    before = context.registry.read(stack)
    record = _begin(job, before)
    if _has_no_state(context.target, stack):
        return _apply(context, job, space, record, ("-auto-approve",), started)
    try:
        looked = _plan_and_look(context, stack, space, allowed, started)
        if looked.status == "no-change":
            _complete_unchanged(context, job, space, before, record)
        if looked.status != "planned":
            return looked
        if context.children.stopping:
            return Result(stack=stack, status="interrupted", reason="planned, not applied")
        result = _apply(context, job, space, record, (PLAN,), started)
        return replace(result, warnings=looked.warnings)
    finally:
        (space.folder / PLAN).unlink(missing_ok=True)  # a saved plan holds the state


def destroy_stack(context: RunContext, record: Record) -> Result:
    """Destroy what a stack holds, with the sources that it was last applied with."""
    stack = record.stack
    started = time.monotonic()
    space = prepare_workspace(
        *(context.target, context.engine, stack, record.sources, record.inputs),
        lift=None,
        pins=context.pins,
    )
    if failed := init_stack(context, stack, space) or push_kept(context, space):
        return failed
    context.registry.write(replace(record, complete=False))
    report, finished = reported(
        context, stack, space, "destroy", *_TOLD, LOCK_TIMEOUT, "-auto-approve"
    )
    if finished.code != 0:
        if not report.began and not report.applied and finished.code > 0:
            context.registry.write(record)  # as where another one holds the state: all is there
        return failed_result(context, stack, report, finished)
    context.registry.remove(stack)
    return applied(stack, "destroyed", report, time.monotonic() - started)


_TOLD = ("-json", "-input=false")


_PLAN = (*_TOLD, "-detailed-exitcode")


def _apply(
    context: RunContext,
    job: Job,
    space: Workspace,
    record: Record,
    arguments: tuple[str, ...],
    started: float,
) -> Result:
    context.registry.write(record)
    report, finished = reported(
        context, job.stack.id, space, "apply", *_TOLD, LOCK_TIMEOUT, *arguments
    )
    if finished.code != 0:
        return failed_result(context, job.stack.id, report, finished)
    told = outputs_of(context, space) if report.outputs is None else report.outputs
    outputs = check_outputs(job.stack, told)
    context.registry.write(replace(record, complete=True, outputs=outputs))
    result = applied(job.stack.id, "applied", report, time.monotonic() - started)
    return result if result.counts else replace(result, status="no-change")


def _begin(job: Job, before: Record | None) -> Record:
    """Make the record of an apply that begins: enough to destroy whatever it leaves."""
    return Record(
        stack=job.stack.id,
        account=_account(job),
        region=job.stack.access.region,
        complete=False,
        digest=digest_sources(job.sources),
        sources=job.sources,
        inputs=job.inputs,
        outputs={} if before is None else before.outputs,
        waits_for=job.stack.takes_from,
        after=job.stack.after,
    )


def _account(job: Job) -> str:
    """The account that a stack works in, with the value of its variable where it has one."""
    value = job.inputs.get(ACCOUNT_VARIABLE)
    account = job.stack.access.account
    return value if isinstance(value, str) and account.startswith("${") else account


def _complete_unchanged(
    context: RunContext, job: Job, space: Workspace, before: Record | None, record: Record
) -> None:
    """Bring the record up to date where Terraform has nothing to do."""
    known = before is not None and before.complete and set(before.outputs) == set(job.stack.outputs)
    told = before.outputs if before is not None and known else outputs_of(context, space)
    after = replace(record, complete=True, outputs=check_outputs(job.stack, told))
    if after != before:
        context.registry.write(after)


def _has_no_state(target: Target, stack: StackId) -> bool:
    """Whether there is certainly nothing that an apply could destroy."""
    return target.mode == "sandbox" and not target.state_file(stack).exists()


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


def _plan_and_look(
    context: RunContext, stack: StackId, space: Workspace, allowed: Allowed, started: float
) -> Result:
    """Save a plan, and hold it against what an apply may do."""
    report, finished = reported(context, stack, space, "plan", *_PLAN, LOCK_TIMEOUT, f"-out={PLAN}")
    took = time.monotonic() - started
    if refused := _refusal(context.target.mode, stack, report, allowed, took):
        return refused
    if finished.code not in (0, 2):
        return failed_result(context, stack, report, finished)
    return _looked_into(context, space, planned(stack, report, finished, took))


def _holds_versions(stack: StackId, sources: Sources) -> bool:
    """Whether a plan of a stack can change a version that only goes one way."""
    return CLUSTER in parse_configuration(stack, sources).get("resource", {})


def _looked_into(context: RunContext, space: Workspace, result: Result) -> Result:
    """Hold the versions that a saved plan changes against what EKS does with them."""
    if not changes_versions(result.planned):
        return result
    told = run_terraform(context, space, "show", "-json", PLAN)
    if told.code != 0:
        return failed_result(context, result.stack, Report(other=told.stdout), told)
    name = result.stack.name
    found = [replace(f, stack=name) for f in check_steps(parse_plan(told.stdout), load_facts())]
    refused = next((finding for finding in found if finding.severity == "error"), None)
    if refused is None:
        return replace(result, warnings=tuple(found))
    return replace(result, status="refused", reason=str(refused), finding=refused)
