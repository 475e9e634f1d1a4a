"""The rules of the package: each has one number, one sentence and one area."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

from cellfactory.views.rules import AREAS, all_rules, render_rule, rule_data
from tests.sources import modules


def test_no_number_stands_twice_or_in_another_area() -> None:
    numbers = [number for area in AREAS for number in area.rules]
    assert len(numbers) == len(set(numbers)) == len(all_rules())
    for area in AREAS:
        assert all(number.startswith(f"F{area.digit}") for number in area.rules)
        assert all(re.fullmatch(r"F\d{3}", number) for number in area.rules)


def test_a_rule_is_a_field_and_no_prefix_of_a_sentence() -> None:
    found = [
        f"{path.name}:{node.lineno}"
        for path, tree in modules().items()
        for statement in ast.walk(tree)
        if not (isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant))
        for node in ast.iter_child_nodes(statement)
        if isinstance(node, ast.Constant) and re.match(r"F\d{3} ", str(node.value))
    ]
    assert found == []


def calls() -> Iterator[tuple[str, str]]:
    """Yield the rule and the severity of each finding whose rule is written out."""
    for tree in modules().values():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Finding":
                given = {word.arg: word.value for word in node.keywords}
                rule, severity = given.get("rule"), given.get("severity")
                if isinstance(rule, ast.Constant) and isinstance(rule.value, str):
                    yield (
                        rule.value,
                        str(severity.value) if isinstance(severity, ast.Constant) else "",
                    )


def test_rules_that_only_warn_say_so() -> None:
    warned = {rule for rule, severity in calls() if severity == "warning"}
    assert warned, "or this test is blind"
    assert [rule for rule in warned if all_rules()[rule].gate != "warning"] == []
    stopping = {rule for rule, severity in calls() if rule and not severity}
    assert [rule for rule in stopping if all_rules()[rule].gate == "warning"] == []


@pytest.mark.parametrize("number", all_rules())
def test_each_rule_can_be_explained(number: str) -> None:
    rule = all_rules()[number]
    assert rule.sentence.strip()
    assert render_rule(rule).startswith(f"{number}: {rule.area.title}, a")
    assert rule_data(rule)["id"] == number
    assert (rule.exit_code == 0) == (rule.gate != "error")
