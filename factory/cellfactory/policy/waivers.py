"""Waivers: what is known to break a rule, why, whose word that is and until when."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING

from cellfactory.errors import Finding, Problem
from cellfactory.inventory.nearest import suggest
from cellfactory.policy.found import Violation

if TYPE_CHECKING:
    from cellfactory.inventory.source import SourceMap

EXPIRED, UNUSED, UNKNOWN_RULE, TOO_LONG = "F721", "F722", "F723", "F724"
_FOREIGN = re.compile(r"CKV2?_[A-Z0-9]+_[0-9]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiver:
    """One waiver; where it stands is its number."""

    number: int
    rule: str
    stack: str
    address: str
    reason: str
    owner: str
    expires: date

    def covers(self, violation: Violation) -> bool:
        """Whether it speaks of a violation, on whatever day."""
        return (
            violation.rule == self.rule
            and _pattern(self.stack).fullmatch(violation.stack) is not None
            and _pattern(self.address).fullmatch(violation.address) is not None
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Waivers:
    """All waivers of a file, and where each stands."""

    entries: tuple[Waiver, ...] = ()
    source: SourceMap | None = None

    def locate(self, finding: Finding) -> Problem:
        """Place what is wrong with a waiver."""
        return self.source.locate(finding) if self.source else Problem(None, finding)


NO_WAIVERS = Waivers()


@lru_cache(maxsize=4096)
def _pattern(glob: str) -> re.Pattern[str]:
    """Make a pattern of a glob, in which `*` alone means something: addresses have brackets."""
    return re.compile("".join(".*" if part == "*" else re.escape(part) for part in _parts(glob)))


def _parts(glob: str) -> list[str]:
    return [part for part in re.split(r"(\*)", glob) if part]


def check_waivers(
    waivers: Waivers, today: date, most_days: int, rules: Iterable[str]
) -> Iterator[Finding]:
    """Hold waivers against the day and the rules there are.

    Args:
        waivers: all of them.
        today: the day on which they are to count.
        most_days: how far ahead a waiver may end (days).
        rules: ids of our rules; those of Checkov are told by their form.
    """
    known = sorted(rules)
    for waiver in waivers.entries:
        path = ("waivers", waiver.number)
        if waiver.rule not in known and not _FOREIGN.fullmatch(waiver.rule):
            yield Finding(
                rule=UNKNOWN_RULE,
                path=(*path, "rule"),
                message=f"there is no rule {waiver.rule[:40]!r}{suggest(waiver.rule, known)}",
                hint="cellfactory explain P101 shows one; docs/policies.md lists them",
            )
        left = (waiver.expires - today).days
        if left < 0:
            yield _expired(waiver, -left)
        elif left > most_days:
            yield Finding(
                rule=TOO_LONG,
                path=(*path, "expires"),
                message=f"the waiver of {waiver.rule} lasts {left:,} days, more than {most_days}",
                hint="choose a nearer day, on which somebody looks again",
            )


def _expired(waiver: Waiver, days: int) -> Finding:
    ago = "yesterday" if days == 1 else f"{days:,} days ago"
    return Finding(
        rule=EXPIRED,
        path=("waivers", waiver.number, "expires"),
        message=f"the waiver of {waiver.rule} ended on {waiver.expires}, {ago}",
        hint=f"mend what it waives, or have {waiver.owner} renew it; then remove this one",
    )


def unused(waiver: Waiver) -> Finding:
    """Say that a waiver waives nothing."""
    return Finding(
        rule=UNUSED,
        path=("waivers", waiver.number),
        message=f"the waiver of {waiver.rule} waives nothing: remove it",
        severity="warning",
    )


def is_foreign(rule: str) -> bool:
    """Whether a rule is one of Checkov's."""
    return _FOREIGN.fullmatch(rule) is not None
