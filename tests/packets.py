"""Whether a packet gets from a subnet to an address and its answer back, by what EC2 says now.

The walk uses EC2's describe calls alone, in the accounts that it comes through: routes of VPCs,
peering connections (active, and only into the blocks of the other VPC), attachments to transit
gateways (in the sender's zone), associations, routes of gateways, peerings of gateways. What a NAT
gateway gets goes on by the table of its own subnet, wherever that leads, and answers from the
internet come back to there. Security groups, network ACLs and name resolution are not looked at.

    way = reaches(lambda account, region: emulator.client("ec2", account, region), spot, "10.1.0.9")
    assert way, way.blocker

Source:
    https://docs.aws.amazon.com/vpc/latest/userguide/VPC_Route_Tables.html
    https://docs.aws.amazon.com/vpc/latest/peering/vpc-peering-basics.html
    https://docs.aws.amazon.com/vpc/latest/tgw/how-transit-gateways-work.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from typing import Any

Client = Callable[[str, str], Any]
"""Makes the EC2 client of an account (12 digits) and Region."""

MOST_HOPS = 12
Row = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """Where a packet is: in a subnet of a VPC; in no certain one if `subnet` is empty."""

    account: str
    region: str
    vpc: str
    subnet: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """What a packet passes; true if it and its answer arrive."""

    there: tuple[str, ...]  # ids: tables, connections, attachments, gateways
    back: tuple[str, ...] = ()
    blocker: str = ""  # the first thing in the way, with where that is

    def __bool__(self) -> bool:
        return not self.blocker


class Blocked(Exception):
    """Something is in the way."""


@dataclass(slots=True)
class Snapshot:
    """What EC2 says at a moment; each call is made once. Take a new one after a change."""

    client: Client
    told: dict[str, Any] = field(default_factory=dict)
    nats: dict[str, Spot] = field(default_factory=dict)  # where NAT gateways are that were met

    def way(self, source: Spot, address: str, *, back: bool = True) -> Way:
        """Walk from a subnet to an address, and back to the subnet's first host address.

        Args:
            source: where the packet starts; its subnet is named.
            address: IPv4, without a mask.
            back: whether the answer has to arrive as well.
        """
        there: list[str] = []
        returning: list[str] = []
        try:
            end = self._walk(source, address, there)
            answers = self._answers(end, address, there)
            if back and answers is not None:
                sender = str(ip_network(self._subnet(source)["CidrBlock"])[4])
                self._walk(answers, sender, returning)
        except Blocked as found:
            which = "back: " if returning else ""
            blocker = f"{which}{found}"
            return Way(there=tuple(there), back=tuple(returning), blocker=blocker)
        return Way(there=tuple(there), back=tuple(returning))

    def _answers(self, end: Spot | None, address: str, there: list[str]) -> Spot | None:
        """Say where an answer starts: at the address, or at the NAT gateway that it comes back to.

        None where it comes back to a public address of the sender itself.
        """
        passed = [step for step in there if step in self.nats]
        if passed:
            return self.nats[passed[-1]]
        return None if end is None else self._at(end, address)

    def _walk(self, spot: Spot, address: str, steps: list[str]) -> Spot | None:
        """Follow routes into the VPC that has an address; None is the internet."""
        here: Spot | None = spot
        for _ in range(MOST_HOPS):
            if here is None or self._has(here, address):
                return here
            here = self._leave(here, address, steps)
        msg = f"{address} is in no VPC on the way: {', '.join(steps[-4:])} go round"
        raise Blocked(msg)

    def _leave(self, spot: Spot, address: str, steps: list[str]) -> Spot | None:
        table = self._table(spot)
        steps.append(table["RouteTableId"])
        route = _longest(table["Routes"], address)
        if route is None:
            msg = f"{table['RouteTableId']} of {spot.vpc} has no route to {address}"
            raise Blocked(msg)
        where = f"the route of {table['RouteTableId']} to {route['DestinationCidrBlock']}"
        if route["State"] != "active":
            msg = f"{where} is {route['State']}: {_target(route)}"
            raise Blocked(msg)
        steps.append(_target(route))
        if "VpcPeeringConnectionId" in route:
            return self._across(spot, route["VpcPeeringConnectionId"], address)
        if "TransitGatewayId" in route:
            return self._over(spot, route["TransitGatewayId"], address, steps)
        if "NatGatewayId" in route:
            return self._nat(spot, route["NatGatewayId"])
        if ip_address(address).is_global:
            return None
        msg = f"{where} leads to {_target(route)}, which is no way to a private address"
        raise Blocked(msg)

    def _nat(self, spot: Spot, gateway: str) -> Spot:
        """Go on from the subnet of a NAT gateway."""
        asked = [{"Name": "nat-gateway-id", "Values": [gateway]}]
        found = self._rows(spot, "describe_nat_gateways", "NatGateways", Filter=asked)
        if not found or found[0]["State"] != "available":
            msg = f"{gateway} is {found[0]['State'] if found else 'gone'}"
            raise Blocked(msg)
        (row,) = found
        where = Spot(
            account=spot.account, region=spot.region, vpc=row["VpcId"], subnet=row["SubnetId"]
        )
        self.nats[gateway] = where
        return where

    def _across(self, spot: Spot, connection: str, address: str) -> Spot:
        """Cross a peering connection, into the blocks of the other VPC and no further."""
        (row,) = self._rows(
            spot,
            "describe_vpc_peering_connections",
            "VpcPeeringConnections",
            VpcPeeringConnectionIds=[connection],
        )
        if row["Status"]["Code"] != "active":
            msg = f"{connection} is {row['Status']['Code']}"
            raise Blocked(msg)
        sides = [row["RequesterVpcInfo"], row["AccepterVpcInfo"]]
        others = [side for side in sides if side["VpcId"] != spot.vpc]
        if len(others) != 1:
            msg = f"{connection} is none of {spot.vpc}'s"
            raise Blocked(msg)
        (far,) = others
        end = Spot(account=far["OwnerId"], region=far["Region"], vpc=far["VpcId"])
        if not self._has(end, address):
            msg = f"{connection} leads to {end.vpc}, which has no block with {address}"
            raise Blocked(msg)
        return end

    def _over(self, spot: Spot, gateway: str, address: str, steps: list[str]) -> Spot:
        """Cross a transit gateway, and those that it is peered with, into a VPC."""
        attachment = self._attachment(spot, gateway)
        steps.append(attachment["TransitGatewayAttachmentId"])
        owner = Spot(account=attachment["TransitGatewayOwnerId"], region=spot.region, vpc="")
        for _ in range(MOST_HOPS):
            row = self._next(owner, attachment, address, steps)
            if row["ResourceType"] == "vpc":
                return self._arrive(owner, row)
            attachment, owner = row, self._other_end(owner, row)
        msg = f"{address}: {', '.join(steps[-4:])} go round"
        raise Blocked(msg)

    def _attachment(self, spot: Spot, gateway: str) -> Row:
        """Find the attachment that a VPC's packets enter a gateway by, in the sender's zone."""
        named = {"transit-gateway-id": gateway, "resource-id": spot.vpc, "state": "available"}
        found = self._filtered(
            spot, "describe_transit_gateway_attachments", "TransitGatewayAttachments", named
        )
        if len(found) != 1:
            msg = f"{spot.vpc} has no attachment to {gateway} that is available"
            raise Blocked(msg)
        (row,) = self._rows(
            spot,
            "describe_transit_gateway_vpc_attachments",
            "TransitGatewayVpcAttachments",
            TransitGatewayAttachmentIds=[found[0]["TransitGatewayAttachmentId"]],
        )
        zones = {self._zone(spot, subnet) for subnet in row["SubnetIds"]}
        if spot.subnet and self._zone(spot, spot.subnet) not in zones:
            zone = self._zone(spot, spot.subnet)
            msg = (
                f"{row['TransitGatewayAttachmentId']} has no subnet in {zone}, where the packet is"
            )
            raise Blocked(msg)
        return found[0]

    def _next(self, owner: Spot, came: Row, address: str, steps: list[str]) -> Row:
        """Look up, in the table that an attachment is associated with, what a packet leaves by."""
        attachment = came["TransitGatewayAttachmentId"]
        seen = self._of_owner(owner, attachment)
        tie = seen.get("Association", {})
        if tie.get("State") != "associated":
            msg = f"{attachment} is associated with no route table of {seen['TransitGatewayId']}"
            raise Blocked(msg)
        table = tie["TransitGatewayRouteTableId"]
        steps.append(table)
        found = self._rows(
            owner,
            "search_transit_gateway_routes",
            "Routes",
            TransitGatewayRouteTableId=table,
            Filters=[{"Name": "route-search.longest-prefix-match", "Values": [f"{address}/32"]}],
        )
        if not found:
            msg = f"{table} has no route to {address}"
            raise Blocked(msg)
        if found[0]["State"] != "active":
            msg = f"the route of {table} to {found[0]['DestinationCidrBlock']} is a blackhole"
            raise Blocked(msg)
        target = found[0]["TransitGatewayAttachments"][0]["TransitGatewayAttachmentId"]
        steps.append(target)
        return self._of_owner(owner, target)

    def _of_owner(self, owner: Spot, attachment: str) -> Row:
        (row,) = self._rows(
            owner,
            "describe_transit_gateway_attachments",
            "TransitGatewayAttachments",
            TransitGatewayAttachmentIds=[attachment],
        )
        return row

    def _other_end(self, owner: Spot, attachment: Row) -> Spot:
        (row,) = self._rows(
            owner,
            "describe_transit_gateway_peering_attachments",
            "TransitGatewayPeeringAttachments",
            TransitGatewayAttachmentIds=[attachment["TransitGatewayAttachmentId"]],
        )
        for side in (row["RequesterTgwInfo"], row["AccepterTgwInfo"]):
            if side["TransitGatewayId"] != attachment["TransitGatewayId"]:
                return Spot(account=side["OwnerId"], region=side["Region"], vpc="")
        msg = f"{attachment['TransitGatewayAttachmentId']} has no other end"
        raise Blocked(msg)

    def _arrive(self, owner: Spot, attachment: Row) -> Spot:
        """Come out in a VPC, in a subnet of its attachment."""
        end = Spot(
            account=attachment["ResourceOwnerId"],
            region=owner.region,
            vpc=attachment["ResourceId"],
        )
        (row,) = self._rows(
            end,
            "describe_transit_gateway_vpc_attachments",
            "TransitGatewayVpcAttachments",
            TransitGatewayAttachmentIds=[attachment["TransitGatewayAttachmentId"]],
        )
        subnet = row["SubnetIds"][0]
        return Spot(account=end.account, region=end.region, vpc=end.vpc, subnet=subnet)

    def _at(self, end: Spot, address: str) -> Spot:
        """Find the subnet of a VPC that an address is in; none where the VPC has none for it."""
        for row in self._filtered(end, "describe_subnets", "Subnets", {"vpc-id": end.vpc}):
            if ip_address(address) in ip_network(row["CidrBlock"]):
                subnet = row["SubnetId"]
                return Spot(account=end.account, region=end.region, vpc=end.vpc, subnet=subnet)
        return Spot(account=end.account, region=end.region, vpc=end.vpc)

    def _has(self, spot: Spot, address: str) -> bool:
        """Whether an address is in a block of a VPC."""
        (row,) = self._rows(spot, "describe_vpcs", "Vpcs", VpcIds=[spot.vpc])
        return any(
            ip_address(address) in ip_network(each["CidrBlock"])
            for each in row["CidrBlockAssociationSet"]
            if each["CidrBlockState"]["State"] == "associated"
        )

    def _table(self, spot: Spot) -> Row:
        """Find the route table of a subnet: its own, or the main one of the VPC."""
        tables = self._filtered(spot, "describe_route_tables", "RouteTables", {"vpc-id": spot.vpc})
        for table in tables:
            if spot.subnet and any(a.get("SubnetId") == spot.subnet for a in table["Associations"]):
                return table
        return next(t for t in tables if any(a.get("Main") for a in t["Associations"]))

    def _subnet(self, spot: Spot) -> Row:
        (row,) = self._rows(spot, "describe_subnets", "Subnets", SubnetIds=[spot.subnet])
        return row

    def _zone(self, spot: Spot, subnet: str) -> str:
        (row,) = self._rows(spot, "describe_subnets", "Subnets", SubnetIds=[subnet])
        return str(row["AvailabilityZone"])

    def _filtered(self, spot: Spot, call: str, key: str, named: dict[str, str]) -> list[Row]:
        filters = [{"Name": name, "Values": [value]} for name, value in named.items()]
        return self._rows(spot, call, key, Filters=filters)

    def _rows(self, spot: Spot, call: str, key: str, **asked: Any) -> list[Row]:
        name = f"{spot.account} {spot.region} {call} {asked}"
        if name not in self.told:
            self.told[name] = getattr(self.client(spot.account, spot.region), call)(**asked)[key]
        found: list[Row] = self.told[name]
        return found


def reaches(client: Client, source: Spot, address: str, *, back: bool = True) -> Way:
    """Whether a packet from a subnet reaches an address now, and its answer the subnet.

    Args:
        client: makes the EC2 client of an account and Region.
        source: where the packet starts; its subnet is named.
        address: IPv4, without a mask.
        back: whether the answer has to arrive as well; a hub of others may route as it likes.

    Returns:
        What is passed, and the first blocker if there is one.
    """
    return Snapshot(client).way(source, address, back=back)


def spot_of(client: Client, account: str, region: str, subnet: str) -> Spot:
    """Say where a subnet is."""
    answer = client(account, region).describe_subnets(SubnetIds=[subnet])
    vpc = answer["Subnets"][0]["VpcId"]
    return Spot(account=account, region=region, vpc=vpc, subnet=subnet)


def _longest(routes: list[Row], address: str) -> Row | None:
    """Find the route with the longest prefix that has an address; a local one wins a tie."""
    return max(_having(routes, address), key=_rank, default=None)


def _having(routes: list[Row], address: str) -> Iterator[Row]:
    for route in routes:
        block = route.get("DestinationCidrBlock")
        if block and ip_address(address) in ip_network(block):
            yield route


def _rank(route: Row) -> tuple[int, bool]:
    length = ip_network(route["DestinationCidrBlock"]).prefixlen
    return length, route.get("GatewayId") == "local"


def _target(route: Row) -> str:
    targets = ("VpcPeeringConnectionId", "TransitGatewayId", "NatGatewayId", "GatewayId")
    return next((str(route[name]) for name in targets if name in route), "nothing")
