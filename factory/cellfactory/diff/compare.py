"""Two trees of stacks held against each other: what is created, updated, replaced, destroyed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from cellfactory.diff.hidden import shown
from cellfactory.diff.model import (
    ABSENT,
    Action,
    Changes,
    ResourceChange,
    StackAction,
    StackChange,
    ValueChange,
)
from cellfactory.diff.moves import Moves, read_moves
from cellfactory.diff.opened import open_body, open_value
from cellfactory.diff.replacing import replaces
from cellfactory.diff.settings import settings_of
from cellfactory.diff.values import value_changes
from cellfactory.facts.replacements import Way
from cellfactory.layers import Stack, StackId
from cellfactory.tree.document import read_document
from cellfactory.tree.resource import Resource
from cellfactory.tree.tree import Tree

_META = ("connection", "depends_on", "lifecycle", "provider", "provisioner")
"""What Terraform takes, and rows do not tell already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """What is synthesized of one side: its stacks, and of some the Terraform JSON, by name.

    `texts` may leave out, of a stack that both sides have, rows that are the same in both.
    """

    stacks: tuple[Stack, ...]
    texts: Mapping[str, str]


NOTHING = Side(stacks=(), texts={})


def compare(before: Side, after: Side, *, unchanged: int = 0) -> Changes:
    """Say what becomes of resources when one tree of stacks takes the place of another.

    Args:
        before: what stands.
        after: what is asked for.
        unchanged: stacks that are left out of both, since they are the same.

    Returns:
        Changes sorted by stack and address. Where the provider is known to replace a resource for
        one of its values, the replacement is `is_likely`: only a plan is certain.

    Raises:
        DocumentError: F411, for a text that is not the Terraform JSON of a stack.
    """
    names = sorted({*before.texts, *after.texts})
    differing = [name for name in names if before.texts.get(name) != after.texts.get(name)]
    old, new = _tree(before, differing), _tree(after, differing)
    ids = {stack.id.name: stack.id for side in (before, after) for stack in side.stacks}
    found = [_Stack(name, old, new).change(ids[name]) for name in differing]
    told = tuple(change for change in found if change is not None)
    return Changes(stacks=told, unchanged=unchanged + len(names) - len(told))


def _tree(side: Side, names: Iterable[str]) -> Tree:
    texts = side.texts
    return Tree(side.stacks, [read_document(texts[name], name) for name in names if name in texts])


class _Stack:
    """One stack in two trees."""

    def __init__(self, name: str, before: Tree, after: Tree) -> None:
        self.name, self.before, self.after = name, before, after
        self.old, self.new = _managed(before, name), _managed(after, name)
        self.same = self._same_blocks()

    def change(self, stack: StackId) -> StackChange | None:
        """Say what becomes of it; None where nothing does."""
        is_there = (self.name in self.before.stacks, self.name in self.after.stacks)
        resources = tuple(sorted(self._resources(), key=lambda one: (one.address, one.action)))
        settings = tuple(self._settings()) if all(is_there) else ()
        if all(is_there) and not resources and not settings:
            return None
        action: StackAction = "change" if all(is_there) else "add" if is_there[1] else "remove"
        return StackChange(stack=stack, action=action, resources=resources, settings=settings)

    def _resources(self) -> Iterator[ResourceChange]:
        moves = self._moves()
        before = {moves.to(address, self.new): address for address in self.old}
        for address in sorted({*before, *self.new}):
            was, is_now = self.old.get(before.get(address, "")), self.new.get(address)
            moved_from = before[address] if address in before and was is not None else ""
            if was is None and is_now is not None:
                is_import = address in moves.imported
                yield _whole(is_now, "import" if is_import else "create")
            elif was is not None and is_now is None:
                yield _whole(was, "forget" if moves.forgets(was.address) else "delete")
            elif was is not None and is_now is not None:
                found = self._changed(was, is_now, moved_from if moved_from != address else "")
                yield from () if found is None else (found,)

    def _moves(self) -> Moves:
        return read_moves(self.after.document(self.name)) if self.name in self.after.stacks else (
            Moves()
        )

    def _changed(self, was: Resource, is_now: Resource, moved: str) -> ResourceChange | None:
        if not moved and was.block.subject in self.same and was.each_value == is_now.each_value:
            return None
        values = tuple(_weighed(is_now.type, value_changes(is_now.type, _body(was), _body(is_now))))
        is_replaced = any(value.replaces for value in values)
        if not values and not moved:
            return None
        action: Action = "replace" if is_replaced else "update" if values else "move"
        return ResourceChange(
            address=is_now.address,
            action=action,
            values=values,
            moved_from=moved,
            is_likely=is_replaced,
        )

    def _same_blocks(self) -> frozenset[str]:
        """List the blocks that are written alike on both sides: they differ by their rows only."""
        if self.name not in self.before.stacks or self.name not in self.after.stacks:
            return frozenset()
        old, new = self.before.document(self.name), self.after.document(self.name)
        blocks = {block.subject: block for block in old.blocks}
        local = {name for name in {*old.locals, *new.locals}
                 if old.locals.get(name) != new.locals.get(name)}
        return frozenset(
            block.subject
            for block in new.blocks
            if block == blocks.get(block.subject) and not _uses(block.attributes, local)
        )

    def _settings(self) -> Iterator[ValueChange]:
        old = settings_of(self.before, self.name)
        new = settings_of(self.after, self.name)
        yield from value_changes("", old, new)


def _uses(written: Any, names: set[str]) -> bool:
    """Whether something written looks at a local value; at which is not known without reading."""
    if not names:
        return False
    if isinstance(written, str):
        return "local." in written and any(f"local.{name}" in written for name in names)
    if isinstance(written, Mapping):
        return any(_uses(inner, names) for pair in written.items() for inner in pair)
    return isinstance(written, list) and any(_uses(inner, names) for inner in written)


def _managed(tree: Tree, name: str) -> Mapping[str, Resource]:
    found = tree.resources(name).items()
    return {address: one for address, one in found if one.mode == "managed"}


def _body(resource: Resource) -> dict[str, Any]:
    meta = {name: resource.meta[name] for name in _META if name in resource.meta}
    return {**open_body(resource.body), **{k: open_value(v, (k,)) for k, v in meta.items()}}


def _whole(resource: Resource, action: Action) -> ResourceChange:
    """Tell of a resource that comes or goes: every value of it."""
    values = []
    for name, value in sorted(_body(resource).items()):
        safe = shown(value)
        sides = (safe, ABSENT) if action in ("delete", "forget") else (ABSENT, safe)
        is_secret = safe != value and not isinstance(value, dict | list)
        values.append(
            ValueChange(path=(name,), before=sides[0], after=sides[1], is_secret=is_secret)
        )
    return ResourceChange(address=resource.address, action=action, values=tuple(values))


def _weighed(resource_type: str, values: Iterable[ValueChange]) -> Iterator[ValueChange]:
    for value in values:
        way: Way = (
            "added" if value.before is ABSENT else "removed" if value.after is ABSENT else "changed"
        )
        is_forcing = replaces(resource_type, value.path, way) is True
        yield replace(value, replaces=True) if is_forcing else value


def count_actions(changes: Changes) -> Mapping[Action, int]:
    """Count resources by what becomes of them."""
    return Counter(change.action for _, change in changes)
