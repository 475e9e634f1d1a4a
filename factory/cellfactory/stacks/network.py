"""The layer `network`: the VPC of a cell and what is closed and open in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cellfactory.constructs.cdk import TerraformStack
from cellfactory.constructs.control_plane_logs import add_control_plane_logs
from cellfactory.constructs.endpoints import add_endpoints
from cellfactory.constructs.flow_logs import add_flow_logs
from cellfactory.constructs.security_groups import CellSecurityGroups
from cellfactory.constructs.vpc import CellVpc
from cellfactory.specs.layers import NetworkSpec
from cellfactory.stacks.frame import Outputs


def build(terraform: TerraformStack, spec: NetworkSpec) -> Outputs:
    """Add the VPC, its security groups, endpoints and flow logs."""
    network = CellVpc(terraform, spec)
    add_control_plane_logs(terraform, spec.name, network.vpc)
    security = CellSecurityGroups(terraform, spec, network.vpc.id)
    add_endpoints(terraform, spec, network, security.groups["endpoint"].id)
    add_flow_logs(terraform, spec, network.vpc.id)
    made: dict[str, object] = {
        "vpc_id": network.vpc.id,
        **_of_pods(network, spec),
        "node_subnet_ids": _ids(network.subnets["node"]),
        "endpoint_subnet_ids": _ids(network.subnets["endpoint"]),
        "control_plane_subnet_ids": _ids(network.subnets["control_plane"]),
        "node_route_table_ids": _ids(network.node_tables),
        "security_group_ids": _ids(security.groups),
    }
    if "transit" in network.subnets:
        made["transit_subnet_ids"] = _ids(network.subnets["transit"])
    return made


def _of_pods(network: CellVpc, spec: NetworkSpec) -> Outputs:
    """Say where pods have their addresses: of subnets of their own, or of the block of the VPC."""
    if spec.ipv6_pods:
        return {"ipv6_block": network.vpc.ipv6_cidr_block}
    return {
        "zone_names": {z: s.availability_zone for z, s in network.subnets["pod"].items()},
        "pod_subnet_ids": _ids(network.subnets["pod"]),
    }


def _ids(resources: Mapping[str, Any]) -> dict[str, str]:
    return {name: resource.id for name, resource in resources.items()}
