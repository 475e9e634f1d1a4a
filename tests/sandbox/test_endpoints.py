"""VPC endpoints that AWS refuses, and what it writes to the bucket of a flow log."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from cellfactory.sandbox.flow_logs import delivery_statements
from tests.sandbox.emulators import REGION, Emulator

pytestmark = pytest.mark.sandbox


class Place:
    """A VPC with a subnet in a zone."""

    def __init__(self, emulator: Emulator, account: str) -> None:
        self.ec2 = emulator.client("ec2", account)
        self.vpc = self.ec2.create_vpc(CidrBlock="10.64.0.0/16")["Vpc"]["VpcId"]

    def subnet(self, zone: str, block: str) -> str:
        made = self.ec2.create_subnet(VpcId=self.vpc, AvailabilityZoneId=zone, CidrBlock=block)
        return str(made["Subnet"]["SubnetId"])

    def interface(self, service: str, subnet: str, *, names: bool = True) -> dict[str, Any]:
        answer: dict[str, Any] = self.ec2.create_vpc_endpoint(
            VpcId=self.vpc,
            ServiceName=f"com.amazonaws.{REGION}.{service}",
            VpcEndpointType="Interface",
            SubnetIds=[subnet],
            PrivateDnsEnabled=names,
        )
        return answer

    def gateway(self, service: str) -> dict[str, Any]:
        answer: dict[str, Any] = self.ec2.create_vpc_endpoint(
            VpcId=self.vpc, ServiceName=f"com.amazonaws.{REGION}.{service}"
        )
        return answer


@pytest.fixture
def place(emulator: Emulator, account: str) -> Place:
    return Place(emulator, account)


def test_services_that_aws_does_not_have_are_refused(place: Place) -> None:
    subnet = place.subnet("use1-az1", "10.64.0.0/24")
    for service in ("bogus", "secretmanager"):
        with pytest.raises(ClientError, match="InvalidServiceName"):
            place.interface(service, subnet)
    with pytest.raises(ClientError, match="InvalidServiceName"):
        place.ec2.create_vpc_endpoint(VpcId=place.vpc, ServiceName="com.amazonaws.eu-west-1.s3")


def test_services_are_listed_with_the_zones_that_have_them(place: Place) -> None:
    names = [f"com.amazonaws.{REGION}.{name}" for name in ("s3", "email-smtp", "bogus")]
    wanted = [{"Name": "service-name", "Values": names}]
    rows = place.ec2.describe_vpc_endpoint_services(Filters=wanted)["ServiceDetails"]
    found = {row["ServiceName"].rpartition(".")[2]: row for row in rows}
    assert set(found) == {"s3", "email-smtp"}
    assert {each["ServiceType"] for each in found["s3"]["ServiceType"]} == {"Gateway", "Interface"}
    zones = place.ec2.describe_availability_zones()["AvailabilityZones"]
    lacking = ("use1-az2", "use1-az3", "use1-az5")
    with_it = {z["ZoneName"] for z in zones if z["ZoneId"] not in lacking}
    assert set(found["email-smtp"]["AvailabilityZones"]) == with_it
    assert set(found["s3"]["AvailabilityZones"]) == {z["ZoneName"] for z in zones}
    with pytest.raises(ClientError, match="InvalidServiceName"):
        place.ec2.describe_vpc_endpoint_services(ServiceNames=names)


def test_an_endpoint_has_the_type_of_its_service(place: Place) -> None:
    subnet = place.subnet("use1-az1", "10.64.0.0/24")
    with pytest.raises(ClientError, match="InvalidParameter"):
        place.gateway("ecr.api")
    with pytest.raises(ClientError, match="InvalidParameter"):
        place.interface("s3express", subnet)
    place.gateway("dynamodb")
    place.interface("glue", subnet)


def test_private_names_are_refused_where_there_are_none(place: Place) -> None:
    subnet = place.subnet("use1-az1", "10.64.0.0/24")
    for service in ("dynamodb", "dynamodb-streams"):
        with pytest.raises(ClientError, match="InvalidParameter"):
            place.interface(service, subnet)
        place.interface(service, subnet, names=False)
    with pytest.raises(ClientError, match="must have a Gateway endpoint"):
        place.interface("s3", subnet)
    place.gateway("s3")
    place.interface("s3", subnet)


def test_a_zone_without_the_service_is_refused(place: Place) -> None:
    with pytest.raises(ClientError, match="does not support the availability zone"):
        place.interface("email-smtp", place.subnet("use1-az2", "10.64.0.0/24"))
    place.interface("email-smtp", place.subnet("use1-az4", "10.64.1.0/24"))


@pytest.mark.parametrize("has_policy", [False, True])
def test_aws_adds_its_statements_to_the_policy_of_the_bucket(
    emulator: Emulator, account: str, place: Place, has_policy: bool
) -> None:
    s3, name = emulator.client("s3", account), f"flow-{account}"
    s3.create_bucket(Bucket=name)
    own: dict[str, Any] = {
        "Sid": "Own",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": "*",
    }
    own["Condition"] = {"Bool": {"aws:SecureTransport": "false"}}
    if has_policy:
        document = {"Version": "2012-10-17", "Statement": [own]}
        s3.put_bucket_policy(Bucket=name, Policy=json.dumps(document))
    for vpc in (place.vpc, place.ec2.create_vpc(CidrBlock="10.65.0.0/16")["Vpc"]["VpcId"]):
        place.ec2.create_flow_logs(
            ResourceIds=[vpc],
            ResourceType="VPC",
            TrafficType="REJECT",
            LogDestinationType="s3",
            LogDestination=f"arn:aws:s3:::{name}",
        )
    found = json.loads(s3.get_bucket_policy(Bucket=name)["Policy"])["Statement"]
    wanted = delivery_statements(name, account, REGION)
    assert found == ([own, *wanted] if has_policy else wanted)
