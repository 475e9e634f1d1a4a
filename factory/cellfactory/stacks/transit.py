"""The layers `gateway`, `transit` and `segments`: how cells are joined by a transit gateway."""

from __future__ import annotations

from cellfactory.constructs.cdk import TerraformStack
from cellfactory.constructs.central_egress import add_central_egress
from cellfactory.constructs.gateway_links import accept_links, add_link_routes, add_links
from cellfactory.constructs.transit_gateway import (
    add_attachment,
    add_gateway,
    add_segments,
    add_share,
)
from cellfactory.layers.gateway import LINKED, READY, SHARED, WAY_OUT
from cellfactory.specs.central import EgressSpec
from cellfactory.specs.layers import (
    LinkedSpec,
    LinkSpec,
    SegmentsSpec,
    TransitGatewaySpec,
    TransitSpec,
)
from cellfactory.stacks.frame import Outputs


def build_gateway(terraform: TerraformStack, spec: TransitGatewaySpec) -> Outputs:
    """Add the gateway and its share."""
    gateway = add_gateway(terraform, spec)
    share = add_share(terraform, spec, gateway)
    members = "aws_ram_principal_association.members-of-mesh"
    return {
        "gateway_id": gateway.id,
        "share_arn": share,
        SHARED: f"${{{{ for cell, _ in {members} : cell => {gateway.fqn}.id }}}}",
    }


def build_egress(terraform: TerraformStack, spec: EgressSpec) -> Outputs:
    """Add the VPC that leads to the internet, and its attachment."""
    return {WAY_OUT: add_central_egress(terraform, spec)}


def build_transit(terraform: TerraformStack, spec: TransitSpec) -> Outputs:
    """Add the attachment of a cell."""
    return {"attachment_ids": add_attachment(terraform, spec)}


def build_link(terraform: TerraformStack, spec: LinkSpec) -> Outputs:
    """Add the requests to other gateways."""
    return {"attachment_ids": add_links(terraform, spec)}


def build_linked(terraform: TerraformStack, spec: LinkedSpec) -> Outputs:
    """Add the acceptances of the requests of other gateways."""
    return {"accepted_ids": accept_links(terraform, spec)}


def build_segments(terraform: TerraformStack, spec: SegmentsSpec) -> Outputs:
    """Add what the attachments of a mesh reach."""
    ready = add_segments(terraform, spec)
    linked = add_link_routes(terraform, spec)
    return {READY: ready} if linked is None else {READY: ready, LINKED: linked}
