"""The ways of a cell to its peers and hubs, and whose names it resolves over them.

A route's key is its table and its destination only. What it points at may change, from a peering
to a transit gateway and back: the route keeps its Terraform address and is changed in place, which
the provider does with one ReplaceRoute and no moment without a way.
"""

from __future__ import annotations

from cellfactory.constructs.cdk import (
    DataAwsVpcPeeringConnection,
    Route,
    TerraformLocal,
    TerraformStack,
    VpcPeeringConnectionOptions,
    VpcPeeringConnectionOptionsRequester,
)
from cellfactory.constructs.stack import for_each
from cellfactory.specs.layers import RoutesSpec


def add_routes(stack: TerraformStack, spec: RoutesSpec) -> None:
    """Route each routable block of each peer and hub from the node table of every zone."""
    TerraformLocal(stack, "routes", spec.routes)
    connection, gateway = "var.connection_ids[each.value.peer]", "var.gateway_ids[each.value.peer]"
    has_gateway = spec.ways is not None
    if has_gateway:
        connection = f'each.value.over == "peering" ? {connection} : null'
        gateway = f'each.value.over == "gateway" ? {gateway} : null'
    route = Route(
        stack,
        "to-peer",
        route_table_id="${var.node_route_table_ids[each.value.zone]}",
        destination_cidr_block="${each.value.block}",
        vpc_peering_connection_id=f"${{{connection}}}",
        transit_gateway_id=f"${{{gateway}}}" if has_gateway else None,
    )
    for_each(route, "${local.routes}")


def add_requester_options(stack: TerraformStack, spec: RoutesSpec) -> None:
    """Resolve private names from the requesting side of active connections.

    Those of peers are active: this state takes them once they are. Whether a hub's owner has
    accepted yet, each plan asks: EC2 takes no options before, and nothing else has to wait for it.

    Source:
        https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyVpcPeeringConnectionOptions.html
    """
    TerraformLocal(stack, "resolving", spec.resolving)
    rows = "local.resolving"
    if spec.resolving_hubs is not None:
        TerraformLocal(stack, "resolving_hubs", spec.resolving_hubs)
        for_each(
            DataAwsVpcPeeringConnection(stack, "hub", id="${each.value.connection_id}"),
            "${local.resolving_hubs}",
        )
        active = 'if data.aws_vpc_peering_connection.hub[hub].status == "active"'
        rows = f"merge({rows}, {{ for hub, row in local.resolving_hubs : hub => row {active} }})"
    options = VpcPeeringConnectionOptions(
        stack,
        "names",
        vpc_peering_connection_id="${each.value.connection_id}",
        requester=VpcPeeringConnectionOptionsRequester(allow_remote_vpc_dns_resolution=True),
    )
    for_each(options, f"${{{rows}}}")
