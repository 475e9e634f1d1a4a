"""What a report of Terraform's says of its stack, as a result."""

from __future__ import annotations

from collections.abc import Iterator

from cellfactory.layers import StackId
from cellfactory.processes import Finished
from cellfactory.terraform.advice import orphans_line
from cellfactory.terraform.messages import Diagnostic, Report
from cellfactory.terraform.results import Result, Status
from cellfactory.terraform.target import Mode
from cellfactory.words import counted


def planned(stack: StackId, report: Report, finished: Finished, seconds: float) -> Result:
    """Say of a stack what its plan would do."""
    return Result(
        stack=stack,
        status="no-change" if finished.code == 0 else "planned",
        counts=report.planned_counts,
        diagnostics=report.diagnostics,
        planned=report.planned,
        seconds=seconds,
    )


def applied(stack: StackId, status: Status, report: Report, seconds: float) -> Result:
    """Say of a stack what was done to it."""
    return Result(
        stack=stack,
        status=status,
        counts=report.applied_counts,
        diagnostics=report.diagnostics,
        planned=report.planned,
        applied=report.applied,
        seconds=seconds,
    )


def in_flight(mode: Mode, report: Report) -> Iterator[Diagnostic]:
    """Name what Terraform was at work on when it ended: AWS may have it, and no state does."""
    if report.unfinished:
        named = "\n".join(f"{c.action} {c.address}" for c in report.unfinished)
        hint = f"what is in AWS and in no state is listed by: {orphans_line(mode)}"
        number = counted(len(report.unfinished), "resource")
        summary = f"Terraform ended while it worked on {number}"
        yield Diagnostic(severity="error", summary=summary, detail=named, hint=hint)
