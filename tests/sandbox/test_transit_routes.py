"""Route tables of transit gateways, routes of VPCs to them, and gateways of two Regions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from cellfactory.sandbox.world import World
from tests.sandbox.emulators import Emulator, running
from tests.sandbox.gateways import Owner, attached, make_owner, make_spoke, state, until

pytestmark = pytest.mark.sandbox

FAR = "eu-west-1"


def routes(owner: Owner, table: str, **filters: str) -> dict[str, tuple[str, str]]:
    """State and type of each route, by its block."""
    named = {name.replace("_", "-"): value for name, value in filters.items()}
    named = {f"route-search.{k}" if "match" in k else k: v for k, v in named.items()}
    asked = [{"Name": k, "Values": [v]} for k, v in (named or {"state": "*"}).items()]
    found = owner.ec2.search_transit_gateway_routes(
        TransitGatewayRouteTableId=table, Filters=asked
    )["Routes"]
    return {row["DestinationCidrBlock"]: (row["State"], row["Type"]) for row in found}


def vpc_route(ec2: Any, table: str, block: str) -> tuple[str, str]:
    """Where a route of a VPC leads, and its state."""
    (row,) = ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"]
    (found,) = [one for one in row["Routes"] if one["DestinationCidrBlock"] == block]
    target = found.get("TransitGatewayId") or found.get("VpcPeeringConnectionId")
    return str(target), str(found["State"])


def test_an_attachment_is_associated_with_one_table(
    emulator: Emulator, account: str, other_account: str
) -> None:
    owner = make_owner(emulator, account)
    spoke = make_spoke(emulator, other_account, "10.64.0.0/16")
    owner.share(other_account)
    spoke.take()
    attachment = spoke.attach(owner.gateway)
    one, two = owner.table(), owner.table()
    with pytest.raises(ClientError, match=f"IncorrectState.*{attachment} is in invalid state"):
        owner.associate(attachment, one)
    owner.accept(attachment)
    owner.associate(attachment, one)
    for table in (one, two):
        with pytest.raises(ClientError, match=r"Resource\.AlreadyAssociated"):
            owner.associate(attachment, table)
    (row,) = owner.ec2.describe_transit_gateway_attachments()["TransitGatewayAttachments"]
    assert row["Association"] == {"TransitGatewayRouteTableId": one, "State": "associated"}
    named = {"TransitGatewayAttachmentId": attachment}
    with pytest.raises(ClientError, match=r"InvalidAssociation\.NotFound"):
        owner.ec2.disassociate_transit_gateway_route_table(**named, TransitGatewayRouteTableId=two)
    owner.ec2.disassociate_transit_gateway_route_table(**named, TransitGatewayRouteTableId=one)
    owner.associate(attachment, two)
    asked = [{"Name": "transit-gateway-attachment-id", "Values": [attachment]}]
    found = [
        owner.ec2.get_transit_gateway_route_table_associations(
            TransitGatewayRouteTableId=table, Filters=asked
        )["Associations"]
        for table in (one, two)
    ]
    assert [len(rows) for rows in found] == [0, 1]


def test_a_static_route_leads_to_an_attachment_or_nowhere(
    emulator: Emulator, account: str, other_account: str
) -> None:
    owner = make_owner(emulator, account)
    attachment = attached(owner, make_spoke(emulator, other_account, "10.64.0.0/16"))
    table = owner.table()
    owner.route(table, "10.64.0.0/16", attachment)
    with pytest.raises(ClientError, match=r"RouteAlreadyExists.*Route 10\.64\.0\.0/16 already"):
        owner.route(table, "10.64.0.0/16", attachment)
    named = {"TransitGatewayRouteTableId": table}
    owner.ec2.create_transit_gateway_route(
        **named, DestinationCidrBlock="10.0.0.0/8", Blackhole=True
    )
    with pytest.raises(ClientError, match="InvalidParameterValue"):
        owner.ec2.create_transit_gateway_route(**named, DestinationCidrBlock="10.1.0.0/16")
    assert routes(owner, table) == {
        "10.64.0.0/16": ("active", "static"),
        "10.0.0.0/8": ("blackhole", "static"),
    }
    assert list(routes(owner, table, longest_prefix_match="10.64.7.9/32")) == ["10.64.0.0/16"]
    assert list(routes(owner, table, supernet_of_match="10.65.0.0/16")) == ["10.0.0.0/8"]
    assert list(routes(owner, table, exact_match="10.64.0.0/16")) == ["10.64.0.0/16"]
    assert len(routes(owner, table, subnet_of_match="10.0.0.0/8")) == 2
    owner.ec2.replace_transit_gateway_route(
        **named, DestinationCidrBlock="10.0.0.0/8", TransitGatewayAttachmentId=attachment
    )
    assert routes(owner, table)["10.0.0.0/8"] == ("active", "static")
    owner.ec2.delete_transit_gateway_vpc_attachment(TransitGatewayAttachmentId=attachment)
    assert routes(owner, table)["10.64.0.0/16"] == ("blackhole", "static")
    with pytest.raises(ClientError, match=r"InvalidTransitGatewayAttachmentID\.NotFound"):
        owner.route(table, "10.3.0.0/16", attachment)
    owner.ec2.delete_transit_gateway_route(**named, DestinationCidrBlock="10.64.0.0/16")
    with pytest.raises(ClientError, match=r"InvalidRoute\.NotFound"):
        owner.ec2.delete_transit_gateway_route(**named, DestinationCidrBlock="10.64.0.0/16")


def test_a_vpc_that_overlaps_an_earlier_one_propagates_nothing(
    emulator: Emulator, account: str
) -> None:
    owner = make_owner(emulator, account)
    first = make_spoke(emulator, account, "10.64.0.0/16")
    second = make_spoke(emulator, account, "10.65.0.0/16")
    second.ec2.associate_vpc_cidr_block(VpcId=second.vpc, CidrBlock="100.64.0.0/16")
    first.ec2.associate_vpc_cidr_block(VpcId=first.vpc, CidrBlock="100.64.0.0/16")
    table = owner.table()
    made = [spoke.attach(owner.gateway) for spoke in (first, second)]
    tie = owner.ec2.enable_transit_gateway_route_table_propagation
    for attachment in reversed(made):
        tie(TransitGatewayRouteTableId=table, TransitGatewayAttachmentId=attachment)
    with pytest.raises(ClientError, match=r"TransitGatewayRouteTablePropagation\.Duplicate"):
        tie(TransitGatewayRouteTableId=table, TransitGatewayAttachmentId=made[0])
    assert routes(owner, table) == dict.fromkeys(
        ("10.64.0.0/16", "100.64.0.0/16"), ("active", "propagated")
    )
    owner.route(table, "10.64.0.0/16", made[1])
    assert routes(owner, table)["10.64.0.0/16"] == ("active", "static"), "goes first"
    untie = owner.ec2.disable_transit_gateway_route_table_propagation
    untie(TransitGatewayRouteTableId=table, TransitGatewayAttachmentId=made[0])
    with pytest.raises(ClientError, match=r"TransitGatewayRouteTablePropagation\.NotFound"):
        untie(TransitGatewayRouteTableId=table, TransitGatewayAttachmentId=made[0])
    assert list(routes(owner, table)) == ["10.64.0.0/16"]


def test_a_route_of_a_vpc_needs_its_attachment(
    emulator: Emulator, account: str, other_account: str
) -> None:
    owner = make_owner(emulator, account)
    spoke = make_spoke(emulator, other_account, "10.64.0.0/16")
    owner.share(other_account)
    spoke.take()
    message = f"InvalidTransitGatewayID.NotFound.*transitGateway ID '{owner.gateway}' does not"
    with pytest.raises(ClientError, match=message):
        spoke.route("10.65.0.0/16", owner.gateway)
    attachment = spoke.attach(owner.gateway)
    with pytest.raises(ClientError, match=message):
        spoke.route("10.65.0.0/16", owner.gateway)
    owner.accept(attachment)
    spoke.route("10.65.0.0/16", owner.gateway)
    seen = [vpc_route(spoke.ec2, table, "10.65.0.0/16") for table in spoke.tables]
    assert seen == [(owner.gateway, "active")] * 2
    owner.ec2.delete_transit_gateway_vpc_attachment(TransitGatewayAttachmentId=attachment)
    assert vpc_route(spoke.ec2, spoke.tables[0], "10.65.0.0/16") == (owner.gateway, "blackhole")


def test_a_route_goes_from_a_peering_to_a_gateway_and_back_in_place(
    emulator: Emulator, account: str, other_account: str
) -> None:
    owner = make_owner(emulator, account)
    spoke = make_spoke(emulator, other_account, "10.64.0.0/16")
    peer = make_spoke(emulator, account, "10.65.0.0/16")
    attached(owner, spoke)
    made = spoke.ec2.create_vpc_peering_connection(
        VpcId=spoke.vpc, PeerVpcId=peer.vpc, PeerOwnerId=account
    )
    connection = made["VpcPeeringConnection"]["VpcPeeringConnectionId"]
    peer.ec2.accept_vpc_peering_connection(VpcPeeringConnectionId=connection)
    table, block = spoke.tables[0], "10.65.0.0/16"
    named = {"RouteTableId": table, "DestinationCidrBlock": block}
    spoke.ec2.create_route(**named, VpcPeeringConnectionId=connection)
    spoke.ec2.replace_route(**named, TransitGatewayId=owner.gateway)
    assert vpc_route(spoke.ec2, table, block) == (owner.gateway, "active")
    spoke.ec2.replace_route(**named, VpcPeeringConnectionId=connection)
    assert vpc_route(spoke.ec2, table, block) == (connection, "active")
    with pytest.raises(ClientError, match=r"InvalidTransitGatewayID\.NotFound"):
        spoke.ec2.replace_route(**named, TransitGatewayId="tgw-0123456789abcdef0")
    assert vpc_route(spoke.ec2, table, block) == (connection, "active")


def peer(owner: Owner, other: Owner) -> str:
    answer = owner.ec2.create_transit_gateway_peering_attachment(
        TransitGatewayId=owner.gateway,
        PeerTransitGatewayId=other.gateway,
        PeerAccountId=other.account,
        PeerRegion=other.region,
    )
    return str(answer["TransitGatewayPeeringAttachment"]["TransitGatewayAttachmentId"])


def test_gateways_of_two_regions_and_accounts_are_peered(
    emulator: Emulator, account: str, other_account: str
) -> None:
    near = make_owner(emulator, account)
    far = make_owner(emulator, other_account, FAR)
    attachment = peer(near, far)
    assert state(near.ec2, attachment) == state(far.ec2, attachment) == "pendingAcceptance"
    named = {"TransitGatewayAttachmentId": attachment}
    with pytest.raises(ClientError, match=f"Cannot accept {attachment} as the source"):
        near.ec2.accept_transit_gateway_peering_attachment(**named)
    tables = [near.table(), far.table()]
    with pytest.raises(ClientError, match="IncorrectState"):
        near.route(tables[0], "10.65.0.0/16", attachment)
    far.ec2.accept_transit_gateway_peering_attachment(**named)
    with pytest.raises(ClientError, match="IncorrectState"):
        far.ec2.accept_transit_gateway_peering_attachment(**named)
    with pytest.raises(ClientError, match="DuplicateTransitGatewayAttachment"):
        peer(far, near)
    for owner, table in ((near, tables[0]), (far, tables[1])):
        owner.associate(attachment, table)
        owner.route(table, "10.65.0.0/16", attachment)
        with pytest.raises(ClientError, match="propagates no routes"):
            owner.ec2.enable_transit_gateway_route_table_propagation(
                **named, TransitGatewayRouteTableId=table
            )
        (row,) = owner.ec2.describe_transit_gateway_attachments()["TransitGatewayAttachments"]
        assert (row["ResourceType"], row["TransitGatewayId"]) == ("peering", owner.gateway)
        other = far if owner is near else near
        assert (row["ResourceId"], row["ResourceOwnerId"]) == (other.gateway, other.account)
    message = f"Cross Region Peering Attachments: {attachment}"
    with pytest.raises(ClientError, match=message):
        far.ec2.delete_transit_gateway(TransitGatewayId=far.gateway)
    near.ec2.delete_transit_gateway_peering_attachment(**named)
    assert routes(far, tables[1]) == {"10.65.0.0/16": ("blackhole", "static")}
    with pytest.raises(ClientError, match=r"InvalidTransitGatewayAttachmentID\.NotFound"):
        far.ec2.delete_transit_gateway_peering_attachment(**named)


def test_a_peering_with_a_gateway_that_is_not_there_fails(
    emulator: Emulator, account: str, other_account: str
) -> None:
    near, far = make_owner(emulator, account), make_owner(emulator, other_account)
    wrong = Owner(ec2=far.ec2, ram=far.ram, account=account, gateway=far.gateway, region=FAR)
    assert state(near.ec2, peer(near, wrong)) == "failed"
    third = make_owner(emulator, account, FAR)
    with pytest.raises(ClientError, match=r"InvalidTransitGatewayID\.NotFound"):
        peer(
            Owner(ec2=far.ec2, ram=far.ram, account=account, gateway=near.gateway, region=FAR),
            third,
        )


def test_peerings_of_a_gateway_have_a_quota(tmp_path: Path, account: str) -> None:
    world = World(quotas={"peerings-per-transit-gateway": 1})
    with running(tmp_path, world) as emulator:
        near = make_owner(emulator, account)
        far = [make_owner(emulator, account, region) for region in (FAR, "us-west-2")]
        peer(near, far[0])
        with pytest.raises(ClientError, match="TransitGatewayPeeringAttachmentLimitExceeded"):
            peer(near, far[1])


def test_associations_take_time_like_everything(tmp_path: Path, account: str) -> None:
    with running(tmp_path, World(transit_seconds=0.6)) as emulator:
        owner = make_owner(emulator, account)
        spoke = make_spoke(emulator, account, "10.64.0.0/16")
        attachment = spoke.attach(owner.gateway)
        until("available", lambda: state(owner.ec2, attachment))
        table = owner.table()
        owner.associate(attachment, table)

        def tied() -> str:
            rows = owner.ec2.get_transit_gateway_route_table_associations(
                TransitGatewayRouteTableId=table
            )["Associations"]
            return str(rows[0]["State"]) if rows else "none"

        assert tied() == "associating"
        until("associated", tied)
        owner.ec2.disassociate_transit_gateway_route_table(
            TransitGatewayRouteTableId=table, TransitGatewayAttachmentId=attachment
        )
        assert tied() == "disassociating"
        until("none", tied)
