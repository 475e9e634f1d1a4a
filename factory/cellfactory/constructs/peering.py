"""The edges of a mesh, as rows of a map that is keyed by the peer's name.

A mesh of 126 cells has 7,875 edges. Written as rows, one more cell adds one key to each of its
peers and edits nothing else.
"""

from __future__ import annotations

from cellfactory.constructs.cdk import (
    Route,
    TerraformLocal,
    TerraformStack,
    VpcPeeringConnection,
    VpcPeeringConnectionAccepterA,
    VpcPeeringConnectionAccepterTimeouts,
    VpcPeeringConnectionOptions,
    VpcPeeringConnectionOptionsAccepter,
    VpcPeeringConnectionTimeouts,
)
from cellfactory.constructs.stack import for_each
from cellfactory.specs.layers import AcceptSpec, HubSpec, PeeringSpec

_EDGES = "${local.edges}"
_ASKED = "{ for peer, edge in aws_vpc_peering_connection.peer : peer => edge.id }"
_ROUND = (
    "${merge({ for peer, vpc in var.peer_vpc_ids : peer => merge(local.edges[peer], "
    "{ vpc_id = vpc }) }, local.hubs)}"
)
_LONG = "10m"  # the provider waits one minute by itself; many are made at once


def add_requests(stack: TerraformStack, spec: PeeringSpec) -> str:
    """Ask each peer for a connection.

    Returns:
        The expression of a map: connection id by peer name; an empty text for a peer whose turn
        comes with a later round.
    """
    TerraformLocal(stack, "edges", spec.edges)
    rows, asked = _EDGES, _ASKED
    if spec.hubs is not None:
        TerraformLocal(stack, "hubs", spec.hubs)
        rows, asked = _ROUND, f'merge({{ for peer, edge in local.edges : peer => "" }}, {_ASKED})'
    connection = VpcPeeringConnection(
        stack,
        "peer",
        vpc_id="${var.vpc_id}",
        peer_vpc_id="${each.value.vpc_id}",
        peer_owner_id="${each.value.account_id}",
        auto_accept=False,
        timeouts=VpcPeeringConnectionTimeouts(create=_LONG, update=_LONG, delete=_LONG),
        tags={"Name": "${each.value.edge}"},
    )
    for_each(connection, rows)
    return f"${{{asked}}}"


def add_acceptances(stack: TerraformStack, spec: AcceptSpec) -> str:
    """Accept the connections that lower-named peers asked for, and resolve names over them.

    Returns:
        The expression of a map: connection id by peer name, known once it is active.
    """
    TerraformLocal(stack, "edges", spec.edges)
    asked = "${var.connection_ids[each.key]}" if spec.in_rounds else "${each.value.connection_id}"
    rows = _known("edges", "key") if spec.in_rounds else _EDGES
    accepter = VpcPeeringConnectionAccepterA(
        stack,
        "peer",
        vpc_peering_connection_id=asked,
        auto_accept=True,
        timeouts=VpcPeeringConnectionAccepterTimeouts(create=_LONG, update=_LONG),
        tags={"Name": "${each.value.edge}"},
    )
    for_each(accepter, rows)
    options = VpcPeeringConnectionOptions(
        stack,
        "names",
        vpc_peering_connection_id="${aws_vpc_peering_connection_accepter.peer[each.key].id}",
        accepter=VpcPeeringConnectionOptionsAccepter(allow_remote_vpc_dns_resolution=True),
    )
    for_each(options, rows)
    return "${{ for peer, edge in aws_vpc_peering_connection_accepter.peer : peer => edge.id }}"


def add_hub(stack: TerraformStack, spec: HubSpec) -> str:
    """Accept, for a hub, what cells asked for so far, and lead back to their nodes.

    Returns:
        The expression of a map: connection id by cell, known once it is active.
    """
    TerraformLocal(stack, "edges", spec.edges)
    known = _known("edges", "key")
    accepter = VpcPeeringConnectionAccepterA(
        stack,
        "cell",
        vpc_peering_connection_id="${var.connection_ids[each.key]}",
        auto_accept=True,
        timeouts=VpcPeeringConnectionAccepterTimeouts(create=_LONG, update=_LONG),
        tags={"Name": "${each.value.edge}"},
    )
    for_each(accepter, known)
    if spec.resolves:
        options = VpcPeeringConnectionOptions(
            stack,
            "names",
            vpc_peering_connection_id="${aws_vpc_peering_connection_accepter.cell[each.key].id}",
            accepter=VpcPeeringConnectionOptionsAccepter(allow_remote_vpc_dns_resolution=True),
        )
        for_each(options, known)
    if spec.routes is not None:
        _add_routes_back(stack, spec)
    return "${{ for cell, edge in aws_vpc_peering_connection_accepter.cell : cell => edge.id }}"


def _add_routes_back(stack: TerraformStack, spec: HubSpec) -> None:
    """Route to each cell from whatever the way leads over, once that is there."""
    TerraformLocal(stack, "routes", spec.routes)
    connection = "aws_vpc_peering_connection_accepter.cell[each.value.peer].id"
    gateway, rows = None, _known("routes", "row.peer")
    if spec.ways is not None:
        connection = f'each.value.over == "peering" ? {connection} : null'
        gateway = '${each.value.over == "gateway" ? var.gateway_ids[each.value.peer] : null}'
        known = "contains(keys(var.connection_ids), row.peer)"
        rows = (
            "${{ for key, row in local.routes : key => row "
            f'if row.over == "gateway" || {known} }}}}'
        )
    route = Route(
        stack,
        "to-cell",
        route_table_id="${each.value.table}",
        destination_cidr_block="${each.value.block}",
        vpc_peering_connection_id=f"${{{connection}}}",
        transit_gateway_id=gateway,
    )
    for_each(route, rows)


def _known(rows: str, peer: str) -> str:
    """Keep the rows of a local whose connection is there.

    Args:
        rows: the local's name.
        peer: expression of the other side's name, in terms of `key` and `row`.
    """
    known = f"contains(keys(var.connection_ids), {peer})"
    return f"${{{{ for key, row in local.{rows} : key => row if {known} }}}}"
