"""The layers `peering`, `accept`, `hub` and `routes`: how cells are joined to peers and hubs."""

from __future__ import annotations

from collections.abc import Iterable

from cellfactory.inventory.schema import Inventory
from cellfactory.layers import Stack
from cellfactory.layers.access import account_of
from cellfactory.layers.edges import (
    PEER_VPCS,
    asks_in_rounds,
    higher_peers,
    lower_peers,
    peered_hubs,
    resolving_hubs,
)
from cellfactory.layers.hub import asking_cells, has_gateway
from cellfactory.naming import edge_name
from cellfactory.specs.layers import AcceptSpec, HubSpec, PeeringSpec, RoutesSpec
from cellfactory.specs.parts import Parts

EVERYWHERE = "0.0.0.0/0"


def describe_peering(parts: Parts, stack: Stack) -> PeeringSpec:
    """Collect the connections that a cell asks for: of its higher peers and of its hubs."""
    cell, inventory = stack.id.owner, parts.inventory
    edges = {
        peer: {
            "account_id": account_of(inventory, peer, "peer_account_ids"),
            "edge": edge_name(cell, peer),
        }
        for peer in higher_peers(inventory, cell)
    }
    hubs = {
        name: {"account_id": hub.account, "edge": edge_name(cell, name), "vpc_id": hub.vpc}
        for name, hub in ((name, inventory.hubs[name]) for name in peered_hubs(inventory, cell))
    }
    if asks_in_rounds(inventory, parts.facts, cell):
        return PeeringSpec(edges=edges, hubs=hubs)
    vpcs = {peer: {"vpc_id": f'${{var.{PEER_VPCS}["{peer}"]}}'} for peer in edges}
    return PeeringSpec(edges={**{peer: {**edges[peer], **vpcs[peer]} for peer in edges}, **hubs})


def describe_accept(parts: Parts, stack: Stack) -> AcceptSpec:
    """Collect the connections that a cell accepts: those of its lower peers."""
    cell = stack.id.owner
    in_rounds = stack.inputs["connection_ids"].lacking == "next-round"
    asked = {} if in_rounds else _connections(lower_peers(parts.inventory, cell))
    return AcceptSpec(
        edges={
            peer: {**asked.get(peer, {}), "edge": edge_name(cell, peer)}
            for peer in lower_peers(parts.inventory, cell)
        },
        in_rounds=in_rounds,
    )


def describe_hub(parts: Parts, stack: Stack) -> HubSpec:
    """Collect the connections that a hub accepts, and its routes back: to nodes, never to pods."""
    name, inventory = stack.id.owner, parts.inventory
    hub, cells = inventory.hubs[name], inventory.cells_of(name)
    ways: dict[str, dict[str, str]] = {}
    if has_gateway(inventory, name):
        ways = {c: {"over": inventory.way_over(c, name)} for c in cells}
    back = {
        f"{table} {parts.primaries[cell]}": {
            "block": parts.primaries[cell],
            "peer": cell,
            "table": table,
            **ways.get(cell, {}),
        }
        for table in hub.route_tables
        for cell in cells
    }
    asking = asking_cells(inventory, name)
    return HubSpec(
        edges={cell: {"edge": edge_name(cell, name)} for cell in asking},
        resolves=hub.dns_resolution,
        routes=back or None,
        ways=ways or None,
    )


def describe_routes(parts: Parts, stack: Stack) -> RoutesSpec:
    """Collect the ways of a cell to every peer and hub: each of their blocks, from each zone."""
    cell, inventory = stack.id.owner, parts.inventory
    near = (*inventory.peers_of(cell), *inventory.linked_cells(cell))
    peers = [(peer, parts.primaries[peer]) for peer in near]
    hubs = [(n, str(b)) for n in inventory.hubs_of(cell) for b in inventory.hubs[n].blocks]
    resolving = resolving_hubs(inventory, cell)
    ours = [h for h in resolving if inventory.hubs[h].role is not None]
    zones = tuple(parts.plan.cells[cell].zones)
    over = _ways(parts, cell)
    return RoutesSpec(
        routes={
            f"node-{zone} {block}": {"block": block, "peer": to, "zone": zone, **over.get(to, {})}
            for to, block in (*peers, *hubs, *_way_out(inventory, cell))
            for zone in zones
        },
        ways=over or None,
        resolving=_connections(sorted((*higher_peers(inventory, cell), *ours))),
        resolving_hubs=_connections(h for h in resolving if h not in ours) or None,
    )


def _way_out(inventory: Inventory, cell: str) -> list[tuple[str, str]]:
    """The default route of a cell with central egress: over the gateway that it is attached to."""
    return [(cell, EVERYWHERE)] if inventory.has_central_egress(cell) else []


def _ways(parts: Parts, cell: str) -> dict[str, dict[str, str]]:
    """What the way of a cell to each other leads over; nothing where there is no gateway."""
    inventory = parts.inventory
    if not inventory.mesh_of(cell).step.gateway:
        return {}
    out = {cell: {"over": "gateway"}} if inventory.has_central_egress(cell) else {}
    over = out | {to: {"over": inventory.way_over(cell, to)} for to in inventory.reached_from(cell)}
    return over | {far: {"over": "gateway"} for far in inventory.linked_cells(cell)}


def _connections(peers: Iterable[str]) -> dict[str, dict[str, str]]:
    return {p: {"connection_id": f'${{var.connection_ids["{p}"]}}'} for p in peers}
