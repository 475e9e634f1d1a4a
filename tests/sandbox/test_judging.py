"""How policies are read: wildcards, conditions, denials, boundaries. No emulator is started."""

from __future__ import annotations

from typing import Any

import pytest

from cellfactory.sandbox.asking import Question
from cellfactory.sandbox.judging import UnknownConditionError, allows

BUCKET = "arn:aws:s3:::moka-use1-b-logs"


def policy(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def allow(action: Any = "s3:GetObject", resource: Any = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def asked(action: str = "s3:GetObject", resource: str = BUCKET, **context: str) -> Question:
    return Question(
        action=action, resource=resource, context={key: (value,) for key, value in context.items()}
    )


@pytest.mark.parametrize(
    ("pattern", "action", "expected"),
    [
        ("s3:GetObject", "s3:GetObject", True),
        ("S3:getobject", "s3:GetObject", True),
        ("s3:Get*", "s3:GetObject", True),
        ("s3:Get?bject", "s3:GetObject", True),
        ("*", "s3:GetObject", True),
        ("s3:Get", "s3:GetObject", False),
        ("s3:GetObject.", "s3:GetObjects", False),
    ],
)
def test_actions_have_wildcards_and_no_case(pattern: str, action: str, expected: bool) -> None:
    assert allows([policy(allow(pattern))], asked(action)) is expected


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        (BUCKET, True),
        ("arn:aws:s3:::moka-*", True),
        (["arn:aws:s3:::x", BUCKET], True),
        (BUCKET.upper(), False),
        (f"{BUCKET}/*", False),
        ("arn:aws:s3:::moka+use1-b-logs", False),
    ],
)
def test_resources_have_wildcards_and_case(pattern: Any, expected: bool) -> None:
    assert allows([policy(allow(resource=pattern))], asked()) is expected


def test_what_nothing_allows_is_denied() -> None:
    assert not allows([], asked())
    assert not allows([policy()], asked())


def test_a_denial_wins_wherever_it_stands() -> None:
    denial = {"Effect": "Deny", "Action": "s3:*", "Resource": "*"}
    assert not allows([policy(allow()), policy(denial)], asked())
    assert not allows([policy(allow())], asked(), policy(allow("*"), denial))


def test_a_boundary_bounds_and_gives_nothing() -> None:
    boundary = policy(allow("s3:*"))
    assert allows([policy(allow("*"))], asked(), boundary)
    assert not allows([policy(allow("*"))], asked("iam:CreateUser"), boundary)
    assert not allows([], asked(), boundary)


def test_what_is_not_named_is_named_by_its_opposite() -> None:
    but = {"Effect": "Allow", "NotAction": "iam:*", "NotResource": "arn:aws:s3:::state*"}
    assert allows([policy(but)], asked())
    assert not allows([policy(but)], asked("iam:CreateUser"))
    assert not allows([policy(but)], asked(resource="arn:aws:s3:::state"))


@pytest.mark.parametrize(
    ("operator", "wanted", "value", "expected"),
    [
        ("StringEquals", "b", "b", True),
        ("StringEquals", ["a", "b"], "b", True),
        ("StringEquals", "*", "b", False),
        ("StringEquals", "b", None, False),
        ("StringEqualsIfExists", "b", None, True),
        ("StringEqualsIfExists", "b", "a", False),
        ("StringNotEquals", "b", "b", False),
        ("StringNotEquals", ["a", "b"], "c", True),
        ("StringNotEquals", "b", None, True),
        ("StringLike", "b*", "b1", True),
        ("StringNotLike", "b*", "b1", False),
        ("ArnLike", "arn:aws:iam::*:role/x-*", "arn:aws:iam::1:role/x-1", True),
        ("ArnNotLike", "arn:aws:iam::aws:policy/*", "arn:aws:iam::aws:policy/A", False),
        ("Bool", "true", "True", True),
        ("Bool", "true", None, False),
        ("Null", "true", None, True),
        ("Null", "true", "b", False),
        ("Null", "false", "b", True),
        ("ForAnyValue:StringEquals", "b", "b", True),
        ("ForAnyValue:StringEquals", "b", None, False),
        ("ForAllValues:StringEquals", "b", None, True),
        ("ForAllValues:StringEquals", "b", "a", False),
    ],
)
def test_conditions(operator: str, wanted: Any, value: str | None, expected: bool) -> None:
    document = policy(allow(Condition={operator: {"aws:ResourceTag/Cell": wanted}}))
    context = {} if value is None else {"aws:resourcetag/cell": value}
    assert allows([document], asked(**context)) is expected


def test_all_conditions_have_to_hold() -> None:
    conditions = {"StringEquals": {"a": "1", "b": "2"}, "Null": {"c": "true"}}
    document = policy(allow(Condition=conditions))
    assert allows([document], asked(a="1", b="2"))
    assert not allows([document], asked(a="1", b="3"))
    assert not allows([document], asked(a="1", b="2", c="3"))


def test_several_values_are_held_against_all_or_any() -> None:
    tags = Question(action="s3:GetObject", resource="*", context={"aws:TagKeys": ("a", "b")})
    for operator, expected in (("ForAnyValue", True), ("ForAllValues", False)):
        condition = {f"{operator}:StringEquals": {"aws:TagKeys": "a"}}
        assert allows([policy(allow(Condition=condition))], tags) is expected


def test_an_operator_that_is_not_known_is_said() -> None:
    document = policy(allow(Condition={"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}))
    with pytest.raises(UnknownConditionError, match="IpAddress is not evaluated here"):
        allows([document], asked())
    assert not allows([document], asked("ec2:CreateVpc"))
