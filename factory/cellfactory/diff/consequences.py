"""What follows from a change although it is written as before: no text of it differs.

A machine image that is looked up under another name is another image for every launch template
that takes it, and another version of a template is one for every node group. Of both the text stays
the same, so that nothing else tells of them before a plan does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from cellfactory.diff.model import Changes, ResourceChange, StackChange
from cellfactory.layers import StackId
from cellfactory.tree.resource import Resource
from cellfactory.tree.tree import read_tree
from cellfactory.tree.values import expressions

FOLLOWS = "follows from {}"
"""The reason of what is written as before."""

_COMPUTED = frozenset({"latest_version"})
"""What of a resource is another one whenever anything of it is."""


def with_consequences(changes: Changes, after: Mapping[StackId, str | bytes]) -> Changes:
    """Add to each stack that changes what follows from its changes.

    Args:
        changes: between two trees.
        after: the `cdk.tf.json` of each stack that is different afterwards.
    """
    return replace(
        changes,
        stacks=tuple(
            _followed(changed, after[changed.stack])
            if changed.action == "change" and changed.stack in after and any(_causes(changed))
            else changed
            for changed in changes.stacks
        ),
    )


def _followed(changed: StackChange, text: str | bytes) -> StackChange:
    """Go on until nothing more follows; what is changed anyway has a reason of its own."""
    name = changed.stack.name
    known = {change.address for change in changed.resources}
    left = {
        address: tuple(_needed(resource))
        for address, resource in read_tree((), {name: text}).resources(name).items()
        if address not in known and resource.mode == "managed"
    }
    causes, found = list(_causes(changed)), list(changed.resources)
    while causes:
        cause = causes.pop(0)
        for address in [a for a, needed in left.items() if _block(cause) in needed]:
            del left[address]
            reason = FOLLOWS.format(cause)
            found.append(ResourceChange(address=address, action="update", reason=reason))
            causes.append(address)
    return replace(changed, resources=tuple(sorted(found, key=lambda change: change.address)))


def _causes(changed: StackChange) -> Iterator[str]:
    """Yield what may have others follow: data that is read anew, and what is made otherwise."""
    for change in changed.resources:
        if change.action == "update" and (change.is_resource or change.resource_type == "data"):
            yield change.address


def _needed(resource: Resource) -> Iterator[str]:
    """Yield the blocks that a resource is another one with: any data, and computed values."""
    for expression in expressions(dict(resource.body)):
        for reference in expression.references:
            is_computed = reference.path[:1] and reference.path[0] in _COMPUTED
            if reference.kind == "data" or (reference.kind == "resource" and is_computed):
                yield _block(reference.address)


def _block(address: str) -> str:
    return address.partition("[")[0]
