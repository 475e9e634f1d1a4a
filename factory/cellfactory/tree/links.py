"""Where a resource's body refers to something, worked out once for all rows of a block.

A route's target depends on the peer alone, and not on its zone or block: rows that agree in what a
place of the body uses of them share what it refers to.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from cellfactory.tree.evaluation import deep
from cellfactory.tree.following import Follower, Origin, each_once
from cellfactory.tree.nodes import EVERY, Key, Node
from cellfactory.tree.references import references
from cellfactory.tree.resource import scope_of_row
from cellfactory.tree.unit import Unit
from cellfactory.tree.written import Via, Written, read_string


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
        strings: list[tuple[Via, Written]] = []
        _collect(block.attributes, (), frozenset(), strings)
        if block.meta:
            _collect_dependencies(block.meta.get("depends_on"), strings)
        if EVERY in unit.rows(subject):
            rows = {k: v for k, v in block.meta.items() if k in ("for_each", "count")}
            _collect(rows, (), frozenset(), strings)
        self._static = [(via, self._origins(w, "", None, None)) for via, w in strings if not w.uses]
        # What a string stands on, by what it uses of a row.
        self._by_row: list[tuple[Via, Written, dict[Any, tuple[Origin, ...]]]] = [
            (via, written, {}) for via, written in strings if written.uses
        ]

    def of(self, key: Key, each_value: Node | None) -> Iterator[tuple[Via, tuple[Origin, ...]]]:
        """Yield the places of one row's body that refer to something, and to what."""
        yield from self._static
        for via, written, found in self._by_row:
            used = written.used(key, each_value)
            if written.shape == "row" and isinstance(used, str) and "{" not in used:
                continue
            origins = None if used is None else found.get(used)
            if origins is None:
                origins = self._origins(written, used, key, each_value)
                if used is not None:
                    found[used] = origins
            yield via, origins

    def _origins(
        self, written: Written, used: Any, key: Key, each_value: Node | None
    ) -> tuple[Origin, ...]:
        names = written.names_where(used)
        if names is None:
            scope = scope_of_row(self._unit.scope, key, each_value)
            names = references(deep(written.node, scope), written.bound)
        follow, stack = self._follower.follow, self._unit.name
        if len(names) == 1:
            return follow(stack, names[0])
        return each_once([origin for name in names for origin in follow(stack, name)])


def _collect_dependencies(written: Any, found: list[tuple[Via, Written]]) -> None:
    for number, name in enumerate(written if isinstance(written, list) else []):
        if isinstance(name, str):
            text = name if name.startswith("${") else f"${{{name}}}"
            _collect(text, ("depends_on", number), frozenset(), found)


def _collect(
    written: Any, via: Via, bound: frozenset[str], found: list[tuple[Via, Written]]
) -> None:
    """Find the strings that refer to something; in a `dynamic` block its iterators do not."""
    if isinstance(written, str):
        if "{" in written and (read := read_string(written, bound)):
            found.append((via, read))
    elif isinstance(written, dict):
        for key, inner in written.items():
            if isinstance(inner, dict | list) or (isinstance(inner, str) and "{" in inner):
                inside = bound | _iterators(inner) if key == "dynamic" else bound
                _collect(inner, (*via, key), inside, found)
    elif isinstance(written, list):
        for number, inner in enumerate(written):
            _collect(inner, (*via, number), bound, found)


def _iterators(dynamic: Any) -> frozenset[str]:
    names: set[str] = set()
    for blocks in dynamic if isinstance(dynamic, list) else [dynamic]:
        for label, content in blocks.items() if isinstance(blocks, dict) else ():
            bodies = content if isinstance(content, list) else [content]
            named = (body.get("iterator", label) for body in bodies if isinstance(body, dict))
            names.update(name for name in named if isinstance(name, str))
    return frozenset(names)
