"""How much a change may do: what it would do is counted, and held against limits.

The guard asks how much is done at once. Whether something may be destroyed at all is another
question, which `cellfactory.terraform.guard` asks of each resource (F607).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from cellfactory.design import Design
from cellfactory.diff.counts import Counts, counts_of
from cellfactory.diff.impact_model import Impact
from cellfactory.diff.model import Changes
from cellfactory.errors import Finding, UsageError
from cellfactory.words import counted

GuardClass = Literal["cells", "destroyed", "replaced", "nodes_drained", "edges_lost"]
"""What is counted, as `guard` in the inventory and `--override` name it."""

CLASSES: tuple[GuardClass, ...] = get_args(GuardClass)

RULES = {
    "F710": "A change touches more cells that stand than the guard allows.",
    "F711": "A change destroys more resources than the guard allows.",
    "F712": "A change replaces more resources than the guard allows.",
    "F713": "A change drains more nodes than the guard allows.",
    "F714": "A change cuts more edges than the guard allows.",
    "F715": "An override names nothing that the change does (a warning).",
}
"""What each rule says; a number is never used again for something else."""

_RULE: Mapping[GuardClass, str] = {
    "cells": "F710",
    "destroyed": "F711",
    "replaced": "F712",
    "nodes_drained": "F713",
    "edges_lost": "F714",
}
_POLICIES: Mapping[GuardClass, str] = {
    "cells": "guard-cells",
    "destroyed": "guard-destroyed",
    "replaced": "guard-replaced",
    "nodes_drained": "guard-nodes-drained",
    "edges_lost": "guard-edges-lost",
}
_SAID: Mapping[GuardClass, tuple[str, str]] = {
    "cells": ("touches", "cell"),
    "destroyed": ("destroys", "resource"),
    "replaced": ("replaces", "resource"),
    "nodes_drained": ("drains", "node"),
    "edges_lost": ("cuts", "edge"),
}
_SHOWN = 3  # of what is counted, in a hint
_OVERRIDE = re.compile(r'(?P<what>[^=\[\]]+(\[("[^"]*"|[0-9]+)\])?)\s*=(?P<reason>.*)', re.S)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much one change may do."""

    most: Mapping[GuardClass, int]
    written: frozenset[GuardClass]  # those that stand in the inventory; others are our policy
    keys: Mapping[GuardClass, str]  # the key of the inventory that says it


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """A class, a cell or a Terraform address that a limit does not hold for, and why."""

    what: str
    reason: str

    def __str__(self) -> str:
        return f"{self.what}: {self.reason}"


def parse_override(text: str) -> Override:
    """Read what `--override` was given: `CLASS=REASON`, `CELL=REASON` or `ADDRESS=REASON`.

    Raises:
        UsageError: when it names nothing, or gives no reason.

    >>> parse_override("nodes_drained=Kubernetes 1.35, CHG-77").reason
    'Kubernetes 1.35, CHG-77'
    >>> parse_override('aws_eip.nat["use1-az1"]=moved').what
    'aws_eip.nat["use1-az1"]'
    """
    match = _OVERRIDE.fullmatch(text.strip())
    if match is None or not match["what"].strip():
        msg = (
            f"--override {text!r} gives no reason: write --override CLASS=REASON\n"
            f"CLASS is one of {', '.join(CLASSES)}, a cell or a Terraform address"
        )
        raise UsageError(msg)
    reason = " ".join(match["reason"].split())
    if not reason:
        msg = f"--override {match['what'].strip()} gives no reason: it is kept in the journal"
        raise UsageError(msg)
    return Override(what=match["what"].strip(), reason=reason)


def limits_of(design: Design, standing: int) -> Limits:
    """Say how much one change may do: what the inventory says, or else our policy.

    Args:
        design: whose guard holds: of what stands, so that no change loosens the limits for itself.
        standing: nodes that stand, for a limit that is a share of them (nodes).
    """
    guard, facts = design.inventory.guard, design.facts
    most: dict[GuardClass, int] = {}
    written: set[GuardClass] = set()
    for name in CLASSES:
        value: int | None = getattr(guard, name)
        if value is not None:
            written.add(name)
        policy = facts.policy_value(_POLICIES[name])
        most[name] = int(policy) if value is None else value
    keys: dict[GuardClass, str] = {name: name for name in CLASSES}
    if guard.nodes_drained_percentage is not None:
        most["nodes_drained"] = standing * guard.nodes_drained_percentage // 100
        written.add("nodes_drained")
        keys["nodes_drained"] = "nodes_drained_percentage"
    return Limits(most=most, written=frozenset(written), keys=keys)


def exceeded(
    changes: Changes, impact: Impact, limits: Limits, overrides: Sequence[Override] = ()
) -> tuple[Finding, ...]:
    """Find what a change does more of than it may; without any, it may go on.

    Args:
        changes: what becomes of resources.
        impact: what becomes of cells.
        limits: as of `limits_of`.
        overrides: what somebody gave a reason for.

    Rules:
        F710 to F714: more of something than the guard allows.
        F715: an override that names nothing of it (a warning).
    """
    return judge(counts_of(changes, impact), limits, overrides)


def judge(
    counts: Counts,
    limits: Limits,
    overrides: Sequence[Override] = (),
    planned: Counts | None = None,
) -> tuple[Finding, ...]:
    """Hold what was counted against limits: as `exceeded`.

    Args:
        counts: all that was counted.
        limits: as of `limits_of`.
        overrides: what somebody gave a reason for.
        planned: what of it Terraform has planned; all of it when None.
    """
    given = {override.what for override in overrides}
    left = counts.without(given)
    seen = left if planned is None else planned.without(given)
    found = [
        _refuse(name, left, limits, left.number(name) - seen.number(name))
        for name in CLASSES
        if name not in given and left.number(name) > limits.most[name]
    ]
    return (*found, *_idle(counts, limits, given))


def _refuse(name: GuardClass, counts: Counts, limits: Limits, unplanned: int) -> Finding:
    names, number = counts.names(name), counts.number(name)
    verb, noun = _SAID[name]
    allowed = f"{limits.most[name]:,}"
    key = limits.keys[name]
    where = f"guard.{key}" if name in limits.written else f"policy {_POLICIES[name]}"
    shown = ", ".join(names[:_SHOWN])
    more = f" and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else ""
    return Finding(
        rule=_RULE[name],
        path=("guard", key) if name in limits.written else (),
        message=f"the change {verb} {counted(number, noun)}; the guard allows {allowed} ({where})",
        hint=f"{shown}{more}\n{_unplanned(unplanned, number)}"
        f"do it in parts, or say why: --override {name}=REASON, which the journal keeps",
    )


def _unplanned(some: int, number: int) -> str:
    if not some:
        return ""
    which = "it" if number == 1 else "all of it" if some == number else f"{some:,} of it"
    return f"{which} cannot be planned yet, and is counted as the files say\n"


def _idle(counts: Counts, limits: Limits, given: Iterable[str]) -> Iterator[Finding]:
    """Warn of words that nothing needed: a misspelt address, or a limit that was kept anyway."""
    for what in sorted(given):
        if what in CLASSES:
            name: GuardClass = next(c for c in CLASSES if c == what)
            needed = counts.number(name) > limits.most[name]
        else:
            needed = counts.without({what}) != counts
        if not needed:
            yield Finding(
                rule="F715",
                message=f"--override {what} is not needed: the change does nothing of it "
                "beyond the guard",
                severity="warning",
            )
