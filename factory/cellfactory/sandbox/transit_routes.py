"""Routes of transit gateways: static ones, those that VPCs propagate, and the search in them.

A static route goes before a propagated one of the same block. One whose attachment is gone stays,
says `blackhole`, and drops what it carries.

Source:
    https://docs.aws.amazon.com/vpc/latest/tgw/how-transit-gateways-work.html
    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateTransitGatewayRoute.html
    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_SearchTransitGatewayRoutes.html
"""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_network

from moto.core.responses import ActionResult
from moto.ec2.exceptions import InvalidVPCIdError
from moto.ec2.models import ec2_backends

from cellfactory.sandbox import transit_refusals as refusals
from cellfactory.sandbox.peering import blocks_of, overlapping
from cellfactory.sandbox.transit import FABRIC, Attachment, Table
from cellfactory.sandbox.transit_gateways import TransitResponse, require_room
from cellfactory.sandbox.transit_views import Row, route_row, routes_admitted


class RouteResponse(TransitResponse):
    """The actions on routes of a gateway's table."""

    def create_transit_gateway_route(self) -> ActionResult:
        table, block = self._table(), self._block()
        if block in table.routes:
            raise refusals.routed_already(block, table.id)
        attachment = self._target(table)
        used = sum(len(list(routes_of(each))) for each in FABRIC.tables_of(table.gateway))
        require_room("TransitGatewayRoute", "routes-per-transit-gateway", used, table.gateway)
        table.routes[block] = attachment
        return ActionResult({"Route": route_row(block, attachment, table)})

    def replace_transit_gateway_route(self) -> ActionResult:
        table, block = self._table(), self._block()
        if block not in table.routes:
            raise refusals.no_route(block, table.id)
        table.routes[block] = self._target(table)
        return ActionResult({"Route": route_row(block, table.routes[block], table)})

    def delete_transit_gateway_route(self) -> ActionResult:
        table, block = self._table(), self._block()
        if block not in table.routes:
            raise refusals.no_route(block, table.id)
        row = route_row(block, table.routes.pop(block), table)
        return ActionResult({"Route": {**row, "State": "deleted"}})

    def search_transit_gateway_routes(self) -> ActionResult:
        table = self._table()
        found = routes_admitted(routes_of(table), self.filters())
        most = int(self._get_param("MaxResults") or len(found))
        return ActionResult(
            {"Routes": found[:most], "AdditionalRoutesAvailable": len(found) > most}
        )

    def _table(self) -> Table:
        return self.own_table(self._get_param("TransitGatewayRouteTableId"))

    def _block(self) -> str:
        text = self._get_param("DestinationCidrBlock")
        try:
            return str(ip_network(text))
        except ValueError:
            raise refusals.no_block(text) from None

    def _target(self, table: Table) -> str:
        """Find the attachment that a route is to lead to; "" for one that drops packets."""
        if str(self._get_param("Blackhole")).lower() == "true":
            return ""
        named = self._get_param("TransitGatewayAttachmentId")
        if not named:
            raise refusals.no_way()
        attachment = self.seen_attachment(named)
        if table.gateway not in (attachment.gateway, attachment.peer):
            raise refusals.no_attachment(attachment.id, "")
        if not attachment.carries:
            raise refusals.wrong_state(attachment.id)
        return attachment.id


def routes_of(table: Table) -> Iterator[Row]:
    """Yield the routes of a table, static ones first; a block has one."""
    for block, attachment in table.routes.items():
        yield route_row(block, attachment, table)
    seen = set(table.routes)
    for attached, stage in table.propagations.items():
        known = FABRIC.attachments[attached]
        if stage.name != "enabled" or not known.carries or _is_overlapped(known):
            continue
        for block in _blocks(known):
            if block not in seen:
                seen.add(block)
                yield route_row(block, attached, table, "propagated")


def _is_overlapped(attachment: Attachment) -> bool:
    """Whether a VPC has a block in common with one that was attached to the gateway before it."""
    own = _blocks(attachment)
    for other in FABRIC.attached(attachment.gateway):
        if other is attachment:
            return False
        if not other.is_peering and overlapping(own, _blocks(other)):
            return True
    return False


def _blocks(attachment: Attachment) -> list[str]:
    backend = ec2_backends[attachment.owner.account][attachment.owner.region]
    try:
        return blocks_of(backend.get_vpc(attachment.vpc))
    except InvalidVPCIdError:
        return []
