"""Two values of a resource held against each other, also inside the texts that hold something.

Maps are compared by key and lists of blocks by what names their entries; the order of a list is
no difference, but where it means something. A policy, the configuration of an add-on, user data and
values of a chart are texts to Terraform: here they are opened, and what differs in them is told.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from cellfactory.diff.model import ABSENT, Entry, Path, Unknown, ValueChange
from cellfactory.diff.texts import open_text
from cellfactory.tree.values import Expression

HIDDEN = "(sensitive)"
"""Stands for a value that is never shown."""

_SECRET = re.compile(
    r"(pass(word|wd|phrase)|secret|token|private_?key|credential|api_?key|access_?key)", re.I
)
_NAMES = re.compile(
    r"(arn|_?ids?|name|names|kms_key|version|rotation|window|type|hop_limit|tokens)$"
)
_KEYS = (
    *("Sid", "sid", "name", "Name", "key", "id", "device_name", "resource_type", "content_type"),
    *("zone", "cidr_block", "type", "kind", "transition_days", "prefix"),
)
"""What names an entry of a list, the best first."""

_ORDERED = frozenset({("instance_types",), ("args",), ("command",)})
"""Ends of paths at which the order of plain values means something."""

_POLICY_SETS = frozenset({"Action", "NotAction", "Resource", "NotResource", "AWS", "Service"})
"""In a policy, one value and a list of it are the same."""


def compare(before: Any, after: Any, path: Path = ()) -> Iterator[ValueChange]:
    """Yield the smallest parts in which two values differ, in the order of their paths.

    Args:
        before: a value of the tree, or `ABSENT`.
        after: the same afterwards.
        path: where both stand.
    """
    if before is after or _is_same(before, after):
        return
    old, new = _opened(before), _opened(after)
    if isinstance(old, dict) and isinstance(new, dict):
        for key in sorted({*old, *new}, key=str):
            yield from compare(old.get(key, ABSENT), new.get(key, ABSENT), (*path, key))
    elif isinstance(old, list) and isinstance(new, list):
        yield from _lists(old, new, path)
    elif not _is_same(old, new):
        yield _masked(ValueChange(path=path, before=plain(old), after=plain(new)))


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


def is_secret(path: Path) -> bool:
    """Tell by the name of a value whether it may be a secret.

    >>> is_secret(("master_password",)), is_secret(("secret_arn",)), is_secret(("tags", "team"))
    (True, False, False)
    """
    return any(
        isinstance(key, str) and _SECRET.search(key) and not _NAMES.search(key) for key in path
    )


def _masked(change: ValueChange) -> ValueChange:
    if is_secret(change.path):
        return _hidden(change)
    before, after = _mask_inside(change.before), _mask_inside(change.after)
    if before is change.before and after is change.after:
        return change
    return replace(change, before=before, after=after, is_secret=True)


def _hidden(change: ValueChange) -> ValueChange:
    before, after = (
        v if v is ABSENT or isinstance(v, Unknown) else HIDDEN
        for v in (change.before, change.after)
    )
    return replace(change, before=before, after=after, is_secret=True)


def _mask_inside(value: Any) -> Any:
    """Hide what a key inside of a whole value calls secret; the value itself where nothing is."""
    if isinstance(value, dict):
        made = {
            key: HIDDEN
            if is_secret((key,)) and not isinstance(inner, Unknown)
            else _mask_inside(inner)
            for key, inner in value.items()
        }
        return made if any(made[key] is not value[key] for key in value) else value
    if isinstance(value, list):
        items = [_mask_inside(inner) for inner in value]
        return items if any(a is not b for a, b in zip(items, value, strict=True)) else value
    return value


def _is_same(before: Any, after: Any) -> bool:
    """Equal, and of one type: to Python, `1` and `True` are."""
    return type(before) is type(after) and bool(before == after) and _text(before) == _text(after)


def _opened(value: Any) -> Any:
    if isinstance(value, list):
        return [_opened(item) for item in value]
    found = open_text(value)
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


def _lists(old: list[Any], new: list[Any], path: Path) -> Iterator[ValueChange]:
    if not _has_blocks(old) and not _has_blocks(new):
        if path[-1:] in _ORDERED or sorted(map(_text, old)) != sorted(map(_text, new)):
            yield _masked(ValueChange(path=path, before=plain(old), after=plain(new)))
        return
    name = _name(old, new)
    if len(old) == len(new) == 1 and (name is None or old[0][name] != new[0][name]):
        yield from compare(old[0], new[0], (*path, 0))
        return
    if name is None:
        yield from _unnamed(old, new, path)
        return
    left, right = _by_name(old, name), _by_name(new, name)
    for key in sorted({*left, *right}):
        place = (*path, Entry(f"{name}={key}"))
        yield from compare(left.get(key, ABSENT), right.get(key, ABSENT), place)


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
        yield _masked(ValueChange(path=(*path, number), before=plain(before), after=plain(after)))


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
    return json.dumps(value, sort_keys=True, default=str)
