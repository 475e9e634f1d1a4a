"""Problems on a terminal: errors and warnings told apart, and no line broken within a word."""

from __future__ import annotations

import re

import pytest

from cellfactory.errors import Finding, Problem, Span
from cellfactory.views.problems import render_counts, render_problems
from cellfactory.views.style import Style

PLACE = Span("cells.yaml", 109, 25)
HINT = "raise L-1216C47A to 1,152 and write it under quotas of the cell, once AWS has given it\nsee https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-on-demand-instances.html#quota"
BAD = Problem(PLACE, Finding(rule="F355", message=f"cell a needs 1,152 {'vCPUs ' * 20}", hint=HINT))
MILD = Problem(PLACE, Finding(rule="F331", message="cell a is large", severity="warning"))


def plain(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


@pytest.mark.parametrize("width", [40, 80, 120])
def test_words_stay_whole_and_lines_short(width: int) -> None:
    whole = render_problems([BAD, MILD])
    shown = render_problems([BAD, MILD], style=Style(width=width))
    assert shown.split() == whole.split(), "nothing is lost, and no word is broken"
    one = render_problems([BAD], style=Style(width=width))
    long = [line for line in shown.splitlines() if len(line) > width]
    assert all(len(line.split()) <= 2 for line in long), "a link alone may be longer"
    assert all(line.startswith("    ") for line in one.splitlines()[1:])


def test_colours_tell_errors_and_warnings_apart_and_change_no_letter() -> None:
    style = Style(colour=True, width=80)
    shown = render_problems([BAD, MILD], style=style)
    assert plain(shown) == render_problems([BAD, MILD], style=Style(width=80))
    assert style.paint("bad", "F355") in shown
    assert style.paint("warning", "F331 warning:") in shown
    assert "\x1b" not in render_problems([BAD, MILD])


def test_a_sum_says_how_many_there_are() -> None:
    assert render_counts([BAD, MILD, MILD]) == "1 error, 2 warnings"
    assert render_counts([BAD] * 1461, complete=False) == "at least 1,461 errors"
