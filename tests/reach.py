"""Whether an address is reached, by the routes that an emulated AWS has: forth and back.

Asked with the calls that a person with credentials of every account would make: the route table of
a subnet, the state of a connection, the route table of an attachment.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from typing import Any

Client = Callable[[str], Any]
"""An EC2 client of an account."""


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """A VPC that sends and is sent to."""

    account: str
    vpc: str
    block: IPv4Network  # that others route to
    tables: tuple[str, ...]  # route tables of the subnets that send

    @property
    def address(self) -> str:
        """Some address of it."""
        return str(self.block[10])


@dataclass(slots=True)
class Fabric:
    """The network between VPCs, as it is now."""

    ec2: Client
    gateway_account: str = ""

    def blocked(self, one: End, other: End) -> str:
        """Say what first keeps two ends from reaching each other; empty where nothing does."""
        return self._one_way(one, other) or self._one_way(other, one)

    def _one_way(self, one: End, other: End) -> str:
        ec2 = self.ec2(one.account)
        tables = ec2.describe_route_tables(RouteTableIds=list(one.tables))["RouteTables"]
        for table in tables:
            route = _longest(table["Routes"], other.address)
            where = f"{table['RouteTableId']} of {one.vpc}"
            if route is None:
                return f"no route to {other.address} in {where}"
            if route.get("State") != "active":
                return f"the route to {other.address} in {where} is a {route.get('State')}"
            if why := self._over(ec2, route, one, other):
                return f"{why}, from {where}"
        return ""

    def _over(self, ec2: Any, route: Mapping[str, Any], one: End, other: End) -> str:
        if connection := route.get("VpcPeeringConnectionId"):
            return _over_peering(ec2, connection, one, other)
        if gateway := route.get("TransitGatewayId"):
            return self._over_gateway(gateway, one, other)
        return f"the route leads to {route}"

    def _over_gateway(self, gateway: str, one: End, other: End) -> str:
        ec2 = self.ec2(self.gateway_account)
        here, there = (_attachment(ec2, gateway, end.vpc) for end in (one, other))
        if here is None:
            return f"{one.vpc} has no attachment that is available"
        if there is None:
            return f"{other.vpc} has no attachment that is available"
        table = here.get("Association", {}).get("TransitGatewayRouteTableId")
        if not table:
            return f"the attachment of {one.vpc} has no route table"
        found = ec2.search_transit_gateway_routes(
            TransitGatewayRouteTableId=table, Filters=[{"Name": "state", "Values": ["active"]}]
        )["Routes"]
        route = _longest(found, other.address)
        ends = [a["ResourceId"] for a in (route or {}).get("TransitGatewayAttachments", ())]
        return "" if other.vpc in ends else f"{table} leads {other.address} to {ends}"


def _longest(routes: Any, address: str) -> Mapping[str, Any] | None:
    fits = [
        route
        for route in routes
        if "DestinationCidrBlock" in route
        and IPv4Address(address) in IPv4Network(route["DestinationCidrBlock"])
    ]
    return max(fits, key=lambda r: IPv4Network(r["DestinationCidrBlock"]).prefixlen, default=None)


def _over_peering(ec2: Any, connection: str, one: End, other: End) -> str:
    (told,) = ec2.describe_vpc_peering_connections(VpcPeeringConnectionIds=[connection])[
        "VpcPeeringConnections"
    ]
    if told["Status"]["Code"] != "active":
        return f"{connection} is {told['Status']['Code']}"
    ends = {told["RequesterVpcInfo"]["VpcId"], told["AccepterVpcInfo"]["VpcId"]}
    return "" if ends == {one.vpc, other.vpc} else f"{connection} joins {ends}"


def _attachment(ec2: Any, gateway: str, vpc: str) -> Mapping[str, Any] | None:
    found = ec2.describe_transit_gateway_attachments(
        Filters=[
            {"Name": "transit-gateway-id", "Values": [gateway]},
            {"Name": "resource-id", "Values": [vpc]},
        ]
    )["TransitGatewayAttachments"]
    live: Mapping[str, Any] | None
    live = next((one for one in found if one["State"] == "available"), None)
    return live
