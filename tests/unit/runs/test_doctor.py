"""`doctor`: each question answered well and badly by an AWS that is made up, and what is said."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import (
    ClientError,
    ConfigParseError,
    EndpointConnectionError,
    NoCredentialsError,
    ProfileNotFound,
)
from botocore.parsers import ResponseParserError

from cellfactory.credentials import Session
from cellfactory.design import Declared
from cellfactory.errors import Finding, TerraformError, UsageError
from cellfactory.facts.iam import load_iam
from cellfactory.inventory.schema import Inventory
from cellfactory.layers.permissions import management_actions, member_actions, region_actions
from cellfactory.layers.stack import Access
from cellfactory.runs.doctor import Doors, choose_subjects, examine
from cellfactory.runs.questions import (
    LOG_IN,
    LOOK_AT_NETWORK,
    LOOK_AT_SETTINGS,
    Answer,
    Subject,
    finding_of,
)
from cellfactory.runs.reading import read_declared
from tests.aws_models import model_of
from tests.unit.runs.aws_answers import (
    addon_versions,
    endpoint_services,
    offerings,
    without_endpoint,
    without_zone,
    zone_name,
)

STATE, NEXT = Subject("state"), Subject("organization", "next")
CELL, LONELY = Subject("cell", "moka-use1-a"), Subject("cell", "moka-usw2-a")
MADE, TOOLS = Subject("cell", "moka-use1-c"), Subject("tools")
KEY = "arn:aws:kms:us-east-1:777777777777:key/1234abcd-12ab-34cd-96ef-1234567890ab"
UNIT = "ou-ab12-cdefgh34"
Table = dict[tuple[str, str], Any]


def refused(code: str, message: str = "no") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, "Asked")


def simulate(**asked: Any) -> dict[str, Any]:
    rows = [{"EvalActionName": a, "EvalDecision": "allowed"} for a in asked["ActionNames"]]
    return {"EvaluationResults": rows}


def refuse_to(
    action: str, decision: str = "implicitDeny", **more: Any
) -> Callable[..., dict[str, Any]]:
    def answer(**asked: Any) -> dict[str, Any]:
        rows = simulate(**asked)["EvaluationResults"]
        return {
            "EvaluationResults": [
                row
                | ({"EvalDecision": decision, **more} if row["EvalActionName"] == action else {})
                for row in rows
            ]
        }

    return answer


def well() -> Table:
    """An AWS in which all is as it should be."""
    block = ["BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"]
    encryption = {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}}]}
    zones = [z["Location"] for z in offerings(LocationType="availability-zone-id").popitem()[1]]
    organization = {"MasterAccountId": "222222222222", "FeatureSet": "ALL"}
    trusted = {"EnabledServicePrincipals": [{"ServicePrincipal": "account.amazonaws.com"}]}
    return {
        ("s3", "head_bucket"): {},
        ("s3", "get_bucket_location"): {"LocationConstraint": None},
        ("s3", "get_bucket_versioning"): {"Status": "Enabled"},
        ("s3", "get_public_access_block"): {
            "PublicAccessBlockConfiguration": dict.fromkeys(block, True)
        },
        ("s3", "get_bucket_encryption"): {"ServerSideEncryptionConfiguration": encryption},
        ("s3", "list_objects_v2"): {},
        ("kms", "describe_key"): {"KeyMetadata": {"KeyId": "k", "KeyState": "Enabled"}},
        ("organizations", "describe_organization"): {"Organization": organization},
        ("organizations", "describe_organizational_unit"): {},
        ("organizations", "list_roots"): {"Roots": [{"Id": "r-ab12"}]},
        ("organizations", "list_aws_service_access_for_organization"): trusted,
        ("iam", "list_attached_role_policies"): {"AttachedPolicies": []},
        ("iam", "simulate_principal_policy"): simulate,
        ("ec2", "describe_regions"): {"Regions": [{"OptInStatus": "opted-in"}]},
        ("ec2", "describe_availability_zones"): {
            "AvailabilityZones": [{"ZoneId": zone, "ZoneName": zone_name(zone)} for zone in zones]
        },
        ("ec2", "describe_vpc_endpoint_services"): endpoint_services,
        ("ec2", "describe_instance_type_offerings"): offerings,
        ("ec2", "describe_images"): {"Images": [{}]},
        ("eks", "describe_cluster_versions"): {
            "clusterVersions": [{"clusterVersion": "1.34", "versionStatus": "STANDARD_SUPPORT"}]
        },
        ("eks", "describe_addon_versions"): addon_versions,
    }


class Client:
    """A service that answers from a table; what it is asked has to be an operation of AWS."""

    def __init__(self, service: str, table: Table) -> None:
        self._service, self._table = service, table

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        def call(**asked: Any) -> Any:
            answer = self._table[self._service, operation]
            if isinstance(answer, Exception):
                raise answer
            return copy.deepcopy(answer(**asked) if callable(answer) else answer)

        return call

    def get_paginator(self, operation: str) -> Any:
        call = getattr(self, operation)

        class Pages:
            def paginate(self, **asked: Any) -> list[Any]:
                return [call(**asked)]

        return Pages()


class Fake:
    """A session in some account."""

    def __init__(self, table: Table) -> None:
        self.table = table

    def client(self, service: str, **_: Any) -> Any:
        return Client(service, self.table)


@pytest.fixture(scope="module")
def declared(project_root: Path) -> Declared:
    return read_declared(project_root / "cells.yaml")


def ask(
    declared: Declared,
    subject: Subject,
    table: Mapping[tuple[str, str], Any] | None = None,
    *,
    refuse: Mapping[str, Exception] | None = None,
    inventory: Inventory | None = None,
    terraform: Exception | None = None,
) -> dict[str, Answer]:
    """Ask about one subject; answers by claim."""
    session = Fake(well() | dict(table or {}))

    def enter(access: Access) -> Session:
        for role in access.roles:
            if error := (refuse or {}).get(role.rpartition("/")[2]):
                raise error
        return session

    def find() -> object:
        if terraform:
            raise terraform
        return object()

    doors = Doors(enter=enter, find_terraform=find)
    answers = examine(inventory or declared.inventory, declared.facts, subject, doors)
    return {answer.claim: answer for answer in answers}


def with_key(declared: Declared, key: str | None) -> Inventory:
    state = declared.inventory.state.model_copy(update={"kms_key": key})
    return declared.inventory.model_copy(update={"state": state})


def in_opt_in_region(declared: Declared) -> Inventory:
    meshes = dict(declared.inventory.meshes)
    meshes["moka-use1"] = meshes["moka-use1"].model_copy(update={"region": "eu-south-1"})
    return declared.inventory.model_copy(update={"meshes": meshes})


# -- all is well -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("subject", "least"), [(TOOLS, 1), (STATE, 7), (NEXT, 5), (CELL, 14)], ids=str
)
def test_where_all_is_well_every_claim_holds(
    declared: Declared, subject: Subject, least: int
) -> None:
    answers = ask(declared, subject, inventory=with_key(declared, KEY))
    assert len(answers) >= least
    left = {a.claim: a.status for a in answers.values() if a.status != "ok"}
    assert left == ({"its quotas are those of cells.yaml": "skipped"} if subject == CELL else {})
    assert not any(a.seen or a.fix for a in answers.values() if a.status == "ok")
    assert [finding_of(a) for a in answers.values() if finding_of(a)] == []


def test_trusted_access_is_asked_for_where_an_opt_in_region_needs_it(declared: Declared) -> None:
    claim = "Account Management is trusted, to enable eu-south-1"
    assert claim not in ask(declared, NEXT)
    inventory = in_opt_in_region(declared)
    assert ask(declared, NEXT, inventory=inventory)[claim].status == "ok"
    table: Table = {
        ("organizations", "list_aws_service_access_for_organization"): {
            "EnabledServicePrincipals": []
        }
    }
    answer = ask(declared, NEXT, table, inventory=inventory)[claim]
    assert answer.status == "failed"
    assert answer.fix.startswith("aws organizations enable-aws-service-access")


# -- each failure ----------------------------------------------------------------------------------

BROKEN: dict[str, tuple[Subject, tuple[str, str], Any, str, str, str]] = {
    # name: whom, which call, what it answers, the claim, status, what is seen
    "no bucket": (STATE, ("s3", "head_bucket"), refused("404"), "is there", "failed",
                  "there is no bucket example-cells-tfstate"),
    "somebody else's bucket": (STATE, ("s3", "head_bucket"), refused("403"), "is there", "failed",
                               "may not look at example-cells-tfstate"),
    "bucket elsewhere": (STATE, ("s3", "get_bucket_location"), {"LocationConstraint": "eu-west-1"},
                         "is there", "failed", "is in eu-west-1"),
    "no versions": (STATE, ("s3", "get_bucket_versioning"), {}, "versions", "failed",
                    "keeps no versions"),
    "public": (STATE, ("s3", "get_public_access_block"),
               refused("NoSuchPublicAccessBlockConfiguration"), "closed", "failed", "not blocked"),
    "half public": (STATE, ("s3", "get_public_access_block"),
                    {"PublicAccessBlockConfiguration": {"BlockPublicAcls": True,
                                                        "IgnorePublicAcls": False}},
                    "closed", "failed", "not blocked"),
    "plain": (STATE, ("s3", "get_bucket_encryption"),
              refused("ServerSideEncryptionConfigurationNotFoundError"), "encrypts", "failed",
              "no default encryption"),
    "no registry": (STATE, ("s3", "list_objects_v2"), refused("AccessDenied"), "registry",
                    "failed", "AccessDenied"),
    "Regions untold": (CELL, ("ec2", "describe_regions"), refused("UnauthorizedOperation"),
                       "is enabled", "warning", "not known"),
    "no key": (STATE, ("kms", "describe_key"), refused("NotFoundException"), "can be used",
               "failed", "there is no key"),
    "key off": (STATE, ("kms", "describe_key"),
                {"KeyMetadata": {"KeyId": "k", "KeyState": "Disabled"}}, "can be used", "failed",
                "is Disabled"),
    "key of a pair": (STATE, ("kms", "describe_key"),
                      {"KeyMetadata": {"KeyState": "Enabled", "KeySpec": "RSA_2048"}},
                      "can be used", "failed", "symmetric"),
    "another's organization": (NEXT, ("organizations", "describe_organization"),
                               {"Organization": {"MasterAccountId": "999999999999",
                                                 "FeatureSet": "ALL"}},
                               "is the management account", "failed", "managed by 999999999999"),
    "billing only": (NEXT, ("organizations", "describe_organization"),
                     {"Organization": {"MasterAccountId": "222222222222",
                                       "FeatureSet": "CONSOLIDATED_BILLING"}},
                     "all features", "failed", "consolidated billing only"),
    "no unit": (NEXT, ("organizations", "describe_organizational_unit"),
                refused("OrganizationalUnitNotFoundException"), "is in the organization", "failed",
                f"no unit {UNIT}"),
    "may not make accounts": (NEXT, ("iam", "simulate_principal_policy"),
                              refuse_to("organizations:CreateAccount"), "may make accounts",
                              "warning", "not allowed .* account: organizations:CreateAccount"),
    "forbidden to make accounts": (NEXT, ("iam", "simulate_principal_policy"),
                                   refuse_to("organizations:MoveAccount", "explicitDeny"),
                                   "may make accounts", "failed", "denied account: "),
    "simulator closed": (NEXT, ("iam", "simulate_principal_policy"), refused("AccessDenied"),
                         "may make accounts", "skipped", "not asked: .*AccessDenied"),
    "Region off": (CELL, ("ec2", "describe_regions"),
                   {"Regions": [{"OptInStatus": "not-opted-in"}]}, "is enabled", "failed",
                   "us-east-1 is not enabled"),
    "no such zone": (CELL, ("ec2", "describe_availability_zones"),
                     {"AvailabilityZones": [{"ZoneId": "use1-az1", "ZoneName": "us-east-1a"},
                                            {"ZoneId": "use1-az2", "ZoneName": "us-east-1b"}]},
                     "has the zones", "failed", "has no zone use1-az4"),
    "no endpoint service": (CELL, ("ec2", "describe_vpc_endpoint_services"), without_endpoint,
                            "endpoint services", "failed",
                            "^us-east-1 has no endpoint service eks-auth$"),
    "endpoint not in a zone": (CELL, ("ec2", "describe_vpc_endpoint_services"), without_zone,
                               "endpoint services", "failed", "ec2 has no endpoint in use1-az4;"),
    "endpoints untold": (CELL, ("ec2", "describe_vpc_endpoint_services"),
                         refused("UnauthorizedOperation"), "endpoint services", "warning",
                         "not known"),
    "not offered": (CELL, ("ec2", "describe_instance_type_offerings"),
                    {"InstanceTypeOfferings": [{"Location": "use1-az1"}]}, "r6i.4xlarge", "failed",
                    "not offered in use1-az2, use1-az4"),
    "no image": (CELL, ("ec2", "describe_images"), {"Images": []}, "image amazon", "failed",
                 "Amazon has no image"),
    "old Kubernetes": (CELL, ("eks", "describe_cluster_versions"),
                       {"clusterVersions": [
                           {"clusterVersion": "1.34", "versionStatus": "UNSUPPORTED"},
                           {"clusterVersion": "1.36", "versionStatus": "STANDARD_SUPPORT"}]},
                       "offers Kubernetes", "failed", "no Kubernetes 1.34"),
    "no add-on": (CELL, ("eks", "describe_addon_versions"), {"addons": []}, "vpc-cni", "failed",
                  "does not offer vpc-cni"),
    "add-ons untold": (CELL, ("eks", "describe_addon_versions"), refused("AccessDeniedException"),
                       "coredns", "warning", "not known"),
    "may not make clusters": (CELL, ("iam", "simulate_principal_policy"),
                              refuse_to("eks:CreateCluster", OrganizationsDecisionDetail={
                                  "AllowedByOrganizations": False}), "may do what", "failed",
                              "OrganizationAccountAccessRole is denied cluster: "
                              "eks:CreateCluster"),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_missing_is_named_with_a_fix(declared: Declared, name: str) -> None:
    subject, call, answer, claim, status, seen = BROKEN[name]
    answers = ask(declared, subject, {call: answer}, inventory=with_key(declared, KEY))
    found = [a for a in answers.values() if claim in a.claim and a.status != "ok"]
    assert found, answers
    assert {a.status for a in found} == {status}
    assert re.search(seen, found[0].seen), found[0].seen
    assert found[0].fix, "what to do is said"
    finding = finding_of(found[0])
    rule = {"failed": "F630", "warning": "F631"}.get(status)
    assert (finding.rule if finding else None) == rule
    if finding:
        assert finding.message.startswith(str(subject))
        assert "\n" not in finding.message


@pytest.mark.parametrize(
    ("subject", "call", "first"),
    [
        (STATE, ("s3", "head_bucket"), "is there"),
        (CELL, ("ec2", "describe_regions"), "is enabled"),
    ],
    ids=str,
)
def test_what_cannot_be_asked_any_more_is_skipped_with_the_reason(
    declared: Declared, subject: Subject, call: tuple[str, str], first: str
) -> None:
    told = list(ask(declared, subject, {call: refused("AuthFailure")}).values())
    at = next(index for index, answer in enumerate(told) if first in answer.claim)
    assert told[at].status == "failed"
    after = [answer for answer in told[at + 1 :] if answer.status == "skipped"]
    assert after
    assert f"skipped, because this failed: {told[at].claim}" in {a.seen for a in after}


def test_a_role_that_cannot_be_assumed_bars_its_own_subject_alone(declared: Declared) -> None:
    fault = TerraformError(Finding(rule="F622", message="cannot assume CellFactoryMember"))
    fault.__cause__ = refused("AccessDenied")
    broken = ask(declared, LONELY, refuse={"CellFactoryMember": fault})
    claims = {
        status: sum(a.status == status for a in broken.values()) for status in ("ok", "failed")
    }
    assert claims == {"ok": 0, "failed": 1}
    answer = next(a for a in broken.values() if a.status == "failed")
    assert answer.seen == "cannot assume CellFactoryMember"
    assert "docs/prerequisites.md" in answer.fix
    whole = ask(declared, CELL, refuse={"CellFactoryMember": fault})
    assert "failed" not in {a.status for a in whole.values()}


@pytest.mark.parametrize(
    ("key", "status", "seen"),
    [(None, "warning", "no key is named"), ("alias/a", "warning", "looked up in"), (KEY, "ok", "")],
)
def test_a_key_is_named_by_its_arn(
    declared: Declared, key: str | None, status: str, seen: str
) -> None:
    answers = ask(declared, STATE, inventory=with_key(declared, key))
    answer = answers["the key is named by its ARN"]
    assert (answer.status, seen in answer.seen) == (status, True)
    assert ("the key can be used" in answers) == (key is not None)


def test_a_mesh_without_a_hub_is_a_warning(declared: Declared) -> None:
    claim = "a hub reaches its private Kubernetes API"
    assert ask(declared, CELL)[claim].status == "ok"
    answer = ask(declared, LONELY)[claim]
    assert (answer.status, answer.path) == ("warning", ("cells", "moka-usw2-a", "mesh"))
    assert "inside the VPC" in answer.fix


def test_of_an_account_that_is_not_made_nothing_else_is_asked(declared: Declared) -> None:
    answers = ask(declared, MADE, refuse={"CellFactory": AssertionError("never")})
    assert [a.status for a in answers.values()] == ["ok", "skipped", "warning"]


def test_terraform_that_is_missing_or_too_old(declared: Declared) -> None:
    found = Finding(rule="F601", message="no Terraform found", hint="put it on PATH")
    (answer,) = ask(declared, TOOLS, terraform=TerraformError(found)).values()
    assert (answer.status, answer.seen, answer.fix) == (
        "failed",
        "no Terraform found",
        "put it on PATH",
    )


def test_a_root_is_looked_up_among_the_roots(declared: Declared) -> None:
    for root, status in (("r-ab12", "ok"), ("r-cd34", "failed")):
        cells = dict(declared.inventory.cells)
        account = cells[MADE.name].account.model_copy(update={"ou": root})
        cells[MADE.name] = cells[MADE.name].model_copy(update={"account": account})
        inventory = declared.inventory.model_copy(update={"cells": cells})
        answer = ask(declared, NEXT, inventory=inventory)[f"{root} is in the organization"]
        assert answer.status == status
        assert ("its root is r-ab12" in answer.fix) == (status == "failed")


# -- faults of the client --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "fix"),
    [
        (NoCredentialsError(), LOG_IN),
        (refused("ExpiredToken", "the token\n has expired"), LOG_IN),
        (refused("InvalidClientTokenId"), LOG_IN),
        (EndpointConnectionError(endpoint_url="https://sts"), LOOK_AT_NETWORK),
        (ProfileNotFound(profile="x"), LOOK_AT_SETTINGS),
        (ConfigParseError(path="config"), LOOK_AT_SETTINGS),
        (ValueError("Invalid endpoint: localhost:1"), LOOK_AT_SETTINGS),
        (ResponseParserError("Unable to parse\n<html>"), LOOK_AT_SETTINGS),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_a_fault_of_the_client_is_one_sentence(
    declared: Declared, error: Exception, fix: str
) -> None:
    wrapped = TerraformError(Finding(rule="F622", message=f"cannot assume: {error}"))
    wrapped.__cause__ = error
    for raised in (error, wrapped):
        told = ask(declared, NEXT, refuse={"CellFactory": raised})
        answer = next(iter(told.values()))
        assert (answer.status, answer.fix) == ("failed", fix)
        assert answer.seen
        assert "\n" not in answer.seen


# -- whom it asks about ----------------------------------------------------------------------------


def names(declared: Declared, **chosen: list[str]) -> list[str]:
    return [str(subject) for subject in choose_subjects(declared.inventory, **chosen)]


def test_whom_it_asks_about(declared: Declared) -> None:
    assert len(names(declared)) == 2 + 2 + 1 + 4
    assert names(declared, cells=["moka-usw2-a"])[2:] == ["organization next", "cell moka-usw2-a"]
    assert names(declared, organizations=["next"])[2:] == [
        *("organization next", "hub shared-services", "cell moka-use1-c", "cell moka-usw2-a"),
    ]
    with pytest.raises(UsageError, match="unknown cell 'moka-use1-x'; did you mean"):
        names(declared, cells=["moka-use1-x"])
    with pytest.raises(UsageError, match="unknown organization 'nxt'"):
        names(declared, organizations=["nxt"])


# -- what it asks for ------------------------------------------------------------------------------


OF_MEMBERS = {action for wanted in member_actions().values() for action in wanted}
ACTIONS = {*management_actions(), *region_actions(), *OF_MEMBERS}
SERVICES = {"elasticloadbalancing": "elbv2"}  # where IAM has another name than the library


@pytest.mark.parametrize("action", sorted(ACTIONS - {"iam:PassRole", "logs:CreateLogDelivery"}))
def test_each_action_is_an_operation_of_aws(action: str) -> None:
    spelt = {name: call for call, name in load_iam().names.items()}
    service, _, operation = spelt.get(action, action).partition(":")
    model = model_of(SERVICES.get(service, service))
    assert operation in model.operation_names


@pytest.mark.parametrize("call", well(), ids=".".join)
def test_each_call_is_an_operation_that_reads(call: tuple[str, str]) -> None:
    service, name = call
    operations = model_of(service).operation_names
    assert name.replace("_", "") in {operation.lower() for operation in operations}
    assert name.split("_")[0] in ("head", "get", "list", "describe", "simulate")
