"""How a rollout was asked for: its journal knows, so that a resumed run goes on in the same way.

A journal lies beside the registry, where other machines write, too. What is written there names a
program of `--check`, but has none run: that takes the same words in a file of this machine.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from cellfactory.errors import FactoryError, Finding, TerraformError
from cellfactory.files import read_text, write_whole
from cellfactory.inventory.rings import write_duration
from cellfactory.runs.notices import GoesOnAs
from cellfactory.runs.request import Request
from cellfactory.runs.watcher import Watcher
from cellfactory.terraform.journal import Checks, Journal, read_asked


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What somebody said for a run; None where nobody said."""

    bake: float | None = None  # time that every ring bakes (s)
    checks: Checks | None = None  # programs that say whether a ring does well

    @property
    def words(self) -> tuple[str, ...]:
        """The options that ask for it.

        >>> Asked(bake=300.0, checks=(("./smoke.sh", "--fast"),)).words
        ('--bake 5m', "--check './smoke.sh --fast'")
        >>> Asked(bake=0.0, checks=()).words
        ('--no-bake', '--no-check')
        """
        return (*_bake_words(self.bake), *_check_words(self.checks))


def _bake_words(bake: float | None) -> tuple[str, ...]:
    if bake is None:
        return ()
    return (f"--bake {write_duration(bake)}" if bake else "--no-bake",)


def _check_words(checks: Checks | None) -> tuple[str, ...]:
    if checks is None:
        return ()
    told = tuple(f"--check {shlex.quote(shlex.join(program))}" for program in checks)
    return told or ("--no-check",)


def asked_as_before(request: Request, journal: Path, watcher: Watcher) -> Request:
    """Ask for what the run asked for that is resumed, where nobody says otherwise now.

    Args:
        request: of the run that goes on.
        journal: of the run that is resumed.
        watcher: is told what is not said anew.

    Raises:
        TerraformError: when a program would be run that this machine was not told of (F664).
    """
    bake, checks = read_asked(journal)
    taken = Asked(
        bake=bake if request.bake is None else None,
        checks=checks if request.checks is None else None,
    )
    if taken.checks and _programs(journal) != taken.checks:
        raise TerraformError(_unknown(journal.stem, taken.checks))
    if not taken.words:
        return request
    watcher.noted(GoesOnAs(journal.stem, taken.words))
    return replace(
        request,
        bake=request.bake if taken.bake is None else taken.bake,
        checks=request.checks if taken.checks is None else taken.checks,
    )


def note_asked(journal: Journal, request: Request) -> None:
    """Note how a run was asked for, for whoever resumes it.

    Raises:
        UsageError: when it cannot be written.
    """
    if request.bake is None and request.checks is None:
        return
    if request.checks:
        write_whole(_beside(journal.path), json.dumps(request.checks))
    journal.asked(request.bake, request.checks)


def _beside(journal: Path) -> Path:
    return journal.with_suffix(".checks.json")


def _programs(journal: Path) -> Checks | None:
    """The programs that this machine was told to run for a run; None where it knows of none."""
    try:
        told = json.loads(read_text(_beside(journal)))
        return tuple(tuple(map(str, program)) for program in told)
    except (FactoryError, ValueError, TypeError):
        return None


def _unknown(run: str, checks: Sequence[Sequence[str]]) -> Finding:
    told = " ".join(_check_words(tuple(map(tuple, checks))))
    return Finding(
        rule="F664",
        message=f"run {run} was begun with {told}, by another machine or folder",
        hint="a journal alone has no program run here: give it again, or go on without: --no-check",
    )
