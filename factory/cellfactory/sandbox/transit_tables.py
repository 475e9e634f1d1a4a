"""Route tables of transit gateways, and which attachment uses and fills which.

An attachment is associated with one table, in which its packets are looked up. A VPC's blocks come
into the tables that it propagates into, but for a VPC that overlaps one which was attached before
it: the routes of the later one are not propagated.

Source:
    https://docs.aws.amazon.com/vpc/latest/tgw/tgw-route-tables.html
    https://docs.aws.amazon.com/vpc/latest/tgw/tgw-vpc-attachments.html
    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AssociateTransitGatewayRouteTable.html
    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteTransitGatewayRouteTable.html
"""

from __future__ import annotations

from moto.core.responses import ActionResult
from moto.ec2.utils import random_transit_gateway_route_table_id

from cellfactory.sandbox import transit_refusals as refusals
from cellfactory.sandbox.transit import FABRIC, Attachment, Stage, Table
from cellfactory.sandbox.transit_gateways import TransitResponse, require_room
from cellfactory.sandbox.transit_views import Row, admitted, table_row, tie_row

KIND = "transit-gateway-route-table"  # as tags name it
OVER = frozenset({"disassociated", "disabled"})


class TableResponse(TransitResponse):
    """The actions on route tables, associations and propagations."""

    def create_transit_gateway_route_table(self) -> ActionResult:
        gateway = self.own_gateway(self._get_param("TransitGatewayId"))
        if gateway.stage.name != "available":
            raise refusals.wrong_state(gateway.id)
        used = sum(1 for _ in FABRIC.tables_of(gateway.id))
        quota = "route-tables-per-transit-gateway"
        require_room("TransitGatewayRouteTable", quota, used, gateway.id)
        table = Table(
            id=random_transit_gateway_route_table_id(),
            gateway=gateway.id,
            stage=FABRIC.soon("pending", "available"),
        )
        FABRIC.tables[table.id] = table
        self.tag(table.id, KIND)
        return self._shown_table(table)

    def describe_transit_gateway_route_tables(self) -> ActionResult:
        seen = {k: t for k, t in FABRIC.tables.items() if FABRIC.owns(self.here, t.gateway)}
        wanted = self._get_param("TransitGatewayRouteTableIds", [])
        for table in wanted:
            if table not in seen:
                raise refusals.no_table(table)
        rows = [table_row(seen[one], self.tags_of(one)) for one in wanted or seen]
        return ActionResult({"TransitGatewayRouteTables": admitted(rows, self.filters())})

    def delete_transit_gateway_route_table(self) -> ActionResult:
        table = self.own_table(self._get_param("TransitGatewayRouteTableId"))
        held = [row["TransitGatewayAttachmentId"] for row in _ties(table, table.associations)]
        if held:
            raise refusals.associated(table.id, held)
        table.stage = FABRIC.soon("deleting", "deleted")
        return self._shown_table(table)

    def associate_transit_gateway_route_table(self) -> ActionResult:
        table, attachment = self._pair()
        if FABRIC.association_of(attachment.id, table.gateway) is not None:
            raise refusals.associated_already(attachment.id)
        _require_ready(table, attachment)
        stage = FABRIC.soon("associating", "associated")
        table.associations[attachment.id] = stage
        return ActionResult({"Association": tie_row(attachment.id, table, stage.name)})

    def disassociate_transit_gateway_route_table(self) -> ActionResult:
        table, attachment = self._pair()
        if FABRIC.association_of(attachment.id, table.gateway) is not table:
            raise refusals.no_association(attachment.id, table.id)
        stage = FABRIC.soon("disassociating", "disassociated")
        table.associations[attachment.id] = stage
        return ActionResult({"Association": tie_row(attachment.id, table, stage.name)})

    def get_transit_gateway_route_table_associations(self) -> ActionResult:
        table = self.own_table(self._get_param("TransitGatewayRouteTableId"))
        rows = admitted(_ties(table, table.associations), self.filters())
        return ActionResult({"Associations": rows})

    def enable_transit_gateway_route_table_propagation(self) -> ActionResult:
        table, attachment = self._pair()
        if attachment.is_peering:
            raise refusals.not_propagating(attachment.id)
        if any(row["TransitGatewayAttachmentId"] == attachment.id for row in _propagating(table)):
            raise refusals.propagated_already(attachment.id, table.id)
        _require_ready(table, attachment)
        stage = FABRIC.soon("enabling", "enabled")
        table.propagations[attachment.id] = stage
        return ActionResult({"Propagation": tie_row(attachment.id, table, stage.name)})

    def disable_transit_gateway_route_table_propagation(self) -> ActionResult:
        table, attachment = self._pair()
        if not any(r["TransitGatewayAttachmentId"] == attachment.id for r in _propagating(table)):
            raise refusals.no_propagation(attachment.id, table.id)
        stage = FABRIC.soon("disabling", "disabled")
        table.propagations[attachment.id] = stage
        return ActionResult({"Propagation": tie_row(attachment.id, table, stage.name)})

    def get_transit_gateway_route_table_propagations(self) -> ActionResult:
        table = self.own_table(self._get_param("TransitGatewayRouteTableId"))
        rows = admitted(_propagating(table), self.filters())
        return ActionResult({"TransitGatewayRouteTablePropagations": rows})

    def _pair(self) -> tuple[Table, Attachment]:
        """Find the table and the attachment that a request ties together or parts."""
        table = self.own_table(self._get_param("TransitGatewayRouteTableId"))
        attachment = self.seen_attachment(self._get_param("TransitGatewayAttachmentId"))
        if table.gateway not in (attachment.gateway, attachment.peer):
            raise refusals.no_attachment(attachment.id, "")
        return table, attachment

    def _shown_table(self, table: Table) -> ActionResult:
        row = table_row(table, self.tags_of(table.id))
        return ActionResult({"TransitGatewayRouteTable": row})


def _propagating(table: Table) -> list[Row]:
    return _ties(table, table.propagations)


def _ties(table: Table, ties: dict[str, Stage]) -> list[Row]:
    """Show the associations or propagations of a table that are not over."""
    return [tie_row(k, table, stage.name) for k, stage in ties.items() if stage.name not in OVER]


def _require_ready(table: Table, attachment: Attachment) -> None:
    """Refuse to tie what is not yet there, or not any more."""
    if table.stage.name != "available":
        raise refusals.wrong_state(table.id)
    if not attachment.carries:
        raise refusals.wrong_state(attachment.id)
