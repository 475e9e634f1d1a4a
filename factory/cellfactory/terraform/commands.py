"""One stack, one Terraform command: run it, and say what became of the stack.

Every command of the AWS provider costs seconds of CPU before it does anything, so an apply is one
process where that is safe. It is safe where nothing can be destroyed: in the sandbox, for a stack
that has no state yet. Everywhere else an apply is a plan, a look at the plan, and the apply of that
very plan.
"""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime

from cellfactory.layers import StackId
from cellfactory.layers.access import ACCOUNT_VARIABLE
from cellfactory.terraform.leave import Leave
from cellfactory.terraform.messages import Report, Step, parse_validation
from cellfactory.terraform.planning import (
    TOLD,
    Job,
    Kept,
    plan_and_look,
    space_for_apply,
    with_charts,
)
from cellfactory.terraform.record import Record, check_outputs
from cellfactory.terraform.reported import applied
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
from cellfactory.terraform.target import Target
from cellfactory.terraform.workspace import (
    PLAN,
    Sources,
    Workspace,
    digest_sources,
    prepare_workspace,
)


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


def apply_stack(context: RunContext, job: Job, leave: Leave) -> Result:
    """Apply a stack and record its outputs.

    Args:
        context: what to work with.
        job: the stack.
        leave: what may be done.

    Raises:
        TerraformError: when its outputs are not as the layers say (F604), or the registry
            cannot be had (F603, F605).
    """
    started = time.monotonic()
    if leave.kept is not None and leave.kept.is_fresh(job):
        with with_charts(context, job) as reaching:
            result = _apply_kept(reaching, job, leave.kept, started)
        if result is not None:
            return result
    space = space_for_apply(context, job, leave.allowed)
    if failed := init_stack(context, job.stack.id, space) or push_kept(context, space):
        return failed
    with with_charts(context, job) as reaching:
        return _plan_and_apply(reaching, job, space, leave, started)


def _apply_kept(context: RunContext, job: Job, kept: Kept, started: float) -> Result | None:
    """Apply the plan that was looked at; None where the state has moved since."""
    stack, before = job.stack.id, context.registry.read(job.stack.id)
    record = _begin(job, before)
    if not kept.digest:
        _complete_unchanged(context, job, kept.space, before, record)
        return Result(stack=stack, status="no-change")
    try:
        result = _apply(context, job, kept.space, record, (PLAN,), started)
    finally:
        kept.file.unlink(missing_ok=True)
    if any(told.summary.startswith(_STALE) for told in result.diagnostics):
        _put_back(context, stack, before)
        return None
    return replace(result, warnings=kept.warnings)


_STALE = ("Saved plan is stale", "Saved plan does not match")
"""How Terraform refuses a plan whose state has moved since, before it does anything."""


def _put_back(context: RunContext, stack: StackId, before: Record | None) -> None:
    """Leave the record as it was before an apply that did not begin."""
    if before is None:
        context.registry.remove(stack)
    else:
        context.registry.write(before)


def _plan_and_apply(
    context: RunContext, job: Job, space: Workspace, leave: Leave, started: float
) -> Result:
    stack = job.stack.id
    before = context.registry.read(stack)
    record = _begin(job, before)
    if leave.reviewed is None and _has_no_state(context.target, stack):
        return _apply(context, job, space, record, ("-auto-approve",), started)
    try:
        looked = plan_and_look(
            *(context, stack, space, leave.allowed, started),
            reviewed=leave.reviewed,
            shows=False,
        )
        if looked.status == "no-change":
            _complete_unchanged(context, job, space, before, record)
        if looked.status != "planned":
            return looked
        if context.children.stopping:
            return Result(stack=stack, status="interrupted", reason="planned, not applied")
        result = _apply(context, job, space, record, (PLAN,), started)
        return replace(result, warnings=looked.warnings, less=looked.less)
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
        context, stack, space, "destroy", *TOLD, LOCK_TIMEOUT, "-auto-approve"
    )
    if finished.code != 0:
        if not report.began and not report.applied and finished.code > 0:
            context.registry.write(record)  # as where another one holds the state: all is there
        return failed_result(context, stack, report, finished)
    context.registry.remove(stack)
    return applied(stack, "destroyed", report, time.monotonic() - started)


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
        context, job.stack.id, space, "apply", *TOLD, LOCK_TIMEOUT, *arguments
    )
    if finished.code != 0:
        return failed_result(context, job.stack.id, report, finished)
    told = outputs_of(context, space) if report.outputs is None else report.outputs
    outputs = check_outputs(job.stack, told)
    now = datetime.now(UTC).isoformat(timespec="seconds")  # noqa: TID251 - told to people
    context.registry.write(replace(record, complete=True, outputs=outputs, applied_at=now))
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
        applied_at="" if before is None else before.applied_at,
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
