"""Transit gateways and what hangs on them as the EC2 API shows them, and the filters on that.

A filter names a member by its words in kebab case; what AWS names in another way is in `_NAMES`.

Source:
    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeTransitGatewayAttachments.html
    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_SearchTransitGatewayRoutes.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

from cellfactory.sandbox.transit import FABRIC, Attachment, Gateway, Place, Table, is_within
from cellfactory.sandbox.transit_refusals import no_filter

Row = dict[str, Any]
Filters = Mapping[str, list[str]]

_NAMES = {
    "association.state": ("Association", "State"),
    "association.transit-gateway-route-table-id": ("Association", "TransitGatewayRouteTableId"),
    "transit-gateway-attachment-id": ("TransitGatewayAttachmentId",),
    "local-owner-id": ("LocalOwnerId",),
    "remote-owner-id": ("RemoteOwnerId",),
}
_SEARCHES: Mapping[str, Callable[[str, str], bool]] = {  # a route's block, and what is sought
    "exact-match": str.__eq__,
    "subnet-of-match": is_within,
    "supernet-of-match": lambda block, value: is_within(value, block),
}
_PEERING_STATUS = {
    "initiatingRequest": "initiating-request",
    "pendingAcceptance": "pending-acceptance",
}


def gateway_row(gateway: Gateway, tags: list[Row]) -> Row:
    """Show a gateway."""
    return {
        "TransitGatewayId": gateway.id,
        "TransitGatewayArn": gateway.arn,
        "State": gateway.stage.name,
        "OwnerId": gateway.owner.account,
        "Description": gateway.description,
        "CreationTime": gateway.made,
        "Options": gateway.options,
        "Tags": tags,
    }


def vpc_row(attachment: Attachment, tags: list[Row]) -> Row:
    """Show the attachment of a VPC, as DescribeTransitGatewayVpcAttachments does."""
    return {
        "TransitGatewayAttachmentId": attachment.id,
        "TransitGatewayId": attachment.gateway,
        "VpcId": attachment.vpc,
        "VpcOwnerId": attachment.owner.account,
        "State": attachment.stage.name,
        "SubnetIds": attachment.subnets,
        "CreationTime": attachment.made,
        "Options": attachment.options,
        "Tags": tags,
    }


def peering_row(attachment: Attachment, tags: list[Row]) -> Row:
    """Show a peering of gateways, as DescribeTransitGatewayPeeringAttachments does."""
    state = attachment.stage.name
    peer = attachment.peer_owner or attachment.owner
    return {
        "TransitGatewayAttachmentId": attachment.id,
        "RequesterTgwInfo": _side(attachment.gateway, attachment.owner),
        "AccepterTgwInfo": _side(attachment.peer, peer),
        "Status": {"Code": _PEERING_STATUS.get(state, state)},
        "State": state,
        "CreationTime": attachment.made,
        "Tags": tags,
        "LocalOwnerId": attachment.owner.account,  # for filters; not shown
        "RemoteOwnerId": peer.account,
        "TransitGatewayId": attachment.gateway,
    }


def attachment_row(attachment: Attachment, here: Place, tags: list[Row]) -> Row:
    """Show any attachment, as DescribeTransitGatewayAttachments does on one of its sides."""
    far = attachment.peer_owner
    gateway = attachment.peer if far == here else attachment.gateway
    kind, resource = attachment.resource(gateway)
    known = FABRIC.gateways.get(gateway)
    other = far if far is not None and far != here else attachment.owner
    table = FABRIC.association_of(attachment.id, gateway)
    shown = {
        "TransitGatewayAttachmentId": attachment.id,
        "TransitGatewayId": gateway,
        "TransitGatewayOwnerId": known.owner.account if known else here.account,
        "ResourceOwnerId": other.account,
        "ResourceType": kind,
        "ResourceId": resource,
        "State": attachment.stage.name,
        "CreationTime": attachment.made,
        "Tags": tags,
    }
    if table is not None:
        state = table.associations[attachment.id].name
        shown["Association"] = {"TransitGatewayRouteTableId": table.id, "State": state}
    return shown


def table_row(table: Table, tags: list[Row]) -> Row:
    """Show a route table of a gateway."""
    options = FABRIC.gateways[table.gateway].options
    return {
        "TransitGatewayRouteTableId": table.id,
        "TransitGatewayId": table.gateway,
        "State": table.stage.name,
        "DefaultAssociationRouteTable": options.get("AssociationDefaultRouteTableId") == table.id,
        "DefaultPropagationRouteTable": options.get("PropagationDefaultRouteTableId") == table.id,
        "CreationTime": table.made,
        "Tags": tags,
    }


def tie_row(attachment: str, table: Table, state: str) -> Row:
    """Show an association or a propagation."""
    known = FABRIC.attachments[attachment]
    kind, resource = known.resource(table.gateway)
    return {
        "TransitGatewayAttachmentId": attachment,
        "TransitGatewayRouteTableId": table.id,
        "ResourceId": resource,
        "ResourceType": kind,
        "State": state,
    }


def route_row(block: str, attachment: str, table: Table, kind: str = "static") -> Row:
    """Show a route: `blackhole` when it is to drop packets or when what it leads to is gone."""
    row: Row = {"DestinationCidrBlock": block, "Type": kind, "State": "blackhole"}
    known = FABRIC.attachments.get(attachment)
    if known is not None:
        resource_type, resource = known.resource(table.gateway)
        row["TransitGatewayAttachments"] = [
            {
                "ResourceId": resource,
                "ResourceType": resource_type,
                "TransitGatewayAttachmentId": attachment,
            }
        ]
        row["State"] = "active" if known.carries else "blackhole"
    return row


def admitted(rows: Iterable[Row], filters: Filters) -> list[Row]:
    """List the rows that every filter admits; a filter admits by any of its values."""
    return [row for row in rows if all(_admits(row, *each) for each in filters.items())]


def routes_admitted(rows: Iterable[Row], filters: Filters) -> list[Row]:
    """List the routes that every filter admits; these can also ask for blocks within blocks."""
    found = list(rows)
    for name, values in filters.items():
        if name.startswith("route-search."):
            found = list(_searched(found, name.removeprefix("route-search."), values))
        elif name.startswith("attachment."):
            member = name.removeprefix("attachment.")
            found = [r for r in found if any(_admits(a, member, values) for a in _attached(r))]
        else:
            found = admitted(found, {name: values})
    return found


def _side(gateway: str, owner: Place) -> Row:
    return {"TransitGatewayId": gateway, "OwnerId": owner.account, "Region": owner.region}


def _attached(row: Row) -> list[Row]:
    found: list[Row] = row.get("TransitGatewayAttachments", [])
    return found


def _searched(rows: list[Row], how: str, values: list[str]) -> Iterator[Row]:
    if how == "longest-prefix-match":
        for value in values:
            over = [row for row in rows if is_within(value, row["DestinationCidrBlock"])]
            yield from sorted(over, key=_length)[-1:]
        return
    if how not in _SEARCHES:
        raise no_filter(how)
    for row in rows:
        if any(_SEARCHES[how](row["DestinationCidrBlock"], value) for value in values):
            yield row


def _length(row: Row) -> int:
    return int(row["DestinationCidrBlock"].partition("/")[2])


def _admits(row: Row, name: str, values: list[str]) -> bool:
    if name.startswith("tag:"):
        name, key = "tag-value", name.removeprefix("tag:")
        found = [tag["Value"] for tag in row["Tags"] if tag["Key"] == key]
    elif name == "tag-key":
        found = [tag["Key"] for tag in row["Tags"]]
    else:
        found = [_member(row, name)]
    return any(fnmatchcase(str(one), value) for one in found for value in values)


def _member(row: Row, name: str) -> Any:
    path = _NAMES.get(name) or tuple(_pascal(part) for part in name.split("."))
    value: Any = row
    for part in path:
        if part not in value:
            if part in ("Association", "State", "TransitGatewayRouteTableId"):
                return None
            raise no_filter(name)
        value = value[part]
    return str(value).lower() if isinstance(value, bool) else value


def _pascal(word: str) -> str:
    """Write a filter's name as the API writes its members.

    >>> _pascal("transit-gateway-route-table-id")
    'TransitGatewayRouteTableId'
    """
    return re.sub(r"(?:^|-)(\w)", lambda match: match[1].upper(), word)
