"""The values of one resource in a plan, before and after, held against each other.

What Terraform calls sensitive is hidden here already, at the door: no later part of the program
can show, write or digest it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import Any

from cellfactory.diff.hidden import HIDDEN
from cellfactory.diff.model import ABSENT, Action, Path, Unknown, ValueChange

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


def secrets_of(changes: Iterable[Mapping[str, Any]]) -> frozenset[str]:
    """Collect the texts that Terraform calls sensitive anywhere in a plan.

    A provider may repeat one where Terraform does not: the tags of AWS's stand in `tags_all`, too.

    Args:
        changes: as Terraform tells them.
    """
    found: set[str] = set()
    for change in changes:
        for side in ("before", "after"):
            found.update(_hidden(change.get(side), change.get(f"{side}_sensitive") or False))
    return frozenset(text for text in found if len(text) >= SHORTEST_SECRET)


SHORTEST_SECRET = 4
"""Characters: shorter ones stand in many a text that is none."""


def _hidden(value: Any, marks: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _hidden(inner, _part(marks, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _hidden(inner, _part(marks, index))
    elif marks is True and isinstance(value, str):
        yield value


def values_of(
    change: Mapping[str, Any],
    action: Action,
    names: frozenset[str] | None,
    secrets: frozenset[str],
) -> Iterator[ValueChange]:
    """Yield the values that change, by path.

    Args:
        change: as Terraform tells it.
        action: what becomes of the resource.
        names: what the document writes of it; of the rest nothing is said that nobody knows yet.
            None says everything.
        secrets: what is shown nowhere.
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
        replaces = any(_leads_to(path, one.path) for path in paths)
        is_unwritten = names is not None and one.path[0] not in names
        if isinstance(one.after, Unknown) and is_unwritten and not replaces:
            continue
        if _repeats(one, told) or _is_nothing(one, action):
            continue
        leaks = any(secret in text for text in _texts(one) for secret in secrets)
        yield replace(
            one,
            before=_mask(one.before) if leaks else one.before,
            after=_mask(one.after) if leaks else one.after,
            is_secret=one.is_secret or leaks,
            replaces=replaces,
        )


def _is_nothing(one: ValueChange, action: Action) -> bool:
    """Whether both sides say that there is nothing, each in its own way."""
    values = (one.before, one.after)
    if ABSENT not in values:
        return False
    other = one.after if one.before is ABSENT else one.before
    if other in ("", [], {}):
        return True
    return action in ("replace", "import", "delete") and other in (False, 0)


def _texts(one: ValueChange) -> Iterator[str]:
    for value in (one.before, one.after):
        if isinstance(value, str):
            yield value
        elif isinstance(value, list | dict):
            yield _text(value)


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
    elif not _are_alike(before, after):
        yield ValueChange(path=path, before=before, after=after)
    elif dict in (_inner(before), _inner(after)):
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


def _are_alike(before: Any, after: Any) -> bool:
    """Whether two values can be held against each other part by part, or as a whole."""
    kinds = {_inner(value) for value in (before, after) if value is not ABSENT}
    return len(kinds) < 2 or not kinds & {dict, list}


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
    return value if value is ABSENT or isinstance(value, Unknown) else HIDDEN


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
