"""Transit gateways of two Regions peered with each other: one asks, the other accepts.

Both sides see one attachment under one id. Between gateways of one Region AWS has peerings too,
with an id for each side; those are not here.

Source:
    https://docs.aws.amazon.com/vpc/latest/tgw/tgw-peering.html
    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateTransitGatewayPeeringAttachment.html
    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AcceptTransitGatewayPeeringAttachment.html
"""

from __future__ import annotations

from moto.core.responses import ActionResult
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.utils import random_transit_gateway_attachment_id

from cellfactory.sandbox import transit_refusals as refusals
from cellfactory.sandbox.transit import FABRIC, Attachment, Place
from cellfactory.sandbox.transit_attachments import KIND
from cellfactory.sandbox.transit_gateways import TransitResponse, require_room
from cellfactory.sandbox.transit_views import admitted, peering_row


class GatewayPeeringResponse(TransitResponse):
    """The actions on peerings of gateways."""

    def create_transit_gateway_peering_attachment(self) -> ActionResult:
        gateway = self.own_gateway(self._get_param("TransitGatewayId"))
        account = self._get_param("PeerAccountId") or self.current_account
        peer_owner = Place(account, self._get_param("PeerRegion"))
        peer = self._get_param("PeerTransitGatewayId")
        if peer_owner.region == self.region:
            code = "UnsupportedOperation"
            message = "This emulator peers transit gateways of different Regions only."
            raise EC2ClientError(code, message)
        if any({gateway.id, peer} == {one.gateway, one.peer} for one in _peerings(gateway.id)):
            raise refusals.attached_already(gateway.id)
        _require_room(gateway.id)
        exists = FABRIC.owns(peer_owner, peer)  # which the account that asks is not told
        after = "pendingAcceptance" if exists else "failed"
        attachment = Attachment(
            id=random_transit_gateway_attachment_id(),
            owner=self.here,
            gateway=gateway.id,
            stage=FABRIC.soon("initiatingRequest", after),
            peer=peer,
            peer_owner=peer_owner,
        )
        FABRIC.attachments[attachment.id] = attachment
        self.tag(attachment.id, KIND)
        return self._shown_peering(attachment)

    def accept_transit_gateway_peering_attachment(self) -> ActionResult:
        attachment = self._asked_by_peer()
        _require_room(attachment.peer, but=attachment.id)
        attachment.stage = FABRIC.soon("pending", "available")
        return self._shown_peering(attachment)

    def reject_transit_gateway_peering_attachment(self) -> ActionResult:
        attachment = self._asked_by_peer()
        attachment.stage = FABRIC.soon("rejecting", "rejected")
        return self._shown_peering(attachment)

    def delete_transit_gateway_peering_attachment(self) -> ActionResult:
        attachment = self._peering()
        if attachment.stage.name in ("deleting", "rejecting"):
            raise refusals.wrong_state(attachment.id)
        attachment.stage = FABRIC.soon("deleting", "deleted")
        FABRIC.forget(attachment)
        return self._shown_peering(attachment)

    def describe_transit_gateway_peering_attachments(self) -> ActionResult:
        seen = {
            one.id: one
            for one in FABRIC.attachments.values()
            if one.is_peering and self.here in FABRIC.sides(one)
        }
        wanted = self._get_param("TransitGatewayAttachmentIds", [])
        for attachment in wanted:
            if attachment not in seen:
                raise refusals.no_attachment(attachment, "peering")
        rows = [peering_row(seen[one], self.tags_of(one)) for one in wanted or seen]
        return ActionResult({"TransitGatewayPeeringAttachments": admitted(rows, self.filters())})

    def _peering(self) -> Attachment:
        return self.seen_attachment(self._get_param("TransitGatewayAttachmentId"), "peering")

    def _asked_by_peer(self) -> Attachment:
        """Find a peering that another gateway asked one of the caller's for."""
        attachment = self._peering()
        if attachment.peer_owner != self.here:
            raise refusals.own_request(attachment.id)
        if attachment.stage.name != "pendingAcceptance":
            raise refusals.wrong_state(attachment.id)
        return attachment

    def _shown_peering(self, attachment: Attachment) -> ActionResult:
        row = peering_row(attachment, self.tags_of(attachment.id))
        return ActionResult({"TransitGatewayPeeringAttachment": row})


def _peerings(gateway: str) -> list[Attachment]:
    return [one for one in FABRIC.attached(gateway) if one.is_peering]


def _require_room(gateway: str, but: str = "") -> None:
    """Refuse one more peering than the quotas of a gateway allow."""
    others = [one for one in FABRIC.attached(gateway) if one.id != but]
    peered = sum(1 for one in others if one.is_peering)
    name = "TransitGatewayPeeringAttachment"
    require_room(name, "peerings-per-transit-gateway", peered, gateway)
    name = "TransitGatewayAttachment"
    require_room(name, "attachments-per-transit-gateway", len(others), gateway)
