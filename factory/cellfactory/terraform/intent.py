"""What somebody has edited of a stack since it was last applied, as its files say (pure).

A plan says what will be done, and not why. Held against the edit, it can: what is planned for a
resource whose files did not change comes from elsewhere, as from drift, from another stack's
outputs or from a default of the provider; and of what was edited Terraform may find all done.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from cellfactory.layers import Input, Source, Stack, StackId
from cellfactory.terraform.record import Record
from cellfactory.terraform.workspace import CONFIGURATION
from cellfactory.tree.resource import Resource
from cellfactory.tree.tree import Tree, read_tree

_ANY = Source(stack=StackId("", "network"), output="")


def recorded_tree(stack: Stack, record: Record) -> Tree:
    """Read the files of a record, with the rows that its inputs had.

    Raises:
        DocumentError: F411, for what is not the Terraform JSON of a stack.
    """
    inputs = {
        name: Input(type=given.type, sources=_keyed(record.inputs.get(name), given))
        for name, given in stack.inputs.items()
    }
    before = replace(stack, inputs=inputs)
    return read_tree([before], {stack.id.name: record.sources.get(CONFIGURATION, "{}")})


def edited(before: Tree, after: Tree, stack: StackId) -> frozenset[str]:
    """List the addresses of resources that came, went or are written otherwise."""
    old, new = (_managed(tree, stack) for tree in (before, after))
    return frozenset(
        address for address in {*old, *new} if _meaning(old, address) != _meaning(new, address)
    )


def _managed(tree: Tree, stack: StackId) -> Mapping[str, Resource]:
    found = tree.resources(stack.name).items()
    return {address: one for address, one in found if one.mode == "managed"}


def _meaning(found: Mapping[str, Resource], address: str) -> Any:
    one = found.get(address)
    return None if one is None else (_plain(one.body), _plain(one.meta.get("lifecycle")))


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    return value if isinstance(value, str | int | float | bool | None) else str(value)


def _keyed(value: object, given: Input) -> Source | Mapping[str, Source]:
    """Make the sources of a map that has the keys of a value."""
    if isinstance(given.sources, Source) or not isinstance(value, dict):
        return given.sources
    return dict.fromkeys(value, _ANY)
