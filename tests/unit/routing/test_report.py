"""The report is read strictly, and what is written for programs is what its schema says."""

from __future__ import annotations

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from cellfactory.errors import InventoryError
from cellfactory.routing.answer import answer, render_answer_schema, render_report_schema
from cellfactory.routing.report import parse_report
from cellfactory.routing.route import CellState, JobRequest
from tests.unit.routing.test_route import NAMES, ask

REPORT = Draft202012Validator(json.loads(render_report_schema()))
ANSWER = Draft202012Validator(json.loads(render_answer_schema()))


def test_json_with_tabs_and_yaml_are_both_read() -> None:
    expected = {"a": CellState(pods=3, cores=1.5, drain=True), "b": CellState()}
    tabbed = b'{"cells": {\n\t"a": {"pods": 3,\t"cores": 1.5, "drain": true},\n\t"b": {}\n}}'
    assert parse_report(tabbed, "r") == expected
    assert parse_report(b"cells:\n  a: {pods: 3, cores: 1.5, drain: true}\n  b: {}\n", "r") == (
        expected
    )


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "r:1:1: F103 the file is empty"),
        ("{}", "r:1:1: F103 the report lacks 'cells'"),
        ('{"cells": {"a": {"pods": "3"}}}', "r:1:26: F104 pods must be a whole number, not text"),
        ('{"cells": {"a": {"pods": -1}}}', "r:1:26: F105 pods must be at least 0, not -1"),
        ('{"cells": {"a": {"cores": .inf}}}', "F10"),
        ('{"cells": {"a": {"pod": 1}}}', "r:1:18: F102 unknown key 'pod'; did you mean 'pods'?"),
        ('{"cells": {"A b": {}}}', "F106"),
        ('{"cells": {"a": {}, "a": {}}}', "F101 the key 'a' is duplicated"),
        ('{"cells": {"a": ', "F100 not YAML"),
        ("\xff", "F104"),
    ],
)
def test_a_report_with_a_mistake_is_refused_at_its_place(text: str, says: str) -> None:
    with pytest.raises(InventoryError) as refused:
        parse_report(text.encode(), "r")
    assert says in str(refused.value)


@given(st.binary(max_size=60))
def test_whatever_is_sent_is_read_or_refused(data: bytes) -> None:
    with contextlib.suppress(InventoryError):
        states = parse_report(data, "r")
        assert all(isinstance(state, CellState) for state in states.values())


@pytest.mark.parametrize("pods", [1, 5_000])
def test_the_answer_is_what_its_schema_says(pods: int) -> None:
    job = JobRequest(key="k", pods=pods, cores=2.5, mesh="east", cell_type="plain")
    states = {NAMES[0]: CellState(pods=7, cores=1.5), NAMES[1]: CellState(drain=True)}
    made = answer(ask(job, states))
    assert [e.message for e in ANSWER.iter_errors(made)] == []
    assert json.loads(json.dumps(made)) == made
    assert (made["cell"] is None) == (pods > 1_000)
    assert {cell["cell"]: cell["pods"]["free"] for cell in made["cells"]}[NAMES[0]] == 993
    assert list(ANSWER.iter_errors({**made, "more": 1}))


def test_the_schema_of_the_report_agrees_with_its_reader() -> None:
    assert REPORT.is_valid({"cells": {"a": {"pods": 3, "cores": 0.5}, "b": {}}})
    for wrong in ({}, {"cells": {"a": {"pods": -1}}}, {"cells": {"a": {"pod": 1}}}):
        assert not REPORT.is_valid(wrong)
