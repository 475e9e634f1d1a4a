"""What a policy rule is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cellfactory.errors import KeyPath, Severity
from cellfactory.policy.expected import NOTHING_EXPECTED, Expected
from cellfactory.policy.subject import Subject

Check = Callable[[Subject], Iterator[str]]
"""Yields a sentence for each thing that is wrong with a subject."""

Body = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One thing that every stack has to keep.

    `id` never changes its meaning once released: waivers name it. `bad` and `good` are whole
    documents, which tests hold the rule against.
    """

    id: str
    title: str
    severity: Severity
    types: tuple[str, ...]  # of resources it looks at; see `subject.PARTS` for the others
    check: Check
    reason: str
    remedy: str
    bad: Body
    good: Body
    controls: tuple[str, ...] = ()  # ids in `controls.CONTROLS`
    key: KeyPath = ()  # of a cell type: what decides it in the inventory, where something does
    expected: Expected = NOTHING_EXPECTED  # of its examples


def policy(
    id: str,
    title: str,
    *,
    types: str,
    reason: str,
    remedy: str,
    bad: Body,
    good: Body,
    controls: tuple[str, ...] = (),
    severity: Severity = "error",
    key: KeyPath = (),
    expected: Expected = NOTHING_EXPECTED,
) -> Callable[[Check], Rule]:
    """Make a rule of the function below it; `types` are separated by spaces."""

    def made(check: Check) -> Rule:
        return Rule(
            id=id,
            title=title,
            severity=severity,
            types=tuple(types.split()),
            check=check,
            reason=reason,
            remedy=remedy,
            bad=bad,
            good=good,
            controls=controls,
            key=key,
            expected=expected,
        )

    return made


def resources(**kinds: Body) -> Body:
    """Write the document of an example: resources by type, each by name."""
    return {"resource": kinds}
