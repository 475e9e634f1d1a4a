"""A judgement in each of its forms: whole, valid, and harmless whatever it holds.

The schema beside this file is that of OASIS, word for word:
https://github.com/oasis-tcs/sarif-spec/blob/main/sarif-2.1/schema/sarif-schema-2.1.0.json
"""

from __future__ import annotations

import json
import re
from datetime import date
from pathlib import Path
from typing import Any, get_args
from xml.etree import ElementTree

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cellfactory.errors import Finding, Problem, Span
from cellfactory.policy.found import Coverage, Violation
from cellfactory.policy.judgement import Judgement, Result
from cellfactory.policy.kept import read_judgement, write_judgement
from cellfactory.policy.waivers import Waiver
from cellfactory.views.policy import PolicyForm, render_policy

SCHEMA: dict[str, Any] = json.loads(
    Path(__file__).with_name("sarif-schema-2.1.0.json").read_text("utf-8")
)
HOSTILE = (
    "\n\n## All passed\n| a | b |\n<script>alert(1)</script> [x](http://x) ``` %0A ::error::x @all"
)
WAIVER = Waiver(
    number=0,
    rule="P205",
    stack="*",
    address="*",
    reason="Logs expire after 30 days.",
    owner="platform-security",
    expires=date(2027, 11, 26),
)


def result(
    rule: str = "P101", message: str = "admits 0.0.0.0/0", *, address: str = "aws_x.a", **more: Any
) -> Result:
    severity = more.pop("severity", "error")
    violation = Violation(
        rule=rule,
        stack="a-network",
        address=address,
        message=message,
        hint="do it",
        severity=severity,
    )
    return Result(violation=violation, file="out/stacks/a-network/cdk.tf.json", line=7, **more)


def judgement(*results: Result, problems: tuple[Problem, ...] = ()) -> Judgement:
    return Judgement(
        coverage=Coverage(stacks=1, checks=9, by_rule={"P101": 4, "P106": 5}),
        results=results,
        problems=problems,
        engines=("cellfactory",),
    )


EXPIRED = Problem(
    Span("cells.waivers.yaml", 3, 5), Finding(rule="F721", message="ended", hint="renew it")
)
EVERYTHING = judgement(
    result(span=Span("cells.yaml", 12, 3)),
    result("P603", "has no key", severity="warning"),
    result("P205", "keeps no versions", waiver=WAIVER),
    result("CKV_AWS_21", "does not pass"),
    problems=(EXPIRED,),
)


@pytest.mark.parametrize("made", [EVERYTHING, judgement(), judgement(result(message=HOSTILE))])
def test_sarif_is_valid(made: Judgement) -> None:
    log = json.loads(render_policy(made, "sarif"))
    jsonschema.Draft4Validator(SCHEMA).validate(log)
    (run,) = log["runs"]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert all(rules[found["ruleIndex"]] == found["ruleId"] for found in run["results"])


def test_sarif_places_what_the_inventory_decides_there_and_suppresses_what_is_waived() -> None:
    (run,) = json.loads(render_policy(EVERYTHING, "sarif"))["runs"]
    first, _, waived, _, problem = run["results"]
    place = first["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "cells.yaml"
    assert place["region"] == {"startLine": 12, "startColumn": 3}
    assert first["relatedLocations"][0]["physicalLocation"]["region"]["startLine"] == 7
    assert waived["suppressions"][0]["justification"].startswith("Logs expire")
    assert problem["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == (
        "cells.waivers.yaml"
    )


def test_junit_counts_what_it_holds() -> None:
    root = ElementTree.fromstring(render_policy(EVERYTHING, "junit"))
    assert root.tag == "testsuites"
    assert {k: root.get(k) for k in ("tests", "failures", "errors", "skipped")} == {
        **{"tests": "6", "failures": "2", "errors": "1", "skipped": "1"},
    }
    assert len(root.findall("*/testcase")) == 6
    for suite in root:
        assert suite.get("tests") == str(len(suite.findall("testcase")))


def test_json_has_every_result_and_its_places() -> None:
    told = json.loads(render_policy(EVERYTHING, "json"))
    assert told["format_version"] == 1
    rows = told["policy"]["violations"]
    assert [row["rule"] for row in rows] == ["P101", "P603", "P205", "CKV_AWS_21"]
    assert rows[0]["inventory"] == {"file": "cells.yaml", "line": 12, "column": 3}
    assert rows[2]["waiver"]["expires"] == "2027-11-26"
    assert not told["policy"]["passes"]
    assert {p["rule"] for p in told["problems"]} == {"F721", "P101", "CKV_AWS_21", "P603"}


def test_annotations_stand_at_the_line_of_the_inventory() -> None:
    lines = render_policy(EVERYTHING, "github").splitlines()
    assert any(
        line.startswith("::error file=cells.yaml,line=12,col=3,title=P101::a-network: aws_x.a: ")
        for line in lines
    )


def test_only_errors_that_nobody_waives_fail() -> None:
    assert judgement().passes
    assert judgement(result(waiver=WAIVER), result("P603", severity="warning")).passes
    assert not judgement(result()).passes
    assert not judgement(problems=(EXPIRED,)).passes


@pytest.mark.parametrize("form", get_args(PolicyForm))
def test_every_form_takes_what_somebody_may_write(form: PolicyForm) -> None:
    made = judgement(
        result(message=HOSTILE, address='aws_x.a["\x01\x1b[31m"]'),
        result("P205", HOSTILE, waiver=WAIVER),
    )
    shown = render_policy(made, form)
    if form == "junit":
        ElementTree.fromstring(shown)
    if form == "markdown":
        assert "<script>" not in shown
        assert "\n## All passed" not in shown
        assert not re.search(r"(?<!\\)\[x\]", shown)
    if form == "github":
        assert not any(line.startswith("::error::") for line in shown.splitlines())


@given(message=st.text(max_size=60), address=st.text(max_size=30))
def test_whatever_is_told_stays_one_row_and_valid_xml(message: str, address: str) -> None:
    made = judgement(result(message=message, address=address))
    ElementTree.fromstring(render_policy(made, "junit"))
    rows = [line for line in render_policy(made, "markdown").splitlines() if line.startswith("|")]
    assert len(rows) == 3
    assert len(re.findall(r"(?<!\\)\|", rows[2])) == 6


def test_a_judgement_outlives_the_cache() -> None:
    assert read_judgement(write_judgement(EVERYTHING)) == EVERYTHING
