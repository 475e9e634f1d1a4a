"""A statement of an IAM policy as a value."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

Conditions = Mapping[str, Mapping[str, tuple[str, ...]]]
"""By operator, such as StringEquals, and by key: the values, of which one has to match."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What is allowed, on what, when, and why."""

    sid: str  # letters and digits, unique among all layers
    reason: str  # one sentence
    actions: tuple[str, ...]  # sorted
    resources: tuple[str, ...]  # ARNs or patterns of them, sorted
    conditions: Conditions = field(default_factory=dict)

    def document(self) -> dict[str, Any]:
        """Write it as IAM takes it, which has no place for the reason."""
        made: dict[str, Any] = {
            "Sid": self.sid,
            "Effect": "Allow",
            "Action": list(self.actions),
            "Resource": list(self.resources),
        }
        if self.conditions:
            made["Condition"] = {
                operator: {key: _short(values) for key, values in keys.items()}
                for operator, keys in self.conditions.items()
            }
        return made


def _short(values: tuple[str, ...]) -> str | list[str]:
    return values[0] if len(values) == 1 else list(values)


def statement(
    sid: str,
    reason: str,
    actions: Iterable[str],
    resources: Iterable[str],
    conditions: Conditions | None = None,
) -> Statement:
    """Make a statement, its actions and resources in order."""
    return Statement(
        sid=sid,
        reason=reason,
        actions=tuple(sorted(set(actions))),
        resources=tuple(sorted(set(resources))),
        conditions=conditions or {},
    )
