"""What IAM is asked for a call. No emulator is started."""

from __future__ import annotations

from typing import Any

import pytest

from cellfactory.sandbox.asking import Call, Question, questions

ACCOUNT, REGION = "555555555555", "us-east-1"
EC2 = f"arn:aws:ec2:{REGION}:{ACCOUNT}"
OURS = {"cellfactory:cell": "moka-use1-b"}
TAGS = [{"Key": "cellfactory:cell", "Value": "moka-use1-b"}]


def ask(service: str, operation: str, known: Any = None, /, **parameters: Any) -> list[Question]:
    call = Call(
        service=service,
        operation=operation,
        account=ACCOUNT,
        region=REGION,
        parameters=parameters,
        tags=known or {},
    )
    return list(questions(call))


def pairs(found: list[Question]) -> list[tuple[str, str]]:
    return [(one.action, one.resource) for one in found]


def test_what_is_made_within_something_is_asked_on_both_and_for_its_tags() -> None:
    vpc = "vpc-0123456789abcdef0"
    found = ask(
        *("ec2", "CreateSubnet", {vpc: OURS}),
        VpcId=vpc,
        CidrBlock="10.0.0.0/24",
        TagSpecifications=[{"ResourceType": "subnet", "Tags": TAGS}],
    )
    assert pairs(found) == [
        ("ec2:CreateSubnet", f"{EC2}:subnet/*"),
        ("ec2:CreateSubnet", f"{EC2}:vpc/{vpc}"),
        ("ec2:CreateTags", f"{EC2}:subnet/*"),
    ]
    made, within, tagging = found
    assert made.context["aws:RequestTag/cellfactory:cell"] == ("moka-use1-b",)
    assert "aws:ResourceTag/cellfactory:cell" not in made.context
    assert within.context["aws:ResourceTag/cellfactory:cell"] == ("moka-use1-b",)
    assert tagging.context["ec2:CreateAction"] == ("CreateSubnet",)


def test_a_cluster_passes_its_role_and_grants_its_key() -> None:
    role, key = f"arn:aws:iam::{ACCOUNT}:role/moka-use1-b-cluster", "0123-key"
    arn = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{key}"
    found = ask(
        *("eks", "CreateCluster", {key: OURS}),
        name="moka-use1-b",
        roleArn=role,
        tags=OURS,
        encryptionConfig=[{"provider": {"keyArn": arn}, "resources": ["secrets"]}],
    )
    by_action = {one.action: one for one in found}
    assert by_action["eks:CreateCluster"].resource == "*"
    assert by_action["iam:PassRole"].resource == role
    assert by_action["iam:PassRole"].context["iam:PassedToService"] == ("eks.amazonaws.com",)
    assert by_action["iam:CreateServiceLinkedRole"].context["iam:AWSServiceName"] == (
        "eks.amazonaws.com",
    )
    grant = by_action["kms:CreateGrant"]
    assert grant.resource == arn
    assert grant.context["aws:ResourceTag/cellfactory:cell"] == ("moka-use1-b",)
    assert by_action["eks:TagResource"].resource.endswith(":cluster/moka-use1-b")


def test_the_principal_of_an_access_entry_is_not_passed() -> None:
    found = ask(
        *("eks", "CreateAccessEntry"),
        clusterName="moka-use1-b",
        principalArn=f"arn:aws:iam::{ACCOUNT}:role/Admins",
    )
    assert [one.action for one in found] == ["eks:CreateAccessEntry"]


@pytest.mark.parametrize(
    ("service", "operation", "parameters", "expected"),
    [
        ("s3", "HeadBucket", {"Bucket": "b"}, ("s3:ListBucket", "arn:aws:s3:::b")),
        ("s3", "GetObject", {"Bucket": "b", "Key": "k/x"}, ("s3:GetObject", "arn:aws:s3:::b/k/x")),
        ("s3", "ListBuckets", {}, ("s3:ListAllMyBuckets", "*")),
        ("ec2", "DescribeVpcs", {"VpcIds": ["vpc-0123456789"]}, ("ec2:DescribeVpcs", "*")),
        (
            *("iam", "CreateUser", {"UserName": "x"}),
            ("iam:CreateUser", "*"),
        ),
        (
            *("sts", "AssumeRole", {"RoleArn": "arn:aws:iam::1:role/X"}),
            ("sts:AssumeRole", "arn:aws:iam::1:role/X"),
        ),
        (
            *("logs", "CreateLogGroup", {"logGroupName": "/aws/eks/b/cluster"}),
            (
                "logs:CreateLogGroup",
                f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/aws/eks/b/cluster",
            ),
        ),
        (
            *("iam", "AttachRolePolicy", {"RoleName": "b-node", "PolicyArn": "arn:p"}),
            ("iam:AttachRolePolicy", f"arn:aws:iam::{ACCOUNT}:role/b-node"),
        ),
    ],
)
def test_one_question(
    service: str, operation: str, parameters: dict[str, Any], expected: tuple[str, str]
) -> None:
    assert pairs(ask(service, operation, **parameters)) == [expected]


def test_a_policy_that_is_attached_is_part_of_the_question() -> None:
    (found,) = ask("iam", "AttachRolePolicy", RoleName="b-node", PolicyArn="arn:p")
    assert found.context["iam:PolicyARN"] == ("arn:p",)


def test_what_is_made_without_tags_is_asked_for_none() -> None:
    found = ask("ec2", "CreateVpc", CidrBlock="10.0.0.0/16")
    assert [one.action for one in found] == ["ec2:CreateVpc"]


def test_a_node_group_is_tried_with_its_launch_template() -> None:
    template = "lt-0123456789abcdef0"
    found = ask(
        *("eks", "CreateNodegroup"),
        clusterName="moka-use1-b",
        nodegroupName="driver",
        nodeRole=f"arn:aws:iam::{ACCOUNT}:role/moka-use1-b-node",
        launchTemplate={"id": template, "version": "1"},
        tags=OURS,
    )
    launched = [one for one in found if one.action == "ec2:RunInstances"]
    assert len(launched) > 4
    for one in launched:
        assert one.context["ec2:LaunchTemplate"] == (f"{EC2}:launch-template/{template}",)


def test_the_vpc_of_a_peer_is_not_asked_for() -> None:
    own, theirs = "vpc-0123456789abcdef0", "vpc-0f00ba120f00ba120"
    found = ask("ec2", "CreateVpcPeeringConnection", VpcId=own, PeerVpcId=theirs)
    assert pairs(found) == [
        ("ec2:CreateVpcPeeringConnection", f"{EC2}:vpc-peering-connection/*"),
        ("ec2:CreateVpcPeeringConnection", f"{EC2}:vpc/{own}"),
    ]
