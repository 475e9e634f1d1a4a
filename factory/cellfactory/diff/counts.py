"""What a change does, counted: for the guard, from two designs or from a plan of Terraform's."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass, field

from cellfactory.design import Design
from cellfactory.diff.impact_model import Impact
from cellfactory.diff.model import Changes, ResourceChange, StackChange
from cellfactory.inventory.groups import name_groups
from cellfactory.layers import StackId

EDGE_LAYERS = frozenset({"peering", "accept", "hub", "routes"})
"""Whose resources are no more than edges: these are counted as such."""

Standing = Mapping[StackId, Mapping[str, int]]
"""Nodes of each EKS group that was applied, by the stack of its cluster and its name."""

_GROUP, _CONNECTION = "aws_eks_node_group", "aws_vpc_peering_connection"
_KEY = re.compile(r'\["(?P<key>[^"]+)"\]$')


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """What a change does. Resources are named with their stacks; edges are of cells that stay."""

    cells: tuple[str, ...] = ()  # that stand, and change other than by edges
    destroyed: tuple[tuple[StackId, str], ...] = ()  # stack and address
    replaced: tuple[tuple[StackId, str], ...] = ()
    drained: Mapping[str, int] = field(default_factory=dict)  # nodes by cell
    edges_lost: tuple[tuple[str, str], ...] = ()  # also those that lose no more than their way back

    def names(self, name: str) -> tuple[str, ...]:
        """Name what was counted of a class."""
        if name == "cells":
            return self.cells
        if name == "nodes_drained":
            return tuple(f"{nodes:,} of {cell}" for cell, nodes in sorted(self.drained.items()))
        if name == "edges_lost":
            return tuple("--".join(edge) for edge in self.edges_lost)
        found = self.destroyed if name == "destroyed" else self.replaced
        return tuple(f"{stack} {address}" for stack, address in found)

    def number(self, name: str) -> int:
        """Count what there is of a class."""
        return sum(self.drained.values()) if name == "nodes_drained" else len(self.names(name))

    def without(self, names: Set[str]) -> Counts:
        """Leave out what is of a cell, or has a Terraform address, that is named."""
        return Counts(
            cells=tuple(cell for cell in self.cells if cell not in names),
            destroyed=_left(self.destroyed, names),
            replaced=_left(self.replaced, names),
            drained={cell: n for cell, n in self.drained.items() if cell not in names},
            edges_lost=tuple(e for e in self.edges_lost if not names & {*e, "--".join(e)}),
        )


def counts_of(changes: Changes, impact: Impact) -> Counts:
    """Count what is different between two trees, whose designs have an impact."""
    gone = {cell.name for cell in impact if cell.action == "remove"}
    lost = (edge for mesh in impact.meshes for edge in (*mesh.lost, *mesh.retired))
    return Counts(
        cells=_cells(changes),
        destroyed=_resources(changes, "delete"),
        replaced=_resources(changes, "replace"),
        drained={cell.name: cell.drained for cell in impact if cell.drained},
        edges_lost=tuple(edge for edge in lost if not gone & set(edge)),
    )


def counts_of_plan(changes: Changes, after: Design, stood: Standing) -> Counts:
    """Count what Terraform plans, where nobody knows the inventory of before.

    Args:
        changes: what is planned.
        after: what the plans are made for.
        stood: the nodes that were applied last.
    """
    drained: dict[str, int] = {}
    for stack, resource in changes:
        if resource.resource_type == _GROUP and stack.cell:
            name = resource.address.partition(".group-")[2]
            before = stood.get(stack, {}).get(name, 0)
            left = 0 if resource.action == "delete" else _nodes_of(after, stack.cell).get(name, 0)
            nodes = _drained(resource, before, left)
            drained[stack.cell] = drained.get(stack.cell, 0) + nodes
    return Counts(
        cells=_cells(changes),
        destroyed=_resources(changes, "delete"),
        replaced=_resources(changes, "replace"),
        drained={cell: nodes for cell, nodes in drained.items() if nodes},
        edges_lost=tuple(sorted(_cut(changes, after))),
    )


def _cells(changes: Changes) -> tuple[str, ...]:
    touched = {s.stack.cell for s in changes.stacks if s.stack.cell and _is_touched(s)}
    return tuple(sorted(touched))


def _is_touched(changed: StackChange) -> bool:
    is_edge = changed.stack.layer in EDGE_LAYERS
    moves = all(resource.action in ("move", "import") for resource in changed.resources)
    return changed.action != "add" and not is_edge and not moves


def _resources(changes: Changes, action: str) -> tuple[tuple[StackId, str], ...]:
    return tuple(
        (stack, resource.address)
        for stack, resource in changes
        if resource.action == action and resource.is_resource and stack.layer not in EDGE_LAYERS
    )


def _left(
    found: tuple[tuple[StackId, str], ...], names: Set[str]
) -> tuple[tuple[StackId, str], ...]:
    return tuple(
        (stack, address)
        for stack, address in found
        if address not in names and stack.cell not in names and stack.name not in names
    )


def _nodes_of(design: Design, cell: str) -> dict[str, int]:
    """Nodes of every EKS group of a cell, by the group's name; none of a cell that left."""
    if cell not in design.inventory.cells:
        return {}
    kind = design.inventory.type_of(cell)
    return {
        name: nodes
        for pool, declared in kind.node_groups.items()
        for name, (_, nodes) in name_groups(pool, declared, kind.zones, design.facts).items()
    }


def _drained(group: ResourceChange, before: int, after: int) -> int:
    """Count the nodes of an EKS group whose pods have to leave: those that go, those that roll."""
    if group.action not in ("update", "replace", "delete"):
        return 0
    is_rolled = group.action == "replace" or any(
        value.path[:1] == ("launch_template",) for value in group.values
    )
    return before if is_rolled else max(0, before - after)


def _cut(changes: Changes, after: Design) -> Iterator[tuple[str, str]]:
    """Find the connections that go, between cells that stay or to a hub."""
    stay = after.inventory.cells.keys() | after.inventory.hubs.keys()
    for stack, resource in changes:
        match = _KEY.search(resource.address)
        is_cut = resource.resource_type == _CONNECTION and resource.action == "delete"
        if is_cut and match and {stack.owner, match["key"]} <= stay:
            one, two = sorted((stack.owner, match["key"]))
            yield one, two
