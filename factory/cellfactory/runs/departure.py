"""What a decommission is asked for, what it is about to do, and what comes of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from cellfactory.design import Design
from cellfactory.errors import Finding, TerraformError, UsageError
from cellfactory.layers import Stack, StackId
from cellfactory.routing.route import CellState
from cellfactory.runs.leavers import Leaver, check_drained
from cellfactory.runs.request import Outcome, Request
from cellfactory.runs.watcher import Watcher
from cellfactory.terraform.kept_parts import KeptParts
from cellfactory.terraform.leaving import Course
from cellfactory.terraform.left_accounts import AccountFate
from cellfactory.terraform.results import Result
from cellfactory.terraform.running import RunContext
from cellfactory.terraform.workspace import Sources

VERB = "decommission"


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaving:
    """What is to go, and what becomes of what is kept."""

    cells: tuple[str, ...]
    parts: KeptParts = field(default_factory=KeptParts)
    account: AccountFate = "keep"
    usage: Mapping[str, CellState] = field(default_factory=dict)  # of jobs, by cell
    ignore_jobs: str = ""  # why jobs that may still run are of no account


@dataclass(frozen=True, slots=True, kw_only=True)
class Departure:
    """All that is about to be done, before anybody agrees to it."""

    leavers: tuple[Leaver, ...]
    course: Course
    planned: tuple[Result, ...]  # of the peers
    leaving: Leaving


@dataclass(frozen=True, slots=True, kw_only=True)
class Remains:
    """What is there of a cell after all, as far as anybody can tell."""

    leaver: Leaver
    told: tuple[str, ...]  # ARNs of what is left in its account
    account: str  # what became of the account
    unasked: Finding | None = None  # why its account could not be looked into


@dataclass(frozen=True, slots=True, kw_only=True)
class Departed:
    """What came of it."""

    outcome: Outcome
    remains: tuple[Remains, ...] = ()  # only where all steps are done


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What all steps need."""

    design: Design
    request: Request
    context: RunContext
    leaving: Leaving
    leavers: tuple[Leaver, ...]
    course: Course
    stacks: Mapping[StackId, Stack]  # of the peers
    sources: Mapping[StackId, Sources]
    watcher: Watcher

    @property
    def stopping(self) -> bool:
        """Whether the run is to end."""
        return self.context.children.stopping


def require_ready(leaving: Leaving, leavers: Iterable[Leaver], course: Course) -> None:
    """Refuse what would have to be broken off in the middle.

    Raises:
        TerraformError: F644, F645, F687.
        UsageError: when an account cannot have the fate that was asked for.
    """
    if course.others:
        named = " ".join([*leaving.cells, *course.others])
        are = "is" if len(course.others) == 1 else "are"
        raise TerraformError(
            Finding(
                rule="F645",
                message=f"{', '.join(course.others)} {are} not in the inventory either, and joined "
                f"to {', '.join(leaving.cells)}",
                hint=f"decommission them together: cellfactory {VERB} {named}",
            )
        )
    if course.peered:
        raise TerraformError(_refuse_peered(course.peered[0], leaving.cells))
    for leaver in leavers:
        if course.peers and not leaver.blocks:
            message = f"neither the lock nor the registry knows the blocks of {leaver.cell!r}"
            hint = "restore the lock from version control"
            raise TerraformError(Finding(rule="F645", message=message, hint=hint))
        _require_fate(leaving.account, leaver)
        drained = check_drained(leaver, leaving.usage)
        if drained is not None and not leaving.ignore_jobs:
            raise TerraformError(drained)


def _refuse_peered(mesh: str, cells: Sequence[str]) -> Finding:
    """Refuse to give up a gateway that AWS would keep: its peering attachments come first."""
    return Finding(
        rule="F687",
        message=f"mesh {mesh!r} has no cell without {', '.join(cells)}, and its gateway is peered "
        "with others",
        hint=f"put the cell back, take the mesh out of gateway.peers, and apply with "
        f"--allow-destroy segments\nthen cellfactory destroy --gone, and {VERB} it",
    )


def _require_fate(fate: AccountFate, leaver: Leaver) -> None:
    if fate == "keep":
        return
    if not leaver.account or leaver.management is None:
        msg = f"nobody knows the account of cell {leaver.cell!r}: take --account keep"
        raise UsageError(msg)
    if fate == "quarantine" and leaver.quarantine_ou is None:
        msg = (
            f"organization {leaver.organization!r} names no quarantine: add\n"
            f"    organizations: {{{leaver.organization}: {{quarantine_ou: ou-…}}}}"
        )
        raise UsageError(msg)
    if fate == "close" and not leaver.is_made:
        msg = (
            f"account {leaver.account} of cell {leaver.cell!r} was not made by the factory: its "
            "owner closes it\n    to move it out of the way: --account quarantine"
        )
        raise UsageError(msg)
