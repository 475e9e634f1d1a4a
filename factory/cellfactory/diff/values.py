"""Two values held against each other, part by part; sets without regard to their order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import zip_longest
from typing import Any

from cellfactory.diff.hidden import Hidden, shown
from cellfactory.diff.model import ABSENT, Path, ValueChange
from cellfactory.diff.opened import to_text
from cellfactory.diff.order import is_set

IsSet = Callable[[Path], bool]
_NAMES = ("Sid", "name", "key", "id", "device_name", "resource_type", "topologyKey")
"""What tells the items of a list from one another, where they have it."""


def value_changes(
    resource_type: str, before: Any, after: Any, path: Path = ()
) -> Iterator[ValueChange]:
    """Yield what differs in two opened values, by path.

    Args:
        resource_type: whose sets are known.
        before: opened by `cellfactory.diff.opened`; or ABSENT.
        after: as well.
        path: where they stand.
    """
    yield from _Comparing(resource_type).compare(before, after, path)


def equal(resource_type: str, before: Any, after: Any, path: Path = ()) -> bool:
    """Whether two opened values mean the same."""
    return next(value_changes(resource_type, before, after, path), None) is None


class _Comparing:
    """What has to be known to compare the values of one resource."""

    def __init__(self, resource_type: str) -> None:
        self.resource_type = resource_type

    def compare(self, before: Any, after: Any, path: Path) -> Iterator[ValueChange]:
        if isinstance(before, dict) and isinstance(after, dict):
            for key in sorted({*before, *after}):
                was, is_now = before.get(key, ABSENT), after.get(key, ABSENT)
                yield from self.compare(was, is_now, (*path, key))
        elif isinstance(before, list) and isinstance(after, list):
            yield from self._lists(before, after, path)
        elif not _same(before, after):
            is_secret = isinstance(before, Hidden) or isinstance(after, Hidden)
            yield ValueChange(
                path=path, before=shown(before), after=shown(after), is_secret=is_secret
            )

    def _lists(self, before: list[Any], after: list[Any], path: Path) -> Iterator[ValueChange]:
        old, new = list(enumerate(before)), list(enumerate(after))
        if is_set(self.resource_type, path):
            old, new = self._without_common(_sorted(before), _sorted(after), path)
            yield from self._pairs(*_paired(old, new), path)
            return
        while old and new and self._alike(old[0][1], new[0][1], path):
            old, new = old[1:], new[1:]
        while old and new and self._alike(old[-1][1], new[-1][1], path):
            old, new = old[:-1], new[:-1]
        is_shifted = len(before) != len(after)
        yield from self._pairs([] if is_shifted else list(zip(old, new, strict=True)), *(
            (old, new) if is_shifted else ([], [])
        ), path)

    def _pairs(
        self,
        pairs: Iterable[tuple[tuple[int, Any], tuple[int, Any]]],
        gone: Iterable[tuple[int, Any]],
        came: Iterable[tuple[int, Any]],
        path: Path,
    ) -> Iterator[ValueChange]:
        for (index, was), (_, is_now) in pairs:
            yield from self.compare(was, is_now, (*path, index))
        for index, was in gone:
            yield from self.compare(was, ABSENT, (*path, index))
        for index, is_now in came:
            yield from self.compare(ABSENT, is_now, (*path, index))

    def _without_common(
        self, old: list[tuple[int, Any]], new: list[tuple[int, Any]], path: Path
    ) -> tuple[list[tuple[int, Any]], list[tuple[int, Any]]]:
        left = []
        rest = list(new)
        for item in old:
            twin = next((other for other in rest if self._alike(item[1], other[1], path)), None)
            if twin is None:
                left.append(item)
            else:
                rest.remove(twin)
        return left, rest

    def _alike(self, before: Any, after: Any, path: Path) -> bool:
        return next(self.compare(before, after, (*path, 0)), None) is None


def _same(before: Any, after: Any) -> bool:
    if before is ABSENT or after is ABSENT:
        return before is after
    return before == after if type(before) is type(after) else False


def _sorted(items: list[Any]) -> list[tuple[int, Any]]:
    return list(enumerate(sorted(items, key=to_text)))


def _paired(
    old: list[tuple[int, Any]], new: list[tuple[int, Any]]
) -> tuple[list[tuple[tuple[int, Any], tuple[int, Any]]], list[Any], list[Any]]:
    """Put objects together that have one name, and the last two where nothing else is left."""
    pairs, gone, rest = [], [], list(new)
    for item in old:
        name = _name(item[1])
        twin = next((o for o in rest if name is not None and _name(o[1]) == name), None)
        if twin is None:
            gone.append(item)
        else:
            rest.remove(twin)
            pairs.append((item, twin))
    if len(gone) == len(rest) == 1 and isinstance(gone[0][1], dict) and isinstance(rest[0][1], dict):
        pairs.append((gone.pop(), rest.pop()))
    return pairs, gone, rest


def _name(item: Any) -> Any:
    if not isinstance(item, dict):
        return None
    found = ((key, item[key]) for key in _NAMES if isinstance(item.get(key), str))
    return next(found, None)


# -- the way back ----------------------------------------------------------------------------------


def apply_changes(resource_type: str, before: Any, changes: Iterable[ValueChange]) -> Any:
    """Make of a value what its changes say.

    Args:
        resource_type: whose sets are known.
        before: opened, its secrets shown as `(sensitive)`.
        changes: those that `value_changes` found.

    Returns:
        The value after them, its sets sorted.
    """
    tree: dict[Any, Any] = {}
    for change in changes:
        at = tree
        for part in change.path:
            at = at.setdefault(part, {})
        at.setdefault(_HERE, []).append(change)
    return _changed(resource_type, before, tree, ())


_HERE = object()


def _changed(resource_type: str, value: Any, tree: Mapping[Any, Any], path: Path) -> Any:
    for change in tree.get(_HERE, ()):
        value = change.after
    below = {key: inner for key, inner in tree.items() if key is not _HERE}
    if isinstance(value, dict):
        made = {
            key: _changed(resource_type, value.get(key, ABSENT), below.get(key, {}), (*path, key))
            for key in sorted({*value, *below})
        }
        return {key: inner for key, inner in made.items() if inner is not ABSENT}
    if isinstance(value, list):
        return _changed_list(resource_type, value, below, path)
    return value


def _changed_list(
    resource_type: str, value: list[Any], below: Mapping[Any, Any], path: Path
) -> list[Any]:
    unordered = is_set(resource_type, path)
    items = sorted(value, key=to_text) if unordered else list(value)
    came, kept = [], []
    for index, item in zip_longest(range(len(items)), items):
        inner = dict(below.get(index, {}))
        here = [change for change in inner.pop(_HERE, ()) if change.before is not ABSENT]
        marked = {**inner, _HERE: here} if here else inner
        kept.append(_changed(resource_type, item, marked, (*path, index)))
    for index, inner in below.items():
        came += [(index, c.after) for c in inner.get(_HERE, ()) if c.before is ABSENT]
    made = [item for item in kept if item is not ABSENT]
    for index, item in sorted(came, key=lambda one: one[0]):
        made.insert(index, _changed(resource_type, item, {}, (*path, index)))
    return sorted(made, key=to_text) if unordered else made
