"""A transit gateway, its share with other accounts, the attachments of cells and what they reach.

Nothing is associated or propagated by itself: AWS would let every attachment reach each other, and
takes no route of a VPC that shares a block with another one. Whom an attachment reaches stands in
the static routes of its route table.
"""

from __future__ import annotations

from cellfactory.constructs.cdk import (
    Ec2TransitGateway,
    Ec2TransitGatewayRoute,
    Ec2TransitGatewayRouteTable,
    Ec2TransitGatewayRouteTableAssociation,
    Ec2TransitGatewayVpcAttachment,
    Ec2TransitGatewayVpcAttachmentAccepter,
    RamPrincipalAssociation,
    RamResourceAssociation,
    RamResourceShare,
    RamResourceShareAccepter,
    TerraformLocal,
    TerraformStack,
)
from cellfactory.constructs.guards import kept
from cellfactory.constructs.stack import for_each
from cellfactory.layers.leaf import Rows
from cellfactory.naming import name_tag
from cellfactory.specs.layers import SegmentsSpec, TransitGatewaySpec, TransitSpec

TABLE_OF_ROW = "${aws_ec2_transit_gateway_route_table.segment[each.value.table].id}"
"""The route table of the gateway that a row names."""


def add_gateway(stack: TerraformStack, spec: TransitGatewaySpec) -> Ec2TransitGateway:
    """Make the gateway: no attachment is taken up, associated or routed to by itself."""
    return Ec2TransitGateway(
        stack,
        "mesh",
        description=f"Cells of mesh {spec.name}",
        amazon_side_asn=spec.asn,
        auto_accept_shared_attachments="disable",
        default_route_table_association="disable",
        default_route_table_propagation="disable",
        dns_support="enable",
        multicast_support="disable",
        vpn_ecmp_support="disable",
        tags=name_tag(spec.name),
        lifecycle=kept(),
    )


def add_share(stack: TerraformStack, spec: TransitGatewaySpec, gateway: Ec2TransitGateway) -> str:
    """Share the gateway with the account of each cell and hub, by their ids alone.

    Returns:
        The ARN of the share, known once the gateway is in it.
    """
    share = RamResourceShare(
        stack,
        "share",
        name=spec.name,
        allow_external_principals=spec.is_shared_outside,
        tags=name_tag(spec.name),
    )
    shared = RamResourceAssociation(
        stack, "gateway", resource_arn=gateway.arn, resource_share_arn=share.arn
    )
    for name, rows in (("members", spec.members), ("hubs", spec.hubs)):
        TerraformLocal(stack, name, rows)
        principal = RamPrincipalAssociation(
            stack,
            f"{name}-of-mesh",
            principal="${each.value.account_id}",
            resource_share_arn=share.arn,
        )
        for_each(principal, f"${{local.{name}}}")
    return str(shared.resource_share_arn)


def add_attachment(stack: TerraformStack, spec: TransitSpec) -> str:
    """Attach a cell by a subnet of its own in each zone.

    Returns:
        The expression of a map: the attachment, by the cell's name; empty while there is none.
    """
    share = None
    if spec.has_invitation:
        share = RamResourceShareAccepter(stack, "share", share_arn="${var.share_arn}")
    TerraformLocal(stack, "attachments", spec.attachments)
    attachment = Ec2TransitGatewayVpcAttachment(
        stack,
        "cell",
        transit_gateway_id="${each.value.gateway_id}",
        vpc_id="${var.vpc_id}",
        subnet_ids=[f'${{var.transit_subnet_ids["{zone}"]}}' for zone in spec.zones],
        dns_support="enable",
        ipv6_support="disable",
        appliance_mode_support="disable",
        security_group_referencing_support="disable",
        tags=name_tag(spec.name),
        depends_on=[share] if share else None,
    )
    for_each(attachment, "${local.attachments}")
    return "${{ for cell, made in aws_ec2_transit_gateway_vpc_attachment.cell : cell => made.id }}"


def add_segments(stack: TerraformStack, spec: SegmentsSpec) -> str:
    """Take up the attachments, and give each the route table that says whom it reaches.

    Returns:
        The expression of a map: the gateway that each is reached over, by cell and hub.
    """
    TerraformLocal(stack, "attachments", spec.attachments)
    TerraformLocal(stack, "tables", spec.tables)
    TerraformLocal(stack, "routes", spec.routes)
    accepter = Ec2TransitGatewayVpcAttachmentAccepter(
        stack,
        "accepted",
        transit_gateway_attachment_id="${each.value.attachment_id}",
        transit_gateway_default_route_table_association=False,
        transit_gateway_default_route_table_propagation=False,
        tags={"Name": "${each.key}"},
    )
    for_each(accepter, "${local.attachments}")
    table = Ec2TransitGatewayRouteTable(
        stack,
        "segment",
        transit_gateway_id="${var.gateway_id}",
        tags={"Name": "${each.value.mesh}-${each.key}"},
    )
    for_each(table, "${local.tables}")
    association = Ec2TransitGatewayRouteTableAssociation(
        stack,
        "member",
        transit_gateway_attachment_id=(
            "${aws_ec2_transit_gateway_vpc_attachment_accepter.accepted[each.key].id}"
        ),
        transit_gateway_route_table_id=TABLE_OF_ROW,
    )
    for_each(association, "${local.attachments}")
    route = Ec2TransitGatewayRoute(
        stack,
        "to-member",
        destination_cidr_block="${each.value.block}",
        transit_gateway_attachment_id=(
            "${aws_ec2_transit_gateway_vpc_attachment_accepter.accepted[each.value.to].id}"
        ),
        transit_gateway_route_table_id=TABLE_OF_ROW,
    )
    for_each(route, "${local.routes}")
    if spec.defaults is not None and spec.closed is not None:
        _add_way_out(stack, spec.defaults, spec.closed)
    accepted = "aws_ec2_transit_gateway_vpc_attachment_accepter.accepted"
    members = "aws_ec2_transit_gateway_route_table_association.member"
    return f"${{{{ for name, _ in {members} : name => {accepted}[name].transit_gateway_id }}}}"


def _add_way_out(stack: TerraformStack, defaults: Rows, closed: Rows) -> None:
    """Give the VPC that leads to the internet its route table, and lead to it.

    Its attachment is of the gateway's own account, which AWS takes up by itself.
    """
    TerraformLocal(stack, "defaults", defaults)
    association = Ec2TransitGatewayRouteTableAssociation(
        stack,
        "way-out",
        transit_gateway_attachment_id="${each.value}",
        transit_gateway_route_table_id=(
            '${aws_ec2_transit_gateway_route_table.segment["egress"].id}'
        ),
    )
    for_each(association, "${var.egress_ids}")
    accepted = "aws_ec2_transit_gateway_vpc_attachment_accepter.accepted"
    out = "one(values(aws_ec2_transit_gateway_route_table_association.way-out))"
    route = Ec2TransitGatewayRoute(
        stack,
        "default",
        destination_cidr_block="0.0.0.0/0",
        transit_gateway_attachment_id=(
            f'${{each.value.to == "egress" ? {out}.transit_gateway_attachment_id : '
            f"{accepted}[each.value.to].id}}"
        ),
        transit_gateway_route_table_id=TABLE_OF_ROW,
    )
    for_each(route, "${local.defaults}")
    TerraformLocal(stack, "closed", closed)
    hole = Ec2TransitGatewayRoute(
        stack,
        "not-out",
        destination_cidr_block="${each.value.block}",
        blackhole=True,
        transit_gateway_route_table_id=TABLE_OF_ROW,
    )
    for_each(hole, "${local.closed}")
