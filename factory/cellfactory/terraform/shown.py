"""What `terraform show -json` says of a saved plan, as changes of resources.

What Terraform calls sensitive is hidden here already, at the door: no later part of the program
can show, write or digest it.

Source:
    https://developer.hashicorp.com/terraform/internals/json-format
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from cellfactory.diff.model import ABSENT, Action, Path, ResourceChange, Unknown, ValueChange
from cellfactory.errors import Finding, TerraformError

HIDDEN = "(sensitive)"
"""Stands for a value that Terraform calls sensitive."""

DRIFT = "drift"
"""The reason of a change to what somebody changed behind Terraform's back."""

_ACTIONS: Mapping[tuple[str, ...], Action] = {
    ("create",): "create",
    ("update",): "update",
    ("delete",): "delete",
    ("delete", "create"): "replace",
    ("create", "delete"): "replace",
    ("forget", "create"): "replace",
    ("create", "forget"): "replace",
    ("forget",): "forget",
}
_UNKNOWN = Unknown()


@dataclass(frozen=True, slots=True)
class _Sides:
    """One value before and after, and what is known of each."""

    before: Any
    after: Any
    unknown: Any  # True, or which parts are
    hidden: tuple[Any, Any]  # before and after: True, or which parts are

    def below(self, old: Any, new: Any, key: str | int, at: str | int) -> _Sides:
        """The two sides of a part; `at` is where the marks of the side before have it."""
        was, will_be = self.hidden
        return _Sides(old, new, _part(self.unknown, key), (_part(was, at), _part(will_be, key)))


def parse_shown(text: str) -> Mapping[str, Any]:
    """Read what `terraform show -json` says of a saved plan.

    Raises:
        TerraformError: when it is none (F619).
    """
    try:
        document = json.loads(text)
        changes = document.get("resource_changes", [])
        major = str(document["format_version"]).partition(".")[0]
        if major == "1" and all(_is_change(told) for told in changes):
            return {**document, "resource_changes": changes}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        pass
    message = "terraform show told nothing of the plan that was just made"
    raise TerraformError(Finding(rule="F619", message=message))


def _is_change(told: Mapping[str, Any]) -> bool:
    change = told["change"]
    return isinstance(told["address"], str) and isinstance(change["actions"], list)


def changes_of(document: Mapping[str, Any]) -> tuple[ResourceChange, ...]:
    """List what a plan changes, by address; what it only reads is none of it.

    Args:
        document: what `parse_shown` returns.
    """
    drifted = {told["address"] for told in document.get("resource_drift", ())}
    written = _written(document)
    found = [
        change
        for told in document["resource_changes"]
        if told.get("mode", "managed") == "managed"
        and (change := _change(told, written, told["address"] in drifted)) is not None
    ]
    return tuple(sorted(found, key=lambda change: (change.address, change.action)))


def _change(
    told: Mapping[str, Any], written: Mapping[str, frozenset[str]], is_drifted: bool
) -> ResourceChange | None:
    change, before = told["change"], told.get("previous_address", "")
    address: str = told["address"]
    moved_from = before if before != address else ""
    action = _ACTIONS.get(tuple(change["actions"]))
    if action is None:  # nothing becomes of it but where it stands in the state
        if not moved_from and not change.get("importing"):
            return None
        action = "import" if change.get("importing") else "move"
    reason = str(told.get("action_reason", "")) or ("deposed" if told.get("deposed") else "")
    names = written.get(_block(told))
    return ResourceChange(
        address=address,
        action=action,
        values=tuple(_values(change, None if action != "create" else names)),
        moved_from=moved_from,
        reason=reason or (DRIFT if is_drifted else ""),
    )


def _values(change: Mapping[str, Any], names: frozenset[str] | None) -> Iterator[ValueChange]:
    """Yield the values that change, by path.

    Args:
        change: as Terraform tells it.
        names: what the document writes of it; of the rest nothing is said that nobody knows yet.
            None says everything.
    """
    paths = [tuple(path) for path in change.get("replace_paths") or ()]
    sides = _Sides(
        change.get("before"),
        change.get("after"),
        change.get("after_unknown") or False,
        (change.get("before_sensitive") or False, change.get("after_sensitive") or False),
    )
    found = sorted(_walk(sides, ()), key=lambda one: tuple(map(str, one.path)))
    told = {one.path: one for one in found}
    for one in found:
        if isinstance(one.after, Unknown) and names is not None and one.path[0] not in names:
            continue
        if _repeats(one, told):
            continue
        replaces = any(_leads_to(path, one.path) for path in paths)
        yield ValueChange(
            path=one.path,
            before=one.before,
            after=one.after,
            is_secret=one.is_secret,
            replaces=replaces,
        )


def _repeats(one: ValueChange, told: Mapping[Path, ValueChange]) -> bool:
    """Whether the provider says of a tag what its own tag says already."""
    if one.path[:1] != ("tags_all",):
        return False
    twin = told.get(("tags", *one.path[1:]))
    return twin is not None and (twin.before, twin.after) == (one.before, one.after)


def _leads_to(path: Path, other: Path) -> bool:
    length = min(len(path), len(other))
    return path[:length] == other[:length]


def _walk(sides: _Sides, path: Path) -> Iterator[ValueChange]:
    before, after = _seen(sides.before), _seen(sides.after)
    if True in (item is True for item in sides.hidden):
        if sides.before != sides.after or sides.unknown:
            yield ValueChange(path=path, before=_mask(before), after=_mask(after), is_secret=True)
    elif sides.unknown is True:
        yield ValueChange(path=path, before=before, after=_UNKNOWN)
    elif _inner(before) is dict or _inner(after) is dict:
        yield from _walk_object(sides, path, before, after)
    elif _is_walked(before, after, sides):
        yield from _walk_list(sides, path, before, after)
    elif before != after or type(before) is not type(after):
        yield ValueChange(path=path, before=before, after=after)


def _walk_object(sides: _Sides, path: Path, before: Any, after: Any) -> Iterator[ValueChange]:
    old, new = _opened(before), _opened(after)
    old, new = (old if isinstance(old, dict) else {}), (new if isinstance(new, dict) else {})
    marks = sides.unknown if isinstance(sides.unknown, dict) else {}
    for key in sorted({*old, *new, *(k for k, mark in marks.items() if mark)}):
        yield from _walk(sides.below(old.get(key), new.get(key), key, key), (*path, key))


def _walk_list(sides: _Sides, path: Path, before: Any, after: Any) -> Iterator[ValueChange]:
    """Hold the items of two lists against each other; what both have is left aside."""
    old, new = _items(before), _items(after)
    marks = sides.unknown if isinstance(sides.unknown, list) else []
    if not any(marks):
        old, new = _without_common(old, new)
    for left, right in zip_longest(old, new):
        at = left[0] if left else right[0]
        key = right[0] if right else at
        was, will_be = (left[1] if left else None), (right[1] if right else None)
        yield from _walk(sides.below(was, will_be, key, at), (*path, key))


Items = list[tuple[int, Any]]


def _without_common(old: Items, new: Items) -> tuple[Items, Items]:
    rest = list(new)
    left = []
    for index, value in old:
        twin = next((item for item in rest if _text(item[1]) == _text(value)), None)
        if twin is None:
            left.append((index, value))
        else:
            rest.remove(twin)
    return left, rest


def _items(value: Any) -> Items:
    opened = _opened(value)
    return list(enumerate(opened)) if isinstance(opened, list) else []


def _is_walked(before: Any, after: Any, sides: _Sides) -> bool:
    """Whether two lists are worth a look inside: lists of plain values are compared as a whole."""
    if list not in (_inner(before), _inner(after)):
        return False
    marks = (sides.unknown, *sides.hidden)
    is_marked = any(isinstance(mark, list) and any(map(bool, mark)) for mark in marks)
    values = [item for value in (before, after) for _, item in _items(value)]
    return is_marked or any(isinstance(item, dict | list) for item in values)


def _inner(value: Any) -> type:
    return type(_opened(value))


def _opened(value: Any) -> Any:
    """Open what a text holds, where that is JSON: a policy, or the configuration of an add-on."""
    if isinstance(value, str) and value.lstrip()[:1] in ("{", "["):
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            return value
    return value


def _seen(value: Any) -> Any:
    return ABSENT if value is None else value


def _mask(value: Any) -> Any:
    return ABSENT if value is ABSENT else HIDDEN


def _part(marks: Any, key: str | int) -> Any:
    """The marks of a part: all of a whole that is marked is."""
    if marks is True:
        return True
    if isinstance(marks, dict):
        return marks.get(key, False)
    if isinstance(marks, Sequence) and isinstance(key, int) and key < len(marks):
        return marks[key]
    return False


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def _block(told: Mapping[str, Any]) -> str:
    return f"{told.get('type', '')}.{told.get('name', '')}"


def _written(document: Mapping[str, Any]) -> Mapping[str, frozenset[str]]:
    """Say which attributes the configuration of a plan writes, by block."""
    module = document.get("configuration", {}).get("root_module", {})
    return {
        str(told.get("address", "")): frozenset(told.get("expressions", {}))
        for told in module.get("resources", ())
    }
