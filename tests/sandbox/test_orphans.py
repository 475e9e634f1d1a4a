"""What is in AWS and in no state is found by its tag, in the emulated AWS as in the real one."""

from __future__ import annotations

import json

import pytest
from botocore.exceptions import ClientError

from cellfactory.errors import TerraformError
from cellfactory.naming import TAG_STACK
from cellfactory.sandbox.client import session_for
from cellfactory.terraform.orphans import held_by, is_held, tagged
from tests.sandbox.emulators import ADOPTED, REGION, Emulator
from tests.sandbox.gateways import make_owner

pytestmark = pytest.mark.sandbox


class Session:
    """A session of the emulator's, whose clients know where it listens."""

    def __init__(self, emulator: Emulator, account: str = ADOPTED) -> None:
        self._endpoint = emulator.endpoint
        self._session = session_for(emulator.endpoint, account, REGION)

    def client(self, service: str, **options: object) -> object:
        return self._session.client(service, endpoint_url=self._endpoint, **options)


def make_vpc(emulator: Emulator, stack: str) -> str:
    tags = [{"Key": TAG_STACK, "Value": stack}] if stack else []
    vpc = emulator.client("ec2", ADOPTED).create_vpc(
        CidrBlock="10.9.0.0/16", TagSpecifications=[{"ResourceType": "vpc", "Tags": tags}]
    )
    return str(vpc["Vpc"]["VpcId"])


def state(**attributes: object) -> str:
    return json.dumps({"resources": [{"instances": [{"attributes": attributes}]}]})


def test_what_bears_a_tag_and_is_in_no_state_is_an_orphan(emulator: Emulator) -> None:
    lost, held, foreign = (make_vpc(emulator, name) for name in ("a-network", "a-network", ""))
    known = held_by(state(id=held, other={"arn": "arn:aws:s3:::x"}), "a.tfstate")
    found = list(tagged(Session(emulator), ADOPTED, REGION))
    ends = {one.arn.rpartition("/")[2]: one.stack for one in found if not is_held(one.arn, known)}
    assert ends[lost] == "a-network"
    assert held not in ends
    assert foreign not in ends


def test_gateways_and_shares_that_no_state_holds_are_orphans_until_they_are_gone(
    emulator: Emulator, account: str
) -> None:
    owner = make_owner(emulator, account)
    tags = [{"Key": TAG_STACK, "Value": "mesh-gateway"}]
    owner.ec2.create_tags(Resources=[owner.gateway], Tags=tags)
    table = owner.table()
    owner.ec2.create_tags(Resources=[table], Tags=tags)
    made = owner.ram.create_resource_share(
        name="hub", tags=[{"key": TAG_STACK, "value": "mesh-gateway"}]
    )
    share = str(made["resourceShare"]["resourceShareArn"])

    def ends() -> set[str]:
        found = tagged(Session(emulator, account), account, REGION)
        return {one.arn.rpartition("/")[2] for one in found if one.stack == "mesh-gateway"}

    assert ends() == {owner.gateway, table, share.rpartition("/")[2]}
    owner.ram.delete_resource_share(resourceShareArn=share)
    owner.ec2.delete_transit_gateway_route_table(TransitGatewayRouteTableId=table)
    assert ends() == {owner.gateway}


def test_an_arn_anywhere_in_a_state_is_held() -> None:
    known = held_by(state(id="x", list=[{"arn": "arn:aws:logs:r:1:log-group:/a:*"}]), "x")
    assert is_held("arn:aws:logs:r:1:log-group:/a", known)
    assert is_held("arn:aws:logs:r:1:log-group:/a:*", known)
    assert not is_held("arn:aws:logs:r:1:log-group:/b", known)


def test_who_does_not_answer_is_named_with_the_account() -> None:
    class Nobody:
        def client(self, *_: object, **__: object) -> object:
            msg = "no such profile"
            raise ValueError(msg)

    with pytest.raises(TerraformError, match="F652 account 444444444444 in us-east-1 cannot be"):
        list(tagged(Nobody(), "444444444444", "us-east-1"))


def test_a_state_that_is_none_is_named() -> None:
    with pytest.raises(TerraformError, match=r"F652 here is not a state"):
        held_by("[]", "here")


def test_what_has_ended_is_no_orphan_though_aws_still_lists_it(emulator: Emulator) -> None:
    """A destroyed cluster leaves a key that waits for its day: each run after it would name it."""
    kms, ec2 = (emulator.client(service, ADOPTED) for service in ("kms", "ec2"))
    tags = [{"TagKey": TAG_STACK, "TagValue": "a-cluster"}]
    there, going = (kms.create_key(Tags=tags)["KeyMetadata"]["KeyId"] for _ in range(2))
    kms.schedule_key_deletion(KeyId=going)
    vpc = make_vpc(emulator, "")
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.9.0.0/24")["Subnet"]["SubnetId"]
    named = [{"ResourceType": "natgateway", "Tags": [{"Key": TAG_STACK, "Value": "a-network"}]}]
    made = [
        ec2.create_nat_gateway(SubnetId=subnet, ConnectivityType="private", TagSpecifications=named)
        for _ in range(2)
    ]
    stays, gone = (one["NatGateway"]["NatGatewayId"] for one in made)
    ec2.delete_nat_gateway(NatGatewayId=gone)
    found = {one.arn.rpartition("/")[2] for one in tagged(Session(emulator), ADOPTED, REGION)}
    assert there in found
    assert not {going, gone} & found
    assert stays in found


def test_a_key_that_nobody_may_look_at_is_an_orphan_as_ever(emulator: Emulator) -> None:
    kms = emulator.client("kms", ADOPTED)
    key = kms.create_key(Tags=[{"TagKey": TAG_STACK, "TagValue": "a-cluster"}])["KeyMetadata"]

    class Blind(Session):
        def client(self, service: str, **options: object) -> object:
            client = super().client(service, **options)
            if service == "kms":
                client.describe_key = self.refuse  # type: ignore[attr-defined]
            return client

        def refuse(self, **_: object) -> object:
            raise ClientError({"Error": {"Code": "AccessDeniedException"}}, "DescribeKey")

    assert key["Arn"] in {one.arn for one in tagged(Blind(emulator), ADOPTED, REGION)}
