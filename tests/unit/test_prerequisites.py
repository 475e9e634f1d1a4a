"""The page of prerequisites: policies that parse and agree with the code, commands that exist."""

from __future__ import annotations

import inspect
import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore import xform_name

from cellfactory.layers.permissions import management_actions, member_actions, region_actions
from cellfactory.runs import doctor_cell, doctor_organization, doctor_state
from tests.aws_models import model_of

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "prerequisites.md").read_text("utf-8")
SERVICES = {"s3api": "s3", "elasticloadbalancing": "elbv2"}  # as the library calls them
GLOBAL = {"region", "query", "output", "profile"}  # options of every command
SHORT = {  # actions of IAM whose operation has another name
    "s3:ListBucket": "ListObjectsV2",
    "s3:GetBucketPublicAccessBlock": "GetPublicAccessBlock",
    "s3:GetEncryptionConfiguration": "GetBucketEncryption",
    "iam:PassRole": "CreateRole",
}


def blocks(kind: str) -> list[tuple[str, str]]:
    """List the blocks of a kind: the name behind it, and the text."""
    return re.findall(rf"^```{kind}(?: (\S+))?\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


POLICIES = {
    name or "pipeline": json.loads(text)
    for name, text in blocks("json")
    if name != "encryption.json"
}


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def actions_of(policy: str, sid: str = "") -> set[str]:
    return {
        action
        for statement in POLICIES[policy]["Statement"]
        if not sid or statement["Sid"] == sid
        for action in listed(statement["Action"])
    }


def test_the_policies_are_all_there() -> None:
    assert set(POLICIES) == {
        "pipeline",
        "bucket-policy.json",
        "key-policy.json",
        "provisioning-trust.json",
        "provisioning-policy.json",
        "member-trust.json",
        "hub-trust.json",
    }
    assert json.loads(dict(blocks("json"))["encryption.json"])["Rules"]


@pytest.mark.parametrize("name", POLICIES)
def test_a_policy_has_what_iam_requires(name: str) -> None:
    policy = POLICIES[name]
    assert policy["Version"] == "2012-10-17"
    sids = [statement["Sid"] for statement in policy["Statement"]]
    assert len(set(sids)) == len(sids) > 0
    for statement in policy["Statement"]:
        assert re.fullmatch(r"[A-Za-z0-9]+", statement["Sid"])
        assert statement["Effect"] in ("Allow", "Deny")
        assert all(":" in action for action in listed(statement["Action"]))
        of_resource = name in ("bucket-policy.json", "key-policy.json")
        trusts = name.endswith("-trust.json")
        assert ("Principal" in statement) == (of_resource or trusts)
        assert ("Resource" in statement) == (not trusts)


@pytest.mark.parametrize("name", [n for n in POLICIES if n.endswith("-trust.json")])
def test_nobody_but_a_role_is_trusted(name: str) -> None:
    (statement,) = POLICIES[name]["Statement"]
    assert statement["Action"] == "sts:AssumeRole"
    assert re.fullmatch(r"arn:aws:iam::\d{12}:role/\w+", statement["Principal"]["AWS"])


@pytest.mark.parametrize("name", POLICIES)
def test_each_action_is_one_of_aws(name: str) -> None:
    for action in actions_of(name):
        service, _, operation = action.partition(":")
        known = model_of(SERVICES.get(service, service)).operation_names
        assert operation == "*" or SHORT.get(action, operation) in known, action


def test_the_page_asks_for_what_the_code_takes() -> None:
    assert {*management_actions()} <= actions_of("provisioning-policy.json", "MakeAccounts")
    assert {*region_actions()} == actions_of("provisioning-policy.json", "EnableTheirRegions")
    for layer in (*member_actions(), "account", "platform"):
        assert re.search(rf"^\| `{layer}` \|", PAGE, re.MULTILINE), layer


def commands() -> Iterator[str]:
    """Yield every command of AWS that the page or a fix shows, each on one line."""
    for _, text in blocks("sh"):
        for line in text.replace("\\\n", " ").splitlines():
            if line.startswith("aws "):
                yield line
    for module in (doctor_cell, doctor_organization, doctor_state):
        source = inspect.getsource(module)
        yield from re.findall(r"aws (?:s3api|kms|organizations|account|ec2|eks) [a-z-]+", source)


@pytest.mark.parametrize("line", dict.fromkeys(commands()))
def test_each_command_is_one_of_the_cli(line: str) -> None:
    _, service, command, *words = shlex.split(line)
    model = model_of(SERVICES.get(service, service))
    names = {xform_name(name, "-"): name for name in model.operation_names}
    assert command in names
    shape = model.operation_model(names[command]).input_shape
    members = {xform_name(name, "-") for name in shape.members} if shape else set()
    options = {word.removeprefix("--") for word in words if word.startswith("--")}
    assert options <= members | GLOBAL, line
