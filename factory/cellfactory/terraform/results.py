"""What became of each stack."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from cellfactory.diff.model import ResourceChange
from cellfactory.errors import Finding
from cellfactory.layers import StackId
from cellfactory.terraform.messages import Change, Counts, Diagnostic

Status = Literal[
    "valid",
    "planned",
    "no-change",
    "drifted",  # in AWS it is not what was applied
    "applied",
    "destroyed",
    "forgotten",  # by Terraform; its resources remain in AWS
    "done-before",  # by the run that is resumed
    "left-out",  # cannot be done in this target
    "deferred",  # its inputs do not exist yet
    "refused",  # by our guard
    "failed",
    "interrupted",
    "skipped",  # because of another stack, or of an interrupt
]

BROKEN: frozenset[Status] = frozenset({"refused", "failed", "interrupted", "skipped"})
"""What the stacks that wait for it must not be started after."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What became of one stack."""

    stack: StackId
    status: Status
    counts: Counts = field(default_factory=Counts)
    reason: str = ""  # one sentence, for what was not done
    waits_for: tuple[StackId, ...] = ()  # what it was deferred for
    finding: Finding | None = None  # what `reason` says, where a rule says it
    warnings: tuple[Finding, ...] = ()  # ours, of what it does all the same
    diagnostics: tuple[Diagnostic, ...] = ()
    planned: tuple[Change, ...] = ()
    changes: tuple[ResourceChange, ...] = ()  # the same with its values, where somebody looked
    foreseen: tuple[str, ...] = ()  # addresses that a deferred stack will create
    less: int = 0  # resources that were reviewed, and needed nothing any more
    refused: tuple[Change, ...] = ()  # of what is planned, what the guard forbids
    applied: tuple[Change, ...] = ()
    edges_left: int = 0  # of a mesh, that this stack asks for in a later round
    seconds: float = 0.0  # wall time
    log: Path | None = None  # what Terraform said, where that was kept

    @property
    def broken(self) -> bool:
        """Whether the stacks that wait for this one cannot go on."""
        return self.status in BROKEN
