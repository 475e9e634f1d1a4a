"""IPv6 of the emulated AWS: what EC2 and EKS take, and what they refuse."""

from __future__ import annotations

from ipaddress import IPv6Network
from typing import Any

import pytest
from botocore.exceptions import ClientError

from cellfactory.sandbox.client import leftovers
from tests.sandbox.eks_cell import Cell
from tests.sandbox.emulators import REGION, Emulator

pytestmark = pytest.mark.sandbox


def dual_stack(ec2: Any) -> tuple[str, IPv6Network]:
    vpc = ec2.create_vpc(CidrBlock="10.64.0.0/16", AmazonProvidedIpv6CidrBlock=True)["Vpc"]
    (row,) = ec2.describe_vpcs(VpcIds=[vpc["VpcId"]])["Vpcs"][0]["Ipv6CidrBlockAssociationSet"]
    assert row["Ipv6Pool"] == "Amazon"
    return vpc["VpcId"], IPv6Network(row["Ipv6CidrBlock"])


def subnet(ec2: Any, vpc: str, number: int, block: str, zone: str = "use1-az1") -> str:
    made = ec2.create_subnet(
        VpcId=vpc,
        CidrBlock=f"10.64.{number}.0/24",
        Ipv6CidrBlock=block,
        AvailabilityZoneId=zone,
    )
    return str(made["Subnet"]["SubnetId"])


def parts(block: IPv6Network) -> list[str]:
    return [str(part) for part in block.subnets(new_prefix=64)]


def test_a_block_comes_to_a_vpc_that_stands_and_goes(emulator: Emulator, account: str) -> None:
    ec2 = emulator.client("ec2", account)
    vpc = ec2.create_vpc(CidrBlock="10.64.0.0/16")["Vpc"]["VpcId"]
    made = ec2.associate_vpc_cidr_block(VpcId=vpc, AmazonProvidedIpv6CidrBlock=True)
    association = made["Ipv6CidrBlockAssociation"]
    assert IPv6Network(association["Ipv6CidrBlock"]).prefixlen == 56
    (table,) = ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [vpc]}])[
        "RouteTables"
    ]
    wide = [row for row in table["Routes"] if row.get("DestinationIpv6CidrBlock")]
    assert [row["GatewayId"] for row in wide] == ["local"]
    ec2.disassociate_vpc_cidr_block(AssociationId=association["AssociationId"])


def test_a_block_that_a_subnet_uses_stays(emulator: Emulator, account: str) -> None:
    ec2 = emulator.client("ec2", account)
    vpc, block = dual_stack(ec2)
    subnet(ec2, vpc, 0, parts(block)[0])
    (row,) = ec2.describe_vpcs(VpcIds=[vpc])["Vpcs"][0]["Ipv6CidrBlockAssociationSet"]
    with pytest.raises(ClientError, match="InUse"):
        ec2.disassociate_vpc_cidr_block(AssociationId=row["AssociationId"])


def test_a_subnet_has_a_free_part_of_the_block_of_its_vpc(emulator: Emulator, account: str) -> None:
    ec2 = emulator.client("ec2", account)
    vpc, block = dual_stack(ec2)
    first, second, *_ = parts(block)
    subnet(ec2, vpc, 0, first)
    with pytest.raises(ClientError, match=r"InvalidSubnet\.Conflict"):
        subnet(ec2, vpc, 1, first)
    for wrong in (str(block), "2001:db8::/64", "no block"):
        with pytest.raises(ClientError, match=r"InvalidSubnet\.Range"):
            subnet(ec2, vpc, 1, wrong)
    other = subnet(ec2, vpc, 1, second)
    (told,) = ec2.describe_subnets(SubnetIds=[other])["Subnets"]
    (row,) = told["Ipv6CidrBlockAssociationSet"]
    assert row["Ipv6CidrBlock"] == second
    assert row["Ipv6CidrBlockState"] == {"State": "associated"}


def test_a_way_out_keeps_a_vpc_and_is_left_over(emulator: Emulator, account: str) -> None:
    ec2 = emulator.client("ec2", account)
    vpc, _ = dual_stack(ec2)
    made = ec2.create_egress_only_internet_gateway(VpcId=vpc)["EgressOnlyInternetGateway"]
    gateway = made["EgressOnlyInternetGatewayId"]
    with pytest.raises(ClientError, match="DependencyViolation"):
        ec2.delete_vpc(VpcId=vpc)
    assert any(gateway in str(row) for row in leftovers(emulator.endpoint, account, REGION))
    ec2.delete_egress_only_internet_gateway(EgressOnlyInternetGatewayId=gateway)
    ec2.delete_vpc(VpcId=vpc)
    assert leftovers(emulator.endpoint, account, REGION) == []


@pytest.fixture
def six(emulator: Emulator, account: str) -> Cell:
    ec2 = emulator.client("ec2", account)
    vpc, block = dual_stack(ec2)
    zones = enumerate(zip(("use1-az1", "use1-az2"), parts(block), strict=False))
    return Cell(emulator, account, vpc, [subnet(ec2, vpc, n, b, z) for n, (z, b) in zones])


FAMILY: dict[str, Any] = {"kubernetesNetworkConfig": {"ipFamily": "ipv6"}}


def test_eks_chooses_the_block_of_ipv6_services(six: Cell) -> None:
    network = six.create(**FAMILY)["kubernetesNetworkConfig"]
    assert network["ipFamily"] == "ipv6"
    assert "serviceIpv4Cidr" not in network
    services = IPv6Network(network["serviceIpv6Cidr"])
    assert services.is_private
    assert services.prefixlen == 108


def test_eks_takes_no_block_for_ipv6_services(six: Cell) -> None:
    asked = {"ipFamily": "ipv6", "serviceIpv4Cidr": "172.20.0.0/16"}
    with pytest.raises(ClientError, match="serviceIpv4Cidr cannot be specified"):
        six.create(kubernetesNetworkConfig=asked)


def test_eks_refuses_subnets_without_ipv6(cell: Cell) -> None:
    with pytest.raises(ClientError, match="has no IPv6 CIDR block"):
        cell.create(**FAMILY)
    assert cell.create()["kubernetesNetworkConfig"]["ipFamily"] == "ipv4"


def test_nodes_start_where_addresses_are_assigned(six: Cell) -> None:
    six.create(**FAMILY)
    with pytest.raises(ClientError, match="does not assign IPv6 addresses"):
        six.create_nodes()
    six.ec2.modify_subnet_attribute(
        SubnetId=six.subnets[0], AssignIpv6AddressOnCreation={"Value": True}
    )
    assert six.create_nodes()["status"] == "ACTIVE"
