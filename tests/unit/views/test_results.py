"""How results look: a line as it happens, what went wrong, a table and JSON at the end."""

from __future__ import annotations

import json

import pytest

from cellfactory.layers import Layer, StackId
from cellfactory.terraform.messages import Change, Counts, Diagnostic
from cellfactory.terraform.results import Result, Status
from cellfactory.views.results import (
    render_dangers,
    render_errors,
    render_line,
    render_table,
    to_json,
)


def stack(cell: str, layer: Layer = "network") -> StackId:
    return StackId(cell, layer)


def test_a_line_of_what_broke_off_says_how_far_it_came() -> None:
    half = Result(stack=stack("a"), status="interrupted", counts=Counts(add=4), seconds=9)
    assert render_line(half) == "a-network  interrupted  +4 ~0 -0  9 s"
    none = Result(stack=stack("a"), status="interrupted", seconds=9)
    assert render_line(none) == "a-network  interrupted  9 s"


def test_a_line_of_progress() -> None:
    counts = Counts(add=43)
    applied = Result(stack=stack("moka-use1-a"), status="applied", counts=counts, seconds=38.2)
    assert render_line(applied) == "moka-use1-a-network  applied  +43 ~0 -0  38 s"
    skipped = Result(stack=stack("a", "cluster"), status="skipped", reason="needs a-network")
    assert render_line(skipped) == "a-cluster  skipped  needs a-network"


def test_the_same_error_is_shown_once_and_warnings_are_not() -> None:
    halted = Diagnostic(severity="error", summary="execution halted")
    warning = Diagnostic(severity="warning", summary="deprecated")
    result = Result(stack=stack("a"), status="failed", diagnostics=(halted, warning, halted))
    assert render_errors(result) == "    error: execution halted"


@pytest.mark.parametrize(("status", "shown"), [("planned", True), ("applied", False)])
def test_a_plan_names_what_it_would_destroy_or_replace(status: Status, shown: bool) -> None:
    planned = (
        Change(address="aws_vpc.a", resource_type="aws_vpc", key="", action="create"),
        Change(
            address="aws_vpc.b", resource_type="aws_vpc", key="", action="replace", reason="tainted"
        ),
        Change(address="aws_vpc.c", resource_type="aws_vpc", key="", action="delete"),
    )
    text = render_dangers(Result(stack=stack("a"), status=status, planned=planned))
    assert text == ("    replace aws_vpc.b (tainted)\n    delete aws_vpc.c" if shown else "")


def test_the_table_ends_with_the_sums() -> None:
    results = [
        Result(stack=stack("moka-use1-a"), status="applied", counts=Counts(add=1)),
        Result(stack=stack("b"), status="no-change"),
        Result(stack=stack("c"), status="skipped", reason="needs b-network"),
    ]
    assert render_table(results) == (
        "moka-use1-a-network  applied    +1 ~0 -0\n"
        "b-network            no change\n"
        "c-network            skipped    needs b-network\n"
        "3 stacks: 1 applied, 1 no change, 1 skipped"
    )
    assert render_table([]) == "0 stacks"


def test_results_for_machines() -> None:
    (row,) = to_json([Result(stack=stack("a"), status="planned", counts=Counts(change=2))])
    assert (row["stack"], row["status"], row["counts"]["change"]) == ("a-network", "planned", 2)
    json.dumps(row)
