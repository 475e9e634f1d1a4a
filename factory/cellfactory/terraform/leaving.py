"""How a cell leaves: which stacks of its peers let go of it, and in which order its own go.

A route outlives what it points at and becomes a hole that swallows traffic. So the peers' routes go
first, then what the cell itself routes, then acceptances, then connections, and the network last.
A hub gives up its routes back with its acceptances: until then they lead to the cluster that goes.
A gateway lets go of the cell before the cell lets go of the gateway, and shares it no more then.
Nothing here is remembered from run to run: what is left to do follows from the records alone.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network

from cellfactory.errors import Finding
from cellfactory.layers import Layer, StackId
from cellfactory.terraform.messages import Change
from cellfactory.terraform.record import Record
from cellfactory.terraform.workspace import CONFIGURATION

EDGE_LAYERS: tuple[Layer, ...] = (
    *("routes", "accept", "hub", "peering"),
    *("segments", "egress", "gateway"),
)
"""What joins a cell to others, in the order in which that is taken apart."""

ROWS = frozenset(
    {
        "aws_ec2_transit_gateway_route",
        "aws_ec2_transit_gateway_route_table",
        "aws_ec2_transit_gateway_route_table_association",
        "aws_ec2_transit_gateway_vpc_attachment_accepter",
        "aws_ram_principal_association",
        "aws_route",
        "aws_vpc_peering_connection",
        "aws_vpc_peering_connection_accepter",
        "aws_vpc_peering_connection_options",
    }
)
"""What a cell has of a peer, or of its mesh: rows that go with it, and nothing else does."""

_OWN: tuple[tuple[str, tuple[Layer, ...], tuple[Layer, ...]], ...] = (
    ("routes of the peers", ("routes",), ()),
    ("platform, cluster and routes", (), ("platform", "cluster", "routes")),
    ("acceptances", ("accept", "hub"), ("accept",)),
    ("connections", ("peering",), ("peering",)),
    ("attachment", ("segments", "egress"), ("transit",)),
    ("network", ("gateway",), ("network",)),
)
"""Each step: what it is about, the layers of peers and of the mesh, the layers of the cell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What is done at once; nothing of the next step begins before it has ended well."""

    title: str
    applied: tuple[StackId, ...] = ()  # of peers, from the inventory without the cell
    destroyed: tuple[StackId, ...] = ()  # of the cell, and of peers that have no edge left

    @property
    def stacks(self) -> tuple[StackId, ...]:
        """All that it works on."""
        return (*self.applied, *self.destroyed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """All that is left to do, in order, and who else would have to leave first."""

    steps: tuple[Step, ...]  # none is empty
    others: tuple[str, ...] = ()  # cells that left, too, and are joined to what leaves now
    peered: tuple[str, ...] = ()  # meshes whose gateways would go, and are peered with others

    @property
    def peers(self) -> tuple[StackId, ...]:
        """The stacks of peers that are applied."""
        return tuple(stack for step in self.steps for stack in step.applied)

    @property
    def stacks(self) -> tuple[StackId, ...]:
        """Every stack of every step."""
        return tuple(stack for step in self.steps for stack in step.stacks)


def plot_course(
    records: Mapping[StackId, Record],
    standing: Collection[StackId],
    cells: Collection[str],
    peers: Collection[str],
    blocks: Collection[IPv4Network] = (),
) -> Course:
    """Say what is left to do until cells are gone.

    A peer's stack is left to do while its record holds a row that leads to one of the cells, or
    while its last apply did not end: that is where an interrupted run is taken up again.

    Args:
        records: every recorded stack.
        standing: what has a place in the inventory.
        cells: what leaves.
        peers: the cells and meshes of the inventory that may be joined to them.
        blocks: theirs; what leads to them from gateway to gateway names no cell.
    """
    ends = {*cells, *map(str, blocks)}
    standing_owners = {stack.owner for stack in standing}
    recorded = {stack.owner for stack in records if stack.cell}
    joined = {s: joined_to(r) for s, r in records.items() if s.layer in EDGE_LAYERS}
    touched = {
        stack
        for stack, names in joined.items()
        if stack.owner not in cells
        and (names & ends or (stack.owner in peers and not records[stack].complete))
    }
    strangers = {s.owner for s in touched if s.cell and s.owner not in standing_owners}
    strangers |= {
        name
        for stack in touched - set(standing)
        for name in joined[stack]
        if name not in cells and name not in standing_owners and name in recorded
    }
    steps = (
        Step(
            title=title,
            applied=_of(touched & set(standing), theirs),
            destroyed=(
                *_of({stack for stack in records if stack.owner in cells}, own),
                *_of(touched - set(standing), theirs),
            ),
        )
        for title, theirs, own in _OWN
    )
    gateways = {stack.owner for stack in touched - set(standing) if stack.layer == "gateway"}
    peered = {stack.owner for stack in records if stack.layer in ("link", "linked")} & gateways
    return Course(
        steps=tuple(s for s in steps if s.stacks),
        others=tuple(sorted(strangers)),
        peered=tuple(sorted(peered)),
    )


def joined_to(record: Record) -> frozenset[str]:
    """Name the cells and hubs that the rows of a stack lead to, as it was last applied.

    Of the stacks of a mesh: those that its gateway is shared with, or joins, or leads out; of cells
    behind another gateway the blocks.
    """
    try:
        document = json.loads(record.sources.get(CONFIGURATION, "{}"))
        tables = document.get("locals") or {}
        return frozenset(_names(tables, record.stack.layer))
    except (ValueError, AttributeError, RecursionError):
        return frozenset()


_OF_MESH: Mapping[str, str] = {"segments": "attachments", "egress": "back", "gateway": "members"}
"""The table of each layer of a mesh whose rows are its cells."""

_LINKED = "link-routes"
"""The table of what leads from gateway to gateway."""


def _names(tables: Mapping[str, Mapping[str, Mapping[str, str]]], layer: Layer) -> Iterator[str]:
    if layer in _OF_MESH:
        yield from tables.get(_OF_MESH[layer]) or {}
        yield from (row["block"] for row in (tables.get(_LINKED) or {}).values())
        return
    for name in ("edges", "resolving"):
        yield from tables.get(name) or {}
    for row in (tables.get("routes") or {}).values():
        yield row["peer"]


def _of(stacks: Iterable[StackId], layers: Collection[str]) -> tuple[StackId, ...]:
    return tuple(sorted(stack for stack in stacks if stack.layer in layers))


def strangers_in(
    planned: Iterable[Change], cells: Collection[str], blocks: Collection[IPv4Network]
) -> tuple[Change, ...]:
    """List what a peer's plan does beside letting go of the rows of what leaves.

    Args:
        planned: of the peer.
        cells: what leaves; connections and attachments are keyed by these names, and so begin the
            keys of routes in the gateway's table of a cell.
        blocks: theirs; a route's key ends in the one that it leads to.
    """
    ends, known = {*cells, *map(str, blocks)}, tuple(planned)
    ways_out = {f"{_WAY_OUT} {block}" for block in blocks}
    used_way_out = any(c.action == "delete" and c.key in ways_out for c in known)
    return tuple(
        c for c in known if not (_is_let_go(c, ends) or (used_way_out and _is_of_last_user(c)))
    )


_WAY_OUT = "egress"
"""The route table of a gateway by which its central way out leads back to cells."""

_LEADING_OUT = re.compile(
    r'aws_ec2_transit_gateway_route\.(?:default|not-out)\["(?:cells|hubs)[ "]'
)


def _is_of_last_user(change: Change) -> bool:
    """Whether a table that cells or hubs share leads out no more: its last user leaves.

    Were another cell to lose its central way out by an edit, its own way back would go as well.
    """
    return change.action == "delete" and _LEADING_OUT.match(change.address) is not None


def _is_let_go(change: Change, ends: Collection[str]) -> bool:
    if change.action == "read":
        return True
    if change.action != "delete" or change.resource_type not in ROWS:
        return False
    return any(word in ends for word in change.key.split(" "))


def refuse_strangers(stack: StackId, found: Iterable[Change], line: str) -> Finding:
    """Refuse a peer's plan that does more than letting go.

    Args:
        stack: the peer's.
        found: what it does besides; never empty.
        line: the command that applies it by itself.

    Rules:
        F643: it would do something else, too.
    """
    told = [f"{change.action} {change.address}" for change in found]
    return Finding(
        rule="F643",
        stack=stack.name,
        message="its plan does more than letting go of the cell that leaves: "
        + ", ".join(told[:_MOST_TOLD])
        + (f" and {len(told) - _MOST_TOLD:,} more" if len(told) > _MOST_TOLD else ""),
        hint=f"review and apply that first, or revert it: {line}",
    )


_MOST_TOLD = 5
