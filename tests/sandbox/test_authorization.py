"""IAM in a world that enforces it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from cellfactory.sandbox.client import session_for
from cellfactory.sandbox.world import Member, Organization, World
from tests.sandbox.emulators import ADOPTED, MANAGEMENT, MEMBER_ROLE, REGION, Emulator, running
from tests.sandbox.test_accounts import assume

pytestmark = pytest.mark.sandbox


def member(emulator: Emulator) -> boto3.Session:
    manager = session_for(emulator.endpoint, MANAGEMENT[0], REGION, "CellFactory")
    return assume(emulator, manager, f"arn:aws:iam::{ADOPTED}:role/{MEMBER_ROLE}")


def narrow(emulator: Emulator, inside: boto3.Session, *actions: str) -> boto3.Session:
    """Make a role that may do so much and no more, and take it."""
    iam: Any = inside.client("iam", endpoint_url=emulator.endpoint)
    principal = {"AWS": f"arn:aws:iam::{MANAGEMENT[0]}:root"}
    trust = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
    allowed = {"Effect": "Allow", "Action": actions, "Resource": "*"}
    documents = [
        json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        for statement in (trust, allowed)
    ]
    iam.create_role(RoleName="narrow", AssumeRolePolicyDocument=documents[0])
    iam.put_role_policy(RoleName="narrow", PolicyName="some", PolicyDocument=documents[1])
    manager = session_for(emulator.endpoint, MANAGEMENT[0], REGION, "CellFactory")
    return assume(emulator, manager, f"arn:aws:iam::{ADOPTED}:role/narrow")


def test_a_role_does_what_its_policies_say_and_nothing_else(tmp_path: Path) -> None:
    organization = Organization(
        management_account=MANAGEMENT[0], members=(Member(account=ADOPTED, role=MEMBER_ROLE),)
    )
    with running(tmp_path, World(organizations=(organization,), enforce_iam=True)) as emulator:
        inside = member(emulator)
        ec2: Any = inside.client("ec2", endpoint_url=emulator.endpoint)
        ec2.create_vpc(CidrBlock="10.64.0.0/16")
        session = narrow(emulator, inside, "ec2:DescribeVpcs", "eks:ListClusters", "kms:List*")
        ec2, eks, kms, logs = (
            session.client(name, endpoint_url=emulator.endpoint)
            for name in ("ec2", "eks", "kms", "logs")
        )
        assert len(ec2.describe_vpcs()["Vpcs"]) == 1
        assert eks.list_clusters()["clusters"] == []
        kms.list_keys()
        for call in (
            lambda: ec2.create_vpc(CidrBlock="10.65.0.0/16"),
            lambda: eks.describe_cluster(name="cell"),
            kms.create_key,
            logs.describe_log_groups,
        ):
            with pytest.raises(ClientError, match=r"AccessDenied|UnauthorizedOperation"):
                call()
        assert len(ec2.describe_vpcs()["Vpcs"]) == 1


CODES: dict[
    str, tuple[str, Callable[[Any], object]]
] = {  # by service: how it refuses, and how a client reads that
    "ec2": ("UnauthorizedOperation", lambda ec2: ec2.create_vpc(CidrBlock="10.65.0.0/16")),
    "ecr": ("AccessDeniedException", lambda ecr: ecr.get_authorization_token()),
    "eks": ("AccessDeniedException", lambda eks: eks.describe_cluster(name="cell")),
    "elbv2": ("AccessDenied", lambda elb: elb.describe_load_balancers()),
    "iam": ("AccessDenied", lambda iam: iam.list_roles()),
    "kms": ("AccessDeniedException", lambda kms: kms.create_key()),
    "logs": ("AccessDeniedException", lambda logs: logs.describe_log_groups()),
    "organizations": ("AccessDeniedException", lambda o: o.leave_organization()),
    "resourcegroupstaggingapi": ("AccessDeniedException", lambda tags: tags.get_resources()),
    "s3": ("AccessDenied", lambda s3: s3.list_objects_v2(Bucket="somebody")),
    "sts": ("AccessDenied", lambda sts: sts.get_session_token()),
}


def test_each_service_refuses_in_its_own_words(tmp_path: Path) -> None:
    organization = Organization(
        management_account=MANAGEMENT[0], members=(Member(account=ADOPTED, role=MEMBER_ROLE),)
    )
    with running(tmp_path, World(organizations=(organization,), enforce_iam=True)) as emulator:
        session = narrow(emulator, member(emulator), "ec2:DescribeVpcs")
        for service, (code, call) in CODES.items():
            client: Any = session.client(service, endpoint_url=emulator.endpoint)
            with pytest.raises(ClientError) as refused:
                call(client)
            told = refused.value.response
            assert told["Error"]["Code"] == code, (service, told)
            assert told["ResponseMetadata"]["HTTPStatusCode"] in (400, 403), (service, told)
            if service != "s3":
                assert "not authorized to perform" in told["Error"]["Message"], (service, told)


def test_what_stands_behind_a_question_mark_is_part_of_the_signature(tmp_path: Path) -> None:
    """As RAM and S3 have ARNs and keys there, whose colons and slashes are quoted."""
    organization = Organization(
        management_account=MANAGEMENT[0], members=(Member(account=ADOPTED, role=MEMBER_ROLE),)
    )
    with running(tmp_path, World(organizations=(organization,), enforce_iam=True)) as emulator:
        inside = member(emulator)
        ram, s3 = (
            inside.client(service, endpoint_url=emulator.endpoint) for service in ("ram", "s3")
        )
        share = ram.create_resource_share(name="a share", allowExternalPrincipals=True)
        ram.delete_resource_share(resourceShareArn=share["resourceShare"]["resourceShareArn"])
        s3.create_bucket(Bucket="some-bucket")
        for prefix in ("a/b:c", "a b+c", "ä&=%/", ""):
            assert s3.list_objects_v2(Bucket="some-bucket", Prefix=prefix)["KeyCount"] == 0


def test_nothing_is_enforced_unless_it_is_asked_for(emulator: Emulator) -> None:
    session = narrow(emulator, member(emulator), "ec2:DescribeVpcs")
    logs: Any = session.client("logs", endpoint_url=emulator.endpoint)
    assert logs.describe_log_groups()["logGroups"] == []
