"""Transit gateways, what is attached to them, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from cellfactory.sandbox.world import World
from tests.sandbox.emulators import Emulator, running
from tests.sandbox.gateways import (
    Spoke,
    attached,
    gateway_state,
    make_owner,
    make_spoke,
    state,
    until,
)

pytestmark = pytest.mark.sandbox


def interfaces(spoke: Spoke) -> list[str]:
    """The subnets that a gateway has an interface in."""
    rows = spoke.ec2.describe_network_interfaces()["NetworkInterfaces"]
    return sorted(r["SubnetId"] for r in rows if r["InterfaceType"] == "transit_gateway")


def shown(ec2: Any, attachment: str) -> dict[str, Any]:
    answer = ec2.describe_transit_gateway_vpc_attachments(TransitGatewayAttachmentIds=[attachment])
    row: dict[str, Any] = answer["TransitGatewayVpcAttachments"][0]
    return row


def test_a_gateway_is_as_asked_for_and_changed_in_place(emulator: Emulator, account: str) -> None:
    owner = make_owner(emulator, account, AmazonSideAsn=64600)
    (row,) = owner.ec2.describe_transit_gateways()["TransitGateways"]
    options = row["Options"]
    assert options["AmazonSideAsn"] == 64600
    assert options["SecurityGroupReferencingSupport"] == "disable"
    assert "AssociationDefaultRouteTableId" not in options
    assert owner.ec2.describe_transit_gateway_route_tables()["TransitGatewayRouteTables"] == []
    owner.ec2.modify_transit_gateway(
        TransitGatewayId=owner.gateway,
        Description="hub",
        Options={"SecurityGroupReferencingSupport": "enable"},
    )
    (row,) = owner.ec2.describe_transit_gateways(
        Filters=[{"Name": "options.amazon-side-asn", "Values": ["64600"]}]
    )["TransitGateways"]
    changed = row["Options"]["SecurityGroupReferencingSupport"]
    assert (row["Description"], changed) == ("hub", "enable")


def test_a_gateway_with_default_tables_uses_them(emulator: Emulator, account: str) -> None:
    ec2 = emulator.client("ec2", account)
    made = ec2.create_transit_gateway()["TransitGateway"]
    table = made["Options"]["AssociationDefaultRouteTableId"]
    assert made["Options"]["PropagationDefaultRouteTableId"] == table
    spoke = make_spoke(emulator, account, "10.64.0.0/16")
    attachment = spoke.attach(made["TransitGatewayId"])
    assert state(ec2, attachment) == "available", "in the gateway's own account"
    (tie,) = ec2.get_transit_gateway_route_table_associations(TransitGatewayRouteTableId=table)[
        "Associations"
    ]
    assert (tie["ResourceId"], tie["State"]) == (spoke.vpc, "associated")
    routes = ec2.search_transit_gateway_routes(
        TransitGatewayRouteTableId=table, Filters=[{"Name": "type", "Values": ["propagated"]}]
    )["Routes"]
    assert [row["DestinationCidrBlock"] for row in routes] == ["10.64.0.0/16"]


def test_an_attachment_waits_for_the_owner_and_belongs_to_both(
    emulator: Emulator, account: str, other_account: str
) -> None:
    owner = make_owner(emulator, account)
    spoke = make_spoke(emulator, other_account, "10.64.0.0/16")
    owner.share(other_account)
    spoke.take()
    attachment = spoke.attach(owner.gateway)
    assert state(spoke.ec2, attachment) == state(owner.ec2, attachment) == "pendingAcceptance"
    assert interfaces(spoke) == []
    with pytest.raises(ClientError, match=r"InvalidTransitGatewayAttachmentID\.NotFound"):
        spoke.ec2.accept_transit_gateway_vpc_attachment(TransitGatewayAttachmentId=attachment)
    with pytest.raises(ClientError, match=r"IncorrectState.*is in invalid state"):
        spoke.ec2.modify_transit_gateway_vpc_attachment(
            TransitGatewayAttachmentId=attachment, Options={"ApplianceModeSupport": "enable"}
        )
    owner.accept(attachment)
    assert interfaces(spoke) == sorted(spoke.subnets)
    with pytest.raises(ClientError, match="IncorrectState"):
        owner.ec2.accept_transit_gateway_vpc_attachment(TransitGatewayAttachmentId=attachment)
    (row,) = owner.ec2.describe_transit_gateway_attachments()["TransitGatewayAttachments"]
    assert (row["TransitGatewayOwnerId"], row["ResourceOwnerId"]) == (account, other_account)
    owner.ec2.create_tags(Resources=[attachment], Tags=[{"Key": "Name", "Value": "a"}])
    assert shown(owner.ec2, attachment)["Tags"] == [{"Key": "Name", "Value": "a"}]
    assert not shown(spoke.ec2, attachment).get("Tags"), "each side has tags of its own"


def test_a_gateway_that_accepts_by_itself_and_one_that_does_not_want(
    emulator: Emulator, account: str, other_account: str
) -> None:
    willing = make_owner(emulator, account, AutoAcceptSharedAttachments="enable")
    other = make_owner(emulator, account)
    spoke = make_spoke(emulator, other_account, "10.64.0.0/16")
    for owner in (willing, other):
        owner.share(other_account)
    spoke.take()
    assert state(spoke.ec2, spoke.attach(willing.gateway)) == "available"
    attachment = spoke.attach(other.gateway)
    other.ec2.reject_transit_gateway_vpc_attachment(TransitGatewayAttachmentId=attachment)
    assert state(spoke.ec2, attachment) == "rejected"
    assert spoke.attach(other.gateway) != attachment, "one that was refused is not in the way"


def test_a_vpc_has_one_attachment_with_one_subnet_in_a_zone(
    emulator: Emulator, account: str, other_account: str
) -> None:
    owner = make_owner(emulator, account)
    spoke = make_spoke(emulator, other_account, "10.64.0.0/16")
    attached(owner, spoke)
    message = "DuplicateTransitGatewayAttachment.*with same VPC ID"
    with pytest.raises(ClientError, match=message):
        spoke.attach(owner.gateway)
    mine = make_spoke(emulator, account, "10.65.0.0/16")
    zone = mine.ec2.describe_subnets(SubnetIds=[mine.subnets[0]])["Subnets"][0]
    twin = mine.ec2.create_subnet(
        VpcId=mine.vpc, CidrBlock="10.65.9.0/24", AvailabilityZone=zone["AvailabilityZone"]
    )["Subnet"]["SubnetId"]
    with pytest.raises(ClientError, match="DuplicateSubnetsInSameZone"):
        mine.attach(owner.gateway, mine.subnets[0], twin)
    with pytest.raises(ClientError, match=r"InvalidSubnetID\.NotFound"):
        mine.attach(owner.gateway, spoke.subnets[0])
    other = make_spoke(emulator, account, "10.66.0.0/16")
    with pytest.raises(ClientError, match="InvalidParameterValue"):
        mine.attach(owner.gateway, other.subnets[0])


def test_subnets_and_options_change_in_place(
    emulator: Emulator, account: str, other_account: str
) -> None:
    owner = make_owner(emulator, account)
    spoke = make_spoke(emulator, other_account, "10.64.0.0/16")
    attachment = attached(owner, spoke)
    change = spoke.ec2.modify_transit_gateway_vpc_attachment
    change(
        TransitGatewayAttachmentId=attachment,
        RemoveSubnetIds=[spoke.subnets[1]],
        Options={"ApplianceModeSupport": "enable", "SecurityGroupReferencingSupport": "disable"},
    )
    row = shown(owner.ec2, attachment)
    assert row["SubnetIds"] == interfaces(spoke) == [spoke.subnets[0]]
    assert row["Options"]["ApplianceModeSupport"] == "enable"
    assert row["Options"]["DnsSupport"] == "enable", "what was not named stays"
    change(TransitGatewayAttachmentId=attachment, AddSubnetIds=[spoke.subnets[1]])
    assert interfaces(spoke) == sorted(spoke.subnets)
    with pytest.raises(ClientError, match="InvalidParameterValue"):
        change(TransitGatewayAttachmentId=attachment, RemoveSubnetIds=list(spoke.subnets))


def test_nothing_goes_while_something_hangs_on_it(
    emulator: Emulator, account: str, other_account: str
) -> None:
    owner = make_owner(emulator, account)
    spoke = make_spoke(emulator, other_account, "10.64.0.0/16")
    attachment = attached(owner, spoke)
    table = owner.table()
    owner.associate(attachment, table)
    message = f"IncorrectState.*has non-deleted Transit Gateway Attachments: {attachment}"
    with pytest.raises(ClientError, match=message):
        owner.ec2.delete_transit_gateway(TransitGatewayId=owner.gateway)
    with pytest.raises(ClientError, match="IncorrectState"):
        owner.ec2.delete_transit_gateway_route_table(TransitGatewayRouteTableId=table)
    with pytest.raises(ClientError, match="DependencyViolation"):
        spoke.ec2.delete_subnet(SubnetId=spoke.subnets[0])
    with pytest.raises(ClientError, match="DependencyViolation"):
        spoke.ec2.delete_vpc(VpcId=spoke.vpc)

    owner.ec2.delete_transit_gateway_vpc_attachment(TransitGatewayAttachmentId=attachment)
    assert state(spoke.ec2, attachment) == "deleted"
    with pytest.raises(ClientError, match=r"InvalidTransitGatewayAttachmentID\.NotFound"):
        spoke.ec2.delete_transit_gateway_vpc_attachment(TransitGatewayAttachmentId=attachment)
    owner.ec2.delete_transit_gateway_route_table(TransitGatewayRouteTableId=table)
    owner.ec2.delete_transit_gateway(TransitGatewayId=owner.gateway)
    assert gateway_state(owner.ec2, owner.gateway) == "deleted"
    with pytest.raises(ClientError, match=r"InvalidTransitGatewayID\.NotFound"):
        owner.ec2.delete_transit_gateway(TransitGatewayId=owner.gateway)
    for subnet in spoke.subnets:
        spoke.ec2.delete_subnet(SubnetId=subnet)


def test_nobody_changes_a_gateway_that_is_only_shared_with_them(
    emulator: Emulator, account: str, other_account: str
) -> None:
    owner = make_owner(emulator, account)
    spoke = make_spoke(emulator, other_account, "10.64.0.0/16")
    attachment = attached(owner, spoke)
    table = owner.table()
    named = {"TransitGatewayId": owner.gateway}
    calls: tuple[Callable[[], Any], ...] = (
        lambda: spoke.ec2.modify_transit_gateway(**named, Description="mine"),
        lambda: spoke.ec2.delete_transit_gateway(**named),
        lambda: spoke.ec2.create_transit_gateway_route_table(**named),
        lambda: spoke.ec2.search_transit_gateway_routes(
            TransitGatewayRouteTableId=table, Filters=[{"Name": "type", "Values": ["static"]}]
        ),
        lambda: spoke.ec2.associate_transit_gateway_route_table(
            TransitGatewayRouteTableId=table, TransitGatewayAttachmentId=attachment
        ),
    )
    for call in calls:
        with pytest.raises(ClientError, match=r"NotFound"):
            call()


def test_every_step_takes_the_time_that_the_world_says(tmp_path: Path, account: str) -> None:
    with running(tmp_path, World(transit_seconds=0.8)) as emulator:
        ec2 = emulator.client("ec2", account)
        spoke = make_spoke(emulator, account, "10.64.0.0/16")
        gateway = ec2.create_transit_gateway()["TransitGateway"]["TransitGatewayId"]
        assert gateway_state(ec2, gateway) == "pending"
        with pytest.raises(ClientError, match="IncorrectState"):
            spoke.attach(gateway)
        until("available", lambda: gateway_state(ec2, gateway))
        attachment = spoke.attach(gateway)
        assert state(ec2, attachment) == "pending"
        until("available", lambda: state(ec2, attachment))
        ec2.delete_transit_gateway_vpc_attachment(TransitGatewayAttachmentId=attachment)
        assert state(ec2, attachment) == "deleting"
        with pytest.raises(ClientError, match="IncorrectState"):
            ec2.delete_transit_gateway_vpc_attachment(TransitGatewayAttachmentId=attachment)
        with pytest.raises(ClientError, match="IncorrectState"):
            ec2.delete_transit_gateway(TransitGatewayId=gateway)
        until("deleted", lambda: state(ec2, attachment))
        ec2.delete_transit_gateway(TransitGatewayId=gateway)
        until("deleted", lambda: gateway_state(ec2, gateway))


def test_quotas_are_the_worlds(tmp_path: Path, account: str, other_account: str) -> None:
    quotas = {
        "transit-gateways": 1,
        "attachments-per-transit-gateway": 2,
        "route-tables-per-transit-gateway": 1,
        "routes-per-transit-gateway": 2,
    }
    with running(tmp_path, World(quotas=quotas)) as emulator:
        owner = make_owner(emulator, account)
        with pytest.raises(ClientError, match="TransitGatewayLimitExceeded"):
            make_owner(emulator, account)
        make_owner(emulator, other_account)
        table = owner.table()
        with pytest.raises(ClientError, match="TransitGatewayRouteTableLimitExceeded"):
            owner.table()
        spokes = [make_spoke(emulator, account, f"10.{64 + n}.0.0/16") for n in range(3)]
        made = [spoke.attach(owner.gateway) for spoke in spokes[:2]]
        with pytest.raises(ClientError, match="TransitGatewayAttachmentLimitExceeded"):
            spokes[2].attach(owner.gateway)
        for number in range(2):
            owner.route(table, f"10.{64 + number}.0.0/16", made[number])
        with pytest.raises(ClientError, match="TransitGatewayRouteLimitExceeded"):
            owner.route(table, "10.70.0.0/16", made[0])


def test_a_vpc_is_attached_to_so_many_gateways(emulator: Emulator, account: str) -> None:
    spoke = make_spoke(emulator, account, "10.64.0.0/16")
    gateways = [make_owner(emulator, account).gateway for _ in range(5)]
    for gateway in gateways:
        spoke.attach(gateway)
    with pytest.raises(ClientError, match="TransitGatewayLimitExceeded"):
        make_owner(emulator, account)
