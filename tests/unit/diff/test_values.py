"""Two values held against each other: nothing where they are the same, and all that is not."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cellfactory.diff.hidden import HIDDEN, is_secret
from cellfactory.diff.model import ABSENT, Entry, Unknown, ValueChange
from cellfactory.diff.texts import open_text
from cellfactory.diff.values import compare, plain
from cellfactory.tree.nodes import Name
from cellfactory.tree.values import Expression

SCALARS = st.none() | st.booleans() | st.integers(-9, 9) | st.sampled_from(["", "a", "b", "x y"])
KEYS = st.sampled_from(["a", "b", "name", "tags"])


def values(entries: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Make maps, and lists of one kind of entry, as bodies of resources have."""
    blocks = st.lists(st.dictionaries(KEYS, entries, max_size=3), max_size=3)
    return st.dictionaries(KEYS, entries, max_size=4) | st.lists(SCALARS, max_size=4) | blocks


BODIES = st.dictionaries(KEYS, st.recursive(SCALARS, values, max_leaves=12), max_size=4)


def told(before: Any, after: Any) -> list[ValueChange]:
    return list(compare(before, after))


@given(BODIES)
def test_nothing_is_told_of_what_is_the_same(body: dict[str, Any]) -> None:
    assert told(body, json.loads(json.dumps(body))) == []


@given(BODIES, BODIES)
def test_the_way_back_tells_the_same_mirrored(one: dict[str, Any], two: dict[str, Any]) -> None:
    there = {(repr(c.path), repr(c.before), repr(c.after)) for c in told(one, two)}
    back = {(repr(c.path), repr(c.after), repr(c.before)) for c in told(two, one)}
    assert there == back


@given(BODIES, BODIES)
def test_what_is_told_makes_the_one_of_the_other(one: dict[str, Any], two: dict[str, Any]) -> None:
    assert normal(apply(one, told(one, two))) == normal(two)


def apply(body: dict[str, Any], changes: list[ValueChange]) -> Any:
    made = json.loads(json.dumps(body))
    for change in sorted(changes, key=lambda c: c.after is ABSENT):
        made = put(made, list(change.path), change)
    return made


def put(value: Any, path: list[Any], change: ValueChange) -> Any:
    if not path:
        return change.after
    step, rest = path[0], path[1:]
    if isinstance(step, Entry):
        return entries(value, step, rest, change)
    if isinstance(step, int):
        return numbered(value, step, rest, change)
    made = dict(value)
    inner = put(made.get(step, ABSENT), rest, change)
    if inner is ABSENT:
        del made[step]
    else:
        made[step] = inner
    return made


def entries(value: list[Any], step: Entry, rest: list[Any], change: ValueChange) -> list[Any]:
    key, _, name = step.partition("=")
    at = next((n for n, entry in enumerate(value) if str(entry.get(key)) == name), None)
    inner = put(ABSENT if at is None else value[at], rest, change)
    kept = [entry for n, entry in enumerate(value) if n != at]
    return kept if inner is ABSENT else [*kept, inner]


def numbered(value: list[Any], step: int, rest: list[Any], change: ValueChange) -> list[Any]:
    if rest:
        return [put(value[step], rest, change), *value[1:]]
    kept = list(value)
    if change.before is not ABSENT:
        kept.remove(next(v for v in kept if text(v) == text(change.before)))
    return kept if change.after is ABSENT else [*kept, change.after]


def normal(value: Any) -> Any:
    """Write a value so that only what counts is left: the order of a list does not."""
    if isinstance(value, dict):
        return {key: normal(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return sorted((normal(inner) for inner in value), key=text)
    return value


def text(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def test_the_order_of_a_list_is_no_difference() -> None:
    assert told({"subnet_ids": ["a", "b"]}, {"subnet_ids": ["b", "a"]}) == []
    assert told({"x": [{"name": "a"}, {"name": "b"}]}, {"x": [{"name": "b"}, {"name": "a"}]}) == []


@pytest.mark.parametrize("name", ["instance_types", "args", "command"])
def test_but_where_it_means_something(name: str) -> None:
    (change,) = told({name: ["a", "b"]}, {name: ["b", "a"]})
    assert (change.before, change.after) == (["a", "b"], ["b", "a"])


def test_true_is_not_one() -> None:
    assert [c.path for c in told({"a": True, "b": 0}, {"a": 1, "b": False})] == [("a",), ("b",)]


def test_null_is_not_nothing() -> None:
    (change,) = told({"a": None}, {})
    assert (change.before, change.after) == (None, ABSENT)


POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {"Sid": "A", "Effect": "Allow", "Action": "s3:Get*", "Resource": ["x", "y"]},
        {"Sid": "B", "Effect": "Deny", "Action": ["s3:*"], "Resource": "*"},
    ],
}


def test_a_policy_is_read_as_one() -> None:
    other = json.loads(json.dumps(POLICY))
    other["Statement"].reverse()
    other["Statement"][1]["Action"] = ["s3:Get*"]
    other["Statement"][1]["Resource"] = ["y", "x"]
    assert told({"policy": json.dumps(POLICY)}, {"policy": json.dumps(other, indent=2)}) == []
    other["Statement"][0]["Effect"] = "Allow"
    (change,) = told({"policy": json.dumps(POLICY)}, {"policy": json.dumps(other)})
    assert change.path == ("policy", "Statement", "Sid=B", "Effect")
    assert (change.before, change.after) == ("Deny", "Allow")


MIME = (
    'MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="X"\n\n'
    "--X\nContent-Type: application/node.eks.aws\n\n{}\n"
    "--X\nContent-Type: text/x-shellscript\n\n#!/bin/sh\necho {}\n--X--\n"
)


def user_data(pods: int, word: str) -> str:
    config = f"kind: NodeConfig\nspec:\n  maxPods: {pods}\n"
    return base64.b64encode(MIME.format(config, word).encode()).decode()


def test_user_data_is_read_part_by_part() -> None:
    one, two = user_data(110, "a"), user_data(96, "b")
    pods, script = told({"user_data": one}, {"user_data": two})
    kind = Entry("content_type=application/node.eks.aws")
    assert pods.path == ("user_data", kind, "content", "spec", "maxPods")
    assert (pods.before, pods.after) == (110, 96)
    assert script.after == "#!/bin/sh\necho b\n"


def test_yaml_in_a_text_is_opened_and_other_texts_are_not() -> None:
    assert open_text("a: 1\nb: [x]\n") == {"a": 1, "b": ["x"]}
    for plain_text in ("", "a", "a: b", "note: see\n  : odd", "\x00\x01\n", "http://x\ny"):
        assert open_text(plain_text) == plain_text


def test_values_of_a_chart_in_a_list_of_texts_are_opened() -> None:
    (change,) = told({"values": ['{"a": {"b": 1}}']}, {"values": ['{"a": {"b": 2}}']})
    assert change.path == ("values", 0, "a", "b")


@pytest.mark.parametrize(
    "path",
    [
        ("master_password",),
        ("settings", "db_passwd"),
        ("client_secret",),
        ("auth_token",),
        ("private_key",),
        ("tls", "privateKey"),
        ("api_key",),
        ("aws_access_key",),
    ],
)
def test_what_may_be_a_secret_is_never_shown(path: tuple[str, ...]) -> None:
    assert is_secret(path)
    body: dict[str, Any] = {"x": "hunter1"}
    other: dict[str, Any] = {"x": "hunter2"}
    for step in (*reversed(path[:-1]), ""):
        one, two = {path[-1]: "hunter1"}, {path[-1]: "hunter2"}
        body, other = ({step: one}, {step: two}) if step else (one, two)
    changes = [*told(body, other), *told({}, {"a": [body]}), *told({"a": [other]}, {})]
    assert changes
    assert not any("hunter" in repr(change) for change in changes)
    assert all(change.is_secret for change in changes)


@pytest.mark.parametrize(
    "path", [("secret_arn",), ("kms_key_id",), ("http_tokens",), ("token_type",), ("tags", "a")]
)
def test_what_only_sounds_like_one_is(path: tuple[str, ...]) -> None:
    assert not is_secret(path)


def test_a_secret_in_json_in_a_text_is_hidden() -> None:
    one, two = json.dumps({"password": "old"}), json.dumps({"password": "new"})
    (change,) = told({"values": one}, {"values": two})
    assert (change.before, change.after) == (HIDDEN, HIDDEN)


def test_an_expression_is_told_by_its_words() -> None:
    expression = Expression(Name("x"))
    (change,) = told({"a": 1}, {"a": expression})
    assert change.after == Unknown(text=expression.text)
    assert plain([{"b": expression}]) == [{"b": Unknown(text=expression.text)}]
