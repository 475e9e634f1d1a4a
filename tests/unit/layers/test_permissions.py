"""Least privilege: what each layer's statements allow, and that none of them is too much."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import cellfactory
from cellfactory.facts.iam import load_iam
from cellfactory.facts.loader import load_facts
from cellfactory.layers.permissions import (
    Statement,
    member_statements,
    network_statements,
    policies,
    policy,
    read_statements,
    statements,
    way_in,
)
from cellfactory.layers.rows import LAYERS, ROWS, Layer
from cellfactory.layers.scopes import TYPES
from cellfactory.sandbox.asking import Call, Question, questions
from cellfactory.sandbox.judging import allows

FACTS = load_facts()
RECORDED = Path(__file__).with_name("recorded_calls.jsonl")
CELL, OTHER = "moka-use1-c", "moka-use1-b"
MESH, SECOND = "moka-use1", "moka-usw2"
ACCOUNT, REGION = "555555555555", "us-east-1"
MADE: tuple[Layer, ...] = tuple(TYPES)
OF_PLATFORM: dict[str, tuple[str, str]] = {  # Helm has no emulated cluster: what asks AWS beside it
    "ec2:DescribeVpcPeeringConnections": ("terraform/hub_ways.py", "describe_vpc_peering"),
    "ecr:GetAuthorizationToken": ("terraform/chart_registries.py", "get_authorization_token"),
    "ecr:BatchGetImage": ("constructs/spark_releases.py", "Release"),  # Helm, by that token
    "ecr:GetDownloadUrlForLayer": ("constructs/spark_releases.py", "Release"),
}
"""What is asked for `platform`, and the code that asks; it makes no other call of AWS's."""


@cache
def recorded() -> tuple[tuple[Layer, str, Call], ...]:
    """What a real ladder called: layer, cell, call."""
    found: list[tuple[Layer, str, Call]] = []
    for line in RECORDED.read_text("utf-8").splitlines():
        row = json.loads(line)
        found.append((row.pop("layer"), row.pop("cell"), Call(**row)))
    for asked in OF_PLATFORM:
        service, _, operation = asked.partition(":")
        parameters = {"repositoryName": "charts/spark"} if operation in _ON_A_REPOSITORY else {}
        call = Call(
            service=service,
            operation=operation,
            account=ACCOUNT,
            region=REGION,
            parameters=parameters,
        )
        found.append(("platform", CELL, call))
    return tuple(found)


_ON_A_REPOSITORY = ("BatchGetImage", "GetDownloadUrlForLayer")


def test_what_is_asked_for_the_platform_is_asked_by_this_code_and_none_is_left_over() -> None:
    root = Path(str(cellfactory.__file__)).parent
    for file, words in OF_PLATFORM.values():
        assert words in (root / file).read_text("utf-8"), (file, words)
    granted = {action for one in statements("platform", CELL) for action in one.actions}
    assert granted == set(OF_PLATFORM)


def test_only_repositories_are_pulled_from() -> None:
    wide = Question(action="ecr:BatchGetImage", resource="*")
    assert not allows([policy(statements("platform", CELL))], wide)


def asked(layer: Layer) -> list[tuple[str, Question]]:
    """All that IAM is asked for a layer, by the cell that asks."""
    refusable = load_iam().refusable
    return [
        (cell, question)
        for each, cell, call in recorded()
        if each == layer
        for question in questions(call)
        if question.action not in refusable
    ]


def owner_of(layer: Layer) -> str:
    """One whose statements are looked at."""
    return {"cell": CELL, "mesh": MESH}[ROWS[layer].owner]


def every() -> Iterator[tuple[Layer, Statement]]:
    for layer in MADE:
        yield from ((layer, one) for one in statements(layer, owner_of(layer)))


def refused(layer: Layer, lost: str = "", region: str = "*") -> list[Question]:
    """What a layer asks and its statements do not allow, with one left out."""
    documents = {
        owner: [policy(one for one in statements(layer, owner, region) if one.sid != lost)]
        for owner in {owner for owner, _ in asked(layer)}
    }
    return [question for cell, question in asked(layer) if not allows(documents[cell], question)]


@pytest.mark.parametrize("layer", MADE)
def test_a_layer_may_do_all_that_a_real_ladder_asked_for_it(layer: Layer) -> None:
    assert len(asked(layer)) > 2
    assert refused(layer) == []


def test_a_role_of_one_region_does_nothing_in_another() -> None:
    assert refused("network", region=REGION) == refused("cluster", region=REGION) == []
    for layer in ("network", "cluster"):
        elsewhere = {q.action.partition(":")[0] for q in refused(layer, region="eu-west-1")}
        assert {"ec2", "s3"} <= elsewhere
        assert "iam" not in elsewhere


@pytest.mark.parametrize(("layer", "lost"), [(layer, one.sid) for layer, one in every()])
def test_without_any_one_statement_its_layer_fails(layer: Layer, lost: str) -> None:
    assert refused(layer, lost) != []


@pytest.mark.parametrize("layer", MADE)
def test_a_plan_reads_all_and_changes_nothing(layer: Layer) -> None:
    iam = load_iam()
    granted = read_statements(layer, owner_of(layer))
    actions = {action for one in granted for action in one.actions}
    assert actions
    assert {iam.actions[action].level for action in actions} <= {"List", "Read"}
    whole = {action for one in statements(layer, owner_of(layer)) for action in one.actions}
    assert actions <= whole


@pytest.mark.parametrize("layer", MADE)
def test_each_action_is_there_for_a_type_of_the_layer(layer: Layer) -> None:
    iam = load_iam()
    own = {action for kind in TYPES[layer] for action in iam.of_type(kind)}
    beside = {row.action for action in own for row in iam.dependents.get(action, ())}
    tagging = {"ec2:CreateTags"}  # of what is made
    granted = {action for one in statements(layer, owner_of(layer)) for action in one.actions}
    assert own <= granted
    assert granted <= own | beside | tagging


def test_a_layer_that_no_stack_has_takes_nothing() -> None:
    for layer in LAYERS:
        assert bool(statements(layer)) == (layer in TYPES), layer


def test_every_statement_has_a_name_a_reason_and_a_bound() -> None:
    sids = [one.sid for _, one in every()]
    assert len(set(sids)) == len(sids)
    iam = load_iam()
    for _, one in every():
        assert re.fullmatch(r"[A-Z][A-Za-z0-9]+", one.sid)
        assert re.fullmatch(r"[A-Z].{20,}[^.]\.", one.reason), one.reason
        assert "*" not in "".join(one.actions), one.sid
        if one.resources == ("*",) and not one.conditions:
            for action in one.actions:  # AWS lets it be bound to nothing
                assert not iam.actions[action].things, action
                assert not iam.actions[action].gives_tags, action


def test_what_a_type_has_no_row_for_is_said() -> None:
    with pytest.raises(KeyError, match="no row for aws_sqs_queue: measure it"):
        load_iam().of_type("aws_sqs_queue")


def test_all_of_a_cell_fits_into_the_policies_of_one_role() -> None:
    most = int(FACTS.parameter("managed-policy-characters"))
    longest = "m" * 40
    made = policies(member_statements(longest), FACTS)
    assert all(len(json.dumps(one, separators=(",", ":"))) <= most for one in made)
    assert len(made) <= int(FACTS.parameter("policies-of-a-role"))
    assert [row["Sid"] for one in made for row in one["Statement"]] == [
        one.sid for one in member_statements(longest)
    ]


OF_CELL = f"aws:ResourceTag/cellfactory:cell {CELL}"
OF_OTHER = f"aws:ResourceTag/cellfactory:cell {OTHER}"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/"
EC2 = f"arn:aws:ec2:{REGION}:{ACCOUNT}:"
NEVER = [  # an action, what it is done to, and what more is known of the request
    ("iam:CreateUser", f"arn:aws:iam::{ACCOUNT}:user/x", ""),
    ("iam:CreateAccessKey", f"arn:aws:iam::{ACCOUNT}:user/x", ""),
    ("iam:CreateRole", f"{ROLE}Admin", ""),
    ("iam:CreateRole", f"{ROLE}{OTHER}-node", ""),
    ("iam:UpdateAssumeRolePolicy", f"{ROLE}{CELL}-node", ""),
    ("iam:DeleteRolePermissionsBoundary", f"{ROLE}CellFactoryMember", ""),
    ("iam:PutRolePolicy", f"{ROLE}CellFactoryMember", ""),
    ("iam:PutRolePolicy", f"{ROLE}{CELL}-node", ""),
    ("iam:PassRole", f"{ROLE}{CELL}-node", "iam:PassedToService lambda.amazonaws.com"),
    ("iam:PassRole", f"{ROLE}Admin", "iam:PassedToService eks.amazonaws.com"),
    *(
        (
            "iam:AttachRolePolicy",
            f"{ROLE}{CELL}-{use}",
            f"iam:PolicyARN arn:aws:iam::aws:policy/{p}",
        )
        for use in ("node", "spark-job-jobs", "cluster")
        for p in ("AdministratorAccess", "IAMFullAccess", "job-function/SystemAdministrator")
    ),
    ("iam:CreateServiceLinkedRole", f"{ROLE}aws-service-role/x/y", "iam:AWSServiceName x"),
    ("s3:DeleteBucket", "arn:aws:s3:::example-cells-tfstate", ""),
    ("s3:GetObject", "arn:aws:s3:::example-cells-tfstate/cells/x/network.tfstate", ""),
    ("s3:GetObject", "arn:aws:s3:::somebody/secret", ""),
    ("s3:PutBucketPolicy", f"arn:aws:s3:::{OTHER}-flow-logs-{ACCOUNT}", ""),
    ("s3:GetObject", f"arn:aws:s3:::{CELL}-flow-logs-{ACCOUNT}/AWSLogs/x", ""),
    ("cloudtrail:StopLogging", "*", ""),
    ("cloudtrail:DeleteTrail", "*", ""),
    ("guardduty:DeleteDetector", "*", ""),
    ("config:StopConfigurationRecorder", "*", ""),
    ("ec2:DeleteVpc", f"{EC2}vpc/vpc-0123456789abcdef0", OF_OTHER),
    ("ec2:DeleteVpc", f"{EC2}vpc/vpc-0123456789abcdef0", ""),
    ("ec2:CreateVpc", f"{EC2}vpc/*", ""),
    ("ec2:CreateVpc", f"{EC2}vpc/*", f"aws:RequestTag/cellfactory:cell {OTHER}"),
    ("ec2:CreateTags", f"{EC2}vpc/vpc-0123456789abcdef0", OF_OTHER),
    ("ec2:RunInstances", f"{EC2}instance/*", ""),
    ("ec2:TerminateInstances", f"{EC2}instance/i-0123456789abcdef0", OF_CELL),
    ("ec2:DisableEbsEncryptionByDefault", "*", ""),
    ("kms:ScheduleKeyDeletion", f"arn:aws:kms:{REGION}:{ACCOUNT}:key/k", ""),
    ("kms:Decrypt", f"arn:aws:kms:{REGION}:{ACCOUNT}:key/k", OF_CELL),
    ("kms:PutKeyPolicy", f"arn:aws:kms:{REGION}:{ACCOUNT}:key/k", OF_CELL),
    ("kms:CreateGrant", f"arn:aws:kms:{REGION}:{ACCOUNT}:key/k", OF_CELL),
    ("eks:DeleteCluster", f"arn:aws:eks:{REGION}:{ACCOUNT}:cluster/{OTHER}", ""),
    ("logs:DeleteLogGroup", f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/audit", ""),
    ("organizations:LeaveOrganization", "*", ""),
    ("organizations:CreateAccount", "*", ""),
    ("sts:AssumeRole", f"{ROLE}Admin", ""),
    ("secretsmanager:GetSecretValue", "*", ""),
]


@pytest.mark.parametrize(("action", "resource", "known"), NEVER, ids=" ".join)
def test_the_role_of_a_cell_must_not(action: str, resource: str, known: str) -> None:
    key, _, value = known.partition(" ")
    context = {key: (value,)} if key else {}
    asked_for = Question(action=action, resource=resource, context=context)
    assert not allows([policy(member_statements(CELL))], asked_for)


OF_MESH = f"aws:ResourceTag/cellfactory:mesh {MESH}"
OF_SECOND = f"aws:ResourceTag/cellfactory:mesh {SECOND}"
SHARE = f"arn:aws:ram:{REGION}:{ACCOUNT}:resource-share/1f"
GATEWAY, ATTACHMENT = (
    f"{EC2}transit-gateway/tgw-0a",
    f"{EC2}transit-gateway-attachment/tgw-attach-0a",
)
NEVER_OF_MESHES = [
    ("ec2:DeleteTransitGateway", GATEWAY, OF_SECOND),
    ("ec2:DeleteTransitGateway", GATEWAY, ""),
    ("ec2:DeleteTransitGateway", GATEWAY, OF_CELL),
    ("ec2:CreateTransitGateway", f"{EC2}transit-gateway/*", ""),
    ("ec2:CreateTags", ATTACHMENT, OF_SECOND),
    ("ec2:AcceptTransitGatewayVpcAttachment", ATTACHMENT, OF_SECOND),
    ("ec2:DeleteTransitGatewayVpcAttachment", ATTACHMENT, ""),
    ("ec2:EnableTransitGatewayRouteTablePropagation", ATTACHMENT, OF_MESH),
    ("ec2:CreateVpc", f"{EC2}vpc/*", f"aws:RequestTag/cellfactory:mesh {MESH}"),
    ("ec2:RunInstances", f"{EC2}instance/*", ""),
    ("ram:CreateResourceShare", "*", ""),
    ("ram:AssociateResourceShare", SHARE, OF_SECOND),
    ("ram:AssociateResourceShare", SHARE, ""),
    ("ram:EnableSharingWithAwsOrganization", "*", ""),
    ("iam:CreateRole", f"{ROLE}Admin", ""),
    ("sts:AssumeRole", f"{ROLE}Admin", ""),
]


@pytest.mark.parametrize(("action", "resource", "known"), NEVER_OF_MESHES, ids=" ".join)
def test_the_role_of_a_network_account_must_not(action: str, resource: str, known: str) -> None:
    key, _, value = known.partition(" ")
    context = {key: (value,)} if key else {}
    asked_for = Question(action=action, resource=resource, context=context)
    assert not allows([policy(network_statements(MESH))], asked_for)


@pytest.mark.parametrize(
    ("shared", "expected"),
    [("ec2:TransitGateway", True), ("ec2:Subnet", False), ("", True)],
    ids=["gateway", "subnet", "principal"],
)
def test_nothing_but_a_gateway_goes_into_a_share(shared: str, expected: bool) -> None:
    context = {"aws:ResourceTag/cellfactory:mesh": (MESH,)}
    if shared:
        context["ram:RequestedResourceType"] = (shared,)
    asked_for = Question(action="ram:AssociateResourceShare", resource=SHARE, context=context)
    assert allows([policy(network_statements(MESH))], asked_for) is expected


@pytest.mark.parametrize(("owner", "expected"), [("888888888888", True), (ACCOUNT, False)])
def test_a_cell_takes_up_shares_of_network_accounts_alone(owner: str, expected: bool) -> None:
    granted = [policy(statements("transit", CELL, sharers=("888888888888",)))]
    invitation = f"arn:aws:ram:{REGION}:{owner}:resource-share-invitation/1f"
    asked_for = Question(
        action="ram:AcceptResourceShareInvitation",
        resource=invitation,
        context={"ram:ShareOwnerAccountId": (owner,)},
    )
    assert allows(granted, asked_for) is expected


def test_a_cell_may_do_nothing_that_a_mesh_owns() -> None:
    granted = [policy(member_statements(CELL))]
    for action, resource in (
        ("ec2:DeleteTransitGateway", GATEWAY),
        ("ec2:CreateTransitGatewayRoute", f"{EC2}transit-gateway-route-table/tgw-rtb-0a"),
        ("ram:AssociateResourceShare", SHARE),
    ):
        for known in (OF_CELL, OF_MESH):
            key, _, value = known.partition(" ")
            asked_for = Question(action=action, resource=resource, context={key: (value,)})
            assert not allows(granted, asked_for), (action, known)


@pytest.mark.parametrize(
    "action",
    [
        "organizations:CloseAccount",
        "organizations:LeaveOrganization",
        "organizations:AttachPolicy",
        "organizations:DetachPolicy",
        "iam:CreateRole",
    ],
)
def test_the_provisioning_role_must_not(action: str) -> None:
    granted = [policy([*statements("account"), way_in("CellFactoryMember")])]
    assert not allows(granted, Question(action=action, resource="*"))


def test_the_provisioning_role_goes_in_by_the_member_role_alone() -> None:
    granted = [policy([way_in("CellFactoryMember")])]
    for name, expected in (("CellFactoryMember", True), ("Admin", False)):
        asked_for = Question(action="sts:AssumeRole", resource=f"{ROLE}{name}")
        assert allows(granted, asked_for) is expected
