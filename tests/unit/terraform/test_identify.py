"""What a plan would create is found in AWS by what the plan knows of it, and by that alone."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from cellfactory.facts.importing import load_import_forms
from cellfactory.terraform.adopting import beyond_imports
from cellfactory.terraform.identify import Known, Untold, Wanted, identify
from cellfactory.terraform.mending import ignoring, mend_state

TAGS = {"cellfactory:stack": "a-network", "Name": "a"}


class Client:
    """Answers one call, and remembers what it was asked."""

    def __init__(self, answers: Mapping[str, Any], asked: list[Any]) -> None:
        self._answers, self._asked = answers, asked

    def can_paginate(self, _: str) -> bool:
        return False

    def __getattr__(self, operation: str) -> Any:
        def call(**asked: Any) -> Any:
            self._asked.append((operation, asked))
            answer = self._answers[operation]
            if isinstance(answer, Exception):
                raise answer
            return answer

        return call


class Session:
    def __init__(self, **answers: Any) -> None:
        self._answers = answers
        self.asked: list[Any] = []

    def client(self, service: str, **_: Any) -> Any:
        assert service
        return Client(self._answers, self.asked)


def look(session: Session, kind: str, *unknown: str, **values: Any) -> Any:
    wanted = Wanted(address=f"{kind}.x", type=kind, values=values, unknown=frozenset(unknown))
    return identify(session, "us-east-1", load_import_forms()[kind], wanted)


def vpc(name: str, **tags: str) -> dict[str, Any]:
    return {"VpcId": name, "Tags": [{"Key": k, "Value": v} for k, v in tags.items()]}


def test_one_that_bears_all_planned_tags_is_it() -> None:
    session = Session(describe_vpcs={"Vpcs": [vpc("vpc-1", **TAGS, more="x"), vpc("vpc-2")]})
    found = look(session, "aws_vpc", cidr_block="10.0.0.0/20", tags_all=TAGS)
    assert found == Known(address="aws_vpc.x", id="vpc-1")
    (asked,) = session.asked
    assert asked[1]["Filters"] == [{"Name": "cidr", "Values": ["10.0.0.0/20"]}]


def test_two_that_are_alike_are_named_and_neither_is_taken() -> None:
    session = Session(describe_vpcs={"Vpcs": [vpc("vpc-2", **TAGS), vpc("vpc-1", **TAGS)]})
    found = look(session, "aws_vpc", cidr_block="10.0.0.0/20", tags_all=TAGS)
    assert isinstance(found, Untold)
    assert (found.ids, found.why) == (("vpc-1", "vpc-2"), "2 of them are alike: vpc-1, vpc-2")


@pytest.mark.parametrize("unknown", [("vpc_id",), ("tags_all",)])
def test_what_hangs_on_something_missing_waits(unknown: tuple[str, ...]) -> None:
    subnet = {"SubnetId": "subnet-1", "CidrBlock": "10.0.0.0/24", "Tags": []}
    session = Session(describe_subnets={"Subnets": [subnet]})
    values: dict[str, Any] = {"vpc_id": "vpc-1", "cidr_block": "10.0.0.0/24", "tags_all": {}}
    assert look(session, "aws_subnet", *unknown, **values) is None
    assert look(session, "aws_subnet", **values) == Known(address="aws_subnet.x", id="subnet-1")


RULE = {"SecurityGroupRuleId": "sgr-1", "IsEgress": False, "IpProtocol": "-1", "FromPort": -1}


@pytest.mark.parametrize(
    ("kind", "answers", "values", "id_"),
    [
        (
            "aws_route",
            {
                "describe_route_tables": {
                    "RouteTables": [{"Routes": [{"DestinationCidrBlock": "10.1.0.0/22"}]}]
                }
            },
            {"route_table_id": "rtb-1", "destination_cidr_block": "10.1.0.0/22"},
            "rtb-1_10.1.0.0/22",
        ),
        (
            "aws_route_table_association",
            {
                "describe_route_tables": {
                    "RouteTables": [{"Associations": [{"Main": True}, {"SubnetId": "subnet-1"}]}]
                }
            },
            {"route_table_id": "rtb-1", "subnet_id": "subnet-1"},
            "subnet-1/rtb-1",
        ),
        (
            "aws_vpc_security_group_ingress_rule",
            {"describe_security_group_rules": {"SecurityGroupRules": [RULE]}},
            {"security_group_id": "sg-1", "ip_protocol": "-1", "from_port": None},
            "sgr-1",
        ),
        (
            "aws_eks_pod_identity_association",
            {
                "list_pod_identity_associations": {
                    "associations": [
                        {"associationId": "a-1", "namespace": "jobs", "serviceAccount": "spark"}
                    ]
                }
            },
            {"cluster_name": "a", "namespace": "jobs", "service_account": "spark"},
            "a,a-1",
        ),
        (
            "aws_eks_access_policy_association",
            {"list_associated_access_policies": {"associatedAccessPolicies": [{"policyArn": "p"}]}},
            {"cluster_name": "a", "principal_arn": "r", "policy_arn": "p"},
            "a#r#p",
        ),
        (
            "aws_kms_key",
            {
                "get_resources": {"ResourceTagMappingList": [{"ResourceARN": "k", "Tags": []}]},
                "describe_key": {"KeyMetadata": {"KeyId": "1-2", "KeyState": "Enabled"}},
            },
            {"tags_all": {}},
            "1-2",
        ),
        (
            "aws_s3_bucket_ownership_controls",
            {"get_bucket_ownership_controls": {"OwnershipControls": {}}},
            {"bucket": "b"},
            "b",
        ),
    ],
)
def test_each_kind_has_its_own_form(
    kind: str, answers: dict[str, Any], values: dict[str, Any], id_: str
) -> None:
    assert look(Session(**answers), kind, **values) == Known(address=f"{kind}.x", id=id_)


def test_a_key_that_waits_for_its_end_is_none() -> None:
    session = Session(
        get_resources={"ResourceTagMappingList": [{"ResourceARN": "k", "Tags": []}]},
        describe_key={"KeyMetadata": {"KeyId": "1-2", "KeyState": "PendingDeletion"}},
    )
    assert look(session, "aws_kms_key", tags_all={}) is None


@pytest.mark.parametrize(
    ("kind", "call", "rows"),
    [
        ("aws_eks_cluster", "describe_cluster", "cluster"),
        ("aws_eks_node_group", "describe_nodegroup", "nodegroup"),
        ("aws_eks_addon", "describe_addon", "addon"),
    ],
)
def test_what_aws_has_not_made_yet_is_imported_once_it_has(kind: str, call: str, rows: str) -> None:
    names: dict[str, Any] = dict.fromkeys(
        ("name", "cluster_name", "node_group_name", "addon_name"), "a"
    )
    unread = {"bootstrap_cluster_creator_admin_permissions": False}
    names |= {"bootstrap_self_managed_addons": False, "access_config": [unread]}
    made = {"status": "ACTIVE", "tags": {}}
    found = look(Session(**{call: {rows: made}}), kind, tags_all={}, **names)
    assert isinstance(found, Known)
    making = {**made, "status": "CREATING"}
    found = look(Session(**{call: {rows: making}}), kind, tags_all={}, **names)
    assert isinstance(found, Untold)
    assert found.why == "AWS has not made it yet (CREATING): wait for it, then run this again"
    assert found.ids == (("a",) if kind == "aws_eks_cluster" else ("a:a",))


@pytest.mark.parametrize(
    "code", ["NoSuchEntity", "ResourceNotFoundException", "NoSuchBucketPolicy", "404"]
)
def test_what_is_not_there_is_not_found(code: str) -> None:
    assert look(Session(get_role=refusal(code)), "aws_iam_role", name="r", tags_all={}) is None


def test_what_aws_does_not_tell_is_said() -> None:
    found = look(Session(get_role=refusal("AccessDenied")), "aws_iam_role", name="r", tags_all={})
    assert isinstance(found, Untold)
    assert found.why.startswith("AWS does not tell: ")


def refusal(code: str) -> Exception:
    from botocore.exceptions import ClientError

    refused: Exception = ClientError({"Error": {"Code": code, "Message": "no"}}, "GetRole")
    return refused


def change(address: str, *actions: str, importing: bool = False) -> dict[str, Any]:
    told: dict[str, Any] = {"actions": list(actions)}
    return {"address": address, "change": {**told, "importing": {"id": "x"}} if importing else told}


def test_imports_and_changes_of_what_is_imported_are_all_that_may_be_planned() -> None:
    fine = [
        change("a.a", "no-op", importing=True),
        change("a.b", "update", importing=True),
        change("a.c", "no-op"),
        change("data.d", "read"),
    ]
    assert [*beyond_imports({"resource_changes": fine}, ["a.a", "a.b"])] == []
    assert [*beyond_imports({"resource_changes": fine}, ["a.a", "a.b", "a.z"])] == [
        "not import a.z"
    ]


@pytest.mark.parametrize(
    "bad",
    [
        change("a.a", "create"),
        change("a.a", "update"),
        change("a.a", "delete"),
        change("a.a", "delete", "create", importing=True),
        change("a.a", "forget"),
    ],
)
def test_all_else_is_refused(bad: dict[str, Any]) -> None:
    assert [*beyond_imports({"resource_changes": [bad]}, [])]


def test_what_an_import_guesses_is_put_right_once() -> None:
    wanted = {"plain": False, "block[0].inner": False}
    known = Known(address="aws_eks_cluster.cell", id="a", unread=wanted)
    attributes = {"plain": True, "block": [{"inner": True}], "other": 1}
    state = {
        "serial": 7,
        "resources": [
            {
                "type": "aws_eks_cluster",
                "name": "cell",
                "instances": [{"attributes": attributes}],
            },
            {"type": "aws_vpc", "name": "cell", "instances": [{"attributes": {}}]},
        ],
    }
    mended = mend_state(json.dumps(state), {known.address: wanted})
    assert mended is not None
    told = json.loads(mended)
    assert told["serial"] == 8
    (instance,) = told["resources"][0]["instances"]
    assert instance["attributes"] == {"plain": False, "block": [{"inner": False}], "other": 1}
    assert mend_state(mended, {known.address: wanted}) is None
    assert ignoring([known]) == {
        "resource": {
            "aws_eks_cluster": {"cell": {"lifecycle": {"ignore_changes": [*sorted(wanted)]}}}
        }
    }
