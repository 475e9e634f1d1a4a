"""What is shown of problems: errors first, the same said once, nothing lost, all counted."""

from __future__ import annotations

import json
import random
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from cellfactory.errors import Finding, InventoryError, Problem, Span, TerraformError, UsageError
from cellfactory.views.problems import MOST_PLACES, fold, render_problems, report

NAMES = st.sampled_from(["a", "b", "moka-use1-a", "moka-use1-a2", "a.b", "C"])
WORDS = st.sampled_from(
    ["needs 1 of 2", "needs 2 of 2", "cell a is b", "100% :,\r\n::error::x", ""]
)


@st.composite
def findings(draw: st.DrawFn) -> Finding:
    """Make findings that often say the same: of cells, of cell types, of stacks, of nothing."""
    name, words = draw(NAMES), draw(WORDS)
    made = Finding(
        rule=draw(st.sampled_from(["F101", "F302", ""])),
        message=f"cell {name} {words}",
        hint=draw(st.sampled_from(["", f"mend {name}", "line\nline"])),
        severity=draw(st.sampled_from(["error", "warning"])),
    )
    places: tuple[dict[str, Any], ...] = (
        {"path": ("cells", name, "type")},
        {"path": ("cell_types", "t"), "about": ("cells", name), "own": (words,)},
        {"path": ("meshes", name, 0)},
        {"path": ("cell_types", name)},
        {"stack": f"{name}-network", "address": f'aws_vpc.main["{name}"]'},
        {},
    )
    return replace(made, **draw(st.sampled_from(places)))


SPANS = st.none() | st.builds(
    Span, st.sampled_from(["cells.yaml", "x,y:z%\n.yaml"]), st.integers(1, 3), st.integers(1, 3)
)
PROBLEMS = st.lists(st.builds(Problem, SPANS, findings()), max_size=40)


def unnamed(problem: Problem) -> tuple[str, ...]:
    """Take the name of its subject out of what a problem says, as a person would."""
    finding = problem.finding
    return finding.rule, finding.severity


@given(PROBLEMS)
def test_folding_loses_nothing_and_makes_nothing_up(problems: list[Problem]) -> None:
    entries = fold(problems)
    assert Counter(p for e in entries for p in e.problems) == Counter(problems)
    for entry in entries:
        assert len({unnamed(p) for p in entry.problems}) == 1
        assert entry.subjects <= len(entry.problems)


@given(PROBLEMS)
def test_what_is_folded_is_the_same_sentence_of_another_name(problems: list[Problem]) -> None:
    for entry in fold(problems):
        first = entry.first.finding
        for other in (p.finding for p in entry.problems):
            if first.subject and not first.own:
                swapped = other.message.split(), first.message.split()
                differ = [(x, y) for x, y in zip(*swapped, strict=True) if x != y]
                assert set(differ) <= {(str(other.subject[1]), str(first.subject[1]))} or (
                    first.stack
                )
            elif not first.subject:
                assert other == first


@given(PROBLEMS, st.randoms(use_true_random=False))
def test_the_order_is_total(problems: list[Problem], chance: random.Random) -> None:
    mixed = list(problems)
    chance.shuffle(mixed)
    for form in ("text", "json", "github"):
        assert render_problems(mixed, form) == render_problems(problems, form)
    severities = [e.first.finding.severity for e in fold(problems)]
    assert severities == sorted(severities), "errors first"


@given(PROBLEMS, st.integers(0, 10))
def test_no_error_is_hidden_behind_a_warning(problems: list[Problem], most: int) -> None:
    told = report(problems, most=most)
    shown = Counter(p.finding.severity for e in told.entries for p in e.problems)
    whole = Counter(p.finding.severity for p in problems)
    assert (told.errors, told.warnings) == (
        whole["error"] - shown["error"],
        whole["warning"] - shown["warning"],
    )
    assert not (told.errors and shown["warning"])
    assert bool(told.rest) == bool(told.errors or told.warnings)
    assert (told.rest_severity == "error") == bool(told.errors)


@given(PROBLEMS)
def test_each_entry_is_one_annotation_on_one_line(problems: list[Problem]) -> None:
    lines = render_problems(problems, "github").split("\n") if problems else []
    assert len(lines) == len(fold(problems))
    for line in lines:
        _, command, text = line.split("::", 2)
        assert command.split()[0] in ("error", "warning")
        assert "\r" not in line
        assert text
        for pair in command.partition(" ")[2].split(","):
            assert pair.partition("=")[0] in ("file", "line", "col", "title")


PLACE = {
    "type": "object",
    "additionalProperties": False,
    "dependentRequired": {"file": ["line", "column", "path"], "kind": ["name"]},
    "properties": {
        "kind": {"enum": ["cells", "hubs", "meshes", "stacks"]},
        "name": {"type": "string"},
        "own": {"type": "array", "items": {"type": "string"}},
        "file": {"type": "string"},
        "line": {"type": "integer", "minimum": 1},
        "column": {"type": "integer", "minimum": 1},
        "path": {"type": "array", "items": {"type": ["string", "integer"]}},
        "stack": {"type": "string"},
        "address": {"type": "string"},
    },
}
PROBLEM = {
    "type": "object",
    "additionalProperties": False,
    "required": ["rule", "severity", "message", "hint", "count", "places"],
    "properties": {
        "rule": {"type": ["string", "null"], "pattern": "^F[0-9]{3}$"},
        "severity": {"enum": ["error", "warning"]},
        "message": {"type": "string"},
        "hint": {"type": "string"},
        "count": {"type": "integer", "minimum": 1},
        "places": {"type": "array", "items": PLACE, "minItems": 1},
    },
}
OMITTED = {
    "type": "object",
    "additionalProperties": False,
    "required": ["errors", "warnings", "complete"],
    "properties": {
        "errors": {"type": "integer", "minimum": 0},
        "warnings": {"type": "integer", "minimum": 0},
        "complete": {"type": "boolean"},
    },
}
DOCUMENT: dict[str, Any] = {
    "type": "object",
    "required": ["format_version", "problems", "omitted"],
    "properties": {
        "format_version": {"const": 1},
        "problems": {"type": "array", "items": PROBLEM},
        "omitted": OMITTED,
    },
}


@given(PROBLEMS)
def test_json_is_of_its_shape_and_keeps_every_place(problems: list[Problem]) -> None:
    document = json.loads(render_problems(problems, "json"))
    Draft202012Validator(DOCUMENT).validate(document)
    assert sum(p["count"] for p in document["problems"]) == len(problems)
    assert all(p["count"] == len(p["places"]) for p in document["problems"])


def cells(count: int, message: str = "cell {} is small", **more: Any) -> list[Problem]:
    """Make the same problem of so many cells, each on its line."""
    return [
        Problem(
            Span("cells.yaml", number, 3),
            Finding(
                rule="F302",
                path=("cells", f"c{number}"),
                message=message.format(f"c{number}"),
                **more,
            ),
        )
        for number in range(1, count + 1)
    ]


def test_a_finding_over_many_cells_is_said_once() -> None:
    first, *more = render_problems(cells(126, severity="warning")).splitlines()
    assert first == "cells.yaml:1:3: F302 warning: cell c1 is small (in 126 cells, first c1)"
    places = ", ".join(f"cells.yaml:{n}:3" for n in range(2, 2 + MOST_PLACES))
    assert more == [f"    also at {places} and 120 more"]


def test_other_numbers_are_another_finding() -> None:
    problems = [*cells(3, "cell {} needs 1 of 2"), *cells(3, "cell {} needs 3 of 2")]
    assert [entry.subjects for entry in fold(problems)] == [3, 3]


def test_a_name_within_a_name_is_not_taken_out() -> None:
    problems = cells(2, "cell {} reaches c1-x")
    assert len(fold(problems)) == 1
    assert len(fold(cells(2, "cell {} reaches c1"))) == 2


def test_what_is_not_shown_is_counted_by_severity() -> None:
    errors = [replace(p, finding=replace(p.finding, path=(), hint=str(p.span))) for p in cells(202)]
    warnings = cells(3, severity="warning")
    text = render_problems([*warnings, *errors]).splitlines()[-1]
    assert text == "and 5 more, not shown: 2 errors, 3 warnings"
    annotation = render_problems([*warnings, *errors], "github").splitlines()[-1]
    assert annotation == f"::error title=cellfactory::{text}"
    document = json.loads(render_problems([*warnings, *errors], "json"))
    assert document["omitted"] == {"errors": 2, "warnings": 3, "complete": True}


def test_a_search_that_ended_early_is_not_passed_off_as_whole() -> None:
    shown = render_problems(cells(1), complete=False).splitlines()
    assert shown[1:] == ["stopped here: fix these and check again"]
    annotation = render_problems([], "github", complete=False)
    assert annotation.startswith("::error title=cellfactory::stopped here")


@pytest.mark.parametrize(
    ("error", "shown"),
    [
        (UsageError("no such cell"), "no such cell"),
        (UsageError("no such cell\n    try another"), "no such cell\n    try another"),
        (
            TerraformError(Finding(rule="F607", message="it would delete 1", hint="look")),
            "F607 it would delete 1\n    look",
        ),
        (
            TerraformError(Finding(rule="F604", stack="a-vpc", address="aws_vpc.x", message="no")),
            "a-vpc: aws_vpc.x: F604 no",
        ),
        (InventoryError(cells(1)), "cells.yaml:1:3: F302 cell c1 is small"),
    ],
)
def test_every_error_has_problems_to_render(error: Any, shown: str) -> None:
    assert render_problems(error.problems) == shown
