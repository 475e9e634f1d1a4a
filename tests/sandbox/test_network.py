"""EC2 where the emulator differs from moto."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from cellfactory.sandbox.client import leftovers
from cellfactory.sandbox.world import HubVpc
from tests.sandbox.emulators import HUB, IMAGE, REGION, WIDE_HUB, Emulator

pytestmark = pytest.mark.sandbox


def vpc_in(ec2: Any, block: str) -> str:
    return str(ec2.create_vpc(CidrBlock=block)["Vpc"]["VpcId"])


def blocks(ec2: Any, vpc: str) -> list[str]:
    rows = ec2.describe_vpcs(VpcIds=[vpc])["Vpcs"][0]["CidrBlockAssociationSet"]
    return [row["CidrBlock"] for row in rows if row["CidrBlockState"]["State"] == "associated"]


def peerings(ec2: Any, connection: str) -> dict[str, Any]:
    answer = ec2.describe_vpc_peering_connections(VpcPeeringConnectionIds=[connection])
    row: dict[str, Any] = answer["VpcPeeringConnections"][0]
    return row


def request_peering(ec2: Any, vpc: str, peer: str, account: str) -> str:
    answer = ec2.create_vpc_peering_connection(VpcId=vpc, PeerVpcId=peer, PeerOwnerId=account)
    return str(answer["VpcPeeringConnection"]["VpcPeeringConnectionId"])


def two_vpcs(emulator: Emulator, account: str, other: str) -> tuple[Any, Any, str, str]:
    """Make a VPC in each account: the clients of the two, then the VPCs."""
    ours, theirs = emulator.client("ec2", account), emulator.client("ec2", other)
    return ours, theirs, vpc_in(ours, "10.64.0.0/16"), vpc_in(theirs, "10.65.0.0/16")


def test_a_new_account_is_empty(emulator: Emulator, account: str) -> None:
    assert leftovers(emulator.endpoint, account, REGION) == []


def test_nothing_lands_in_a_default_vpc(emulator: Emulator, account: str) -> None:
    ec2 = emulator.client("ec2", account)
    with pytest.raises(ClientError, match="VPCIdNotSpecified"):
        ec2.create_security_group(GroupName="lost", Description="lost")


@pytest.mark.parametrize("hub", [HUB, WIDE_HUB], ids=["usual", "wide"])
def test_a_hub_is_there_with_its_id_and_blocks(emulator: Emulator, hub: HubVpc) -> None:
    ec2 = emulator.client("ec2", hub.account, hub.region)
    (vpc,) = ec2.describe_vpcs(VpcIds=[hub.vpc_id])["Vpcs"]
    assert vpc["CidrBlock"] == hub.blocks[0]
    assert blocks(ec2, hub.vpc_id) == list(hub.blocks)
    tables = ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [hub.vpc_id]}])
    (table,) = tables["RouteTables"]
    assert {row["DestinationCidrBlock"] for row in table["Routes"]} == set(hub.blocks)
    groups = ec2.describe_security_groups(Filters=[{"Name": "vpc-id", "Values": [hub.vpc_id]}])
    assert [group["GroupName"] for group in groups["SecurityGroups"]] == ["default"]


def test_an_image_of_amazon_is_found_by_its_name(emulator: Emulator, account: str) -> None:
    found = {
        region: emulator.client("ec2", account, region).describe_images(
            Owners=["amazon"], Filters=[{"Name": "name", "Values": [IMAGE.name]}]
        )["Images"]
        for region in (*IMAGE.regions, "us-west-2")
    }
    assert found["us-west-2"] == []
    (image,) = found[REGION]
    assert (image["Architecture"], image["State"]) == ("arm64", "available")
    assert image["CreationDate"].startswith("2025-11-03")
    assert image["ImageId"] != found["eu-west-1"][0]["ImageId"]


@pytest.mark.parametrize(
    ("name", "architecture"),
    [
        ("amazon-eks-node-al2023-x86_64-standard-1.35-v20261101", "x86_64"),
        ("amazon-eks-node-al2023-arm64-nvidia-1.36-v20270101", "arm64"),
        ("amazon-eks-node-al2023-arm64-standard-1.35-v2026", None),
        ("amazon-eks-node-1.35-v20261101", None),
    ],
)
def test_every_release_of_the_eks_image_can_be_upgraded_to(
    emulator: Emulator, account: str, name: str, architecture: str | None
) -> None:
    ec2 = emulator.client("ec2", account)
    found = [
        ec2.describe_images(Owners=["amazon"], Filters=[{"Name": "name", "Values": [name]}])
        for _ in range(2)
    ]
    assert found[0]["Images"] == found[1]["Images"]
    assert [i["Architecture"] for i in found[0]["Images"]] == ([architecture] * bool(architecture))


def test_the_quota_of_blocks_is_the_worlds(emulator: Emulator, account: str) -> None:
    ec2 = emulator.client("ec2", account)
    vpc = vpc_in(ec2, "10.64.0.0/16")
    for number in range(6):
        ec2.associate_vpc_cidr_block(VpcId=vpc, CidrBlock=f"100.{64 + number}.0.0/16")
    assert len(blocks(ec2, vpc)) == 7
    with pytest.raises(ClientError, match="CidrLimitExceeded"):
        ec2.associate_vpc_cidr_block(VpcId=vpc, CidrBlock="100.80.0.0/16")
    (table,) = ec2.describe_route_tables()["RouteTables"]
    assert len(table["Routes"]) == 7


def test_a_block_that_is_taken_is_refused(emulator: Emulator, account: str) -> None:
    ec2 = emulator.client("ec2", account)
    vpc = vpc_in(ec2, "10.64.0.0/16")
    with pytest.raises(ClientError, match=r"InvalidVpc\.Range"):
        ec2.associate_vpc_cidr_block(VpcId=vpc, CidrBlock="10.64.128.0/20")


def test_a_block_stays_while_a_subnet_is_in_it(emulator: Emulator, account: str) -> None:
    ec2 = emulator.client("ec2", account)
    vpc = vpc_in(ec2, "10.64.0.0/16")
    row = ec2.associate_vpc_cidr_block(VpcId=vpc, CidrBlock="100.64.0.0/16")
    association = row["CidrBlockAssociation"]["AssociationId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="100.64.0.0/24", AvailabilityZone="us-east-1a")
    with pytest.raises(ClientError, match=r"InvalidCidrBlock\.InUse"):
        ec2.disassociate_vpc_cidr_block(AssociationId=association)
    ec2.delete_subnet(SubnetId=subnet["Subnet"]["SubnetId"])
    ec2.disassociate_vpc_cidr_block(AssociationId=association)
    assert blocks(ec2, vpc) == ["10.64.0.0/16"]


def test_a_zone_of_another_region_is_refused(emulator: Emulator, account: str) -> None:
    ec2 = emulator.client("ec2", account)
    vpc = vpc_in(ec2, "10.64.0.0/16")
    with pytest.raises(ClientError, match="availability"):
        ec2.create_subnet(VpcId=vpc, CidrBlock="10.64.0.0/24", AvailabilityZoneId="euw1-az1")
    made = ec2.create_subnet(VpcId=vpc, CidrBlock="10.64.0.0/24", AvailabilityZoneId="use1-az2")
    assert made["Subnet"]["AvailabilityZoneId"] == "use1-az2"
    assert made["Subnet"]["MapPublicIpOnLaunch"] is False


def test_each_side_of_a_peering_has_its_own_tags(
    emulator: Emulator, account: str, other_account: str
) -> None:
    ours, theirs, vpc, peer = two_vpcs(emulator, account, other_account)
    connection = request_peering(ours, vpc, peer, other_account)
    ours.create_tags(Resources=[connection], Tags=[{"Key": "side", "Value": "requester"}])
    theirs.create_tags(Resources=[connection], Tags=[{"Key": "side", "Value": "accepter"}])
    theirs.accept_vpc_peering_connection(VpcPeeringConnectionId=connection)
    seen = [peerings(one, connection) for one in (ours, theirs)]
    assert [row["Tags"][0]["Value"] for row in seen] == ["requester", "accepter"]
    assert {row["Status"]["Code"] for row in seen} == {"active"}
    assert seen[0]["AccepterVpcInfo"]["CidrBlockSet"] == [{"CidrBlock": "10.65.0.0/16"}]


def test_the_options_of_both_sides_are_seen_from_both(
    emulator: Emulator, account: str, other_account: str
) -> None:
    ours, theirs, vpc, peer = two_vpcs(emulator, account, other_account)
    connection = request_peering(ours, vpc, peer, other_account)
    theirs.accept_vpc_peering_connection(VpcPeeringConnectionId=connection)
    theirs.modify_vpc_peering_connection_options(
        VpcPeeringConnectionId=connection,
        AccepterPeeringConnectionOptions={"AllowDnsResolutionFromRemoteVpc": True},
    )
    for side in (ours, theirs):
        row = peerings(side, connection)
        assert row["AccepterVpcInfo"]["PeeringOptions"]["AllowDnsResolutionFromRemoteVpc"] is True
        assert row["RequesterVpcInfo"]["PeeringOptions"]["AllowDnsResolutionFromRemoteVpc"] is False


def test_the_same_request_twice_is_one_peering(
    emulator: Emulator, account: str, other_account: str
) -> None:
    ours, _, vpc, peer = two_vpcs(emulator, account, other_account)
    first = request_peering(ours, vpc, peer, other_account)
    assert request_peering(ours, vpc, peer, other_account) == first
    ours.delete_vpc_peering_connection(VpcPeeringConnectionId=first)
    assert request_peering(ours, vpc, peer, other_account) != first


@pytest.mark.parametrize("where", ["primary", "secondary"])
def test_overlapping_blocks_end_a_request_as_failed(
    emulator: Emulator, account: str, other_account: str, where: str
) -> None:
    ours, theirs, vpc, peer = two_vpcs(emulator, account, other_account)
    if where == "primary":
        peer = vpc_in(theirs, "10.64.240.0/20")
    else:
        ours.associate_vpc_cidr_block(VpcId=vpc, CidrBlock="100.64.0.0/16")
        theirs.associate_vpc_cidr_block(VpcId=peer, CidrBlock="100.64.16.0/20")
    connection = request_peering(ours, vpc, peer, other_account)
    assert peerings(ours, connection)["Status"]["Code"] == "failed"
    with pytest.raises(ClientError, match="NotFound"):
        theirs.accept_vpc_peering_connection(VpcPeeringConnectionId=connection)


def test_a_peer_nobody_has_ends_a_request_as_failed(
    emulator: Emulator, account: str, other_account: str
) -> None:
    ec2 = emulator.client("ec2", account)
    connection = request_peering(ec2, vpc_in(ec2, "10.64.0.0/16"), "vpc-0aaaa", other_account)
    assert peerings(ec2, connection)["Status"]["Code"] == "failed"


def test_peerings_are_found_by_filters(
    emulator: Emulator, account: str, other_account: str
) -> None:
    ours, theirs = emulator.client("ec2", account), emulator.client("ec2", other_account)
    vpc = vpc_in(ours, "10.64.0.0/16")
    peers = [vpc_in(theirs, block) for block in ("10.65.0.0/16", "10.66.0.0/16")]
    first, second = (request_peering(ours, vpc, peer, other_account) for peer in peers)
    theirs.accept_vpc_peering_connection(VpcPeeringConnectionId=second)
    ours.create_tags(Resources=[first], Tags=[{"Key": "Name", "Value": "one"}])

    def found(name: str, value: str) -> list[str]:
        wanted = [{"Name": name, "Values": [value]}]
        rows = ours.describe_vpc_peering_connections(Filters=wanted)["VpcPeeringConnections"]
        return [row["VpcPeeringConnectionId"] for row in rows]

    assert found("requester-vpc-info.vpc-id", vpc) == [first, second]
    assert found("accepter-vpc-info.vpc-id", peers[0]) == [first]
    assert found("accepter-vpc-info.cidr-block", "10.66.0.0/16") == [second]
    assert found("accepter-vpc-info.owner-id", account) == []
    assert found("status-code", "active") == [second]
    assert found("tag:Name", "one") == [first]


def test_a_block_of_a_peer_cannot_be_added(
    emulator: Emulator, account: str, other_account: str
) -> None:
    ours, theirs, vpc, peer = two_vpcs(emulator, account, other_account)
    connection = request_peering(ours, vpc, peer, other_account)
    theirs.accept_vpc_peering_connection(VpcPeeringConnectionId=connection)
    with pytest.raises(ClientError, match=r"InvalidVpc\.Range"):
        theirs.associate_vpc_cidr_block(VpcId=peer, CidrBlock="10.64.0.0/24")


def test_a_vpc_stays_while_something_is_in_it(
    emulator: Emulator, account: str, other_account: str
) -> None:
    ours, _, vpc, peer = two_vpcs(emulator, account, other_account)

    def refused() -> None:
        with pytest.raises(ClientError, match="DependencyViolation"):
            ours.delete_vpc(VpcId=vpc)

    subnet = ours.create_subnet(VpcId=vpc, CidrBlock="10.64.0.0/24")["Subnet"]["SubnetId"]
    refused()
    group = ours.create_security_group(GroupName="one", Description="one", VpcId=vpc)["GroupId"]
    endpoint = ours.create_vpc_endpoint(
        VpcId=vpc,
        ServiceName=f"com.amazonaws.{REGION}.sts",
        VpcEndpointType="Interface",
        SubnetIds=[subnet],
        SecurityGroupIds=[group],
    )["VpcEndpoint"]["VpcEndpointId"]
    for call, named in (
        (ours.delete_subnet, {"SubnetId": subnet}),
        (ours.delete_security_group, {"GroupId": group}),
    ):
        with pytest.raises(ClientError, match="DependencyViolation"):
            call(**named)
    ours.delete_vpc_endpoints(VpcEndpointIds=[endpoint])
    ours.delete_subnet(SubnetId=subnet)
    refused()
    ours.delete_security_group(GroupId=group)
    connection = request_peering(ours, vpc, peer, other_account)
    refused()
    ours.delete_vpc_peering_connection(VpcPeeringConnectionId=connection)
    ours.delete_vpc(VpcId=vpc)
    assert leftovers(emulator.endpoint, account, REGION) == []


def test_a_group_stays_while_a_rule_of_another_names_it(emulator: Emulator, account: str) -> None:
    ec2 = emulator.client("ec2", account)
    vpc = vpc_in(ec2, "10.64.0.0/16")
    named, naming = (
        ec2.create_security_group(GroupName=name, Description=name, VpcId=vpc)["GroupId"]
        for name in ("named", "naming")
    )
    rule = {
        "IpProtocol": "tcp",
        "FromPort": 443,
        "ToPort": 443,
        "UserIdGroupPairs": [{"GroupId": named}],
    }
    ec2.authorize_security_group_ingress(GroupId=naming, IpPermissions=[rule])
    with pytest.raises(ClientError, match="DependencyViolation"):
        ec2.delete_security_group(GroupId=named)
    ec2.revoke_security_group_ingress(GroupId=naming, IpPermissions=[rule])
    ec2.delete_security_group(GroupId=named)


def test_a_nat_gateway_gives_back_its_interface_and_address(
    emulator: Emulator, account: str
) -> None:
    ec2 = emulator.client("ec2", account)
    vpc = vpc_in(ec2, "10.64.0.0/16")
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.64.0.0/24")["Subnet"]["SubnetId"]
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    gateway = ec2.create_nat_gateway(SubnetId=subnet, AllocationId=address)["NatGateway"]
    with pytest.raises(ClientError, match="DependencyViolation"):
        ec2.delete_subnet(SubnetId=subnet)
    ec2.delete_nat_gateway(NatGatewayId=gateway["NatGatewayId"])
    (left,) = ec2.describe_addresses(AllocationIds=[address])["Addresses"]
    assert not left.get("AssociationId")
    ec2.delete_subnet(SubnetId=subnet)
