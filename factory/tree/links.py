"""Where a resource's body refers to something, worked out once for all rows of a block.

A route's target depends on the peer alone, and not on its zone or block: rows that agree in what a
place of the body uses of them share what it refers to.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from factory.tree.evaluation import deep
from factory.tree.following import Follower, Known, Origin
from factory.tree.nodes import EVERY, Key, Node
from factory.tree.references import references
from factory.tree.resource import scope_of_row
from factory.tree.unit import Unit
from factory.tree.written import Via, Written, read_string


class Link(NamedTuple):
    """A place of a body that refers to something, and what that stands on."""

    via: Via
    origins: tuple[Origin, ...]


class BlockLinks:
    """What the rows of one block refer to."""

    def __init__(self, unit: Unit, subject: str, follower: Follower) -> None:
        self._unit = unit
        self._follower = follower
        block = unit.blocks[subject]
        self._strings = list(_strings(block.attributes, (), frozenset()))
        if block.meta:
            self._strings += _depends_on(block.meta.get("depends_on"))
        if EVERY in unit.rows(subject):
            rows = {k: v for k, v in block.meta.items() if k in ("for_each", "count")}
            self._strings += _strings(rows, (), frozenset())
        self._found: dict[tuple[int, Any], tuple[Origin, ...]] = {}  # by string and what it uses

    def of(self, key: Key, each_value: Node | None) -> Iterator[Link]:
        """Yield the places of one row's body that refer to a resource, or to nothing."""
        for number, (via, written) in enumerate(self._strings):
            if not written.uses:
                origins = self._origins(written, "", key, each_value)
            else:
                used = written.used(key, each_value)
                if written.shape == "row" and isinstance(used, str) and "{" not in used:
                    continue
                found = None if used is None else self._found.get((number, used))
                if found is None:
                    found = self._origins(written, used, key, each_value)
                    if used is not None:
                        self._found[(number, used)] = found
                origins = found
            if origins:
                yield Link(via, origins)

    def _origins(
        self, written: Written, used: Any, key: Key, each_value: Node | None
    ) -> tuple[Origin, ...]:
        names = written.names_where(used)
        if names is None:
            scope = scope_of_row(self._unit.scope, key, each_value)
            names = references(deep(written.node, scope), written.bound)
        follow, stack = self._follower.follow, self._unit.name
        if len(names) == 1:
            return tuple(o for o in follow(stack, names[0]) if not isinstance(o, Known))
        found = (o for name in names for o in follow(stack, name) if not isinstance(o, Known))
        return tuple(dict.fromkeys(found))


def _depends_on(written: Any) -> Iterator[tuple[Via, Written]]:
    for number, name in enumerate(written if isinstance(written, list) else []):
        if isinstance(name, str):
            text = name if name.startswith("${") else f"${{{name}}}"
            yield from _strings(text, ("depends_on", number), frozenset())


def _strings(written: Any, via: Via, bound: frozenset[str]) -> Iterator[tuple[Via, Written]]:
    """Find the strings that refer to something; in a `dynamic` block its iterators do not."""
    if isinstance(written, str):
        if "{" in written and (read := read_string(written, bound)):
            yield via, read
    elif isinstance(written, dict):
        for key, inner in written.items():
            if isinstance(inner, str | dict | list):
                inside = bound | _iterators(inner) if key == "dynamic" else bound
                yield from _strings(inner, (*via, key), inside)
    elif isinstance(written, list):
        for number, inner in enumerate(written):
            yield from _strings(inner, (*via, number), bound)


def _iterators(dynamic: Any) -> frozenset[str]:
    names: set[str] = set()
    for blocks in dynamic if isinstance(dynamic, list) else [dynamic]:
        for label, content in blocks.items() if isinstance(blocks, dict) else ():
            bodies = content if isinstance(content, list) else [content]
            named = (body.get("iterator", label) for body in bodies if isinstance(body, dict))
            names.update(name for name in named if isinstance(name, str))
    return frozenset(names)
