"""Statements are packed into what IAM takes."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cellfactory.errors import SizingError
from cellfactory.facts.loader import load_facts
from cellfactory.specs.packing import packed, roles_spec
from cellfactory.specs.roles import RoleSpec, Statements

FACTS = load_facts()
MOST = int(FACTS.parameter("managed-policy-characters"))


def statement(number: int, size: int = 10) -> dict[str, object]:
    return {"Sid": f"S{number}", "Effect": "Allow", "Action": ["a" * size], "Resource": ["*"]}


@given(sizes=st.lists(st.integers(min_value=1, max_value=MOST - 200), max_size=20))
def test_every_policy_fits_and_no_statement_is_lost(sizes: list[int]) -> None:
    made = packed("p", tuple(statement(i, size) for i, size in enumerate(sizes)), FACTS)
    assert [s for held in made.values() for s in held] == [
        statement(i, size) for i, size in enumerate(sizes)
    ]
    for held in made.values():
        text = json.dumps({"Version": "2012-10-17", "Statement": list(held)})
        assert len("".join(text.split())) <= MOST
    assert list(made) == ["p" if n == 1 else f"p-{n}" for n in range(1, len(made) + 1)]


def test_an_expression_counts_as_the_longest_arn() -> None:
    short = {**statement(0), "Resource": ["${aws_kms_key.state-key.arn}"] * 70}
    with pytest.raises(SizingError, match="F681"):
        packed("p", (short,), FACTS)


def role(name: str, policies: int) -> RoleSpec:
    held: dict[str, Statements] = {f"p-{n}": (statement(n),) for n in range(policies)}
    return RoleSpec(name=name, description="", trust=(), policies=held)


def test_a_role_has_as_many_policies_as_iam_attaches() -> None:
    assert roles_spec("b", (statement(0),), {"r": role("r", 10)}, FACTS).roles
    with pytest.raises(SizingError, match="F681 role r would have 11 managed policies"):
        roles_spec("b", (statement(0),), {"r": role("r", 11)}, FACTS)


def test_a_name_and_a_boundary_are_not_too_long() -> None:
    with pytest.raises(SizingError, match="name of 68 characters"):
        roles_spec("b", (statement(0),), {"r": role("R" * 64 + "Read", 1)}, FACTS)
    with pytest.raises(SizingError, match="boundary b does not fit"):
        roles_spec("b", (statement(0, 4_000), statement(1, 4_000)), {}, FACTS)
