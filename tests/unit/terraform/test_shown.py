"""A plan of the real provider's against the emulated AWS, as changes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cellfactory.diff.hidden import HIDDEN
from cellfactory.diff.model import ABSENT, ResourceChange, Unknown
from cellfactory.errors import TerraformError
from cellfactory.terraform.reviewed import review_of
from cellfactory.terraform.shown import changes_of, parse_shown

PLANS = Path(__file__).with_name("plans")


def shown(name: str) -> dict[str, ResourceChange]:
    text = (PLANS / f"{name}.json").read_text("utf-8")
    return {one.address: one for one in changes_of(parse_shown(text))}


EDITED, NEW = shown("edited"), shown("new")


def values(change: ResourceChange) -> dict[str, tuple[Any, Any]]:
    return {".".join(map(str, one.path)): (one.before, one.after) for one in change.values}


@pytest.mark.parametrize(
    ("address", "action", "reason"),
    [
        ("aws_vpc.cell", "update", ""),
        ("aws_subnet.endpoint-usw2-az1", "replace", "cannot_update"),
        ("aws_subnet.endpoint-usw2-az2", "update", "drift"),
        ("aws_flow_log.flow-log", "delete", "no_resource_config"),
        (
            "aws_route_table_association.table-of-control-plane-usw2-az3",
            "forget",
            "no_resource_config",
        ),
        ("aws_internet_gateway.way-out", "move", ""),
        ("aws_security_group.mine", "update", "imported"),
        ("aws_cloudwatch_log_group.control-plane-logs", "update", ""),
    ],
)
def test_each_resource_has_its_action_and_the_reason_of_it(
    address: str, action: str, reason: str
) -> None:
    assert (EDITED[address].action, EDITED[address].reason) == (action, reason)


def test_what_does_not_change_and_what_is_only_read_is_no_change() -> None:
    assert "aws_route_table.table-pod" not in EDITED
    assert set(NEW) == {"aws_vpc.cell", "aws_vpc_endpoint.gateway-s3"}


def test_only_what_changes_is_told_and_what_replaces_is_marked() -> None:
    (zone,) = EDITED["aws_subnet.endpoint-usw2-az1"].values
    assert (zone.path, zone.before, zone.after) == (
        ("availability_zone_id",),
        "usw2-az1",
        "usw2-az2",
    )
    assert zone.replaces
    assert values(EDITED["aws_vpc.cell"]) == {"tags.team": (ABSENT, "data")}
    (subnet,) = EDITED["aws_route_table_association.table-of-endpoint-usw2-az1"].values
    assert subnet.replaces
    assert isinstance(subnet.after, Unknown)


def test_a_policy_is_looked_into() -> None:
    assert values(EDITED["aws_vpc_endpoint.gateway-s3"]) == {
        "policy.Statement.2.Action": ("s3:GetObject", ["s3:GetObject", "s3:GetObjectVersion"])
    }


def test_drift_is_told_as_what_is_put_back() -> None:
    put_back = ("by-hand", "moka-usw2-a-endpoint-usw2-az2")
    assert values(EDITED["aws_subnet.endpoint-usw2-az2"]) == {"tags.Name": put_back}


def test_a_resource_that_moved_says_from_where() -> None:
    moved = EDITED["aws_internet_gateway.way-out"]
    assert (moved.moved_from, moved.values) == ("aws_internet_gateway.internet", ())


def test_a_secret_is_hidden_also_where_the_provider_repeats_it() -> None:
    text = (PLANS / "edited.json").read_text("utf-8")
    assert text.count("hunter2") > 1, "nothing is tried here"
    log_group = EDITED["aws_cloudwatch_log_group.control-plane-logs"]
    assert values(log_group) == {
        "tags.token": (ABSENT, HIDDEN),
        "tags_all.token": (ABSENT, HIDDEN),
    }
    assert all(one.is_secret for one in log_group.values)
    assert "hunter2" not in repr(EDITED)


def test_a_new_resource_is_told_whole_without_what_only_aws_fills_in() -> None:
    told = values(NEW["aws_vpc_endpoint.gateway-s3"])
    assert isinstance(told["vpc_id"][1], Unknown), "it is written, and known later"
    assert "arn" not in told
    assert told["policy.Version"] == (ABSENT, "2012-10-17")
    assert "tags_all.Name" not in told, "its own tag says it already"
    assert told["tags_all.cellfactory:layer"] == (ABSENT, "network")


def test_what_is_deleted_is_told_whole() -> None:
    told = EDITED["aws_flow_log.flow-log"].values
    assert all(one.after is ABSENT for one in told)
    assert review_of(EDITED["aws_flow_log.flow-log"]).values == {}


def plan_of(**change: Any) -> ResourceChange:
    told = {"address": "a.b", "type": "a", "name": "b", "change": {"actions": ["update"], **change}}
    document = {"format_version": "1.2", "resource_changes": [told]}
    (found,) = changes_of(parse_shown(json.dumps(document)))
    return found


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"x": [1, 2]}, {"x": [1, 2]}),
        ({"x": None}, {"x": ""}),
        ({"x": []}, {"x": None}),
        ({"p": '{"a": 1, "b": [2]}'}, {"p": '{ "b":[2],"a":1 }'}),
        ({"s": [{"a": 1}, {"a": 2}]}, {"s": [{"a": 2}, {"a": 1}]}),
    ],
    ids=["same", "no-text", "no-list", "json", "set"],
)
def test_two_ways_of_writing_the_same_are_no_change(before: Any, after: Any) -> None:
    assert plan_of(before=before, after=after).values == ()


@pytest.mark.parametrize(
    ("before", "after", "path"),
    [
        ({"x": None}, {"x": False}, "x"),
        ({"x": 1}, {"x": True}, "x"),
        ({"x": "1"}, {"x": 1}, "x"),
        ({"x": [1, 2]}, {"x": [2, 1]}, "x"),
        ({"x": [{"a": 1}]}, {"x": [{"a": 1}, {"a": 2}]}, "x.1.a"),
        ({"x": {"k.k": 1}}, {"x": {"k.k": 2}}, "x.k.k"),
        ({"x": "{no json"}, {"x": "{no"}, "x"),
        ({"x": '{"a": 1}'}, {"x": "gone"}, "x"),
    ],
)
def test_a_change_has_its_path(before: Any, after: Any, path: str) -> None:
    assert path in values(plan_of(before=before, after=after))


@pytest.mark.parametrize(
    "marks", [{"x": True}, True, {"x": [True]}], ids=["value", "whole", "part"]
)
def test_what_is_sensitive_on_either_side_is_hidden(marks: Any) -> None:
    for side in ("before_sensitive", "after_sensitive"):
        change = plan_of(before={"x": ["before"]}, after={"x": ["after"]}, **{side: marks})
        told = json.dumps([[str(one.before), str(one.after)] for one in change.values])
        assert change.values
        assert ("before" if side.startswith("before") else "after") not in told


def test_a_text_that_holds_json_does_not_open_a_secret() -> None:
    change = plan_of(
        before={"x": '{"k": "old"}'}, after={"x": '{"k": "new"}'}, after_sensitive={"x": True}
    )
    assert values(change) == {"x": (HIDDEN, HIDDEN)}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "[]",
        "{}",
        '{"format_version": "2.0"}',
        '{"format_version": "1.0", "resource_changes": [{}]}',
    ],
)
def test_what_is_no_plan_is_a_sentence(text: str) -> None:
    with pytest.raises(TerraformError, match="F619"):
        parse_shown(text)


def test_a_plan_of_outputs_alone_changes_no_resource() -> None:
    assert changes_of(parse_shown('{"format_version": "1.2", "output_changes": {}}')) == ()
