"""The layers that join a cell to its peers and hubs.

The cell with the lower name asks, the other accepts; whichever it is, each keeps its own way to
the other in `routes`. That state outlives the kind of interconnect: what a route points at can
change in place, which it could not if it lay in the state of a peering.
"""

from __future__ import annotations

from collections.abc import Iterator

from cellfactory.facts.schema import Facts
from cellfactory.inventory.schema import Inventory
from cellfactory.layers.access import is_new_account, member_access
from cellfactory.layers.cell import account_inputs, network_outputs
from cellfactory.layers.stack import Source, Stack, StackId
from cellfactory.layers.wiring import entry, of_each, put_together, whole

REQUESTS = "outstanding-peering-requests"
"""The quota of requests that wait; AWS counts them for the account that asks."""

PEER_VPCS = "peer_vpc_ids"
"""The variable that holds whom a cell asks, by name."""


def lower_peers(inventory: Inventory, cell: str) -> tuple[str, ...]:
    """The cells whose peering requests this cell accepts: those with a lower name."""
    return tuple(peer for peer in inventory.peers_of(cell) if peer < cell)


def higher_peers(inventory: Inventory, cell: str) -> tuple[str, ...]:
    """The cells that this cell sends a peering request to: those with a higher name."""
    return tuple(peer for peer in inventory.peers_of(cell) if peer > cell)


def most_requests(inventory: Inventory, facts: Facts, cell: str) -> int:
    """How many requests of a cell's account may wait to be accepted at once."""
    quota = facts.quota(REQUESTS)
    return int(inventory.quotas_of(cell).get(quota.code, quota.default))


def asks_in_rounds(inventory: Inventory, facts: Facts, cell: str) -> bool:
    """Whether a cell asks more peers and hubs than may wait at once, so that some come later."""
    peers = len(higher_peers(inventory, cell))
    most = most_requests(inventory, facts, cell)
    return peers > 0 and peers + len(inventory.hubs_of(cell)) > most


def resolving_hubs(inventory: Inventory, cell: str) -> tuple[str, ...]:
    """The hubs of a cell over which private names are resolved."""
    return tuple(h for h in inventory.hubs_of(cell) if inventory.hubs[h].dns_resolution)


def edge_stacks(inventory: Inventory, facts: Facts, cell: str) -> Iterator[Stack]:
    """Yield the stacks that join a cell to others; a cell that is alone has none."""
    asks = bool(higher_peers(inventory, cell) or inventory.hubs_of(cell))
    accepts = bool(lower_peers(inventory, cell))
    if asks:
        yield _peering(inventory, facts, cell)
    if accepts:
        yield _accept(inventory, facts, cell)
    if asks or accepts:
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
    )


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
    hubs = {h: _to_hub(inventory, cell, h) for h in inventory.hubs_of(cell)}
    return Stack(
        id=StackId(cell, "routes"),
        access=member_access(inventory, facts, cell),
        inputs={
            **account_inputs(inventory, cell),
            **whole(cell, "network", network_outputs("node_route_table_ids")),
            "connection_ids": put_together(lower, higher, hubs),
        },
    )


def _to_hub(inventory: Inventory, cell: str, hub: str) -> Source:
    """Where the connection of a cell to a hub comes from: of who accepts it, where that is us."""
    if inventory.hubs[hub].role is None:
        return entry(cell, "peering", "connection_ids", hub)
    return entry(hub, "hub", "accepted_ids", cell)
