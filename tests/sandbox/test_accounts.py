"""Organizations, roles and policies where the emulator differs from moto."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from cellfactory.sandbox.client import leftovers, session_for
from cellfactory.sandbox.world import Member, Organization, World
from tests.sandbox.emulators import (
    ADOPTED,
    MANAGEMENT,
    MEMBER_ROLE,
    REGION,
    UNIT,
    Emulator,
    running,
)

pytestmark = pytest.mark.sandbox


def create(organizations: Any, email: str, role: str = "Member") -> dict[str, Any]:
    made = organizations.create_account(AccountName="cell", Email=email, RoleName=role)
    key = made["CreateAccountStatus"]["Id"]
    status: dict[str, Any] = organizations.describe_create_account_status(
        CreateAccountRequestId=key
    )["CreateAccountStatus"]
    return status


def assume(emulator: Emulator, session: boto3.Session, arn: str) -> boto3.Session:
    sts = session.client("sts", endpoint_url=emulator.endpoint)
    got = sts.assume_role(RoleArn=arn, RoleSessionName="chain")["Credentials"]
    return boto3.Session(
        aws_access_key_id=got["AccessKeyId"],
        aws_secret_access_key=got["SecretAccessKey"],
        aws_session_token=got["SessionToken"],
        region_name=REGION,
    )


@pytest.mark.parametrize("second", MANAGEMENT)
def test_an_email_is_used_once_in_all_organizations(emulator: Emulator, second: str) -> None:
    email = f"aws+once-{second}@example.com"
    first = create(emulator.client("organizations", MANAGEMENT[0]), email)
    assert first["State"] == "SUCCEEDED"
    again = create(emulator.client("organizations", second), email)
    assert (again["State"], again["FailureReason"]) == ("FAILED", "EMAIL_ALREADY_EXISTS")
    assert "AccountId" not in again


def test_an_account_that_was_made_here_cannot_leave_and_may_be_closed(emulator: Emulator) -> None:
    organizations = emulator.client("organizations", MANAGEMENT[0])
    made = create(organizations, "aws+stays@example.com")["AccountId"]
    line = f"account {made}"
    with pytest.raises(ClientError, match="ConstraintViolation"):
        organizations.remove_account_from_organization(AccountId=made)
    assert line in leftovers(emulator.endpoint, MANAGEMENT[0], REGION)
    organizations.close_account(AccountId=made)
    assert line not in leftovers(emulator.endpoint, MANAGEMENT[0], REGION)
    with pytest.raises(ClientError, match="AlreadyClosed"):
        organizations.close_account(AccountId=made)
    assert create(organizations, "aws+stays@example.com")["State"] == "FAILED"


def test_an_account_that_was_invited_may_leave(tmp_path: Path) -> None:
    member = Member(account=ADOPTED, role="Deploy")
    world = World(
        organizations=(Organization(management_account=MANAGEMENT[0], members=(member,)),)
    )
    with running(tmp_path, world) as emulator:
        organizations = emulator.client("organizations", MANAGEMENT[0])
        assert f"account {ADOPTED}" in leftovers(emulator.endpoint, MANAGEMENT[0], REGION)
        organizations.remove_account_from_organization(AccountId=ADOPTED)
        assert f"account {ADOPTED}" not in leftovers(emulator.endpoint, MANAGEMENT[0], REGION)


def test_an_account_is_moved_only_to_what_the_organization_has(emulator: Emulator) -> None:
    organizations = emulator.client("organizations", MANAGEMENT[0])
    account = create(organizations, "aws+moved@example.com")["AccountId"]
    (root,) = organizations.list_roots()["Roots"]
    assert root["Id"] == "r-ab12"
    move = {"AccountId": account, "SourceParentId": root["Id"]}
    with pytest.raises(ClientError, match="InvalidInput"):
        organizations.move_account(**move, DestinationParentId="ou-NOT-A-UNIT")
    for unknown in ("ou-ab12-zzzzzzzz", "r-zzzz"):
        with pytest.raises(ClientError, match="ParentNotFound"):
            organizations.move_account(**move, DestinationParentId=unknown)
    organizations.move_account(**move, DestinationParentId=UNIT)
    parents = organizations.list_parents(ChildId=account)["Parents"]
    assert parents == [{"Id": UNIT, "Type": "ORGANIZATIONAL_UNIT"}]


def test_five_accounts_are_made_at_a_time_and_no_more_than_the_quota(tmp_path: Path) -> None:
    organization = Organization(management_account=MANAGEMENT[0], most_accounts=7)
    world = World(organizations=(organization,), account_creation_seconds=5.0)
    with running(tmp_path, world) as emulator:
        once = Config(retries={"max_attempts": 0})
        organizations = session_for(emulator.endpoint, MANAGEMENT[0], REGION).client(
            "organizations", endpoint_url=emulator.endpoint, config=once
        )
        keys = [start_account(organizations, number) for number in range(5)]
        with pytest.raises(ClientError, match="TooManyRequests"):
            start_account(organizations, 5)
        assert {status_of(organizations, key)["State"] for key in keys} == {"IN_PROGRESS"}
        assert "AccountId" not in status_of(organizations, keys[0])
        eventually(lambda: status_of(organizations, keys[-1])["State"] == "SUCCEEDED")
        start_account(organizations, 5)
        refused = status_of(organizations, start_account(organizations, 6))
        assert (refused["State"], refused["FailureReason"]) == ("FAILED", "ACCOUNT_LIMIT_EXCEEDED")


def test_a_new_account_is_not_ready_at_once(tmp_path: Path) -> None:
    organization = Organization(management_account=MANAGEMENT[0])
    world = World(organizations=(organization,), account_ready_seconds=5.0)
    with running(tmp_path, world) as emulator:
        account = create(emulator.client("organizations", MANAGEMENT[0]), "aws+new@example.com")
        arn = f"arn:aws:iam::{account['AccountId']}:role/Member"
        manager = session_for(emulator.endpoint, MANAGEMENT[0], REGION, "CellFactory")
        with pytest.raises(ClientError, match="AccessDenied"):
            assume(emulator, manager, arn)
        eventually(lambda: enters(emulator, manager, arn))
        inside = assume(emulator, manager, arn)
        ec2: Any = inside.client("ec2", endpoint_url=emulator.endpoint)
        eks: Any = inside.client("eks", endpoint_url=emulator.endpoint)
        for call in (ec2.describe_vpcs, eks.list_clusters):
            with pytest.raises(ClientError, match="OptInRequired"):
                call()
        eventually(lambda: works(ec2.describe_vpcs))
        assert eks.list_clusters()["clusters"] == []


def start_account(organizations: Any, number: int) -> str:
    made = organizations.create_account(AccountName="cell", Email=f"aws+{number}@example.com")
    return str(made["CreateAccountStatus"]["Id"])


def status_of(organizations: Any, key: str) -> dict[str, Any]:
    answer = organizations.describe_create_account_status(CreateAccountRequestId=key)
    status: dict[str, Any] = answer["CreateAccountStatus"]
    return status


def enters(emulator: Emulator, session: boto3.Session, arn: str) -> bool:
    return works(lambda: assume(emulator, session, arn))


def works(call: Callable[[], object]) -> bool:
    try:
        call()
    except ClientError:
        return False
    return True


def eventually(condition: Callable[[], bool]) -> None:
    late = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < late
        time.sleep(0.1)


@pytest.mark.parametrize("caller", ["base", "other organization", "member", "stranger"])
def test_an_adopted_account_is_entered_from_its_management_account_alone(
    emulator: Emulator, caller: str, account: str
) -> None:
    arn = f"arn:aws:iam::{ADOPTED}:role/{MEMBER_ROLE}"
    own = session_for(emulator.endpoint, MANAGEMENT[0], REGION, "CellFactory")
    others = {
        "base": boto3.Session("sandbox", "sandbox", region_name=REGION),
        "other organization": session_for(emulator.endpoint, MANAGEMENT[1], REGION, "CellFactory"),
        "member": assume(emulator, own, arn),
        "stranger": session_for(emulator.endpoint, account, REGION),
    }
    with pytest.raises(ClientError, match="AccessDenied"):
        assume(emulator, others[caller], arn)


def test_an_account_that_joins_later_belongs_to_who_enters_it_first(
    emulator: Emulator, account: str
) -> None:
    arn = f"arn:aws:iam::{account}:role/Deploy"
    first, second = (
        session_for(emulator.endpoint, manager, REGION, "CellFactory") for manager in MANAGEMENT
    )
    with pytest.raises(ClientError, match="AccessDenied"):
        assume(emulator, boto3.Session("sandbox", "sandbox", region_name=REGION), arn)
    assume(emulator, second, arn)
    with pytest.raises(ClientError, match="AccessDenied"):
        assume(emulator, first, arn)


def test_only_the_management_account_may_enter_a_new_account(emulator: Emulator) -> None:
    organizations = emulator.client("organizations", MANAGEMENT[0])
    account = create(organizations, "aws+entered@example.com", "CellFactoryMember")["AccountId"]
    arn = f"arn:aws:iam::{account}:role/CellFactoryMember"
    provisioner = session_for(emulator.endpoint, MANAGEMENT[0], REGION, "CellFactory")
    inside = assume(emulator, provisioner, arn)
    sts: Any = inside.client("sts", endpoint_url=emulator.endpoint)
    assert sts.get_caller_identity()["Account"] == account
    for session, wanted in (
        (session_for(emulator.endpoint, MANAGEMENT[1], REGION, "CellFactory"), arn),
        (provisioner, f"arn:aws:iam::{account}:role/OrganizationAccountAccessRole"),
    ):
        with pytest.raises(ClientError, match="AccessDenied"):
            assume(emulator, session, wanted)
    assert leftovers(emulator.endpoint, account, REGION) == []


def test_a_policy_of_aws_is_there_when_it_is_asked_for(emulator: Emulator, account: str) -> None:
    iam = emulator.client("iam", account)
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "eks.amazonaws.com"},
                "Action": "sts:AssumeRole",
            }
        ],
    }
    iam.create_role(RoleName="cluster", AssumeRolePolicyDocument=json.dumps(trust))
    arn = "arn:aws:iam::aws:policy/AmazonEKSClusterPolicy"
    iam.attach_role_policy(RoleName="cluster", PolicyArn=arn)
    (attached,) = iam.list_attached_role_policies(RoleName="cluster")["AttachedPolicies"]
    assert attached == {"PolicyName": "AmazonEKSClusterPolicy", "PolicyArn": arn}
    version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
    text = iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"]
    assert "Statement" in text
    for missing in ("AmazonEKSClusterPolic", "service-role/AmazonEKSClusterPolicy"):
        with pytest.raises(ClientError, match="NoSuchEntity"):
            iam.attach_role_policy(
                RoleName="cluster", PolicyArn=f"arn:aws:iam::aws:policy/{missing}"
            )
    assert leftovers(emulator.endpoint, account, REGION) == ["role cluster"]
