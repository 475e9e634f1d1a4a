"""Where a resource's body refers to something, worked out once for all rows of a block.

A route's target depends on the peer alone, and not on its zone or block: rows that agree in what a
place of the body uses of them share what it refers to.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any, NamedTuple

from factory.tree.evaluation import deep
from factory.tree.following import Follower, Known, Origin
from factory.tree.nodes import EVERY, Constant, Key, Node, Raw
from factory.tree.parser import parse_template
from factory.tree.references import Reference, references
from factory.tree.resource import scope_of_row
from factory.tree.unit import Unit

Via = tuple[str | int, ...]
"""Where in a body something is referred to, such as `("tags", "Name")` or `("depends_on", 0)`."""

_MANY_STRINGS = 1 << 16
_NOTHING = object()


class Link(NamedTuple):
    """A place of a body that refers to something, and what that stands on."""

    via: Via
    origins: tuple[Origin, ...]


class _Expression(NamedTuple):
    """A string of a body that refers to something."""

    via: Via
    node: Node
    bound: frozenset[str]
    names: tuple[Reference, ...]
    uses: tuple[Via, ...]  # of the row: ("key",), ("value", "zone"), ("index",)
    found: dict[Any, tuple[Origin, ...]]  # by what it uses


class BlockLinks:
    """What the rows of one block refer to."""

    def __init__(self, unit: Unit, subject: str, follower: Follower) -> None:
        self._unit = unit
        self._follower = follower
        block = unit.blocks[subject]
        self._expressions = list(_expressions(block.attributes, (), frozenset()))
        self._expressions += _depends_on(block.meta.get("depends_on"))
        if EVERY in unit.rows(subject):
            rows = {k: v for k, v in block.meta.items() if k in ("for_each", "count")}
            self._expressions += _expressions(rows, (), frozenset())

    def of(self, key: Key, each_value: Node | None) -> Iterator[Link]:
        """Yield the places of one row's body that refer to a resource, or to nothing."""
        for expression in self._expressions:
            used = _used(expression.uses, key, each_value)
            origins = expression.found.get(used) if used is not None else None
            if origins is None:
                origins = self._origins(expression, used, key, each_value)
                if used is not None:
                    expression.found[used] = origins
            if origins:
                yield Link(expression.via, origins)

    def _origins(
        self, expression: _Expression, used: Any, key: Key, each_value: Node | None
    ) -> tuple[Origin, ...]:
        names = expression.names
        if expression.uses and _is_plain(used) and all(name.kind == "row" for name in names):
            return ()
        if expression.uses or any(name.kind == "local" for name in names):
            scope = scope_of_row(self._unit.scope, key, each_value)
            names = references(deep(expression.node, scope), expression.bound)
        found: dict[Origin, None] = {}
        for name in names:
            for origin in self._follower.follow(self._unit.name, name):
                if not isinstance(origin, Known):
                    found[origin] = None
        return tuple(found)


def _is_plain(used: Any) -> bool:
    """Whether what is used of a row is text without expressions."""
    return isinstance(used, str) and "{" not in used


def _depends_on(written: Any) -> Iterator[_Expression]:
    for number, name in enumerate(written if isinstance(written, list) else []):
        if isinstance(name, str):
            text = name if name.startswith("${") else f"${{{name}}}"
            yield from _expressions(text, ("depends_on", number), frozenset())


def _expressions(written: Any, via: Via, bound: frozenset[str]) -> Iterator[_Expression]:
    """Find the strings that refer to something; in a `dynamic` block its iterators do not."""
    if isinstance(written, str):
        if "{" in written and (names := names_in(written, bound)):
            yield _Expression(via, parse_template(written), bound, names, _uses(names), {})
    elif isinstance(written, dict):
        for key, inner in written.items():
            if isinstance(inner, str | dict | list):
                inside = bound | _iterators(inner) if key == "dynamic" else bound
                yield from _expressions(inner, (*via, key), inside)
    elif isinstance(written, list):
        for number, inner in enumerate(written):
            yield from _expressions(inner, (*via, number), bound)


def _iterators(dynamic: Any) -> frozenset[str]:
    names: set[str] = set()
    for blocks in dynamic if isinstance(dynamic, list) else [dynamic]:
        for label, content in blocks.items() if isinstance(blocks, dict) else ():
            bodies = content if isinstance(content, list) else [content]
            named = (body.get("iterator", label) for body in bodies if isinstance(body, dict))
            names.update(name for name in named if isinstance(name, str))
    return frozenset(names)


@lru_cache(maxsize=_MANY_STRINGS)
def names_in(written: str, bound: frozenset[str]) -> tuple[Reference, ...]:
    """List what a string refers to; the same strings stand in the stacks of every cell."""
    return references(parse_template(written), bound)


def _uses(names: tuple[Reference, ...]) -> tuple[Via, ...]:
    """List what is used of a row; a path ends where an index is not known."""
    found: dict[Via, None] = {}
    for name in names:
        if name.kind == "row":
            known: list[str | int] = [name.name]
            for key in name.path:
                if not isinstance(key, str | int):
                    break
                known.append(key)
            found[tuple(known)] = None
    return tuple(found)


def _used(uses: tuple[Via, ...], key: Key, each_value: Node | None) -> Any:
    """Take from a row what is used of it, as it is written; None when it cannot be compared."""
    if not uses:
        return ()
    if len(uses) == 1:
        return _at(uses[0], key, each_value)
    found = tuple(_at(path, key, each_value) for path in uses)
    return None if None in found else found


def _at(path: Via, key: Key, each_value: Node | None) -> Any:
    if path[0] != "value":
        return key
    if isinstance(each_value, Constant):
        value: Any = each_value.value
    else:
        value = each_value.value if isinstance(each_value, Raw) else None
    for step in path[1:]:
        value = value.get(step) if isinstance(value, dict) else None
    return value if isinstance(value, str | int) else None
