"""Ways to AWS services that do not leave the VPC."""

from __future__ import annotations

from factory.constructs.cdk import TerraformStack, VpcEndpoint
from factory.constructs.specs import NetworkSpec
from factory.constructs.vpc import CellVpc
from factory.inventory.endpoints import GATEWAY_SERVICES
from factory.naming import name_tag


def add_endpoints(
    stack: TerraformStack, cell: NetworkSpec, network: CellVpc, security_group_id: str
) -> None:
    """Add the gateway endpoints, and an interface endpoint in each zone for each service."""
    tables = [*network.node_tables.values(), network.pod_table]
    for service in GATEWAY_SERVICES:
        VpcEndpoint(
            stack,
            f"gateway-{service}",
            vpc_id=network.vpc.id,
            service_name=_service_name(cell, service),
            vpc_endpoint_type="Gateway",
            route_table_ids=[table.id for table in tables],
            tags=name_tag(cell.name, service),
        )
    for service in cell.endpoints:
        VpcEndpoint(
            stack,
            f"interface-{service.replace('.', '-')}",
            vpc_id=network.vpc.id,
            service_name=_service_name(cell, service),
            vpc_endpoint_type="Interface",
            subnet_ids=[subnet.id for subnet in network.subnets["endpoint"].values()],
            security_group_ids=[security_group_id],
            private_dns_enabled=True,
            tags=name_tag(cell.name, service),
        )


def _service_name(cell: NetworkSpec, service: str) -> str:
    return f"com.amazonaws.{cell.region}.{service}"
