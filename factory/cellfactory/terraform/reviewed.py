"""What was reviewed of a stack, and what of a fresh plan is beyond it.

Nothing is replayed. When a stack is applied, it is planned again, and that plan may do what was
reviewed or less: other actions, other resources and other values are refused by name. Values are
held against each other by digests of what they mean, so that what was reviewed can be written down
without a value in it. What nobody knew at the review, as an id that AWS gives, is not held.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from cellfactory.diff.model import ABSENT, Action, Path, ResourceChange, Unknown, ValueChange
from cellfactory.errors import Finding
from cellfactory.layers import StackId
from cellfactory.terraform.messages import Change

MOST_NAMED = 5  # resources in one message
DIGITS = 32  # of a digest, in hexadecimal: 128 bits

_FORESEEN_ROW = "[*]"

Standing = Literal["planned", "no-change", "deferred"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewedResource:
    """What was to become of one resource."""

    address: str
    action: Action
    moved_from: str = ""
    values: Mapping[str, str] = field(default_factory=dict)  # digests, by path
    unknown: frozenset[str] = frozenset()  # paths of which only the apply would know


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewedStack:
    """What was to become of one stack.

    Of one that was deferred no plan was made: its resources are those that its synthesized files
    say it will create, and nothing is known of their values.
    """

    stack: StackId
    standing: Standing
    sources: str  # digest of its synthesized files
    resources: tuple[ReviewedResource, ...] = ()

    @property
    def is_foreseen(self) -> bool:
        """Whether it was reviewed without a plan."""
        return self.standing == "deferred"


def review_of(change: ResourceChange) -> ReviewedResource:
    """Digest what a plan does to one resource."""
    values: dict[str, list[str]] = {}
    unknown = set()
    for one in change.values if change.action != "delete" else ():
        path = path_text(one.path)
        if isinstance(one.after, Unknown):
            unknown.add(path)
        values.setdefault(path, []).append(_meaning(one))
    return ReviewedResource(
        address=change.address,
        action=change.action,
        moved_from=change.moved_from,
        values={p: _digest(sorted(told)) for p, told in values.items() if p not in unknown},
        unknown=frozenset(unknown),
    )


def foreseen(addresses: Iterable[str]) -> tuple[ReviewedResource, ...]:
    """What is reviewed of a stack that cannot be planned yet: that it creates these."""
    return tuple(ReviewedResource(address=one, action="create") for one in sorted(addresses))


def path_text(path: Path) -> str:
    """Write a path; the places of a list are all the same, since many lists are sets.

    >>> path_text(("ingress", 0, "from_port")), path_text(("tags", "a.b"))
    ('ingress.*.from_port', 'tags.a\\\\.b')
    """
    parts = ("*" if isinstance(part, int) else _escaped(part) for part in path)
    return ".".join(parts)


def beyond(reviewed: ReviewedStack, planned: Iterable[ResourceChange]) -> tuple[str, ...]:
    """Say what of a fresh plan was not reviewed, a line for each resource, by address.

    Args:
        reviewed: what may be done.
        planned: what is about to be done, with its values.
    """
    known = {one.address: one for one in reviewed.resources}
    exact = {(one.address, one.action): one for one in reviewed.resources}
    found = (
        _beyond(exact.get((c.address, c.action), known.get(c.address)), c)
        for c in _by_address(planned)
    )
    return tuple(line for line in found if line)


def beyond_foreseen(reviewed: ReviewedStack, planned: Iterable[Change]) -> tuple[str, ...]:
    """Say what a fresh plan does of which a stack that could not be planned gave no sign.

    Args:
        reviewed: what was foreseen.
        planned: what is about to be done; of its values nothing was known anyway.
    """
    told = {one.address for one in reviewed.resources}
    blocks = {one.removesuffix(_FORESEEN_ROW) for one in told if one.endswith(_FORESEEN_ROW)}
    return tuple(
        f"{change.action} {change.address}"
        for change in sorted(planned, key=lambda one: one.address)
        if change.action not in ("read", "no-op")
        and not (
            (change.action == "create" or _is_second_half("create", change.action, change.reason))
            and (change.address in told or change.address.partition("[")[0] in blocks)
        )
    )


def refusal(stack: StackId, lines: tuple[str, ...], *, foreseen: bool) -> Finding:
    """Say that a plan is beyond what was reviewed.

    Args:
        stack: whose plan it is.
        lines: as `beyond` returns them; never empty.
        foreseen: whether it could not be planned when it was reviewed.

    Rules:
        F653: it is.
    """
    more = len(lines) - MOST_NAMED
    shown = [*lines[:MOST_NAMED], *([f"and {more:,} more"] if more > 0 else [])]
    why = "its inputs did not exist then" if foreseen else "something changed since"
    return Finding(
        rule="F653",
        stack=stack.name,
        message=f"its plan goes beyond what was reviewed: {'; '.join(shown)}",
        hint=f"nothing was done to it: {why}; plan it again, and review that",
    )


def less(reviewed: ReviewedStack, planned: Iterable[str]) -> int:
    """Count what was reviewed and need not be done any more."""
    left = set(planned)
    return sum(
        one.address not in left and not one.address.endswith(_FORESEEN_ROW)
        for one in reviewed.resources
    )


def _beyond(known: ReviewedResource | None, change: ResourceChange) -> str:
    named = f"{change.action} {change.address}"
    if known is None:
        return named
    again = _is_second_half(known.action, change.action, change.reason)
    if known.action != change.action and not again:
        return f"{named} (reviewed: {known.action})"
    if known.moved_from != change.moved_from:
        return f"{named} (moved from {change.moved_from or 'nowhere'})"
    now = review_of(change)
    if again:  # one of the two tells all values, the other one what differs from half a resource
        both = (path for path in now.values if path in known.values and "*" not in path)
        wrong = sorted(path for path in both if known.values[path] != now.values[path])
        return f"{named} (other values: {', '.join(wrong[:MOST_NAMED])})" if wrong else ""
    wrong = sorted(
        path
        for path, digest in now.values.items()
        if path not in known.unknown and known.values.get(path) != digest
    )
    new = sorted(now.unknown - known.unknown - set(known.values))
    told = ", ".join([*wrong, *new][:MOST_NAMED])
    return f"{named} (other values: {told})" if told else ""


def _is_second_half(reviewed: str, action: str, reason: str) -> bool:
    """Whether an action goes on with what was reviewed, and broke off half-way.

    Terraform calls tainted what it has created in part; and what is replaced is deleted first.
    """
    if reviewed == "create":
        return action == "replace" and reason == "tainted"
    return reviewed == "replace" and action == "create"


def _meaning(one: ValueChange) -> str:
    """What a value will be, in one way of writing for all that mean the same."""
    if one.is_secret:
        return "secret"
    if isinstance(one.after, Unknown):
        return "unknown"
    return "absent" if one.after is ABSENT else _written(one.after)


def _written(value: Any) -> str:
    if isinstance(value, list):
        return "[" + ",".join(sorted(map(_written, value))) + "]"
    if isinstance(value, dict):
        told = (f"{json.dumps(key)}:{_written(value[key])}" for key in sorted(value))
        return "{" + ",".join(told) + "}"
    return json.dumps(value)


def _digest(told: list[str]) -> str:
    return hashlib.sha256("\n".join(told).encode("utf-8")).hexdigest()[:DIGITS]


def _escaped(part: str) -> str:
    return part.replace("\\", "\\\\").replace(".", "\\.").replace("*", "\\*")


def _by_address(planned: Iterable[ResourceChange]) -> Iterator[ResourceChange]:
    return iter(sorted(planned, key=lambda one: (one.address, one.action)))
