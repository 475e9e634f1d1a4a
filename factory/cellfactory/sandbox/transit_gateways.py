"""The EC2 API of transit gateways: made, shown to whom they are shared with, changed, deleted.

Source:
    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateTransitGateway.html
    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyTransitGateway.html
    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteTransitGateway.html
"""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.responses import EC2Response
from moto.ec2.utils import random_transit_gateway_id, random_transit_gateway_route_table_id

from cellfactory.facts.loader import load_facts
from cellfactory.sandbox import transit_refusals as refusals
from cellfactory.sandbox.sharing import is_shared_with
from cellfactory.sandbox.transit import FABRIC, Attachment, Gateway, Place, Table
from cellfactory.sandbox.transit_views import Row, admitted, gateway_row

DEFAULTS = {
    "AmazonSideAsn": 64512,
    "AutoAcceptSharedAttachments": "disable",
    "DefaultRouteTableAssociation": "enable",
    "DefaultRouteTablePropagation": "enable",
    "DnsSupport": "enable",
    "MulticastSupport": "disable",
    "SecurityGroupReferencingSupport": "disable",
    "VpnEcmpSupport": "enable",
}
_DEFAULT_TABLES = {
    "DefaultRouteTableAssociation": "AssociationDefaultRouteTableId",
    "DefaultRouteTablePropagation": "PropagationDefaultRouteTableId",
}


class TransitResponse(EC2Response):
    """What every action on gateways needs: who calls, and what that caller sees."""

    @property
    def here(self) -> Place:
        """The account and the Region that are called."""
        return Place(self.current_account, self.region)

    def seen_gateway(self, gateway: str) -> Gateway:
        """Find a gateway of the caller's or shared with it, which is ready."""
        known = FABRIC.gateways.get(gateway)
        if known is None or not self._sees(known) or known.stage.name == "deleted":
            raise refusals.no_gateway(gateway)
        if known.stage.name not in ("available", "modifying"):
            raise refusals.wrong_state(gateway)
        return known

    def own_gateway(self, gateway: str) -> Gateway:
        """Find a gateway that the caller owns."""
        if not FABRIC.owns(self.here, gateway):
            raise refusals.no_gateway(gateway)
        return FABRIC.gateways[gateway]

    def seen_attachment(self, attachment: str, kind: str = "") -> Attachment:
        """Find an attachment that is there and that the caller has an end of."""
        known = FABRIC.attachments.get(attachment)
        if known is None or known.stage.name == "deleted":
            raise refusals.no_attachment(attachment, kind)
        wrong = bool(kind) and known.is_peering != (kind == "peering")
        if wrong or self.here not in FABRIC.sides(known):
            raise refusals.no_attachment(attachment, kind)
        return known

    def own_table(self, table: str) -> Table:
        """Find a route table of a gateway that the caller owns."""
        known = FABRIC.tables.get(table)
        if known is None or known.stage.name == "deleted":
            raise refusals.no_table(table)
        if not FABRIC.owns(self.here, known.gateway):
            raise refusals.no_table(table)
        return known

    def tags_of(self, thing: str) -> list[Row]:
        """List the tags that the caller's account gave to something."""
        own = self.ec2_backend.tags.get(thing, {})
        return [{"Key": key, "Value": value} for key, value in own.items()]

    def tag(self, thing: str, kind: str) -> None:
        """Give something the tags that the request has for things of its kind."""
        for key, value in self._parse_tag_specification().get(kind, {}).items():
            self.ec2_backend.create_tags([thing], {key: value})

    def filters(self) -> dict[str, list[str]]:
        """The filters of the request, by name."""
        found: Any = self._filters_from_querystring()
        return dict(found)

    def _sees(self, gateway: Gateway) -> bool:
        if gateway.owner.region != self.region:
            return False
        own = gateway.owner.account == self.current_account
        return own or is_shared_with(gateway.arn, self.current_account)


class GatewayResponse(TransitResponse):
    """The actions on gateways themselves."""

    def create_transit_gateway(self) -> ActionResult:
        own = [g for g in FABRIC.gateways.values() if FABRIC.owns(self.here, g.id)]
        require_room("TransitGateway", "transit-gateways", len(own), self.current_account)
        gateway = Gateway(
            id=random_transit_gateway_id(),
            owner=self.here,
            description=self._get_param("Description") or "",
            options={**DEFAULTS, **(self._get_param("Options") or {})},
            stage=FABRIC.soon("pending", "available"),
        )
        FABRIC.gateways[gateway.id] = gateway
        self.tag(gateway.id, "transit-gateway")
        _add_default_table(gateway)
        return ActionResult({"TransitGateway": gateway_row(gateway, self.tags_of(gateway.id))})

    def describe_transit_gateways(self) -> ActionResult:
        wanted = self._get_param("TransitGatewayIds", [])
        seen = {one.id: one for one in FABRIC.gateways.values() if self._sees(one)}
        for gateway in wanted:
            if gateway not in seen:
                raise refusals.no_gateway(gateway)
        rows = [gateway_row(seen[one], self.tags_of(one)) for one in wanted or seen]
        return ActionResult({"TransitGateways": admitted(rows, self.filters())})

    def modify_transit_gateway(self) -> ActionResult:
        gateway = self.own_gateway(self._get_param("TransitGatewayId"))
        asked = dict(self._get_param("Options") or {})
        description = self._get_param("Description")
        gateway.description = gateway.description if description is None else description
        blocks = set(gateway.options.get("TransitGatewayCidrBlocks", ()))
        blocks |= set(asked.pop("AddTransitGatewayCidrBlocks", ()))
        blocks -= set(asked.pop("RemoveTransitGatewayCidrBlocks", ()))
        if blocks:
            asked["TransitGatewayCidrBlocks"] = sorted(blocks)
        gateway.options.update(asked)
        for switch, table in _DEFAULT_TABLES.items():
            if not gateway.has(switch):
                gateway.options.pop(table, None)
        gateway.stage = FABRIC.soon("modifying", "available")
        return ActionResult({"TransitGateway": gateway_row(gateway, self.tags_of(gateway.id))})

    def delete_transit_gateway(self) -> ActionResult:
        gateway = self.own_gateway(self._get_param("TransitGatewayId"))
        for is_peering in (False, True):
            held = [one.id for one in _held(gateway) if one.is_peering == is_peering]
            if held:
                raise refusals.attached(gateway.id, held, is_peering=is_peering)
        for table in list(FABRIC.tables_of(gateway.id)):
            table.stage = FABRIC.soon("deleting", "deleted")
        gateway.stage = FABRIC.soon("deleting", "deleted")
        return ActionResult({"TransitGateway": gateway_row(gateway, self.tags_of(gateway.id))})


def require_room(what: str, quota: str, used: int, of: str) -> None:
    """Refuse one more of something when the world's quota of it is used up.

    Args:
        what: the API's name of it.
        quota: id of the quota in the facts, which say what it is where the world does not.
        used: how many there are.
        of: what has them.
    """
    limit = FABRIC.limits.get(quota)
    if limit is None:
        limit = int(load_facts().quota(quota).default)
    if used >= limit:
        raise refusals.too_many(what, limit, of)


def _held(gateway: Gateway) -> list[Attachment]:
    """List what keeps a gateway from going: what is attached, or on its way out."""
    return [
        one
        for one in FABRIC.attachments.values()
        if gateway.id in (one.gateway, one.peer)
        and one.stage.name not in ("deleted", "rejected", "failed")
    ]


def _add_default_table(gateway: Gateway) -> None:
    switches = [switch for switch in _DEFAULT_TABLES if gateway.has(switch)]
    if not switches:
        return
    table = Table(
        id=random_transit_gateway_route_table_id(),
        gateway=gateway.id,
        stage=FABRIC.soon("pending", "available"),
    )
    FABRIC.tables[table.id] = table
    gateway.options.update({_DEFAULT_TABLES[switch]: table.id for switch in switches})
