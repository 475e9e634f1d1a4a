"""The layers `peering`, `accept` and `routes`: how a cell is joined to its peers and hubs."""

from __future__ import annotations

from collections.abc import Iterable

from cellfactory.inventory.schema import Inventory
from cellfactory.layers import Stack
from cellfactory.layers.access import account_id, is_new_account
from cellfactory.layers.edges import higher_peers, lower_peers, peered_hubs, resolving_hubs
from cellfactory.naming import edge_name
from cellfactory.specs.layers import AcceptSpec, PeeringSpec, RoutesSpec
from cellfactory.specs.parts import Parts

EVERYWHERE = "0.0.0.0/0"


def describe_peering(parts: Parts, stack: Stack) -> PeeringSpec:
    """Collect the connections that a cell asks for: of its higher peers and of its hubs."""
    cell, inventory = stack.id.owner, parts.inventory
    peers = {
        peer: (_account_of(parts, peer), f'${{var.peer_vpc_ids["{peer}"]}}')
        for peer in higher_peers(inventory, cell)
    }
    hubs = {name: inventory.hubs[name] for name in peered_hubs(inventory, cell)}
    asked = {name: (hub.account, hub.vpc) for name, hub in hubs.items()}
    return PeeringSpec(
        edges={
            name: {"account_id": account, "edge": edge_name(cell, name), "vpc_id": vpc}
            for name, (account, vpc) in {**peers, **asked}.items()
        }
    )


def describe_accept(parts: Parts, stack: Stack) -> AcceptSpec:
    """Collect the connections that a cell accepts: those of its lower peers."""
    cell = stack.id.owner
    return AcceptSpec(
        edges={
            peer: {
                "connection_id": f'${{var.connection_ids["{peer}"]}}',
                "edge": edge_name(cell, peer),
            }
            for peer in lower_peers(parts.inventory, cell)
        }
    )


def describe_routes(parts: Parts, stack: Stack) -> RoutesSpec:
    """Collect the ways of a cell to every peer and hub: each of their blocks, from each zone."""
    cell, inventory = stack.id.owner, parts.inventory
    near = (*inventory.peers_of(cell), *inventory.linked_cells(cell))
    peers = [(peer, parts.primaries[peer]) for peer in near]
    hubs = [(n, str(b)) for n in inventory.hubs_of(cell) for b in inventory.hubs[n].blocks]
    zones = tuple(parts.plan.cells[cell].zones)
    over = _ways(parts, cell)
    return RoutesSpec(
        routes={
            f"node-{zone} {block}": {"block": block, "peer": to, "zone": zone, **over.get(to, {})}
            for to, block in (*peers, *hubs, *_way_out(inventory, cell))
            for zone in zones
        },
        ways=over or None,
        resolving=_connections(higher_peers(inventory, cell)),
        resolving_hubs=_connections(resolving_hubs(inventory, cell)) or None,
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
    over = out | {
        to: {"over": "gateway" if inventory.leads_over_gateway(cell, to) else "peering"}
        for to in (*inventory.peers_of(cell), *inventory.hubs_of(cell))
    }
    return over | {far: {"over": "gateway"} for far in inventory.linked_cells(cell)}


def _connections(peers: Iterable[str]) -> dict[str, dict[str, str]]:
    return {p: {"connection_id": f'${{var.connection_ids["{p}"]}}'} for p in peers}


def _account_of(parts: Parts, peer: str) -> str:
    if is_new_account(parts.inventory, peer):
        return f'${{var.peer_account_ids["{peer}"]}}'
    return account_id(parts.inventory, peer)
