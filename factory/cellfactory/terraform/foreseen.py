"""What a stack that cannot be planned yet will create, as its synthesized files say (pure).

This is no plan: nobody has asked AWS, and values are not known. But Terraform makes a resource of
each row that stands there, so that a plan which does anything else is not what was foreseen.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from cellfactory.layers import Input, Source, Stack, StackId
from cellfactory.terraform.record import Record
from cellfactory.terraform.workspace import CONFIGURATION, Sources
from cellfactory.tree.tree import Tree, read_tree


def read_foreseen(stacks: Iterable[Stack], sources: Mapping[StackId, Sources]) -> Tree:
    """Read the synthesized files of stacks.

    Raises:
        DocumentError: F411, for a document that is not the Terraform JSON of a stack.
    """
    return read_tree(stacks, {i.name: files[CONFIGURATION] for i, files in sources.items()})


def foresee(tree: Tree, stack: Stack, record: Record | None) -> tuple[str, ...]:
    """List the addresses that a stack will create, sorted.

    Where the rows of a block are not known, it is one address that ends in `[*]`.

    Args:
        tree: with the synthesized files of the stack.
        stack: the stack.
        record: what it was last applied with, which is there already; None when it never was, or
            when nobody knows how far that came.
    """
    there = frozenset(_recorded(stack, record)) if record is not None and record.complete else ()
    return tuple(sorted(set(_addresses(tree, stack.id)).difference(there)))


def _recorded(stack: Stack, record: Record) -> Iterable[str]:
    """List what a record's files make of the inputs that it was applied with."""
    inputs = {
        name: Input(type=given.type, sources=_keyed(record.inputs.get(name), given))
        for name, given in stack.inputs.items()
    }
    before = Stack(id=stack.id, access=stack.access, inputs=inputs)
    return _addresses(read_foreseen([before], {stack.id: record.sources}), stack.id)


def _keyed(value: object, given: Input) -> Source | Mapping[str, Source]:
    """Make the sources of a map that has the keys of a value."""
    if isinstance(given.sources, Source) or not isinstance(value, dict):
        return given.sources
    any_source = Source(stack=StackId("", "network"), output="")
    return dict.fromkeys(value, any_source)


def _addresses(tree: Tree, stack: StackId) -> Iterable[str]:
    found = tree.resources(stack.name).values()
    return [resource.address for resource in found if resource.mode == "managed"]
