"""VPCs attached to transit gateways: asked for, accepted, changed, deleted.

The owner of a shared gateway accepts what another account attaches, unless the gateway accepts by
itself. Either side deletes. An attachment has an interface in each of its subnets, which keeps the
subnet, and one of its VPC's is the most that a gateway has.

Source:
    https://docs.aws.amazon.com/vpc/latest/tgw/tgw-vpc-attachments.html
    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateTransitGatewayVpcAttachment.html
    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyTransitGatewayVpcAttachment.html
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.exceptions import InvalidSubnetIdError
from moto.ec2.models import ec2_backends
from moto.ec2.utils import random_transit_gateway_attachment_id

from cellfactory.sandbox import transit_refusals as refusals
from cellfactory.sandbox.transit import FABRIC, Attachment, Gateway
from cellfactory.sandbox.transit_gateways import TransitResponse, require_room
from cellfactory.sandbox.transit_views import admitted, attachment_row, vpc_row

DEFAULTS = {
    "ApplianceModeSupport": "disable",
    "DnsSupport": "enable",
    "Ipv6Support": "disable",
    "SecurityGroupReferencingSupport": "enable",  # the gateway's, which is off, counts as well
}
KIND = "transit-gateway-attachment"  # as tags name it


class AttachmentResponse(TransitResponse):
    """The actions on attachments of VPCs, and the list of all attachments."""

    def create_transit_gateway_vpc_attachment(self) -> ActionResult:
        gateway = self.seen_gateway(self._get_param("TransitGatewayId"))
        vpc = self.ec2_backend.get_vpc(self._get_param("VpcId")).id
        subnets = list(self._get_param("SubnetIds", []))
        self._require_subnets(vpc, subnets)
        if FABRIC.vpc_attachment(gateway.id, vpc) is not None:
            raise refusals.attached_already(gateway.id)
        _require_attachable(gateway, vpc)
        accepted = gateway.owner == self.here or gateway.has("AutoAcceptSharedAttachments")
        attachment = Attachment(
            id=random_transit_gateway_attachment_id(),
            owner=self.here,
            gateway=gateway.id,
            stage=FABRIC.soon("pending", "pendingAcceptance"),
            vpc=vpc,
            subnets=subnets,
            options={**DEFAULTS, **(self._get_param("Options") or {})},
        )
        FABRIC.attachments[attachment.id] = attachment
        self.tag(attachment.id, KIND)
        if accepted:
            _connect(attachment, gateway)
        return self._shown(attachment)

    def accept_transit_gateway_vpc_attachment(self) -> ActionResult:
        attachment = self._asked_of_us()
        _connect(attachment, FABRIC.gateways[attachment.gateway])
        return self._shown(attachment)

    def reject_transit_gateway_vpc_attachment(self) -> ActionResult:
        attachment = self._asked_of_us()
        attachment.stage = FABRIC.soon("rejecting", "rejected")
        return self._shown(attachment)

    def modify_transit_gateway_vpc_attachment(self) -> ActionResult:
        attachment = self._named()
        if attachment.owner != self.here:
            raise refusals.no_attachment(attachment.id)
        if not attachment.carries:
            raise refusals.wrong_state(attachment.id)
        gone = set(self._get_param("RemoveSubnetIds", []))
        kept = [subnet for subnet in attachment.subnets if subnet not in gone]
        added = [one for one in self._get_param("AddSubnetIds", []) if one not in kept]
        self._require_subnets(attachment.vpc, [*kept, *added])
        attachment.subnets = [*kept, *added]
        attachment.options.update(self._get_param("Options") or {})
        attachment.stage = FABRIC.soon("modifying", "available")
        _place_interfaces(attachment)
        return self._shown(attachment)

    def delete_transit_gateway_vpc_attachment(self) -> ActionResult:
        attachment = self._named()
        if attachment.stage.name in ("deleting", "rejecting"):
            raise refusals.wrong_state(attachment.id)
        attachment.stage = FABRIC.soon("deleting", "deleted")
        FABRIC.forget(attachment)
        _remove_interfaces(attachment, attachment.subnets)
        return self._shown(attachment)

    def describe_transit_gateway_vpc_attachments(self) -> ActionResult:
        found = [one for one in self._wanted() if not one.is_peering]
        rows = admitted((vpc_row(one, self.tags_of(one.id)) for one in found), self.filters())
        return ActionResult({"TransitGatewayVpcAttachments": rows})

    def describe_transit_gateway_attachments(self) -> ActionResult:
        rows = (attachment_row(o, self.here, self.tags_of(o.id)) for o in self._wanted())
        return ActionResult({"TransitGatewayAttachments": admitted(rows, self.filters())})

    def _wanted(self) -> list[Attachment]:
        """List what the caller sees of what it asks for: by id, or everything."""
        wanted = self._get_param("TransitGatewayAttachmentIds", [])
        seen = {k: a for k, a in FABRIC.attachments.items() if self.here in FABRIC.sides(a)}
        for attachment in wanted:
            if attachment not in seen:
                raise refusals.no_attachment(attachment, "")
        return [seen[one] for one in wanted or seen]

    def _named(self) -> Attachment:
        return self.seen_attachment(self._get_param("TransitGatewayAttachmentId"), "vpc")

    def _asked_of_us(self) -> Attachment:
        """Find an attachment to a gateway of the caller's that waits to be accepted."""
        attachment = self._named()
        if not FABRIC.owns(self.here, attachment.gateway):
            raise refusals.no_attachment(attachment.id)
        if attachment.stage.name != "pendingAcceptance":
            raise refusals.wrong_state(attachment.id)
        return attachment

    def _shown(self, attachment: Attachment) -> ActionResult:
        row = vpc_row(attachment, self.tags_of(attachment.id))
        return ActionResult({"TransitGatewayVpcAttachment": row})

    def _require_subnets(self, vpc: str, subnets: list[str]) -> None:
        if not subnets:
            raise refusals.no_subnets(vpc)
        zones = []
        for subnet in subnets:
            try:
                known = self.ec2_backend.get_subnet(subnet)
            except InvalidSubnetIdError:
                raise refusals.no_subnet(subnet) from None
            if known.vpc_id != vpc:
                raise refusals.foreign_subnet(subnet, vpc)
            zones.append(known.availability_zone)
        if len(set(zones)) < len(zones):
            raise refusals.same_zone()


def _require_attachable(gateway: Gateway, vpc: str) -> None:
    """Refuse what is beyond the quotas of the gateway and of the VPC."""
    used = sum(1 for _ in FABRIC.attached(gateway.id))
    require_room("TransitGatewayAttachment", "attachments-per-transit-gateway", used, gateway.id)
    has = sum(1 for one in FABRIC.attachments.values() if one.vpc == vpc and one.is_there)
    require_room("TransitGatewayVpcAttachment", "transit-gateways-per-vpc", has, vpc)


def _connect(attachment: Attachment, gateway: Gateway) -> None:
    """Let an attachment become available, with the default tables if the gateway has such."""
    attachment.stage = FABRIC.soon("pending", "available")
    _place_interfaces(attachment)
    ready = FABRIC.soon("associating", "associated")
    table = FABRIC.tables.get(gateway.options.get("AssociationDefaultRouteTableId", ""))
    if table is not None:
        table.associations[attachment.id] = ready
    table = FABRIC.tables.get(gateway.options.get("PropagationDefaultRouteTableId", ""))
    if table is not None:
        table.propagations[attachment.id] = FABRIC.soon("enabling", "enabled")


def _place_interfaces(attachment: Attachment) -> None:
    """Have one interface in each subnet of an attachment, and none elsewhere."""
    backend = _backend(attachment)
    held = {eni.subnet.id for eni in _interfaces(attachment)}
    _remove_interfaces(attachment, held.difference(attachment.subnets))
    for subnet in attachment.subnets:
        if subnet not in held:
            told = _description(attachment)
            made = backend.create_network_interface(subnet, None, description=told)
            made.interface_type, made.status = "transit_gateway", "in-use"
            made.requester_managed = True


def _remove_interfaces(attachment: Attachment, subnets: Iterable[str]) -> None:
    backend, gone = _backend(attachment), set(subnets)
    for eni in _interfaces(attachment):
        if eni.subnet.id in gone:
            backend.enis.pop(eni.id, None)


def _interfaces(attachment: Attachment) -> list[Any]:
    told = _description(attachment)
    return [eni for eni in _backend(attachment).enis.values() if eni.description == told]


def _description(attachment: Attachment) -> str:
    return f"Network Interface for Transit Gateway Attachment {attachment.id}"


def _backend(attachment: Attachment) -> Any:
    return ec2_backends[attachment.owner.account][attachment.owner.region]
