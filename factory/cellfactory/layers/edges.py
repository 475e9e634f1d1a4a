"""The layers that join a cell to its peers and hubs.

The cell with the lower name asks, the other accepts; whichever it is, each keeps its own way to
the other in `routes`. That state outlives the kind of interconnect: what a route points at can
change in place, which it could not if it lay in the state of a peering. What joins cells by a
transit gateway is in `cellfactory.layers.gateway`.
"""

from __future__ import annotations

from collections.abc import Iterator

from cellfactory.facts.schema import Facts, effective
from cellfactory.inventory.interconnect import STEPS
from cellfactory.inventory.schema import Inventory
from cellfactory.layers.access import is_new_account, member_access
from cellfactory.layers.cell import account_inputs, network_outputs
from cellfactory.layers.gateway import LINKED, READY
from cellfactory.layers.stack import Input, Source, Stack, StackId
from cellfactory.layers.wiring import entry, of_each, put_together, stack_id, whole

WAYS = "ways"
"""The output that says, by peer and hub, what the routes to it lead over."""

REQUESTS = "outstanding-peering-requests"
"""The quota of requests that wait; AWS counts them for the account that asks."""

PEER_VPCS = "peer_vpc_ids"
"""The variable that holds whom a cell asks, by name."""


def lower_peers(inventory: Inventory, cell: str) -> tuple[str, ...]:
    """The cells whose peering requests this cell accepts: those with a lower name."""
    return tuple(peer for peer in _peered(inventory, cell) if peer < cell)


def higher_peers(inventory: Inventory, cell: str) -> tuple[str, ...]:
    """The cells that this cell sends a peering request to: those with a higher name."""
    return tuple(peer for peer in _peered(inventory, cell) if peer > cell)


def peered_hubs(inventory: Inventory, cell: str) -> tuple[str, ...]:
    """The hubs that this cell sends a peering request to."""
    return inventory.hubs_of(cell) if inventory.mesh_of(cell).step.peerings else ()


def most_requests(inventory: Inventory, facts: Facts, cell: str) -> int:
    """How many requests of a cell's account may wait to be accepted at once."""
    region, quotas = inventory.region_of(cell), inventory.quotas_of(cell)
    return int(effective(facts.quota(REQUESTS), region, quotas))


def asks_in_rounds(inventory: Inventory, facts: Facts, cell: str) -> bool:
    """Whether a cell asks more peers and hubs than may wait at once, so that some come later."""
    peers = len(higher_peers(inventory, cell))
    most = most_requests(inventory, facts, cell)
    return peers > 0 and peers + len(peered_hubs(inventory, cell)) > most


def resolving_hubs(inventory: Inventory, cell: str) -> tuple[str, ...]:
    """The hubs of a cell over whose peerings private names are resolved."""
    return tuple(h for h in peered_hubs(inventory, cell) if inventory.hubs[h].dns_resolution)


def _peered(inventory: Inventory, cell: str) -> tuple[str, ...]:
    return inventory.peers_of(cell) if inventory.mesh_of(cell).step.peerings else ()


def edge_stacks(inventory: Inventory, facts: Facts, cell: str) -> Iterator[Stack]:
    """Yield the stacks that join a cell to others; a cell that is alone has none.

    Where connections are being given up, their states are still there, with nothing in them.
    """
    peers, hubs = inventory.peers_of(cell), inventory.hubs_of(cell)
    if inventory.mesh_of(cell).interconnect != STEPS[-1]:
        if hubs or any(peer > cell for peer in peers):
            yield _peering(inventory, facts, cell)
        if any(peer < cell for peer in peers):
            yield _accept(inventory, facts, cell)
    alone = not (peers or hubs or inventory.linked_cells(cell))
    if not alone or inventory.has_central_egress(cell):
        yield _routes(inventory, facts, cell)


def _peering(inventory: Inventory, facts: Facts, cell: str) -> Stack:
    higher = higher_peers(inventory, cell)
    new = [peer for peer in higher if is_new_account(inventory, peer)]
    return Stack(
        id=StackId(cell, "peering"),
        access=member_access(inventory, facts, cell),
        inputs={
            **account_inputs(inventory, cell),
            **whole(cell, "network", network_outputs("vpc_id")),
            PEER_VPCS: put_together(of_each(higher, "network", "vpc_id")),
            "peer_account_ids": put_together(of_each(new, "account", "account_id")),
        },
        outputs={"connection_ids": "map(string)"},
        after=_ways_around(inventory, cell),
    )


def _ways_around(inventory: Inventory, cell: str) -> tuple[StackId, ...]:
    """The routes that must have left the connections of a cell before those are deleted."""
    if inventory.mesh_of(cell).step.peerings:
        return ()
    hubs = (h for h in inventory.hubs_of(cell) if inventory.hubs[h].role is not None)
    cells = (cell, *inventory.peers_of(cell))
    return (*(stack_id(one, "routes") for one in cells), *(stack_id(h, "hub") for h in hubs))


def _accept(inventory: Inventory, facts: Facts, cell: str) -> Stack:
    lower = lower_peers(inventory, cell)
    asked = of_each(lower, "peering", "connection_ids", key=cell)
    is_late = any(asks_in_rounds(inventory, facts, peer) for peer in lower)
    ids = put_together(asked, lacking="next-round" if is_late else "wait")
    return Stack(
        id=StackId(cell, "accept"),
        access=member_access(inventory, facts, cell),
        inputs={
            **account_inputs(inventory, cell),
            "connection_ids": ids,
        },
        outputs={"accepted_ids": "map(string)"},
    )


def _routes(inventory: Inventory, facts: Facts, cell: str) -> Stack:
    """Take each connection once it is active; where a hub's owner accepts by hand, before."""
    lower = {p: entry(cell, "accept", "accepted_ids", p) for p in lower_peers(inventory, cell)}
    higher = of_each(higher_peers(inventory, cell), "accept", "accepted_ids", key=cell)
    hubs = {h: _to_hub(inventory, cell, h) for h in peered_hubs(inventory, cell)}
    has_gateway = inventory.mesh_of(cell).step.gateway
    return Stack(
        id=StackId(cell, "routes"),
        access=member_access(inventory, facts, cell),
        inputs={
            **account_inputs(inventory, cell),
            **whole(cell, "network", network_outputs("node_route_table_ids")),
            "connection_ids": put_together(lower, higher, hubs),
            **(_gateways(inventory, cell) if has_gateway else {}),
        },
        outputs={WAYS: "map(string)"} if has_gateway else {},
    )


def _gateways(inventory: Inventory, cell: str) -> dict[str, Input]:
    """Take the gateway of each way that leads over it, once both of its ends are attached."""
    mesh = inventory.cells[cell].mesh
    reached = [p for p in inventory.reached_from(cell) if inventory.leads_over_gateway(cell, p)]
    ends = [cell, *reached] if reached or inventory.has_central_egress(cell) else []
    ready = {end: entry(mesh, "segments", READY, end) for end in ends}
    linked = {
        far: entry(mesh, "segments", LINKED, inventory.cells[far].mesh)
        for far in inventory.linked_cells(cell)
    }
    return {"gateway_ids": put_together(ready, linked)}


def _to_hub(inventory: Inventory, cell: str, hub: str) -> Source:
    """Where the connection of a cell to a hub comes from: of who accepts it, where that is us."""
    if inventory.hubs[hub].role is None:
        return entry(cell, "peering", "connection_ids", hub)
    return entry(hub, "hub", "accepted_ids", cell)
