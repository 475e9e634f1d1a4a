"""What plans of the real provider say of drift; they were made of a cell on the emulated AWS."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cellfactory.diff.model import ABSENT, ValueChange
from cellfactory.facts.loader import load_facts
from cellfactory.layers import StackId
from cellfactory.terraform.drifted import Drifted, Looked, added_parts, in_order, look_at
from cellfactory.terraform.explained import strange_items
from cellfactory.terraform.repair import repair_line
from cellfactory.terraform.shown import parse_shown

PLANS = Path(__file__).with_name("plans")
DEFAULTS = tuple(load_facts().aws_defaults.values())
NETWORK = StackId("a", "network")


def looked(name: str) -> list[Looked]:
    told = json.loads((PLANS / f"{name}.json").read_text("utf-8"))
    return [
        look_at(
            StackId(*stack.rsplit("-", 1)),
            parse_shown(json.dumps(document)),
            DEFAULTS,
        )
        for stack, document in told.items()
    ]


def found(name: str) -> tuple[Drifted, ...]:
    plans = looked(name)
    drifted = [one for plan in plans for one in plan.drifted]
    return in_order([*drifted, *added_parts(plans, DEFAULTS)])


def test_what_was_just_applied_tells_much_and_has_not_drifted() -> None:
    told = json.loads((PLANS / "just-applied.json").read_text("utf-8"))
    assert sum(len(document["resource_drift"]) for document in told.values()) > 30
    assert found("just-applied") == ()


def test_what_was_changed_by_hand_is_told_apart() -> None:
    told = {
        (d.stack.layer, d.address): (d.event, d.cause, d.then) for d in found("changed-by-hand")
    }
    put_back, gone = ("changed", "reverted", "update"), ("gone", "reverted", "create")
    added = ("added", "unknown", None)
    rule = "aws_vpc_security_group_ingress_rule.endpoint-from-node-443"
    assert told == {
        ("cluster", "aws_eks_node_group.group-driver-use1-az1"): put_back,
        ("cluster", "aws_iam_role.role-node"): added,
        ("cluster", "aws_kms_key.secrets-key"): put_back,
        ("network", "aws_route_table.table-node-use1-az2"): added,
        ("network", "aws_s3_bucket_policy.flow-logs-delivery"): put_back,
        ("network", "aws_security_group.node"): added,
        ("network", "aws_subnet.pod-use1-az1"): put_back,
        ("network", "aws_vpc.cell"): put_back,
        ("network", rule): gone,
        ("routes", 'aws_route.to-peer["node-use1-az1 10.128.4.0/22"]'): gone,
    }


def test_values_go_from_what_was_applied_to_what_is_there() -> None:
    vpc = next(d for d in found("changed-by-hand") if d.address == "aws_vpc.cell")
    assert {v.path: (v.before, v.after) for v in vpc.values} == {
        ("tags", "Name"): ("moka-use1-b", "changed by hand"),
        ("tags", "costcentre"): (ABSENT, "42"),
    }


def document(**told: Any) -> Any:
    return parse_shown(json.dumps({"format_version": "1.2", "resource_changes": [], **told}))


def one(address: str, before: Any, after: Any, actions: list[str] | None = None) -> dict[str, Any]:
    change = {"actions": actions or ["update"], "before": before, "after": after}
    return {"address": address, "mode": "managed", "type": address.split(".")[0], "change": change}


@pytest.mark.parametrize(
    ("attribute", "before", "after"),
    [("platform_version", "eks.1", "eks.2"), ("version", "1.33", "1.34")],
)
def test_what_aws_does_by_itself_is_no_work_for_anybody(
    attribute: str, before: str, after: str
) -> None:
    drift = [one("aws_eks_cluster.cell", {attribute: before}, {attribute: after})]
    (told,) = look_at(NETWORK, document(resource_drift=drift), DEFAULTS).drifted
    assert (told.cause, told.event) == ("aws", "changed")
    assert told.because
    assert told.source.startswith("https://docs.aws.amazon.com/")


def test_a_plan_that_would_undo_what_aws_does_is_told_as_that() -> None:
    change = one("aws_eks_cluster.cell", {"version": "1.34"}, {"version": "1.33"})
    (told,) = look_at(NETWORK, document(resource_changes=[change]), DEFAULTS).drifted
    assert (told.cause, told.then) == ("aws", "update")
    both = one(
        "aws_eks_cluster.cell",
        {"version": "1.34", "deletion_protection": False},
        {"version": "1.33", "deletion_protection": True},
    )
    (told,) = look_at(NETWORK, document(resource_changes=[both]), DEFAULTS).drifted
    assert told.cause == "reverted"


def test_what_nothing_accounts_for_is_for_a_person() -> None:
    drift = [one("aws_vpc.cell", {"owner_id": "1"}, {"owner_id": "2"})]
    (told,) = look_at(NETWORK, document(resource_drift=drift), DEFAULTS).drifted
    assert (told.cause, told.then) == ("unknown", None)
    assert told.values == (ValueChange(path=("owner_id",), before="1", after="2"),)


@pytest.mark.parametrize("empty", [None, "", [], {}, False, 0])
def test_a_first_look_at_nothing_is_no_drift(empty: Any) -> None:
    drift = [one("aws_vpc.cell", {"new": None}, {"new": empty})]
    assert look_at(NETWORK, document(resource_drift=drift), DEFAULTS).drifted == ()


def test_secrets_stay_what_they_are() -> None:
    change = one("aws_x.y", {"key": "old-secret"}, {"key": "new-secret"})
    change["change"] |= {"before_sensitive": {"key": True}, "after_sensitive": {"key": True}}
    (told,) = look_at(NETWORK, document(resource_changes=[change]), DEFAULTS).drifted
    assert told.values[0].is_secret
    assert "secret" not in f"{told.values[0].before}{told.values[0].after}".replace("sensitive", "")


@pytest.mark.parametrize(
    ("attribute", "secret"),
    [("db_password", "hunter2"), ("user_data", "export API_TOKEN=hunter2; run")],
)
def test_what_is_secret_by_its_name_or_its_form_is_hidden(attribute: str, secret: str) -> None:
    change = one("aws_x.y", {attribute: secret}, {attribute: f"{secret}3"})
    (told,) = look_at(NETWORK, document(resource_changes=[change]), DEFAULTS).drifted
    assert "hunter2" not in repr(told)


@pytest.mark.parametrize(
    ("kind", "attribute", "values", "strange"),
    [
        ("aws_route_table", "route", {"route": [{"cidr_block": "10.0.0.0/8"}]}, ["10.0.0.0/8"]),
        (
            "aws_route_table",
            "route",
            {"route": [{"cidr_block": "10.0.0.0/16", "gateway_id": "local"}]},
            [],
        ),
        (
            "aws_security_group",
            "ingress",
            {"id": "sg-1", "ingress": [{"protocol": "-1", "from_port": 0, "self": True}]},
            ["all traffic from sg-1"],
        ),
        (
            "aws_security_group",
            "egress",
            {"egress": [{"protocol": "udp", "from_port": 1, "to_port": 9, "cidr_blocks": ["x"]}]},
            ["udp 1-9 to x"],
        ),
        ("aws_iam_role", "inline_policy", {"inline_policy": [{"name": "p"}, {"name": ""}]}, ["p"]),
        ("aws_s3_bucket", "policy", {"policy": "{}"}, ["policy of the bucket"]),
        ("aws_s3_bucket", "policy", {"policy": ""}, []),
    ],
)
def test_parts_that_nobody_of_ours_made(
    kind: str, attribute: str, values: dict[str, Any], strange: list[str]
) -> None:
    assert strange_items(kind, attribute, values, {}) == strange


def test_every_attribute_that_shows_others_can_be_held_against_them() -> None:
    for row in DEFAULTS:
        if row.made_by:
            assert strange_items(row.type, row.attribute, {}, {}) == []


GONE = Drifted(stack=NETWORK, address="aws_subnet.x", event="gone", cause="reverted", then="create")


@pytest.mark.parametrize(
    ("address", "event", "then", "line"),
    [
        ("aws_subnet.x", "changed", "update", "cellfactory apply --cell a"),
        ("aws_subnet.x", "gone", "create", "cellfactory apply --cell a --allow-destroy network"),
        ("aws_vpc.x", "gone", "create", "cellfactory apply --cell a --allow-destroy aws_vpc.x"),
        (
            "aws_vpc_peering_connection.x",
            "gone",
            "create",
            "cellfactory apply --allow-destroy accept --allow-destroy hub --allow-destroy routes",
        ),
        ("aws_organizations_account.x", "gone", "create", ""),
    ],
)
def test_the_line_that_puts_it_back(address: str, event: Any, then: Any, line: str) -> None:
    drifted = Drifted(stack=NETWORK, address=address, event=event, cause="reverted", then=then)
    assert repair_line([drifted], "aws") == line
