"""The layer `network`: the VPC of a cell and what is closed and open in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from factory.addressing.need import pod_reservations, reserved_addresses
from factory.constructs.cdk import TerraformStack
from factory.constructs.control_plane_logs import add_control_plane_logs
from factory.constructs.endpoints import add_endpoints
from factory.constructs.flow_logs import add_flow_logs
from factory.constructs.security_groups import CellSecurityGroups
from factory.constructs.specs import IngressPorts, NetworkSpec
from factory.constructs.vpc import CellVpc
from factory.inventory.endpoints import endpoint_services, gateway_services
from factory.inventory.node_config import prefixes_per_node
from factory.inventory.schema import CellType
from factory.layers import Stack
from factory.stacks.frame import Outputs
from factory.stacks.parts import Parts


def describe(parts: Parts, stack: Stack) -> NetworkSpec:
    """Collect what the network of a cell is made of."""
    cell, inventory = stack.id.owner, parts.inventory
    cell_type, addresses = inventory.type_of(cell), parts.plan.cells[cell]
    kept = reserved_addresses(parts.facts)
    prefixes = prefixes_per_node(cell_type, parts.facts)
    return NetworkSpec(
        name=cell,
        region=stack.access.region,
        account_id=stack.access.account,
        addresses=addresses,
        egress=cell_type.egress,
        flow_logs=cell_type.flow_logs,
        hub_blocks={h: tuple(inventory.hubs[h].blocks) for h in inventory.hubs_of(cell)},
        endpoints={
            service: parts.facts.endpoint_services.kind(service).private_names
            for service in endpoint_services(cell_type, parts.facts)
        },
        gateways=gateway_services(cell_type, parts.facts),
        endpoint_accounts=_endpoint_accounts(cell_type, stack.access.account),
        ingress=_ingress_ports(cell_type),
        pod_reservations={
            zone: pod_reservations(blocks["pod"], prefixes, kept)
            for zone, blocks in addresses.zones.items()
        },
    )


def build(terraform: TerraformStack, spec: NetworkSpec) -> Outputs:
    """Add the VPC, its security groups, endpoints and flow logs."""
    network = CellVpc(terraform, spec)
    add_control_plane_logs(terraform, spec.name, network.vpc)
    security = CellSecurityGroups(terraform, spec, network.vpc.id)
    add_endpoints(terraform, spec, network, security.groups["endpoint"].id)
    add_flow_logs(terraform, spec, network.vpc.id)
    return {
        "vpc_id": network.vpc.id,
        "zone_names": {z: s.availability_zone for z, s in network.subnets["pod"].items()},
        "node_subnet_ids": _ids(network.subnets["node"]),
        "pod_subnet_ids": _ids(network.subnets["pod"]),
        "endpoint_subnet_ids": _ids(network.subnets["endpoint"]),
        "control_plane_subnet_ids": _ids(network.subnets["control_plane"]),
        "node_route_table_ids": _ids(network.node_tables),
        "security_group_ids": _ids(security.groups),
    }


def _ingress_ports(cell_type: CellType) -> IngressPorts | None:
    ingress = cell_type.ingress
    if ingress is None:
        return None
    return IngressPorts(listener=ingress.listener_port, node=ingress.node_port)


def _endpoint_accounts(cell_type: CellType, own: str) -> tuple[str, ...] | None:
    if cell_type.endpoint_access == "any":
        return None
    return (own, *sorted(cell_type.trusted_accounts))


def _ids(resources: Mapping[str, Any]) -> dict[str, str]:
    return {name: resource.id for name, resource in resources.items()}
