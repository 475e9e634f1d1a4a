"""The ways of a cell to its peers and hubs, and whose names it resolves over them.

A route's key is its table and its destination only. What it points at may change, from a peering
to a transit gateway and back: the route keeps its Terraform address and is changed in place, which
the provider does with one ReplaceRoute and no moment without a way.
"""

from __future__ import annotations

from factory.constructs.cdk import (
    Route,
    TerraformLocal,
    TerraformStack,
    VpcPeeringConnectionOptions,
    VpcPeeringConnectionOptionsRequester,
)
from factory.constructs.specs import RoutesSpec
from factory.constructs.stack import for_each


def add_routes(stack: TerraformStack, spec: RoutesSpec) -> None:
    """Route each routable block of each peer and hub from the node table of every zone."""
    rows = {
        f"node-{zone} {block}": {"block": str(block), "peer": peer, "zone": zone}
        for peer, blocks in spec.blocks.items()
        for block in blocks
        for zone in spec.zones
    }
    TerraformLocal(stack, "routes", rows)
    route = Route(
        stack,
        "to-peer",
        route_table_id="${var.node_route_table_ids[each.value.zone]}",
        destination_cidr_block="${each.value.block}",
        vpc_peering_connection_id="${var.connection_ids[each.value.peer]}",
    )
    for_each(route, "${local.routes}")


def add_requester_options(stack: TerraformStack, spec: RoutesSpec) -> None:
    """Resolve private names from the requesting side of active connections."""
    rows = {p: {"connection_id": f'${{var.connection_ids["{p}"]}}'} for p in spec.resolving}
    TerraformLocal(stack, "resolving", rows)
    options = VpcPeeringConnectionOptions(
        stack,
        "names",
        vpc_peering_connection_id="${each.value.connection_id}",
        requester=VpcPeeringConnectionOptionsRequester(allow_remote_vpc_dns_resolution=True),
    )
    for_each(options, "${local.resolving}")
