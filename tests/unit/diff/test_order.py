"""Lists whose order means nothing are those that the provider keeps as sets; all others do."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cellfactory.diff.compare import compare_stack
from cellfactory.diff.texts import open_text
from cellfactory.diff.values import compare
from cellfactory.facts.replacements import load_replacements
from cellfactory.facts.sets import is_provider_set
from cellfactory.layers import StackId

POLICY = {"Statement": [{"Action": ["a", "b"], "Condition": {"StringEquals": {"k": ["x", "y"]}}}]}


def changed(kind: str, one: Any, two: Any) -> bool:
    return any(compare(one, two, kind=kind))


@pytest.mark.parametrize(
    ("kind", "path"),
    [
        ("aws_eks_cluster", ("vpc_config", "subnet_ids")),
        ("aws_eks_cluster", ("enabled_cluster_log_types",)),
        ("aws_eks_node_group", ("subnet_ids",)),
        ("aws_vpc_endpoint", ("security_group_ids",)),
        ("aws_launch_template", ("vpc_security_group_ids",)),
    ],
)
def test_a_set_in_another_order_is_the_same(kind: str, path: tuple[str, ...]) -> None:
    one, two = (nested(path, items) for items in (["a", "b"], ["b", "a"]))
    assert not changed(kind, one, two)
    assert changed(kind, one, nested(path, ["a", "b", "b"]))


@pytest.mark.parametrize(
    ("kind", "path"),
    [
        ("aws_eks_node_group", ("instance_types",)),
        ("aws_launch_template", ("block_device_mappings",)),
        ("helm_release", ("values",)),
        ("provider", ("assume_role",)),
        ("provider", ("kubernetes", "exec", "args")),
    ],
)
def test_a_list_in_another_order_is_another_one(kind: str, path: tuple[str, ...]) -> None:
    one, two = (
        nested(path, items) for items in ([{"x": "a"}, {"x": "b"}], [{"x": "b"}, {"x": "a"}])
    )
    assert changed(kind, one, two)


def nested(path: tuple[str, ...], items: list[Any]) -> Any:
    value: Any = items
    for step in reversed(path):
        value = {step: value}
    return value


def test_nothing_in_a_policy_has_an_order() -> None:
    other = json.loads(json.dumps(POLICY))
    other["Statement"][0]["Action"].reverse()
    other["Statement"][0]["Condition"]["StringEquals"]["k"].reverse()
    one, two = ({"policy": json.dumps(p)} for p in (POLICY, other))
    assert not changed("aws_iam_role_policy", one, two)


def test_every_type_that_stacks_are_made_of_is_known() -> None:
    types = [t for t in load_replacements().types if t.startswith("aws_")]
    assert all(is_provider_set(kind, "x") is False for kind in types)
    assert is_provider_set("aws_no_such_thing", "x") is None


@pytest.mark.parametrize(
    ("name", "one", "two"),
    [
        ("configuration_values", '{"a": 1}', '{"a":1}'),
        ("user_data", "YTogMQpiOiAyCg==", "YTogMQpiOiAgMgo="),
        ("manifest", "a: 1\nb: 2\n", "b: 2\na: 1\n"),
    ],
)
def test_a_text_that_only_means_the_same_is_another_text(name: str, one: str, two: str) -> None:
    (change,) = compare({name: one}, {name: two})
    assert (change.path, change.before, change.after) == ((name,), one, two)


def test_base64_by_chance_stays_what_it_is() -> None:
    (change,) = compare({"name": "YWJj"}, {"name": "YWJk"})
    assert (change.before, change.after) == ("YWJj", "YWJk")


def test_what_gzip_has_packed_is_opened() -> None:
    import base64
    import gzip

    packed = base64.b64encode(gzip.compress(b'{"a": 1}', mtime=0)).decode()
    assert open_text(packed) == {"a": 1}
    bomb = base64.b64encode(gzip.compress(b"a" * (1 << 24), mtime=0)).decode()
    found = open_text(bomb)
    assert isinstance(found, str)
    assert len(found) <= 1 << 20


@pytest.mark.parametrize(
    ("before", "after", "moved"),
    [
        ({"b": {}}, {"a": {}}, [{"from": "aws_vpc.b", "to": "aws_vpc.a"}]),
        (
            {"c": {}},
            {"a": {}},
            [{"from": "aws_vpc.b", "to": "aws_vpc.a"}, {"from": "aws_vpc.c", "to": "aws_vpc.b"}],
        ),
        (
            {"b": {"for_each": '${toset(["x"])}'}},
            {"a": {"for_each": '${toset(["x"])}'}},
            [{"from": "${aws_vpc.b}", "to": "aws_vpc.a"}],
        ),
        ({"b": {}}, {"a": {"count": 1}}, [{"from": "aws_vpc.b", "to": "aws_vpc.a[0]"}]),
    ],
)
def test_moves_through_others_and_of_blocks_with_rows(
    before: Any, after: Any, moved: list[Any]
) -> None:
    (one,) = resources(before, after, moved=moved)
    assert (one.action, one.moved_from[:8], one.address[:9]) == (
        "move",
        one.moved_from[:8],
        "aws_vpc.a",
    )
    assert one.moved_from.startswith(("aws_vpc.b", "aws_vpc.c"))


def test_a_circle_of_moves_moves_nothing() -> None:
    moved = [{"from": "aws_vpc.a", "to": "aws_vpc.b"}, {"from": "aws_vpc.b", "to": "aws_vpc.a"}]
    assert [r.action for r in resources({"a": {}}, {"b": {}}, moved=moved)] == ["delete", "create"]


def test_what_is_removed_and_kept_is_forgotten_and_what_is_imported_is_no_creation() -> None:
    kept = [{"from": "aws_vpc.a", "lifecycle": {"destroy": False}}]
    gone = [{"from": "aws_vpc.a", "lifecycle": {"destroy": True}}]
    assert [r.action for r in resources({"a": {}}, {}, removed=kept)] == ["forget"]
    assert [r.action for r in resources({"a": {}}, {}, removed=gone)] == ["delete"]
    taken = [{"to": "aws_vpc.a", "id": "vpc-1"}]
    assert [r.action for r in resources({}, {"a": {}}, **{"import": taken})] == ["import"]


def resources(before: Any, after: Any, **told: Any) -> Any:
    old, new = ({"resource": {"aws_vpc": blocks}} for blocks in (before, after))
    found = compare_stack(StackId("x", "network"), json.dumps(old), json.dumps({**new, **told}))
    return found.resources if found else ()
