"""Terraform's messages, read into counts, changes and diagnostics."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cellfactory.terraform.messages import (
    Counts,
    Diagnostic,
    parse_outputs,
    parse_report,
    parse_validation,
)


def resource(address: str, key: str | None = None) -> dict[str, Any]:
    kind, _, name = address.partition(".")
    return {"addr": address, "resource_type": kind, "resource_name": name, "resource_key": key}


def lines(*messages: dict[str, Any]) -> str:
    return "".join(json.dumps({"@level": "info", **m}) + "\n" for m in messages)


def planned(action: str, address: str, **more: str) -> dict[str, Any]:
    change = {"resource": resource(address), "action": action, **more}
    return {"type": "planned_change", "change": change}


def done(action: str, address: str, **more: str) -> dict[str, Any]:
    hook = {"resource": resource(address), "action": action, **more}
    return {"type": "apply_complete", "hook": hook}


def test_a_plan_is_counted_by_action_and_a_replacement_only_once() -> None:
    report = parse_report(
        lines(
            planned("create", "aws_vpc.a"),
            planned("update", "aws_vpc.b"),
            planned("delete", "aws_vpc.c"),
            planned("replace", "aws_vpc.d", reason="cannot_update"),
            planned("read", "data.aws_ami.e"),
            {"type": "change_summary", "changes": {"add": 2, "change": 1, "remove": 2}},
        )
    )
    assert report.planned_counts == Counts(add=1, change=1, destroy=1, replace=1)
    assert str(report.planned_counts) == "+1 ~1 -1 ±1"
    assert report.planned[3].reason == "cannot_update"


def test_an_apply_is_counted_by_what_was_done() -> None:
    report = parse_report(
        lines(
            done("create", "aws_vpc.a", id_key="id", id_value="vpc-1"),
            done("delete", "aws_vpc.b"),
            done("create", "aws_vpc.b", id_key="arn", id_value="arn:x"),
            done("update", "aws_vpc.c"),
            done("delete", "aws_vpc.d"),
        )
    )
    assert report.applied_counts == Counts(add=1, change=1, destroy=1, replace=1)
    assert [c.id for c in report.applied[:3]] == ["vpc-1", "", ""]


@pytest.mark.parametrize(("key", "seen"), [("moka-b", "moka-b"), (0, "0"), (None, "")])
def test_the_key_of_for_each(key: Any, seen: str) -> None:
    hook = {"resource": {**resource("aws_x.y"), "resource_key": key}, "action": "create"}
    assert parse_report(lines({"type": "apply_complete", "hook": hook})).applied[0].key == seen


def test_outputs_of_an_apply_have_values_and_those_of_a_plan_have_none() -> None:
    of_plan = {"type": "outputs", "outputs": {"a": {"sensitive": False, "action": "create"}}}
    of_apply = {"type": "outputs", "outputs": {"a": {"sensitive": False, "value": {"b": "c"}}}}
    assert parse_report(lines(of_plan)).outputs is None
    assert parse_report(lines(of_plan, of_apply)).outputs == {"a": {"b": "c"}}
    assert parse_report(lines({"type": "outputs", "outputs": {}})).outputs == {}


def test_a_sensitive_output_has_no_value_so_that_none_are_taken() -> None:
    told = {"a": {"sensitive": True}, "b": {"sensitive": False, "value": "c"}}
    assert parse_report(lines({"type": "outputs", "outputs": told})).outputs is None


def test_errors_keep_their_words_and_their_address() -> None:
    told = {"severity": "error", "summary": "no", "detail": "one\n\ntwo", "address": "aws_vpc.a"}
    warning = {"severity": "warning", "summary": "old"}
    report = parse_report(
        lines(*({"type": "diagnostic", "diagnostic": d} for d in (told, warning)))
    )
    assert report.errors == (
        Diagnostic(severity="error", summary="no", detail="one\n\ntwo", address="aws_vpc.a"),
    )
    assert str(report.errors[0]) == "error: no (aws_vpc.a)\n  one\n\n  two"
    assert len(report.diagnostics) == 2


@pytest.mark.parametrize("character", ["\x85", "\u2028", "\u2029"])
def test_no_character_of_a_text_ends_its_message(character: str) -> None:
    told = {"severity": "error", "summary": f"a{character}b"}
    text = json.dumps({"type": "diagnostic", "diagnostic": told}, ensure_ascii=False)
    assert character in text
    assert parse_report(text).errors[0].summary == f"a{character}b"


def test_a_crash_in_the_middle_hides_nothing() -> None:
    text = lines(done("create", "aws_vpc.a")) + "panic: oh no\n\ngoroutine 1\n" + '{"type":"pla'
    report = parse_report(text)
    assert report.applied_counts == Counts(add=1)
    assert report.other == 'panic: oh no\ngoroutine 1\n{"type":"pla'


NO_MESSAGES = [
    "",
    "panic: oh no",
    "[]",
    "3",
    "{}",
    '{"type": 3, "x": 1',
    '{"type": "planned_change"}',
    '{"type": "planned_change", "change": {"action": "create"}}',
    '{"type": "apply_complete", "hook": []}',
    '{"type": "diagnostic", "diagnostic": null}',
    '{"type": "outputs", "outputs": ["a"]}',
    "[" * 100_000,
]


@given(st.lists(st.sampled_from(NO_MESSAGES) | st.integers(0, 9)))
def test_whatever_stands_between_messages_none_is_lost(parts: list[str | int]) -> None:
    text = "".join(
        f"{part}\n" if isinstance(part, str) else lines(done("create", f"aws_vpc.v{part}"))
        for part in parts
    )
    report = parse_report(text)
    assert [c.address for c in report.applied] == [
        f"aws_vpc.v{part}" for part in parts if isinstance(part, int)
    ]
    assert report.other.splitlines() == [p for p in parts if isinstance(p, str) and p]


@given(st.text())
def test_any_text_is_read(text: str) -> None:
    assert parse_report(text).applied_counts == Counts()


def test_validation_and_outputs_are_one_document() -> None:
    told = {"diagnostics": [{"severity": "error", "summary": "no such attribute"}]}
    assert parse_validation(json.dumps(told))[0].summary == "no such attribute"
    assert parse_outputs('{"a": {"value": ["b"]}, "c": {"sensitive": true}}') == {"a": ["b"]}


@pytest.mark.parametrize("text", ["", "no", "[]", "3", "{}", '{"diagnostics": 1}'])
def test_what_is_no_validation(text: str) -> None:
    with pytest.raises(ValueError, match=r"Expecting value|not the answer"):
        parse_validation(text)


@pytest.mark.parametrize("text", ["", "no", "[]", "3"])
def test_what_is_no_outputs(text: str) -> None:
    with pytest.raises(ValueError, match=r"Expecting value|not the answer"):
        parse_outputs(text)
