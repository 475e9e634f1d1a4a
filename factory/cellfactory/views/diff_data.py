"""A diff as JSON, for programs: every change by stack and address, and what it does to cells."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from cellfactory.diff.folding import count_actions
from cellfactory.diff.model import ABSENT, ResourceChange, StackChange, Unknown, ValueChange
from cellfactory.errors import Problem
from cellfactory.views.diff import Diff
from cellfactory.views.problems import render_document


def render_diff_json(diff: Diff, problems: Iterable[Problem]) -> str:
    """Render a diff as a document; `docs/json.md` says what its keys mean."""
    return render_document(diff_data(diff), problems)


def diff_data(diff: Diff) -> dict[str, Any]:
    """Write a diff as plain data."""
    changes = diff.changes
    return {
        "base": diff.base,
        "counts": dict(sorted(count_actions(changes).items())),
        "stacks": [_stack(changed) for changed in changes.stacks],
        "unchanged": changes.unchanged,
        "impact": _plain(dataclasses.asdict(diff.impact)),
        "guard": list(diff.notes),
    }


def _stack(changed: StackChange) -> dict[str, Any]:
    return {
        "stack": changed.stack.name,
        "owner": changed.stack.owner,
        "layer": changed.stack.layer,
        "action": changed.action,
        "why": list(changed.why),
        "resources": [resource_data(one) for one in changed.resources],
    }


def resource_data(change: ResourceChange) -> dict[str, Any]:
    """Write what becomes of a resource as plain data."""
    told: dict[str, Any] = {"address": change.address, "action": change.action}
    if change.moved_from:
        told["moved_from"] = change.moved_from
    if change.is_likely:
        told["likely"] = True
    if change.reason:
        told["reason"] = change.reason
    told["values"] = [_value(value) for value in change.values]
    return told


def _value(value: ValueChange) -> dict[str, Any]:
    told: dict[str, Any] = {"path": list(value.path)}
    for name, side in (("before", value.before), ("after", value.after)):
        if isinstance(side, Unknown):
            told[f"{name}_unknown"] = side.text
        elif side is not ABSENT:
            told[name] = _plain(side)
    if value.is_secret:
        told["sensitive"] = True
    if value.replaces:
        told["replaces"] = True
    return told


def _plain(value: Any) -> Any:
    if isinstance(value, Unknown):
        return {"unknown": value.text}
    if isinstance(value, Decimal):
        return f"{value:f}"  # as text, so that no amount is rounded
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return value
