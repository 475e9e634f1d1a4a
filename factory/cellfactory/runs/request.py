"""What a run of Terraform is asked for, and what comes of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from cellfactory.errors import Finding, Problem
from cellfactory.runs.notices import Notice
from cellfactory.runs.places import INVENTORY, OUTPUT, provider_lock_of
from cellfactory.runs.review import Review
from cellfactory.terraform.results import Result, Status
from cellfactory.terraform.selection import EVERYTHING, Selection
from cellfactory.terraform.target import Mode


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """Which stacks, where, and how many at a time."""

    mode: Mode
    selection: Selection = EVERYTHING
    home: Path = field(default_factory=Path.cwd)  # of the inventory; `.cellfactory` lies there
    output: Path = OUTPUT  # the folder that `synth` wrote
    synthesizes: bool = False  # in place of reading `output`
    provider_lock: Path = field(default_factory=lambda: provider_lock_of(INVENTORY))
    registry: str | None = None  # place of the outputs registry; the state bucket when None
    rings: tuple[str, ...] = ()  # of them only; all when empty
    ahead: bool = False  # whether a named ring may get ahead of an earlier one
    bake: float | None = None  # time that every ring bakes, as somebody said for this run (s)
    checks: tuple[tuple[str, ...], ...] | None = None  # programs that say whether a ring does well
    parallel: int = 4  # stacks at a time
    patience_seconds: float | None = None  # to wait for other runs; as our policy says when None
    first_apply: bool = True  # whether an empty registry is one that nothing was applied to
    asks: bool = False  # whether an apply is shown and asked about in the sandbox, too
    sweep: bool = False  # whether a destroy deletes what others left behind in a VPC
    reads: bool = False  # whether it looks by the roles that may only read
    forget: bool = False  # whether a destroy gives up what is kept, which AWS keeps then


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of every stack of a run, and what is left for people."""

    results: tuple[Result, ...]
    review: Review | None = None  # what was planned, where that is the answer
    notices: tuple[Notice, ...] = ()  # what came up in the end
    findings: tuple[Finding, ...] = ()  # against the run, not a stack of it
    problems: tuple[Problem, ...] = ()  # what `apply` would refuse for, though nothing failed
    stopped: bool = False  # a signal came before all was done
    fatal: frozenset[Status] = frozenset()  # statuses that fail this run, beside the broken ones

    @property
    def failed(self) -> bool:
        """Tell whether some stack did not come to where it should."""
        return bool(self.findings) or any(
            result.broken or result.status in self.fatal for result in self.results
        )

    @property
    def has_changes(self) -> bool:
        """Tell whether there is anything to apply."""
        return any(result.status in ("planned", "deferred") for result in self.results)
