"""Waivers: what they cover, when they end, and what is wrong with them."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cellfactory.errors import PolicyError
from cellfactory.policy.found import Violation
from cellfactory.policy.judgement import Result, judge
from cellfactory.policy.waiver_file import parse_waivers
from cellfactory.policy.waivers import Waivers

TODAY = date(2026, 11, 28)
RULES = ("P101", "P205")


def waivers(*entries: str, expires: date = TODAY) -> Waivers:
    rows = "".join(
        f"  - {{{entry}, reason: it is known and fine, owner: team, expires: {expires}}}\n"
        for entry in entries
    )
    return parse_waivers(f"version: 1\nwaivers:\n{rows}", "cells.waivers.yaml")


def violation(
    rule: str = "P205", stack: str = "a-network", address: str = "aws_s3_bucket.logs"
) -> Violation:
    return Violation(rule=rule, stack=stack, address=address, message="is wrong")


def judged(
    found: Violation, given: Waivers, *, has_foreign: bool = False
) -> tuple[Result, list[str]]:
    results, problems = judge([found], given, TODAY, 366, rules=RULES, has_foreign=has_foreign)
    return results[0], [str(problem) for problem in problems]


@pytest.mark.parametrize(
    "entry",
    [
        "rule: P205",
        'rule: P205, stack: "*-network"',
        'rule: P205, address: "aws_s3_bucket.*"',
        "rule: P205, stack: a-network, address: aws_s3_bucket.logs",
    ],
)
def test_a_waiver_covers(entry: str) -> None:
    result, problems = judged(violation(), waivers(entry))
    assert not result.is_open
    assert problems == []


@pytest.mark.parametrize(
    "entry",
    [
        "rule: P101",
        "rule: P205, stack: b-network",
        'rule: P205, stack: "a-net"',
        'rule: P205, address: "aws_s3_bucket.log?"',
        'rule: P205, address: "aws_s3_bucket.[l]ogs"',
    ],
)
def test_a_waiver_covers_nothing_else(entry: str) -> None:
    result, problems = judged(violation(), waivers(entry))
    assert result.is_open
    assert "F722 warning" in problems[0]


def test_an_address_with_a_row_is_written_as_it_is() -> None:
    found = violation(address='aws_route.to-peer["use1-az1 10.0.0.0/14"]')
    entry = """rule: P205, address: 'aws_route.to-peer["use1-az1 *"]'"""
    assert not judged(found, waivers(entry))[0].is_open


@given(days=st.integers(min_value=-2000, max_value=2000))
def test_a_waiver_counts_up_to_its_last_day(days: int) -> None:
    result, problems = judged(violation(), waivers("rule: P205", expires=TODAY + timedelta(days)))
    assert result.is_open == (days < 0)
    assert any("F721" in problem for problem in problems) == (days < 0)
    assert any("F724" in problem for problem in problems) == (days > 366)


def test_checkovs_waivers_are_idle_only_where_it_ran() -> None:
    given = waivers("rule: P205", "rule: CKV_AWS_21")
    assert judged(violation(), given)[1] == []
    assert "F722" in judged(violation(), given, has_foreign=True)[1][0]


def test_a_rule_that_is_not_there_is_told_with_its_place() -> None:
    _, problems = judged(violation(), waivers("rule: P205", "rule: P206"))
    assert problems[0].startswith("cells.waivers.yaml:4:12: F723 there is no rule 'P206'")


def one(reason: str, owner: str, expires: str) -> str:
    row = f"rule: P1\n    reason: {reason}\n    owner: {owner}\n    expires: {expires}\n"
    return f"version: 1\nwaivers:\n  - {row}"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "1:1: F720 the file is empty"),
        ("version: 2\nwaivers: []\n", "F720 version must be 1"),
        ("version: 1\nwaivers: [{rule: P101}]\n", "F720"),
        ("version: 1\nwaivers: {}\n", "F720"),
        ("version: 1\nwaivers: [&a {}]\n", "F720"),
        (one("'   '", 'a', "2026-12-01"),
         "4:13: F720 reason: must say why, in 10 characters at least"),
        (one('it is fine', "' '", "2026-12-01"),
         "5:12: F720 owner: must name somebody"),
        (one('it is fine', 'a', "2026-02-30"),
         "6:14: F720 expires: must be a day such as 2027-03-31, not '2026-02-30'"),
        (one('it is fine', 'a', "tomorrow"),
         "F720 expires: must be a day"),
        (one('it is fine', 'a', "20261201"),
         "F720"),
        ("version: 1\nwaivers:\n  - {rule: P1, reasn: it is fine, owner: a, expires: 2026-12-01}\n",
         "did you mean 'reason'?"),
    ],
)  # fmt: skip
def test_a_malformed_file_is_refused_with_every_place(text: str, said: str) -> None:
    with pytest.raises(PolicyError) as refused:
        parse_waivers(text, "cells.waivers.yaml")
    assert said in str(refused.value)
    assert all(p.finding.rule == "F720" and p.span for p in refused.value.problems)
