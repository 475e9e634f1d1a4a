"""What `bootstrap` makes, as the inventory changes: no more than what is new."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from cellfactory.documents import load_data, render_data
from cellfactory.errors import InventoryError
from cellfactory.layers import list_bootstrap_stacks, list_stacks
from cellfactory.runs.bootstrap_ground import synthesize
from cellfactory.runs.reading import read_declared
from cellfactory.specs.pipeline import require_pipeline

pytestmark = pytest.mark.synth

ROOT = Path(__file__).resolve().parents[2]
SHIPPED: Mapping[str, Any] = load_data((ROOT / "cells.yaml").read_text("utf-8"))


def made(folder: Path, inventory: Mapping[str, Any]) -> dict[str, Any]:
    """The documents of the stacks of `bootstrap`."""
    file = folder / "cells.yaml"
    file.write_text(render_data(inventory), "utf-8")
    declared = read_declared(file)
    stacks = list_bootstrap_stacks(declared.inventory, declared.facts)
    return {
        stack.name: json.loads(files["cdk.tf.json"])
        for stack, files in synthesize(declared, stacks).items()
    }


def edited(**changes: Any) -> dict[str, Any]:
    return {**copy.deepcopy(dict(SHIPPED)), **changes}


def names(document: Mapping[str, Any]) -> set[str]:
    return {f"{kind}.{name}" for kind, found in document["resource"].items() for name in found}


def test_a_new_cell_asks_for_no_new_rights(tmp_path: Path) -> None:
    cell = copy.deepcopy(SHIPPED["cells"]["moka-usw2-a"]) | {"account": {"id": "888888888888"}}
    before = made(tmp_path, SHIPPED)
    after = made(tmp_path, edited(cells={**SHIPPED["cells"], "moka-usw2-b": cell}))
    assert set(after) - set(before) == {"moka-usw2-b-member"}
    assert {name: after[name] for name in before} == before


def test_a_new_ring_adds_a_role_and_those_who_trust_it(tmp_path: Path) -> None:
    before = made(tmp_path, SHIPPED)
    after = made(tmp_path, edited(rings=["canary", "first", "second", "rest"]))
    assert before["moka-usw2-a-member"] == after["moka-usw2-a-member"]
    new = names(after["factory-pipeline"]) - names(before["factory-pipeline"])
    assert {one.rpartition("-")[2] for one in new} == {"second"}
    for name in names(before["factory-pipeline"]):
        kind, _, of = name.partition(".")
        resources = (document["factory-pipeline"]["resource"] for document in (before, after))
        assert len({json.dumps(found[kind][of]) for found in resources}) == 1, name
    trust = after["next-bootstrap"]["resource"]["aws_iam_role"]["role-provisioning"]
    assert "cellfactory-apply-second" in trust["assume_role_policy"]


def test_a_new_organization_adds_its_roles(tmp_path: Path) -> None:
    third = {"management_account": "999999999999", "provisioning_role": "CellFactory"}
    before = made(tmp_path, SHIPPED)
    after = made(tmp_path, edited(organizations={**SHIPPED["organizations"], "third": third}))
    assert set(after) - set(before) == {"third-bootstrap"}
    assert names(after["factory-pipeline"]) == names(before["factory-pipeline"])
    others = before.keys() - {"factory-pipeline"}
    assert all(after[name] == before[name] for name in others)


@pytest.mark.parametrize(
    ("by_hand", "gone"),
    [
        ("bucket", "aws_s3_bucket.states"),
        ("key", "aws_kms_key.state-key"),
        ("oidc_provider", "aws_iam_openid_connect_provider.ci"),
    ],
)
def test_what_others_made_is_left_to_them(tmp_path: Path, by_hand: str, gone: str) -> None:
    key = "arn:aws:kms:us-east-1:777777777777:key/1234abcd-12ab-34cd-96ef-1234567890ab"
    pipeline = {**SHIPPED["pipeline"], "by_hand": [by_hand]}
    state = {**SHIPPED["state"], "kms_key": key}
    document = made(tmp_path, edited(pipeline=pipeline, state=state))["factory-pipeline"]
    assert gone not in names(document)
    assert gone.partition(".")[2] not in json.dumps(document["resource"]).split('"')
    if by_hand == "key":
        assert key in json.dumps(document)
        with pytest.raises(InventoryError, match="F716"):
            made(tmp_path, edited(pipeline=pipeline, state={**state, "kms_key": "alias/x"}))


def test_roles_that_others_made_have_no_stack(tmp_path: Path) -> None:
    by_hand = ["provisioning_roles", "member_roles"]
    pipeline = {**SHIPPED["pipeline"], "by_hand": by_hand}
    assert list(made(tmp_path, edited(pipeline=pipeline))) == ["factory-pipeline"]


def test_without_a_pipeline_there_is_nothing_and_the_key_is_named(tmp_path: Path) -> None:
    file = tmp_path / "cells.yaml"
    file.write_text(render_data({k: v for k, v in SHIPPED.items() if k != "pipeline"}), "utf-8")
    declared = read_declared(file)
    assert list_bootstrap_stacks(declared.inventory, declared.facts) == ()
    with pytest.raises(InventoryError, match="pipeline is missing"):
        require_pipeline(declared.inventory)


def test_no_other_command_works_on_them(tmp_path: Path) -> None:
    file = tmp_path / "cells.yaml"
    file.write_text(render_data(SHIPPED), "utf-8")
    declared = read_declared(file)
    others = list_stacks(declared.inventory, declared.facts)
    assert not any(stack.id.row.by_bootstrap for stack in others)


def test_roles_of_ci_reach_no_state_that_says_what_they_may(tmp_path: Path) -> None:
    documents = made(tmp_path, SHIPPED)
    for document in documents.values():
        assert document["terraform"]["backend"]["s3"]["key"].startswith("bootstrap/")
    policies = documents["factory-pipeline"]["resource"]["aws_iam_policy"]
    for name, body in policies.items():
        for statement in json.loads(body["policy"])["Statement"]:
            objects = [one for one in statement["Resource"] if one.startswith("arn:aws:s3:::")]
            assert not any("/bootstrap" in one or one.endswith("tfstate/*") for one in objects), (
                name
            )


def with_gateways(account: str, owner: str = "next", **organization: str) -> dict[str, Any]:
    """The shipped inventory with the gateways of both meshes in one account."""
    inventory = edited()
    inventory["organizations"][owner] |= organization
    for mesh in inventory["meshes"].values():
        mesh["gateway"] = {"account": account, "organization": owner}
    return inventory


def allowed(document: Mapping[str, Any], part: str) -> set[str]:
    """The actions of policies whose name has a part."""
    return {
        action
        for body in document["resource"]["aws_iam_policy"].values()
        if part in body["name"]
        for statement in json.loads(body["policy"])["Statement"]
        if statement["Effect"] == "Allow"
        for action in statement["Action"]
    }


def test_a_network_account_has_one_role_for_the_layers_of_all_its_meshes(tmp_path: Path) -> None:
    before = made(tmp_path, SHIPPED)
    after = made(tmp_path, with_gateways("888888888888"))
    assert set(after) - set(before) == {"moka-use1-netmember"}
    document = after["moka-use1-netmember"]
    assert document["provider"]["aws"][0]["allowed_account_ids"] == ["888888888888"]
    roles = document["resource"]["aws_iam_role"]
    assert {one["name"] for one in roles.values()} == {"CellFactoryMember", "CellFactoryMemberRead"}
    trusted = json.dumps([one["assume_role_policy"] for one in roles.values()])
    assert "222222222222:role/CellFactory" in trusted
    changing = allowed(document, "member-gateway") | allowed(document, "member-segments")
    assert {"ec2:CreateTransitGateway", "ram:CreateResourceShare"} <= changing
    looking = allowed(document, "member-read")
    assert looking
    assert not any(":Create" in one or ":Delete" in one for one in looking)
    whole = changing | looking
    assert not any(one.startswith(("eks:", "s3:", "iam:", "kms:", "sts:")) for one in whole)
    assert not {"ec2:CreateVpc", "ec2:CreateSubnet"} & whole


def test_cells_may_attach_themselves_once_a_mesh_has_a_gateway(tmp_path: Path) -> None:
    before = made(tmp_path, SHIPPED)["moka-usw2-a-member"]
    after = made(tmp_path, with_gateways("888888888888"))["moka-usw2-a-member"]
    attach = "ec2:CreateTransitGatewayVpcAttachment"
    assert attach not in allowed(before, "member")
    assert attach in allowed(after, "member-transit")
    assert '"ram:ShareOwnerAccountId": "888888888888"' in json.dumps(
        [json.loads(one["policy"]) for one in after["resource"]["aws_iam_policy"].values()]
    )


def test_a_gateway_in_a_management_account_is_made_by_the_provisioning_role(tmp_path: Path) -> None:
    before = made(tmp_path, SHIPPED)
    after = made(tmp_path, with_gateways("222222222222"))
    assert set(after) == set(before)
    assert "ec2:CreateTransitGateway" in allowed(after["next-bootstrap"], "provisioning")
    assert "ec2:CreateTransitGateway" not in allowed(after["legacy-bootstrap"], "provisioning")
    assert "ec2:*" in allowed(after["next-bootstrap"], "boundary")
    assert "ec2:*" not in allowed(before["next-bootstrap"], "boundary")


def with_egress(inventory: dict[str, Any]) -> dict[str, Any]:
    """The same with a way out in the first mesh."""
    egress = {"block": "10.32.0.0/24", "zones": ["use1-az1"]}
    inventory["meshes"]["moka-use1"]["gateway"]["egress"] = egress
    return inventory


def test_a_network_account_may_make_a_way_out_once_a_gateway_there_has_one(tmp_path: Path) -> None:
    before = made(tmp_path, with_gateways("888888888888"))["moka-use1-netmember"]
    after = made(tmp_path, with_egress(with_gateways("888888888888")))["moka-use1-netmember"]
    ours = {"ec2:CreateVpc", "ec2:CreateNatGateway", "ec2:CreateFlowLogs", "s3:CreateBucket"}
    assert allowed(before, "member-egress") == set()
    assert ours <= allowed(after, "member-egress")
    assert not ours & (allowed(after, "member") - allowed(after, "member-egress"))
    assert not any(":Create" in one for one in allowed(after, "member-read"))


def test_what_the_layers_of_meshes_take_gets_through_the_boundary_of_a_management_account(
    tmp_path: Path,
) -> None:
    """`*` of a service counts for each of its actions."""
    document = made(tmp_path, with_egress(with_gateways("222222222222")))["next-bootstrap"]
    through = allowed(document, "boundary")
    for layer in ("gateway", "egress", "link", "linked", "segments"):
        asked = allowed(document, f"provisioning-{layer}")
        assert len(asked) > 2
        held = {one for one in asked if one in through or f"{one.partition(':')[0]}:*" in through}
        assert held == asked, layer
    assert not {"s3:*", "iam:*", "kms:*"} & through


def test_a_role_that_aws_made_stays_as_it_is_in_a_network_account_too(tmp_path: Path) -> None:
    made_by_aws = with_gateways("888888888888", owner="legacy")
    assert set(made(tmp_path, made_by_aws)) == set(made(tmp_path, SHIPPED))
