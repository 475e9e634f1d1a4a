"""Bounds of a mesh: what adds up over the VPCs that are peered with each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import ceil

from cellfactory.errors import KeyPath
from cellfactory.facts.schema import Facts
from cellfactory.inventory.schema import Inventory
from cellfactory.sizing.bounds import BOUNDS
from cellfactory.sizing.nau import CellNau
from cellfactory.sizing.quotas import quota_limit
from cellfactory.sizing.usage import Scope, Usage


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbourhood:
    """A VPC of a mesh, a cell's or a hub, and the VPCs of its Region that it is peered with."""

    owner: str
    path: KeyPath
    region: str
    cells: tuple[str, ...]  # cells among itself and its peers
    hub_nau: int  # NAU of the hubs among them, as their owners state it
    connections: int  # peering connections of the VPC
    asks: int  # of these, those that it asks for; 0 for a hub
    by_hand: int  # of these, those that people accept: hubs, which it asks first
    hubs: int  # of these, all to hubs
    quotas: Mapping[str, float]


def cell_neighbourhood(inventory: Inventory, cell: str) -> Neighbourhood:
    """Gather the peers of a cell."""
    joined = inventory.mesh_of(cell).step.peerings
    peers, hubs = (inventory.peers_of(cell), inventory.hubs_of(cell)) if joined else ((), ())
    region = inventory.region_of(cell)
    return Neighbourhood(
        owner=cell,
        path=("cells", cell),
        region=region,
        cells=(cell, *peers),
        # VPCs of another Region do not count.
        hub_nau=sum(h.nau for h in (inventory.hubs[n] for n in hubs) if h.region == region),
        connections=len(peers) + len(hubs),
        asks=sum(1 for peer in peers if peer > cell) + len(hubs),
        by_hand=sum(1 for name in hubs if inventory.hubs[name].role is None),
        hubs=len(hubs),
        quotas=inventory.quotas_of(cell),
    )


def hub_neighbourhood(inventory: Inventory, hub: str) -> Neighbourhood:
    """Gather the cells that a hub is peered with, over all meshes; other peers are not known."""
    declared = inventory.hubs[hub]
    cells = tuple(
        cell
        for cell in sorted(inventory.cells)
        if hub in inventory.hubs_of(cell) and inventory.mesh_of(cell).step.peerings
    )
    return Neighbourhood(
        owner=hub,
        path=("hubs", hub),
        region=declared.region,
        cells=tuple(cell for cell in cells if inventory.region_of(cell) == declared.region),
        hub_nau=declared.nau,
        connections=len(cells),
        asks=0,
        by_hand=0,
        hubs=0,
        quotas=declared.quotas,
    )


def neighbourhoods(inventory: Inventory, mesh: str) -> Iterator[Neighbourhood]:
    """Gather every VPC of a mesh: its cells by name, then its hubs."""
    for cell in inventory.members_of(mesh):
        yield cell_neighbourhood(inventory, cell)
    for hub in sorted(inventory.meshes[mesh].hubs):
        yield hub_neighbourhood(inventory, hub)


def size_neighbourhood(
    around: Neighbourhood, nau: Mapping[str, CellNau], facts: Facts
) -> Iterator[Usage]:
    """Size the NAU of a VPC with its peers, its peering connections, and a gateway instead."""
    members = [nau[cell] for cell in around.cells]
    more = _per_node(around, nau)
    for bound, used, detail in _peered_nau(around, members):
        usage = _usage(around, facts, bound, "peered-nau", used, detail)
        # Of which cell to take nodes is a choice: the hint names no number.
        yield replace(usage, per_node=more.get(bound, 0), removable=0)
    yield _usage(around, facts, "peerings-per-vpc", "peerings-per-vpc", around.connections)
    gateway = "attachments-per-transit-gateway"
    yield _usage(around, facts, "transit-gateway-attachments", gateway, around.connections + 1)
    if around.asks:
        yield _requests(around, facts)


def _requests(around: Neighbourhood, facts: Facts) -> Usage:
    """Size what must wait at once: the hubs, and one peer; all other peers are asked in rounds."""
    requests = "outstanding-peering-requests"
    peers = around.asks - around.hubs
    usage = _usage(around, facts, requests, requests, around.hubs + min(1, peers))
    detail = _joining(around, facts, usage.allowed.value)
    return replace(usage, assumption="; ".join(filter(None, (detail, usage.assumption))))


def _joining(around: Neighbourhood, facts: Facts, most: float) -> str:
    """Say in how many rounds a cell asks, and for how long EC2 throttles that; empty where none."""
    room = most - around.by_hand
    if room < 1 or around.asks <= most:
        return ""
    rounds = ceil((around.asks - around.by_hand) / room)
    bucket = facts.buckets["create-vpc-peering-connection"]
    seconds = ceil(max(0, around.asks - bucket.capacity) / bucket.refill)
    return (
        f"{around.asks:,} are asked for in {rounds:,} rounds of {room:,}, for which EC2 takes "
        f"{seconds:,} s at least"
    )


def _peered_nau(
    around: Neighbourhood, members: Sequence[CellNau]
) -> Iterator[tuple[str, float, str]]:
    base = around.hub_nau
    designed = base + sum(nau.designed for nau in members)
    worst_off = max((nau.misconfigured - nau.designed for nau in members), default=0)
    worst_reset = max((nau.reset - nau.designed for nau in members), default=0)
    cells = f"{len(members)} cell" if len(members) == 1 else f"{len(members)} cells"
    detail = f"{cells}, {base:,} NAU of hubs"
    yield "peered-nau", designed, detail
    yield "peered-nau-pods", base + sum(nau.pods for nau in members), detail
    yield "peered-nau-misconfigured", designed + max(0, worst_off), detail
    yield "peered-nau-reset", designed + max(0, worst_reset), detail
    yield "peered-nau-all-misconfigured", base + sum(nau.misconfigured for nau in members), detail


def _per_node(around: Neighbourhood, nau: Mapping[str, CellNau]) -> dict[str, float]:
    """Say what one more node of the owner adds, in each cell that is like it; a hub has none."""
    alike = around.cells.count(around.owner)
    if not alike:
        return {}
    cell, node = nau[around.owner], nau[around.owner].node
    off = max(nau[peer].misconfigured - nau[peer].designed for peer in around.cells)
    reset = max(nau[peer].reset - nau[peer].designed for peer in around.cells)
    is_off = cell.misconfigured - cell.designed == off > 0
    is_reset = cell.reset - cell.designed == reset > 0
    designed = alike * node.designed
    return {
        "peered-nau": designed,
        "peered-nau-pods": alike * node.pods,
        "peered-nau-misconfigured": designed + is_off * (node.misconfigured - node.designed),
        "peered-nau-reset": designed + is_reset * (node.reset - node.designed),
        "peered-nau-all-misconfigured": alike * node.misconfigured,
    }


def _usage(
    around: Neighbourhood, facts: Facts, bound: str, quota: str, used: float, detail: str = ""
) -> Usage:
    row = BOUNDS[bound]
    return Usage(
        bound=bound,
        scope=Scope(around.owner, "vpc", around.owner),
        used=used,
        allowed=quota_limit(facts, quota, around.region, around.quotas),
        unit=row.unit,
        gate=row.gate,
        path=around.path,
        assumption="; ".join(filter(None, (detail, row.assumption))),
    )
