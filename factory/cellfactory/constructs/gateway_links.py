"""Peerings of a transit gateway with those of other meshes, in whatever account and Region.

Traffic stays inside AWS's network; no route is learnt over a peering, so all of them are static.
"""

from __future__ import annotations

from cellfactory.constructs.cdk import (
    Ec2TransitGatewayPeeringAttachment,
    Ec2TransitGatewayPeeringAttachmentAccepter,
    Ec2TransitGatewayPeeringAttachmentOptions,
    Ec2TransitGatewayRoute,
    Ec2TransitGatewayRouteTableAssociation,
    TerraformLocal,
    TerraformStack,
)
from cellfactory.constructs.stack import for_each
from cellfactory.constructs.transit_gateway import TABLE_OF_ROW
from cellfactory.specs.layers import LinkedSpec, LinkSpec, SegmentsSpec


def add_links(stack: TerraformStack, spec: LinkSpec) -> str:
    """Ask other gateways to peer.

    That routes are static is said, since AWS tells it of every peering: the provider would make
    the attachment anew at each plan that does not say it.

    Returns:
        The expression of a map: the attachment, by mesh.
    """
    TerraformLocal(stack, "links", spec.links)
    attachment = Ec2TransitGatewayPeeringAttachment(
        stack,
        "mesh",
        transit_gateway_id="${var.gateway_id}",
        peer_account_id="${each.value.account_id}",
        peer_region="${each.value.region}",
        peer_transit_gateway_id="${each.value.gateway_id}",
        options=Ec2TransitGatewayPeeringAttachmentOptions(dynamic_routing="disable"),
        tags={"Name": "${each.value.link}"},
    )
    for_each(attachment, "${local.links}")
    made = "aws_ec2_transit_gateway_peering_attachment.mesh"
    return f"${{{{ for mesh, link in {made} : mesh => link.id }}}}"


def accept_links(stack: TerraformStack, spec: LinkedSpec) -> str:
    """Accept what other gateways asked for.

    Returns:
        The expression of a map: the attachment, by mesh, known once it is there for both.
    """
    TerraformLocal(stack, "links", spec.links)
    accepter = Ec2TransitGatewayPeeringAttachmentAccepter(
        stack,
        "mesh",
        transit_gateway_attachment_id="${each.value.attachment_id}",
        tags={"Name": "${each.value.link}"},
    )
    for_each(accepter, "${local.links}")
    made = "aws_ec2_transit_gateway_peering_attachment_accepter.mesh"
    return f"${{{{ for mesh, link in {made} : mesh => link.id }}}}"


def add_link_routes(stack: TerraformStack, spec: SegmentsSpec) -> str | None:
    """Route to the cells of other meshes, and let what comes from there reach ours alone.

    Returns:
        The expression of a map: our gateway, by mesh; None where no mesh is linked.
    """
    if spec.links is None:
        return None
    TerraformLocal(stack, "links", spec.links)
    TerraformLocal(stack, "link-routes", spec.link_routes if spec.link_routes is not None else {})
    association = Ec2TransitGatewayRouteTableAssociation(
        stack,
        "link",
        transit_gateway_attachment_id="${var.link_ids[each.key]}",
        transit_gateway_route_table_id=TABLE_OF_ROW,
    )
    for_each(association, "${local.links}")
    route = Ec2TransitGatewayRoute(
        stack,
        "to-link",
        destination_cidr_block="${each.value.block}",
        transit_gateway_attachment_id="${var.link_ids[each.value.to]}",
        transit_gateway_route_table_id=TABLE_OF_ROW,
    )
    for_each(route, "${local.link-routes}")
    made = "aws_ec2_transit_gateway_route_table_association.link"
    return f"${{{{ for mesh, _ in {made} : mesh => var.gateway_id }}}}"
