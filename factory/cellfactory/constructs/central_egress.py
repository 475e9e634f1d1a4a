"""A VPC that cells reach the internet through: NAT gateways behind an attachment to the gateway.

What comes from a cell enters by the subnet of its attachment, whose route table leads to the NAT
gateway of the same zone; what comes back leaves the NAT gateway by the public table, which leads to
the routable blocks of the cells that use it. Appliance mode keeps both directions in one zone.
Nothing else lives here: no pod block is ever routed to it.
"""

from __future__ import annotations

from cellfactory.constructs.cdk import (
    DefaultRouteTable,
    DefaultSecurityGroup,
    Ec2TransitGatewayVpcAttachment,
    Eip,
    InternetGateway,
    NatGateway,
    Route,
    RouteTable,
    RouteTableAssociation,
    Subnet,
    TerraformLocal,
    TerraformStack,
    Vpc,
)
from cellfactory.constructs.flow_logs import add_flow_logs
from cellfactory.constructs.guards import kept
from cellfactory.constructs.stack import for_each
from cellfactory.naming import name_tag
from cellfactory.specs.central import EgressSpec

_EVERYWHERE = "0.0.0.0/0"


def add_central_egress(stack: TerraformStack, spec: EgressSpec) -> str:
    """Add the VPC, its ways and its attachment.

    Returns:
        The expression of a map: the attachment, by the mesh's name; empty while there is none.

    Source:
        https://docs.aws.amazon.com/vpc/latest/tgw/transit-gateway-nat-igw.html
    """
    vpc = _add_vpc(stack, spec)
    add_flow_logs(stack, spec, vpc.id)
    attachment = _add_attachment(stack, spec, vpc)
    gateway = InternetGateway(stack, "internet", vpc_id=vpc.id, tags=_name(spec))
    public = RouteTable(stack, "table-public", vpc_id=vpc.id, tags=_name(spec, "public"))
    _route(stack, "default-of-public", public, gateway_id=gateway.id)
    for zone, block in spec.public.items():
        subnet = _subnet(stack, spec, vpc, f"public-{zone}", zone, block)
        _associate(stack, f"public-{zone}", subnet, public)
        address = Eip(stack, f"nat-address-{zone}", domain="vpc", tags=_name(spec, "nat", zone))
        nat = NatGateway(
            stack,
            f"nat-{zone}",
            allocation_id=address.id,
            subnet_id=subnet.id,
            depends_on=[gateway],
            tags=_name(spec, "nat", zone),
        )
        table = RouteTable(
            stack, f"table-attachment-{zone}", vpc_id=vpc.id, tags=_name(spec, "attachment", zone)
        )
        _associate(stack, f"attachment-{zone}", attachment[zone], table)
        _route(stack, f"default-of-attachment-{zone}", table, nat_gateway_id=nat.id)
    _lead_back(stack, spec, public)
    made = "aws_ec2_transit_gateway_vpc_attachment.way-out"
    return f"${{{{ for mesh, made in {made} : mesh => made.id }}}}"


def _add_vpc(stack: TerraformStack, spec: EgressSpec) -> Vpc:
    """Make the VPC, and leave nothing open in what AWS makes with it."""
    vpc = Vpc(
        stack,
        "egress",
        cidr_block=spec.block,
        enable_dns_hostnames=True,
        enable_dns_support=True,
        tags=_name(spec),
        lifecycle=kept(),
    )
    tags = _name(spec, "default")
    DefaultSecurityGroup(stack, "default", vpc_id=vpc.id, tags=tags)
    main = vpc.default_route_table_id
    DefaultRouteTable(stack, "main", default_route_table_id=main, route=[], tags=tags)
    return vpc


def _add_attachment(stack: TerraformStack, spec: EgressSpec, vpc: Vpc) -> dict[str, Subnet]:
    """Attach the VPC by a subnet of its own in each zone; return these, by zone."""
    subnets = {
        zone: _subnet(stack, spec, vpc, f"attachment-{zone}", zone, block)
        for zone, block in spec.attachment.items()
    }
    TerraformLocal(stack, "attachments", spec.attachments)
    attachment = Ec2TransitGatewayVpcAttachment(
        stack,
        "way-out",
        transit_gateway_id="${each.value.gateway_id}",
        vpc_id=vpc.id,
        subnet_ids=[subnet.id for subnet in subnets.values()],
        dns_support="enable",
        ipv6_support="disable",
        appliance_mode_support="enable",
        security_group_referencing_support="disable",
        transit_gateway_default_route_table_association=False,
        transit_gateway_default_route_table_propagation=False,
        tags=_name(spec),
    )
    for_each(attachment, "${local.attachments}")
    return subnets


def _lead_back(stack: TerraformStack, spec: EgressSpec, public: RouteTable) -> None:
    """Route the routable block of each cell that uses the way out."""
    TerraformLocal(stack, "back", spec.back)
    made = "aws_ec2_transit_gateway_vpc_attachment.way-out"
    route = Route(
        stack,
        "back-to-cell",
        route_table_id=public.id,
        destination_cidr_block="${each.value.block}",
        transit_gateway_id=f"${{one(values({made})).transit_gateway_id}}",
    )
    for_each(route, "${local.back}")


def _subnet(
    stack: TerraformStack, spec: EgressSpec, vpc: Vpc, name: str, zone: str, block: str
) -> Subnet:
    return Subnet(
        stack,
        name,
        vpc_id=vpc.id,
        availability_zone_id=zone,
        cidr_block=block,
        map_public_ip_on_launch=False,
        tags=_name(spec, name),
    )


def _associate(stack: TerraformStack, name: str, subnet: Subnet, table: RouteTable) -> None:
    RouteTableAssociation(stack, f"table-of-{name}", subnet_id=subnet.id, route_table_id=table.id)


def _route(
    stack: TerraformStack,
    name: str,
    table: RouteTable,
    *,
    gateway_id: str | None = None,
    nat_gateway_id: str | None = None,
) -> None:
    Route(
        stack,
        name,
        route_table_id=table.id,
        destination_cidr_block=_EVERYWHERE,
        gateway_id=gateway_id,
        nat_gateway_id=nat_gateway_id,
    )


def _name(spec: EgressSpec, *parts: str) -> dict[str, str]:
    return name_tag(spec.name, "egress", *parts)
