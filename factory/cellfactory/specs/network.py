"""The layer `network`: the VPC of a cell and what is closed and open in it."""

from __future__ import annotations

from cellfactory.addressing.blocks import subnet_kinds
from cellfactory.addressing.need import pod_reservations, reserved_addresses
from cellfactory.inventory.endpoints import endpoint_services, gateway_services
from cellfactory.inventory.node_config import prefixes_per_node
from cellfactory.inventory.schema import CellType
from cellfactory.layers import Stack
from cellfactory.specs.layers import IngressPorts, NetworkSpec
from cellfactory.specs.parts import Parts


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
        primary=str(addresses.primary),
        pod_blocks=tuple(map(str, addresses.pod_blocks)),
        subnets={
            kind: {zone: str(blocks[kind]) for zone, blocks in addresses.zones.items()}
            for kind in subnet_kinds(
                egress=cell_type.egress == "nat_gateway",
                gateway=inventory.mesh_of(cell).step.gateway,
                pods=cell_type.has_pod_blocks,
            )
        },
        pod_block_of={
            zone: next(i for i, b in enumerate(addresses.pod_blocks) if blocks["pod"].subnet_of(b))
            for zone, blocks in addresses.zones.items()
            if "pod" in blocks
        },
        egress="nat_gateway" if cell_type.egress == "nat_gateway" else "none",
        ipv6_block=cell_type.has_ipv6_block,
        ipv6_pods=not cell_type.has_pod_blocks,
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
            zone: {b.prefixlen: str(b) for b in pod_reservations(blocks["pod"], prefixes, kept)}
            for zone, blocks in addresses.zones.items()
            if "pod" in blocks
        },
    )


def _ingress_ports(cell_type: CellType) -> IngressPorts | None:
    ingress = cell_type.ingress
    if ingress is None:
        return None
    return IngressPorts(listener=ingress.listener_port, node=ingress.node_port)


def _endpoint_accounts(cell_type: CellType, own: str) -> tuple[str, ...] | None:
    if cell_type.endpoint_access == "any":
        return None
    return (own, *sorted(cell_type.trusted_accounts))
