"""How problems look to a person, to a machine and to a pull request."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Annotated, Literal

import typer

from factory.errors import Problem

ProblemForm = Literal["text", "json", "github"]
ProblemFormat = Annotated[
    ProblemForm,
    typer.Option("--format", help="Form of the problems; `github` makes them annotations."),
]


def render_problems(problems: Iterable[Problem], form: ProblemForm) -> str:
    """Render problems in the order given; no newline at the end."""
    if form == "json":
        return json.dumps([_row(problem) for problem in problems], indent=2)
    render = _annotation if form == "github" else str
    return "\n".join(map(render, problems))


def _row(problem: Problem) -> dict[str, object]:
    span, finding = problem.span, problem.finding
    return {
        "file": span.file,
        "line": span.line,
        "column": span.column,
        "rule": finding.rule,
        "severity": finding.severity,
        "message": finding.message,
        "hint": finding.hint,
    }


def _annotation(problem: Problem) -> str:
    """Write a workflow command of GitHub Actions, which marks the line in a pull request."""
    span, finding = problem.span, problem.finding
    place = f"file={_property(span.file)},line={span.line},col={span.column}"
    text = f"{finding.message}\n{finding.hint}".rstrip()
    return f"::{finding.severity} {place},title={finding.rule}::{_escaped(text)}"


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _escaped(text).replace(":", "%3A").replace(",", "%2C")
