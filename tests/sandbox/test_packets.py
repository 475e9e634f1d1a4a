"""The probe that says whether packets arrive, against ways that are whole and ways that are not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.packets import Spot, Way, reaches, spot_of
from tests.sandbox.emulators import REGION, Emulator
from tests.sandbox.gateways import Owner, Spoke, attached, make_owner, make_spoke

pytestmark = pytest.mark.sandbox

FAR = "eu-west-1"
A, B = "10.64.0.0/16", "10.65.0.0/16"
THERE = "10.65.0.9"  # in the first subnet of B


@pytest.fixture
def client(emulator: Emulator) -> Callable[[str, str], Any]:
    return lambda account, region: emulator.client("ec2", account, region)


def spot(spoke: Spoke, region: str = REGION, index: int = 0) -> Spot:
    return Spot(account=spoke.account, region=region, vpc=spoke.vpc, subnet=spoke.subnets[index])


def peered(a: Spoke, b: Spoke) -> str:
    """Two VPCs with a connection, and a route in each table of both."""
    made = a.ec2.create_vpc_peering_connection(VpcId=a.vpc, PeerVpcId=b.vpc, PeerOwnerId=b.account)
    connection = str(made["VpcPeeringConnection"]["VpcPeeringConnectionId"])
    for spoke, block in ((a, B), (b, A)):
        for table in spoke.tables:
            spoke.ec2.create_route(
                RouteTableId=table, DestinationCidrBlock=block, VpcPeeringConnectionId=connection
            )
    return connection


def joined(owner: Owner, a: Spoke, b: Spoke) -> tuple[str, str]:
    """Both VPCs attached, each with a table of its own that leads to the other."""
    made = attached(owner, a), attached(owner, b)
    for attachment, other, block in ((made[0], made[1], B), (made[1], made[0], A)):
        table = owner.table()
        owner.associate(attachment, table)
        owner.route(table, block, other)
    return made


def test_a_peering_carries_once_it_is_active_and_routed_on_both_sides(
    emulator: Emulator, client: Callable[[str, str], Any], account: str, other_account: str
) -> None:
    a, b = make_spoke(emulator, account, A), make_spoke(emulator, other_account, B)
    way = reaches(client, spot(a), THERE)
    assert way.blocker == f"{a.tables[0]} of {a.vpc} has no route to {THERE}"
    connection = peered(a, b)
    assert "is blackhole" in reaches(client, spot(a), THERE).blocker
    b.ec2.accept_vpc_peering_connection(VpcPeeringConnectionId=connection)
    way = reaches(client, spot(a), THERE)
    assert way == Way(there=(a.tables[0], connection), back=(b.tables[0], connection))
    b.ec2.delete_route(RouteTableId=b.tables[0], DestinationCidrBlock=A)
    assert reaches(client, spot(a), THERE).blocker.startswith(f"back: {b.tables[0]} of {b.vpc}")
    assert reaches(client, spot(a), THERE, back=False)
    assert reaches(client, spot(a), "10.65.1.9"), "the other subnet has its own table"


def test_a_peering_leads_into_the_other_vpc_and_no_further(
    emulator: Emulator, client: Callable[[str, str], Any], account: str, other_account: str
) -> None:
    a, b = make_spoke(emulator, account, A), make_spoke(emulator, other_account, B)
    connection = peered(a, b)
    b.ec2.accept_vpc_peering_connection(VpcPeeringConnectionId=connection)
    a.ec2.create_route(
        RouteTableId=a.tables[0],
        DestinationCidrBlock="10.66.0.0/16",
        VpcPeeringConnectionId=connection,
    )
    blocker = reaches(client, spot(a), "10.66.0.9").blocker
    assert blocker == f"{connection} leads to {b.vpc}, which has no block with 10.66.0.9"


def test_a_gateway_carries_by_association_and_route_in_both_directions(
    emulator: Emulator, client: Callable[[str, str], Any], account: str, other_account: str
) -> None:
    owner = make_owner(emulator, account)
    a, b = make_spoke(emulator, account, A), make_spoke(emulator, other_account, B)
    own = a.attach(owner.gateway)
    theirs = attached(owner, b)
    a.route(B, owner.gateway)
    b.route(A, owner.gateway)
    blocker = reaches(client, spot(a), THERE).blocker
    assert blocker == f"{own} is associated with no route table of {owner.gateway}"
    tables = owner.table(), owner.table()
    owner.associate(own, tables[0])
    assert reaches(client, spot(a), THERE).blocker == f"{tables[0]} has no route to {THERE}"
    owner.route(tables[0], B, theirs)
    assert reaches(client, spot(a), THERE).blocker.startswith(f"back: {theirs} is associated")
    owner.associate(theirs, tables[1])
    owner.ec2.create_transit_gateway_route(
        TransitGatewayRouteTableId=tables[1], DestinationCidrBlock=A, Blackhole=True
    )
    blocker = reaches(client, spot(a), THERE).blocker
    assert blocker == f"back: the route of {tables[1]} to {A} is a blackhole"
    owner.ec2.replace_transit_gateway_route(
        TransitGatewayRouteTableId=tables[1],
        DestinationCidrBlock=A,
        TransitGatewayAttachmentId=own,
    )
    way = reaches(client, spot(a), THERE)
    assert way.there == (a.tables[0], owner.gateway, own, tables[0], theirs)
    assert way, way.blocker


def test_a_gateway_is_not_reached_from_a_zone_without_an_attachment(
    emulator: Emulator, client: Callable[[str, str], Any], account: str, other_account: str
) -> None:
    owner = make_owner(emulator, account)
    a, b = make_spoke(emulator, account, A), make_spoke(emulator, other_account, B)
    own, _ = joined(owner, a, b)
    a.route(B, owner.gateway)
    b.route(A, owner.gateway)
    assert reaches(client, spot(a, index=1), THERE)
    a.ec2.modify_transit_gateway_vpc_attachment(
        TransitGatewayAttachmentId=own, RemoveSubnetIds=[a.subnets[1]]
    )
    assert reaches(client, spot(a), THERE)
    blocker = reaches(client, spot(a, index=1), THERE).blocker
    assert blocker.startswith(f"{own} has no subnet in {REGION}b")
    owner.ec2.delete_transit_gateway_vpc_attachment(TransitGatewayAttachmentId=own)
    assert "is blackhole" in reaches(client, spot(a), THERE).blocker


def test_a_migration_route_by_route_has_a_way_at_every_moment(
    emulator: Emulator, client: Callable[[str, str], Any], account: str, other_account: str
) -> None:
    owner = make_owner(emulator, account)
    a, b = make_spoke(emulator, account, A), make_spoke(emulator, other_account, B)
    connection = peered(a, b)
    b.ec2.accept_vpc_peering_connection(VpcPeeringConnectionId=connection)
    joined(owner, a, b)
    for spoke, block in ((a, B), (b, A)):
        for table in spoke.tables:
            spoke.ec2.replace_route(
                RouteTableId=table, DestinationCidrBlock=block, TransitGatewayId=owner.gateway
            )
            for index in range(2):
                way = reaches(client, spot(a, index=index), THERE)
                assert way, way.blocker
    a.ec2.delete_vpc_peering_connection(VpcPeeringConnectionId=connection)
    way = reaches(client, spot_of(client, account, REGION, a.subnets[0]), THERE)
    assert way, way.blocker
    assert connection not in (*way.there, *way.back)


def test_two_regions_are_joined_by_peered_gateways(
    emulator: Emulator, client: Callable[[str, str], Any], account: str, other_account: str
) -> None:
    near, far = make_owner(emulator, account), make_owner(emulator, other_account, FAR)
    a, b = make_spoke(emulator, account, A), make_spoke(emulator, other_account, B, FAR)
    ends = a.attach(near.gateway), b.attach(far.gateway)
    made = near.ec2.create_transit_gateway_peering_attachment(
        TransitGatewayId=near.gateway,
        PeerTransitGatewayId=far.gateway,
        PeerAccountId=other_account,
        PeerRegion=FAR,
    )
    peering = made["TransitGatewayPeeringAttachment"]["TransitGatewayAttachmentId"]
    far.ec2.accept_transit_gateway_peering_attachment(TransitGatewayAttachmentId=peering)
    a.route(B, near.gateway)
    b.route(A, far.gateway)
    for owner, end, out, home in ((near, ends[0], B, A), (far, ends[1], A, B)):
        table, entrance = owner.table(), owner.table()
        owner.associate(end, table)
        owner.associate(peering, entrance)
        owner.route(table, out, peering)
        if owner is far:
            assert reaches(client, spot(a), THERE).blocker.endswith(f"has no route to {THERE}")
        owner.route(entrance, home, end)
    way = reaches(client, spot(a), THERE)
    assert way, way.blocker
    assert peering in way.there
    assert peering in way.back


def test_packets_that_go_round_are_stopped(
    emulator: Emulator, client: Callable[[str, str], Any], account: str
) -> None:
    owner = make_owner(emulator, account)
    a, b = make_spoke(emulator, account, A), make_spoke(emulator, account, B)
    ends = a.attach(owner.gateway), b.attach(owner.gateway)
    for spoke, end, other in ((a, ends[0], ends[1]), (b, ends[1], ends[0])):
        table = owner.table()
        owner.associate(end, table)
        owner.route(table, "10.0.0.0/8", other)
        spoke.route("10.0.0.0/8", owner.gateway)
    assert reaches(client, spot(a), "10.99.0.9").blocker.endswith("go round")


INTERNET = "8.8.8.8"


def led_out(a: Spoke, public: str) -> str:
    """A NAT gateway in a subnet whose table is given; the other subnet leads to it."""
    nat = a.ec2.create_nat_gateway(
        SubnetId=public, AllocationId=a.ec2.allocate_address(Domain="vpc")["AllocationId"]
    )["NatGateway"]["NatGatewayId"]
    a.ec2.create_route(RouteTableId=a.tables[0], DestinationCidrBlock="0.0.0.0/0", NatGatewayId=nat)
    return str(nat)


def test_a_nat_gateway_carries_once_its_own_subnet_leads_out(
    emulator: Emulator, client: Callable[[str, str], Any], account: str
) -> None:
    a = make_spoke(emulator, account, A)
    nat = led_out(a, a.subnets[1])
    blocker = reaches(client, spot(a), INTERNET).blocker
    assert blocker == f"{a.tables[1]} of {a.vpc} has no route to {INTERNET}"
    door = a.ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    a.ec2.attach_internet_gateway(InternetGatewayId=door, VpcId=a.vpc)
    a.ec2.create_route(RouteTableId=a.tables[1], DestinationCidrBlock="0.0.0.0/0", GatewayId=door)
    way = reaches(client, spot(a), INTERNET)
    assert way == Way(there=(a.tables[0], nat, a.tables[1], door))
    blocker = reaches(client, spot(a), THERE).blocker
    assert blocker.endswith(f"leads to {door}, which is no way to a private address")


def test_a_nat_gateway_sends_private_packets_wherever_its_own_table_leads(
    emulator: Emulator, client: Callable[[str, str], Any], account: str, other_account: str
) -> None:
    a, b = make_spoke(emulator, account, A), make_spoke(emulator, other_account, B)
    led_out(a, a.subnets[1])
    made = a.ec2.create_vpc_peering_connection(VpcId=a.vpc, PeerVpcId=b.vpc, PeerOwnerId=b.account)
    connection = made["VpcPeeringConnection"]["VpcPeeringConnectionId"]
    b.ec2.accept_vpc_peering_connection(VpcPeeringConnectionId=connection)
    for spoke, table, block in ((a, a.tables[1], B), (b, b.tables[0], A)):
        spoke.ec2.create_route(
            RouteTableId=table, DestinationCidrBlock=block, VpcPeeringConnectionId=connection
        )
    assert reaches(client, spot(a), THERE, back=False)
