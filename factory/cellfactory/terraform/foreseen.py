"""What a stack that cannot be planned yet will create, as its synthesized files say (pure).

This is no plan: nobody has asked AWS, and values are not known. But Terraform makes a resource of
each row that stands there, so that a plan which does anything else is not what was foreseen.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from cellfactory.diff.compare import compare_stack
from cellfactory.diff.model import StackChange
from cellfactory.layers import Stack, StackId
from cellfactory.terraform.intent import recorded_tree
from cellfactory.terraform.record import Record
from cellfactory.terraform.workspace import CONFIGURATION, Sources, digest_sources
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
    there: Iterable[str] = ()
    if record is not None and record.complete:
        there = _addresses(recorded_tree(stack, record), stack.id)
    return tuple(sorted(set(_addresses(tree, stack.id)).difference(there)))


def unplanned(stack: StackId, files: Sources, record: Record | None) -> StackChange | None:
    """Say how the files of a stack that stands differ from those it was applied with, as `diff`.

    None where they do not, where it does not stand, or where nobody knows how far that came.

    Raises:
        DocumentError: F411, for a document that is not the Terraform JSON of a stack.
    """
    if record is None or not record.complete or record.digest == digest_sources(files):
        return None
    before = record.sources.get(CONFIGURATION, "{}")
    return compare_stack(stack, before, files[CONFIGURATION])


def _addresses(tree: Tree, stack: StackId) -> Iterable[str]:
    found = tree.resources(stack.name).values()
    return [resource.address for resource in found if resource.mode == "managed"]
