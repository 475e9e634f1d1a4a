"""The edges of a mesh, as rows of a map that is keyed by the peer's name.

A mesh of 126 cells has 7,875 edges. Written as rows, one more cell adds one key to each of its
peers and edits nothing else. A route's key is its table and its destination only, so that a route
keeps its Terraform address when its target changes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from ipaddress import IPv4Network

from factory.constructs.cdk import (
    Route,
    TerraformLocal,
    TerraformStack,
    VpcPeeringConnection,
    VpcPeeringConnectionAccepterA,
    VpcPeeringConnectionOptions,
    VpcPeeringConnectionOptionsAccepter,
    VpcPeeringConnectionOptionsRequester,
    for_each,
)
from factory.naming import edge_name

_EDGES = "${local.edges}"
_CONNECTION = "${each.value.connection_id}"


def add_requests(
    stack: TerraformStack, cell: str, vpc_id: str, peers: Mapping[str, tuple[str, str]]
) -> str:
    """Ask each peer for a connection.

    Args:
        stack: where the rows go.
        cell: name of the requesting cell.
        vpc_id: its VPC, as a Terraform expression.
        peers: VPC id and account id of each peer, by its name, as text or expressions.

    Returns:
        The expression of a map: connection id by peer name.
    """
    rows = {
        peer: {"account_id": account, "edge": edge_name(cell, peer), "vpc_id": vpc}
        for peer, (vpc, account) in peers.items()
    }
    TerraformLocal(stack, "edges", rows)
    connection = VpcPeeringConnection(
        stack,
        "peer",
        vpc_id=vpc_id,
        peer_vpc_id="${each.value.vpc_id}",
        peer_owner_id="${each.value.account_id}",
        auto_accept=False,
        tags={"Name": "${each.value.edge}"},
    )
    for_each(connection, _EDGES)
    return "${{ for peer, edge in aws_vpc_peering_connection.peer : peer => edge.id }}"


def add_acceptances(stack: TerraformStack, cell: str, connections: Mapping[str, str]) -> str:
    """Accept the connections that lower-named peers asked for, and resolve names over them.

    Args:
        stack: where the rows go.
        cell: name of the accepting cell.
        connections: connection id by peer name, as expressions.

    Returns:
        The expression of a map: connection id by peer name, known once it is active.
    """
    rows = {
        peer: {"connection_id": connection, "edge": edge_name(cell, peer)}
        for peer, connection in connections.items()
    }
    TerraformLocal(stack, "edges", rows)
    accepter = VpcPeeringConnectionAccepterA(
        stack,
        "peer",
        vpc_peering_connection_id=_CONNECTION,
        auto_accept=True,
        tags={"Name": "${each.value.edge}"},
    )
    for_each(accepter, _EDGES)
    options = VpcPeeringConnectionOptions(
        stack,
        "names",
        vpc_peering_connection_id="${aws_vpc_peering_connection_accepter.peer[each.key].id}",
        accepter=VpcPeeringConnectionOptionsAccepter(allow_remote_vpc_dns_resolution=True),
    )
    for_each(options, _EDGES)
    return "${{ for peer, edge in aws_vpc_peering_connection_accepter.peer : peer => edge.id }}"


def add_requester_options(stack: TerraformStack, connections: Mapping[str, str]) -> None:
    """Resolve the peers' private names from the requesting side of active connections."""
    TerraformLocal(stack, "edges", {peer: {"connection_id": c} for peer, c in connections.items()})
    options = VpcPeeringConnectionOptions(
        stack,
        "names",
        vpc_peering_connection_id=_CONNECTION,
        requester=VpcPeeringConnectionOptionsRequester(allow_remote_vpc_dns_resolution=True),
    )
    for_each(options, _EDGES)


def add_routes(
    stack: TerraformStack,
    zones: Sequence[str],
    blocks: Mapping[str, Sequence[IPv4Network]],
    connection: str,
) -> None:
    """Route each routable block of each peer from the node table of every zone.

    Args:
        stack: where the rows go.
        zones: zone ids of the cell.
        blocks: routable blocks by peer name.
        connection: expression of a row's connection id; `each.value.peer` is the peer's name.
    """
    rows = {
        f"{zone} {block}": {"block": str(block), "peer": peer, "zone": zone}
        for peer, peer_blocks in blocks.items()
        for block in peer_blocks
        for zone in zones
    }
    TerraformLocal(stack, "routes", rows)
    route = Route(
        stack,
        "to-peer",
        route_table_id="${var.node_route_table_ids[each.value.zone]}",
        destination_cidr_block="${each.value.block}",
        vpc_peering_connection_id=connection,
    )
    for_each(route, "${local.routes}")
