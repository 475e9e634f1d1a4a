"""Why a stack comes out otherwise: which values of the inventory or the lock are new.

A stack is described by its owner, what that is made of, and whom it is joined to; so whatever
changed of those is named. Where nothing did, the program itself writes it in another way.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from cellfactory.design import Design
from cellfactory.diff.hidden import HIDDEN, is_secret, scrub
from cellfactory.diff.model import Changes, StackChange
from cellfactory.documents import shorten
from cellfactory.inventory.schema import Inventory

ITSELF = "cellfactory writes it otherwise than before: the inventory asks for the same"
_MISSING = object()


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """Something of the inventory or the lock that is not what it was."""

    says: str
    owners: frozenset[str] | None  # whose stacks it can be the reason of; None for all


def explain(changes: Changes, before: Design | None, after: Design) -> Changes:
    """Say of each changed stack why it is one.

    Args:
        changes: between the two designs.
        before: None where there was none.
        after: what is asked for.
    """
    causes = () if before is None else tuple(find_causes(before, after))
    return replace(changes, stacks=tuple(_explained(c, causes, before) for c in changes.stacks))


def find_causes(before: Design, after: Design) -> Iterator[Cause]:
    """Yield everything that changed of two inventories and their locks, with whom it concerns."""
    old, new = before.inventory, after.inventory
    yield from _cells(old, new)
    left, right = _plain(old), _plain(new)
    for path, was, is_now in _differences(left, right, ()):
        if path[0] == "cells" and len(path) == len(("cells", "name")):
            continue
        yield Cause(says=_says(path, was, is_now), owners=_concerned(path, old, new))
    for cell in sorted(before.plan.cells.keys() & after.plan.cells.keys()):
        blocks = [[str(b) for b in plan.cells[cell].blocks] for plan in (before.plan, after.plan)]
        if blocks[0] != blocks[1]:
            says = f"blocks of {cell}: {', '.join(blocks[0])} -> {', '.join(blocks[1])}"
            yield Cause(says=says, owners=frozenset(_around(cell, old, new)))


def _explained(changed: StackChange, causes: Iterable[Cause], before: Design | None) -> StackChange:
    if before is None:
        return replace(changed, why=("there was no inventory",))
    found = [c.says for c in causes if c.owners is None or changed.stack.owner in c.owners]
    return replace(changed, why=tuple(dict.fromkeys(found)) or (ITSELF,))


def _cells(old: Inventory, new: Inventory) -> Iterator[Cause]:
    for cell in sorted(new.cells.keys() - old.cells.keys()):
        around = frozenset({cell, *new.peers_of(cell)})
        yield Cause(says=f"cell {cell} joins mesh {new.cells[cell].mesh}", owners=around)
    for cell in sorted(old.cells.keys() - new.cells.keys()):
        around = frozenset({cell, *old.peers_of(cell)})
        yield Cause(says=f"cell {cell} leaves mesh {old.cells[cell].mesh}", owners=around)


def _around(cell: str, old: Inventory, new: Inventory) -> Iterator[str]:
    yield cell
    for inventory in (old, new):
        if cell in inventory.cells:
            yield from inventory.peers_of(cell)


def _concerned(path: tuple[str, ...], old: Inventory, new: Inventory) -> frozenset[str] | None:
    """Name the owners whose stacks depend on a value of the inventory; None for all."""
    kind, name = path[0], path[1] if len(path) > 1 else ""
    if kind == "cells":
        return frozenset(_around(name, old, new))
    fields = {"cell_types": "type", "meshes": "mesh", "organizations": "organization"}
    if kind in fields:
        found = {
            cell
            for inventory in (old, new)
            for cell, told in inventory.cells.items()
            if getattr(told, fields[kind]) == name
        }
        around = {p for cell in found for p in _around(cell, old, new)}
        return frozenset({name, *(around if kind == "organizations" else found)})
    if kind == "hubs":
        return frozenset(
            cell
            for inventory in (old, new)
            for cell in inventory.cells
            if name in inventory.hubs_of(cell)
        )
    return None if kind == "state" else frozenset()


def _plain(inventory: Inventory) -> Mapping[str, Any]:
    found: dict[str, Any] = inventory.model_dump(mode="json")
    return found


def _differences(
    old: Any, new: Any, path: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], Any, Any]]:
    if isinstance(old, dict) and isinstance(new, dict):
        for key in sorted({*old, *new}):
            was, is_now = old.get(key, _MISSING), new.get(key, _MISSING)
            yield from _differences(was, is_now, (*path, key))
    elif old != new:
        yield path, old, new


def _says(path: tuple[str, ...], was: Any, is_now: Any) -> str:
    key = ".".join(map(str, path))
    if isinstance(is_now, dict) and was in (_MISSING, None):
        return f"{key}: added"
    if isinstance(was, dict) and is_now in (_MISSING, None):
        return f"{key}: removed"
    if is_secret(path):
        return f"{key}: {HIDDEN} -> {HIDDEN}"
    return f"{key}: {scrub(_text(was))} -> {scrub(_text(is_now))}"


def _text(value: Any) -> str:
    if value is _MISSING or value is None:
        return "(none)"
    return shorten(value)
