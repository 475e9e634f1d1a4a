"""Organizations, roles and policies where the emulator differs from moto."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from factory.sandbox.client import leftovers, session_for
from factory.sandbox.world import World
from tests.sandbox.emulators import MANAGEMENT, REGION, Emulator, start, stop

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


def test_the_email_of_an_account_that_left_stays_taken(emulator: Emulator) -> None:
    organizations = emulator.client("organizations", MANAGEMENT[0])
    made = create(organizations, "aws+left@example.com")
    line = f"account {made['AccountId']}"
    assert line in leftovers(emulator.endpoint, MANAGEMENT[0], REGION)
    organizations.remove_account_from_organization(AccountId=made["AccountId"])
    assert line not in leftovers(emulator.endpoint, MANAGEMENT[0], REGION)
    assert create(organizations, "aws+left@example.com")["State"] == "FAILED"


def test_the_root_has_the_id_it_is_first_asked_for_by(tmp_path: Path) -> None:
    process, emulator = start(tmp_path, World(management_accounts=(MANAGEMENT[0],)))
    try:
        organizations = emulator.client("organizations", MANAGEMENT[0])
        account = create(organizations, "aws+root@example.com")["AccountId"]
        former = organizations.list_roots()["Roots"][0]["Id"]
        move = {"AccountId": account, "SourceParentId": former}
        organizations.move_account(**move, DestinationParentId="r-exam")
        assert organizations.list_roots()["Roots"][0]["Id"] == "r-exam"
        parents = organizations.list_parents(ChildId=account)["Parents"]
        assert parents == [{"Id": "r-exam", "Type": "ROOT"}]
        with pytest.raises(ClientError, match="ParentNotFound"):
            organizations.move_account(**move, DestinationParentId="r-other")
    finally:
        stop(process)


def test_a_unit_exists_once_an_account_is_moved_into_it(emulator: Emulator) -> None:
    organizations = emulator.client("organizations", MANAGEMENT[1])
    account = create(organizations, "aws+moved@example.com")["AccountId"]
    root = organizations.list_roots()["Roots"][0]["Id"]
    move = {"AccountId": account, "SourceParentId": root}
    with pytest.raises(ClientError, match="InvalidInput"):
        organizations.move_account(**move, DestinationParentId="ou-NOT-A-UNIT")
    organizations.move_account(**move, DestinationParentId="ou-ab12-cdefgh34")
    parents = organizations.list_parents(ChildId=account)["Parents"]
    assert parents == [{"Id": "ou-ab12-cdefgh34", "Type": "ORGANIZATIONAL_UNIT"}]


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
