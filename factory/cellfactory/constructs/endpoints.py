"""Ways to AWS services that do not leave the VPC."""

from __future__ import annotations

from cellfactory.constructs.cdk import TerraformStack, VpcEndpoint
from cellfactory.constructs.endpoint_policies import gateway_policy, interface_policy
from cellfactory.constructs.vpc import CellVpc
from cellfactory.naming import name_tag
from cellfactory.specs.layers import NetworkSpec


def add_endpoints(
    stack: TerraformStack, cell: NetworkSpec, network: CellVpc, security_group_id: str
) -> None:
    """Add the gateway endpoints, and an interface endpoint in each zone for each service."""
    pods = [network.pod_table] if network.pod_table is not None else []
    tables = [*network.node_tables.values(), *pods]
    for service in cell.gateways:
        VpcEndpoint(
            stack,
            f"gateway-{service}",
            vpc_id=network.vpc.id,
            service_name=_service_name(cell, service),
            vpc_endpoint_type="Gateway",
            route_table_ids=[table.id for table in tables],
            policy=_gateway_policy(cell, service),
            tags=name_tag(cell.name, service),
        )
    for service, has_private_names in cell.endpoints.items():
        VpcEndpoint(
            stack,
            f"interface-{service.replace('.', '-')}",
            vpc_id=network.vpc.id,
            service_name=_service_name(cell, service),
            vpc_endpoint_type="Interface",
            subnet_ids=[subnet.id for subnet in network.subnets["endpoint"].values()],
            security_group_ids=[security_group_id],
            private_dns_enabled=has_private_names,
            policy=_interface_policy(cell, service),
            tags=name_tag(cell.name, service),
        )


def _gateway_policy(cell: NetworkSpec, service: str) -> str | None:
    if cell.endpoint_accounts is None:
        return None
    return gateway_policy(service, cell.region, cell.endpoint_accounts)


def _interface_policy(cell: NetworkSpec, service: str) -> str | None:
    if cell.endpoint_accounts is None:
        return None
    return interface_policy(service, cell.endpoint_accounts)


def _service_name(cell: NetworkSpec, service: str) -> str:
    return f"com.amazonaws.{cell.region}.{service}"
