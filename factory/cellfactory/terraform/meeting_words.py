"""How it reads that another run is at work, and what to do about one that is silent."""

from __future__ import annotations

from dataclasses import dataclass

from cellfactory.errors import Finding, TerraformError
from cellfactory.layers import StackId
from cellfactory.terraform.advice import unlock_line
from cellfactory.terraform.holder import Holder
from cellfactory.terraform.run_files import Seen, SeenRun
from cellfactory.terraform.target import Mode


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocker:
    """A run that holds what another one needs."""

    seen: Seen
    age_seconds: float  # since its last sign of life
    is_silent: bool  # for so long that it may be dead

    def __str__(self) -> str:
        return f"{self.seen.lock.stack}: {described(self.seen.lock.holder, self.age_seconds)}"


def described(holder: Holder, age_seconds: float) -> str:
    """Say who a run is, and how long ago it gave a sign of life."""
    job = f", {holder.job}" if holder.job else ""
    return (
        f"{holder.command} of {holder.owner} (run {holder.run}{job}), "
        f"last sign of life {duration(age_seconds)} ago"
    )


def duration(seconds: float) -> str:
    """Write a length of time as people say it.

    >>> duration(59.4), duration(61), duration(3 * 3600 + 120), duration(200_000)
    ('59 s', '1 min', '3 h 2 min', '2 days 7 h')
    """
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, hours = whole // 60 % 60, whole // 3600
    if hours >= 48:
        return f"{hours // 24} days {hours % 24} h"
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"


def held_up(stack: StackId, blocker: Blocker, patience_seconds: float) -> Finding:
    """Say that another run kept a stack for too long."""
    return Finding(
        rule="F665",
        stack=stack.name,
        message=f"another run is at work on {blocker}",
        hint=f"waited {duration(patience_seconds)}; run this again when it is done, or wait longer "
        "with --lock-timeout",
    )


def silent(stack: StackId, blocker: Blocker, mode: Mode) -> Finding:
    """Say that a run may be dead, and how to release it."""
    run = blocker.seen.lock.holder.run
    return Finding(
        rule="F666",
        stack=stack.name,
        message=f"a run that may have died still holds {blocker}",
        hint="look at its machine or job: a Terraform that outlives it puts its state down when "
        f"it is done\nonly where nothing of it runs any more: {unlock_line(run, mode)}",
    )


def still_running(
    run: str, seen: SeenRun | None, silent_seconds: float, mode: Mode
) -> TerraformError:
    """Refuse to take up a run that still goes on, or may do so elsewhere."""
    if seen is None:
        message, hint = f"run {run} has been removed meanwhile", "start a new one"
    else:
        message = f"run {run} has not ended: {described(seen.head.holder, seen.age_seconds)}"
        hint = "let it finish"
        if seen.age_seconds > silent_seconds:
            hint = f"where nothing of it runs any more: {unlock_line(run, mode)}"
    return TerraformError(Finding(rule="F667", message=message, hint=hint))
