"""What comes of it all: violations that stand, those that are waived, and what is wrong besides."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from cellfactory.errors import Finding, Problem, Span
from cellfactory.policy.found import Coverage, Violation
from cellfactory.policy.waivers import Waiver, Waivers, check_waivers, is_foreign, unused

NOTHING_CHECKED = "F726"


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One violation with its places, and the waiver that it has."""

    violation: Violation
    file: str = ""  # the document, as a path with `/`
    line: int = 0  # of the resource in it; 0 where that is not known
    span: Span | None = None  # what decides it in the inventory
    waiver: Waiver | None = None

    @property
    def is_open(self) -> bool:
        """Whether nobody waives it."""
        return self.waiver is None

    @property
    def fails(self) -> bool:
        """Whether a command ends with an error for it."""
        return self.is_open and self.violation.severity == "error"


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """All of one run."""

    coverage: Coverage
    results: tuple[Result, ...]  # by stack, address and rule
    problems: tuple[Problem, ...]  # of waivers, and of what was looked at
    engines: tuple[str, ...]  # `cellfactory`, and what else was asked, with its version

    @property
    def open(self) -> tuple[Result, ...]:
        """What stands."""
        return tuple(result for result in self.results if result.is_open)

    @property
    def waived(self) -> tuple[Result, ...]:
        """What somebody answers for."""
        return tuple(result for result in self.results if not result.is_open)

    @property
    def passes(self) -> bool:
        """Whether nothing is an error."""
        wrong = any(problem.finding.severity == "error" for problem in self.problems)
        return not wrong and not any(result.fails for result in self.results)


def judge(
    violations: Iterable[Violation],
    waivers: Waivers,
    today: date,
    most_days: int,
    *,
    rules: Iterable[str],
    has_foreign: bool,
) -> tuple[tuple[Result, ...], tuple[Problem, ...]]:
    """Hold violations against waivers, and waivers against the day.

    Args:
        violations: of every engine that was asked.
        waivers: all there are; one that has expired waives nothing.
        today: the day on which they are to count.
        most_days: how far ahead a waiver may end (days).
        rules: ids of our rules.
        has_foreign: whether Checkov was asked; otherwise its waivers are not held to be unused.
    """
    valid = [waiver for waiver in waivers.entries if waiver.expires >= today]
    results = tuple(
        Result(violation=violation, waiver=_waiver_of(violation, valid))
        for violation in sorted(violations, key=_place)
    )
    used = {result.waiver.number for result in results if result.waiver}
    known = frozenset(rules)
    idle = [
        unused(waiver)
        for waiver in valid
        if waiver.number not in used
        and (waiver.rule in known or (has_foreign and is_foreign(waiver.rule)))
    ]
    findings = [*check_waivers(waivers, today, most_days, known), *idle]
    return results, tuple(waivers.locate(finding) for finding in findings)


def _waiver_of(violation: Violation, waivers: Sequence[Waiver]) -> Waiver | None:
    return next((waiver for waiver in waivers if waiver.covers(violation)), None)


def _place(violation: Violation) -> tuple[str, ...]:
    return violation.stack, violation.address, violation.rule, violation.message


def nothing_checked(engine: str) -> Finding:
    """Say that an engine looked at nothing, which is never what somebody wants."""
    return Finding(
        rule=NOTHING_CHECKED,
        message=f"{engine} checked nothing: no stack has a resource that a rule is about",
        hint="check that this is the folder that holds the stacks",
    )
