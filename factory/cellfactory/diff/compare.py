"""Two synthesized trees held against each other: which resources come out otherwise.

No provider is asked. A resource whose value cannot be changed in place is *likely* replaced, by
what was measured on the provider; a plan of Terraform's knows for certain.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from cellfactory.diff.hidden import seal
from cellfactory.diff.model import (
    ABSENT,
    PARTS,
    Action,
    Changes,
    Entry,
    ResourceChange,
    StackAction,
    StackChange,
    ValueChange,
)
from cellfactory.diff.moves import NO_MOVES, Moves, read_moves
from cellfactory.diff.replacing import replaces
from cellfactory.diff.rows import ask_for_all, trim
from cellfactory.diff.values import compare
from cellfactory.facts.replacements import Way
from cellfactory.layers import StackId
from cellfactory.tree.document import Document, read_document
from cellfactory.tree.tree import read_tree

Item = Mapping[str, Any]
"""What an address holds: the body of a resource, or what the document says of another part."""

_META = ("lifecycle", "provisioner", "provider", "connection")


def compare_trees(
    before: Mapping[StackId, str | bytes], after: Mapping[StackId, str | bytes], *, same: int = 0
) -> Changes:
    """Compare two trees.

    Args:
        before: the `cdk.tf.json` of each stack.
        after: the same afterwards.
        same: stacks that are in neither, since both have them alike.

    Raises:
        DocumentError: F411, for what is not the Terraform JSON of a stack.
    """
    changed = []
    for stack in sorted({*before, *after}, key=lambda s: s.name):
        old, new = before.get(stack), after.get(stack)
        if old != new and (found := compare_stack(stack, old, new)) is not None:
            changed.append(found)
    both = len(before.keys() & after.keys()) - sum(c.action == "change" for c in changed)
    return Changes(stacks=tuple(changed), unchanged=same + both)


def compare_stack(
    stack: StackId, before: str | bytes | None, after: str | bytes | None
) -> StackChange | None:
    """Compare one stack, which may be new or gone; None where nothing in it differs."""
    old, new = _parsed(stack, before), _parsed(stack, after)
    if old is not None and new is not None:
        old, new = trim(old, new, (_mentions(before), _mentions(after)))
    moves = read_moves(new) if new else NO_MOVES
    left, right = _items(stack, old), _items(stack, new)
    resources = tuple(sorted(compare_items(left, right, moves), key=lambda change: change.address))
    action: StackAction = "add" if old is None else "remove" if new is None else "change"
    if action == "change" and not resources:
        return None
    return StackChange(stack=stack, action=action, resources=resources)


def compare_items(
    before: Mapping[str, Item], after: Mapping[str, Item], moves: Moves
) -> Iterator[ResourceChange]:
    """Compare what two documents hold, by address.

    Args:
        before: every address with what it holds.
        after: the same afterwards.
        moves: what the document afterwards says of addresses.
    """
    came_from = moves.came_from(before, after)
    gone = set(came_from.values())
    for address in sorted({*before, *after} - gone):
        source = came_from.get(address, address)
        old, new = before.get(source), after.get(address)
        if old is not None and new is not None:
            change = _both(address, old, new, source)
        elif new is not None:
            action: Action = "import" if address in moves.imported else "create"
            change = ResourceChange(address=address, action=action, values=_whole(address, new))
        else:
            assert old is not None
            action = "forget" if moves.forgets(address) else "delete"
            values = _whole(address, old, gone=True)
            change = ResourceChange(address=address, action=action, values=values)
        if change is not None:
            yield change


def _both(address: str, old: Item, new: Item, source: str) -> ResourceChange | None:
    kind = address.partition(".")[0]
    old, new = seal(kind, old, new)
    values = tuple(compare(dict(old), dict(new), kind=kind))
    moved_from = source if source != address else ""
    if kind not in PARTS:
        told = (value for value in values if not _is_left_out(value))
        values = tuple(replace(value, replaces=_replaces(kind, value)) for value in told)
    if not values and not moved_from:
        return None
    is_likely = any(value.replaces for value in values)
    return ResourceChange(
        address=address,
        action="replace" if is_likely else "update" if values else "move",
        values=values,
        moved_from=moved_from,
        is_likely=is_likely,
    )


def _is_left_out(value: ValueChange) -> bool:
    """Whether an argument is null on one side and not there on the other: to Terraform the same."""
    sides = (value.before, value.after)
    return len(value.path) == 1 and all(side is None or side is ABSENT for side in sides)


def _replaces(kind: str, value: ValueChange) -> bool:
    path = tuple(step for step in value.path if not isinstance(step, Entry))
    way: Way = "changed"
    if ABSENT in (value.before, value.after):
        way = "added" if value.before is ABSENT else "removed"
    return bool(replaces(kind, path, way))


def _whole(address: str, item: Item, *, gone: bool = False) -> tuple[ValueChange, ...]:
    """Tell every value of what comes or goes."""
    (item,) = seal(address.partition(".")[0], item)
    return tuple(
        value
        for key in sorted(item)
        for value in (
            compare(item[key], ABSENT, (key,)) if gone else compare(ABSENT, item[key], (key,))
        )
    )


def _items(stack: StackId, document: Mapping[str, Any] | None) -> dict[str, Item]:
    """Take a document apart: its resources by address, and every other part by its name."""
    if document is None:
        return {}
    tree = read_tree((), {stack.name: document})
    found: dict[str, Item] = dict(_parts(tree.document(stack.name)))
    for address, resource in tree.resources(stack.name).items():
        meta = {key: resource.meta[key] for key in _META if key in resource.meta}
        found[address] = {**resource.body, **meta}
    return found


def _parts(document: Document) -> Iterator[tuple[str, Item]]:
    yield "terraform.settings", document.terraform
    if document.backend is not None:
        yield f"backend.{document.backend.type}", document.backend.settings
    for provider in document.providers:
        alias = f".{provider.alias}" if provider.alias else ""
        yield f"provider.{provider.name}{alias}", provider.settings
    for name, body in document.variables.items():
        yield f"variable.{name}", body
    for name, body in document.outputs.items():
        yield f"output.{name}", body


def _mentions(text: str | bytes | None) -> int:
    return text.count(b"local.") if isinstance(text, bytes) else (text or "").count("local.")


def _parsed(stack: StackId, text: str | bytes | None) -> dict[str, Any] | None:
    """Parse a document; what is none is refused by who reads documents."""
    if text is None:
        return None
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        read_document(text, stack.name)
    return ask_for_all(found)
