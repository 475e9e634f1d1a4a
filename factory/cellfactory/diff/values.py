"""Two values of a resource held against each other, also inside the texts that hold something.

Maps are compared by key and lists of blocks by what names their entries; the order of a list is
no difference, but where it means something. A policy, the configuration of an add-on, user data and
values of a chart are texts to Terraform: here they are opened, and what differs in them is told.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from cellfactory.diff.hidden import HIDDEN, Hidden, is_named_secret, is_secret, mask
from cellfactory.diff.model import ABSENT, Entry, Path, Unknown, ValueChange
from cellfactory.diff.order import is_ordered
from cellfactory.diff.texts import ENCODED, open_text
from cellfactory.tree.values import Expression

_KEYS = (
    *("Sid", "sid", "name", "Name", "key", "id", "device_name", "resource_type", "content_type"),
    *("zone", "cidr_block", "type", "kind", "transition_days", "prefix"),
)
"""What names an entry of a list, the best first."""

_POLICY_SETS = frozenset({"Action", "NotAction", "Resource", "NotResource", "AWS", "Service"})
"""In a policy, one value and a list of it are the same."""


def compare(before: Any, after: Any, path: Path = (), kind: str = "") -> Iterator[ValueChange]:
    """Yield the smallest parts in which two values differ, in the order of their paths.

    Args:
        before: a value of the tree, or `ABSENT`.
        after: the same afterwards.
        path: where both stand.
        kind: the type of the resource, whose sets are known.
    """
    if before is after or _is_same(before, after):
        return
    old, new = _opened(before, path), _opened(after, path)
    if isinstance(old, dict) and isinstance(new, dict):
        found = _objects(old, new, path, kind)
    elif isinstance(old, list) and isinstance(new, list):
        found = _lists(old, new, path, kind)
    else:
        found = iter(() if _is_same(old, new) else (_change(old, new, path),))
    first = next(found, None)
    if first is not None:
        yield first
        yield from found
    elif _is_written_otherwise(before, after, old):
        yield _change(before, after, path)


def _objects(
    old: Mapping[str, Any], new: Mapping[str, Any], path: Path, kind: str
) -> Iterator[ValueChange]:
    is_named = is_named_secret(old) or is_named_secret(new)
    for key in sorted({*old, *new}, key=str):
        for change in compare(old.get(key, ABSENT), new.get(key, ABSENT), (*path, key), kind):
            yield _hidden(change) if is_named and key in ("value", "Value") else change


def _is_written_otherwise(before: Any, after: Any, opened: Any) -> bool:
    """Whether two texts mean the same and are not: all but a policy is another one then."""
    if not isinstance(before, str) or not isinstance(after, str):
        return False
    return before != after and not (isinstance(opened, dict) and "Statement" in opened)


def _change(before: Any, after: Any, path: Path) -> ValueChange:
    return _masked(ValueChange(path=path, before=plain(before), after=plain(after)))


def plain(value: Any) -> Any:
    """Write a value of the tree as JSON, what only the apply knows as `Unknown`.

    >>> plain([1, {"a": None}])
    [1, {'a': None}]
    """
    if isinstance(value, Expression):
        return Unknown(text=value.text)
    if isinstance(value, dict):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [plain(inner) for inner in value]
    return value


def _masked(change: ValueChange) -> ValueChange:
    sides = (change.before, change.after)
    if is_secret(change.path) or any(isinstance(value, Hidden) for value in sides):
        return _hidden(change)
    before, after = mask(change.before), mask(change.after)
    if before is change.before and after is change.after:
        return change
    return replace(change, before=before, after=after, is_secret=True)


def _hidden(change: ValueChange) -> ValueChange:
    before, after = (
        mask(v) if v is ABSENT or isinstance(v, Unknown) else HIDDEN
        for v in (change.before, change.after)
    )
    return replace(change, before=before, after=after, is_secret=True)


def _is_same(before: Any, after: Any) -> bool:
    """Equal, and of one type: to Python, `1` and `True` are."""
    return type(before) is type(after) and bool(before == after) and _text(before) == _text(after)


def _opened(value: Any, path: Path) -> Any:
    if isinstance(value, list):
        return [_opened(item, path) for item in value]
    found = open_text(value, is_encoded=any(step in ENCODED for step in path))
    if found is value:
        return value
    return _policy(found) if isinstance(found, dict) and "Statement" in found else found


def _policy(value: Any, key: str = "") -> Any:
    """Write a policy so that what means the same is the same."""
    if isinstance(value, dict):
        return {k: _policy(inner, k) for k, inner in value.items()}
    if isinstance(value, list):
        return [_policy(inner) for inner in value]
    return [value] if key in _POLICY_SETS and value != "*" else value


def _lists(old: list[Any], new: list[Any], path: Path, kind: str) -> Iterator[ValueChange]:
    left, right = [_text(item) for item in old], [_text(item) for item in new]
    if sorted(left) == sorted(right):
        if left != right and is_ordered(kind, path):
            yield _change(old, new, path)
        return
    if not _has_blocks(old) and not _has_blocks(new):
        yield _change(old, new, path)
        return
    name = _name(old, new)
    if len(old) == len(new) == 1 and (name is None or old[0][name] != new[0][name]):
        yield from compare(old[0], new[0], (*path, 0), kind)
        return
    if name is None:
        yield from _unnamed(old, new, path)
        return
    by_old, by_new = _by_name(old, name), _by_name(new, name)
    for key in sorted({*by_old, *by_new}):
        place = (*path, Entry(f"{name}={key}"))
        yield from compare(by_old.get(key, ABSENT), by_new.get(key, ABSENT), place, kind)


def _unnamed(old: list[Any], new: list[Any], path: Path) -> Iterator[ValueChange]:
    """Tell of entries that nothing names: those that only one side has, as wholes."""
    rest = [_text(item) for item in new]
    gone = []
    for item in old:
        if (text := _text(item)) in rest:
            rest.remove(text)
        else:
            gone.append(item)
    left = {_text(item): item for item in new}
    come = [left[text] for text in rest]
    for number in range(max(len(gone), len(come))):
        before = gone[number] if number < len(gone) else ABSENT
        after = come[number] if number < len(come) else ABSENT
        yield _change(before, after, (*path, number))


def _has_blocks(values: Sequence[Any]) -> bool:
    return any(isinstance(value, dict | list) for value in values)


def _name(old: list[Any], new: list[Any]) -> str | None:
    """Find the key that names every entry of two lists, each entry of a list differently."""
    entries = [*old, *new]
    if not entries or not all(isinstance(entry, dict) for entry in entries):
        return None
    for key in _KEYS:
        if all(isinstance(entry.get(key), str | int) for entry in entries) and all(
            len({str(entry[key]) for entry in side}) == len(side) for side in (old, new)
        ):
            return key
    return None


def _by_name(entries: list[Any], name: str) -> Mapping[str, Any]:
    return {str(entry[name]): entry for entry in entries}


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True, default=_mark)


def _mark(value: Any) -> str:
    return value.mark.hex() if isinstance(value, Hidden) else str(value)
