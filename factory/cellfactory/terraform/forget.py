"""Giving a stack up that is kept: Terraform forgets what it holds, and AWS keeps it."""

from __future__ import annotations

import time
from dataclasses import replace

from cellfactory.terraform.messages import Report
from cellfactory.terraform.record import Record
from cellfactory.terraform.results import Result
from cellfactory.terraform.running import (
    LOCK_TIMEOUT,
    RunContext,
    failed_result,
    open_stack,
    run_terraform,
)
from cellfactory.terraform.workspace import Workspace


def forget_stack(context: RunContext, record: Record) -> Result:
    """Take everything out of the state of a stack, and the stack out of the registry.

    Nothing is asked of AWS. What was begun and broke off is taken up by doing it again.
    """
    stack = record.stack
    started = time.monotonic()
    space = open_stack(context, stack, record.sources, record.inputs)
    if isinstance(space, Result):
        return space
    context.registry.write(replace(record, complete=False))
    failed = _empty_state(context, record, space)
    if failed is not None:
        return failed
    context.registry.remove(stack)
    took = time.monotonic() - started
    kept = "its resources remain in AWS"
    return Result(stack=stack, status="forgotten", reason=kept, seconds=took)


def _empty_state(context: RunContext, record: Record, space: Workspace) -> Result | None:
    listed = run_terraform(context, space, "state", "list")
    if listed.code != 0 and _NO_STATE not in listed.stderr:
        return failed_result(context, record.stack, Report(), listed)
    addresses = listed.stdout.split("\n") if listed.code == 0 else []
    held = [address for address in addresses if address.strip()]
    if not held:
        return None
    removed = run_terraform(context, space, "state", "rm", LOCK_TIMEOUT, *held)
    return failed_result(context, record.stack, Report(), removed) if removed.code != 0 else None


_NO_STATE = "No state file was found"
"""What Terraform says where an apply broke off before it wrote one."""
