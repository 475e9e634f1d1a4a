"""Descriptions come back as they were given: Terraform replaces what seems to have lost its own."""

from __future__ import annotations

import pytest

from tests.sandbox.emulators import REGION, Emulator
from tests.sandbox.test_network import vpc_in

pytestmark = pytest.mark.sandbox


@pytest.mark.parametrize("told", [{"Description": "whole prefixes"}, {}])
def test_a_reservation_keeps_its_description(
    emulator: Emulator, account: str, told: dict[str, str]
) -> None:
    ec2 = emulator.client("ec2", account, REGION)
    subnet = ec2.create_subnet(VpcId=vpc_in(ec2, "10.64.0.0/16"), CidrBlock="10.64.0.0/24")
    name = subnet["Subnet"]["SubnetId"]
    ec2.create_subnet_cidr_reservation(
        SubnetId=name, Cidr="10.64.0.128/25", ReservationType="prefix", **told
    )
    (row,) = ec2.get_subnet_cidr_reservations(SubnetId=name)["SubnetIpv4CidrReservations"]
    assert row.get("Description") == told.get("Description")


def test_a_rule_for_a_group_keeps_its_description(emulator: Emulator, account: str) -> None:
    ec2 = emulator.client("ec2", account, REGION)
    vpc = vpc_in(ec2, "10.65.0.0/16")
    group = ec2.create_security_group(GroupName="g", Description="g", VpcId=vpc)["GroupId"]
    for other in (
        {"UserIdGroupPairs": [{"GroupId": group, "Description": "from a group"}]},
        {"IpRanges": [{"CidrIp": "10.0.0.0/8", "Description": "from a block"}]},
    ):
        port = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443}
        ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[{**port, **other}])
    asked = {"Filters": [{"Name": "group-id", "Values": [group]}]}
    for _ in range(2):  # asking changes nothing
        rules = ec2.describe_security_group_rules(**asked)["SecurityGroupRules"]
        told = {row["Description"]: row.get("CidrIpv4") for row in rules if not row["IsEgress"]}
        assert told == {"from a group": None, "from a block": "10.0.0.0/8"}
