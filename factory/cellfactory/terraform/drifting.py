"""Looking for drift in one stack: a plan of what it was last applied with, looked into."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import replace

from cellfactory.facts.published import AwsDefault
from cellfactory.layers import Access, Stack
from cellfactory.terraform.drifted import Looked, look_at
from cellfactory.terraform.messages import Report
from cellfactory.terraform.planning import TOLD, Job, with_charts
from cellfactory.terraform.record import Record
from cellfactory.terraform.recorded_access import recorded_access
from cellfactory.terraform.results import Result
from cellfactory.terraform.running import (
    RunContext,
    failed_result,
    init_stack,
    reported,
    run_terraform,
)
from cellfactory.terraform.shown import parse_shown
from cellfactory.terraform.workspace import PLAN, Workspace, prepare_workspace
from cellfactory.words import counted

PLANNED = (*TOLD, "-detailed-exitcode")


def job_of_record(record: Record, stack: Stack | None) -> Job:
    """Put together what a plan of a stack takes, as it was last applied.

    Args:
        record: of that apply.
        stack: as the inventory has it, for the way into its account; None where it has left.
    """
    known = stack or Stack(id=record.stack, access=_access(record))
    return Job(stack=known, sources=record.sources, inputs=record.inputs)


def _access(record: Record) -> Access:
    plain = Access(account=record.account, roles=(), region=record.region, sts_region=record.region)
    return recorded_access(record) or plain


def look_for_drift(
    context: RunContext, job: Job, defaults: Iterable[AwsDefault]
) -> tuple[Result, Looked | None]:
    """Plan a stack without a lock, with what it was last applied with; nothing is changed.

    Args:
        context: what to work with.
        job: the stack, with its sources and inputs of then.
        defaults: what changes by itself.

    Returns:
        What became of it, and what was seen; None where it could not be planned.
    """
    stack, started = job.stack.id, time.monotonic()
    space = prepare_workspace(
        *(context.target, context.engine, stack, job.sources, job.inputs),
        lift=None,
        pins=context.pins,
    )
    if failed := init_stack(context, stack, space):
        return failed, None
    if refused := context.rescue.refuse(stack):
        return Result(stack=stack, status="failed", reason=str(refused), finding=refused), None
    try:
        with with_charts(context, job) as reaching:
            result, looked = _look(reaching, space, defaults)
    finally:
        (space.folder / PLAN).unlink(missing_ok=True)  # it holds the state
    return replace(result, seconds=time.monotonic() - started), looked


def _look(
    context: RunContext, space: Workspace, defaults: Iterable[AwsDefault]
) -> tuple[Result, Looked | None]:
    stack = space.stack
    report, finished = reported(
        *(context, stack, space, "plan"), *PLANNED, "-lock=false", f"-out={PLAN}"
    )
    if finished.code not in (0, 2):
        return failed_result(context, stack, report, finished), None
    shown = run_terraform(context, space, "show", "-json", PLAN)
    if shown.code != 0:
        return failed_result(context, stack, Report(other=shown.stdout), shown), None
    looked = look_at(stack, parse_shown(shown.stdout), defaults)
    pressing = sum(one.cause != "aws" for one in looked.drifted)
    if not pressing:
        return Result(stack=stack, status="no-change"), looked
    told = f"{counted(pressing, 'resource')} changed"
    return Result(stack=stack, status="drifted", reason=told), looked
