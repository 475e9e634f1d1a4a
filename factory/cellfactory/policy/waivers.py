"""`cells.waivers.yaml`: what is known to break a rule, why, whose word that is and until when."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from cellfactory.documents import parse_document
from cellfactory.errors import Finding, PolicyError, Problem
from cellfactory.inventory.nearest import suggest
from cellfactory.inventory.reader import validate, yaml_problems
from cellfactory.inventory.source import SourceMap
from cellfactory.inventory.values import Model
from cellfactory.policy.found import Violation

MALFORMED, EXPIRED, UNUSED, UNKNOWN_RULE, TOO_LONG = "F720", "F721", "F722", "F723", "F724"
LEAST_REASON = 10  # characters: less explains nothing
_FOREIGN = re.compile(r"CKV2?_[A-Z0-9]+_[0-9]+")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def _told(text: str) -> str:
    if len(text.strip()) < LEAST_REASON:
        msg = f"must say why, in {LEAST_REASON} characters at least"
        raise ValueError(msg)
    return text


def _named(text: str) -> str:
    if not text.strip():
        msg = "must name somebody"
        raise ValueError(msg)
    return text


def _day(text: str) -> str:
    try:
        if not _DAY.fullmatch(text):
            raise ValueError
        date.fromisoformat(text)
    except ValueError:
        msg = f"must be a day such as 2027-03-31, not {text[:40]!r}"
        raise ValueError(msg) from None
    return text


class WaiverEntry(Model):
    """One waiver as it is written."""

    rule: str = Field(description="Rule that is broken: one of ours, or one of Checkov's.")
    stack: str = Field(default="*", min_length=1, description="Stacks; `*` is any letters.")
    address: str = Field(
        default="*", min_length=1, description="Terraform addresses; `*` is any letters."
    )
    reason: Annotated[str, AfterValidator(_told)] = Field(
        description="Why it is right to break it here.",
        json_schema_extra={"minLength": LEAST_REASON},
    )
    owner: Annotated[str, AfterValidator(_named)] = Field(
        description="Whose word that is: a team or a person.", json_schema_extra={"minLength": 1}
    )
    expires: Annotated[str, AfterValidator(_day)] = Field(
        description="Last day on which it counts.",
        json_schema_extra={"format": "date", "pattern": f"^{_DAY.pattern}$"},
    )


class WaiverFile(Model):
    """The shape of `cells.waivers.yaml`."""

    version: Literal[1] = Field(description="Version of this file's form.")
    waivers: list[WaiverEntry] = Field(
        max_length=1_000, description="Each with rule, reason, owner and last day."
    )


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


def parse_waivers(data: str | bytes, file: str) -> Waivers:
    """Read waivers from YAML.

    Args:
        data: the whole text, or the bytes of a file.
        file: the name to show in messages; nothing is opened.

    Raises:
        PolicyError: F720, with everything that is not as it must be.
    """
    document = parse_document(data)
    source = SourceMap.of(file, document)
    problems = yaml_problems(document, source, MALFORMED, MALFORMED)
    read, refused = (None, ()) if document.faults else validate(WaiverFile, document)
    problems += [source.locate(_as_ours(finding)) for finding in refused]
    if problems or read is None:
        raise PolicyError(problems)
    entries = tuple(_waiver(number, entry) for number, entry in enumerate(read.waivers))
    return Waivers(entries=entries, source=source)


def _as_ours(finding: Finding) -> Finding:
    message, hint = finding.message, finding.hint
    return Finding(rule=MALFORMED, path=finding.path, message=message, hint=hint)


def _waiver(number: int, entry: WaiverEntry) -> Waiver:
    return Waiver(
        number=number,
        rule=entry.rule,
        stack=entry.stack,
        address=entry.address,
        reason=" ".join(entry.reason.split()),
        owner=entry.owner,
        expires=date.fromisoformat(entry.expires),
    )


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
