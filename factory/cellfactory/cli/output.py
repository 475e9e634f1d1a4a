"""Where data and problems go, in the form that was asked for.

With `--format json`, standard output is one document, whatever happens; with `github`, problems
are annotations beside the data; else they are text on standard error.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, get_args

import typer

from cellfactory.cli.screen import style_of, wants_colour
from cellfactory.errors import FactoryError, Problem, ProblemsError
from cellfactory.runs.places import find_repository
from cellfactory.views.problems import ProblemForm, render_counts, render_document, render_problems
from cellfactory.views.style import PLAIN

OPTION = "--format"
Form = Annotated[
    ProblemForm,
    typer.Option(
        OPTION,
        metavar="FORMAT",
        help="Output format: text, json, or github (workflow annotations).",
    ),
]


class Told(typer.Exit):
    """The end of a command whose answer says already what went wrong."""


def asked_form(words: Sequence[str]) -> ProblemForm:
    """Find the form of problems that a command line asks for, whatever else is wrong with it.

    >>> asked_form(["plan", "--format", "json", "--no-such-option"])
    'json'
    >>> asked_form(["size", "--format=markdown"]), asked_form([])
    ('text', 'text')
    """
    form: ProblemForm = "text"
    for word, after in zip(words, [*words[1:], ""], strict=False):
        if word == "--":
            break
        name, is_given, value = word.partition("=")
        if name == OPTION:
            value = value if is_given else after
            form = next((known for known in get_args(ProblemForm) if known == value), "text")
    return form


def show(data: dict[str, Any], text: str, problems: Iterable[Problem], form: ProblemForm) -> None:
    """Show what a command was asked for, and what is wrong beside it.

    Args:
        data: what JSON holds of it.
        text: the same for people; empty for nothing.
        problems: all of them, in any order.
        form: how to show them.
    """
    if form == "json":
        typer.echo(render_document(data, problems))
        return
    if text:
        typer.echo(text, color=wants_colour(sys.stdout, os.environ))
    show_problems(problems, form)


def show_problems(problems: Iterable[Problem], form: ProblemForm, *, complete: bool = True) -> None:
    """Show problems alone; the document of a command that failed holds nothing else."""
    if form == "github":
        problems = map(from_the_top, problems)
    style = style_of(sys.stderr) if form == "text" else PLAIN
    shown = render_problems(problems, form, complete=complete, style=style)
    if shown:
        typer.echo(shown, err=form == "text", color=style.colour)


def from_the_top(problem: Problem) -> Problem:
    """Name the place of a problem from the top of the repository, as annotations are looked up."""
    span = problem.span
    top = find_repository(Path(span.file)) if span else None
    if span is None or top is None:
        return problem
    file = Path(os.path.normpath(Path(span.file).absolute())).relative_to(top)
    return replace(problem, span=replace(span, file=file.as_posix()))


def show_error(error: FactoryError, form: ProblemForm) -> None:
    """Show what ended a command; where it was a search for problems, with their number."""
    complete = getattr(error, "complete", True)
    show_problems(error.problems, form, complete=complete)
    if form == "text" and isinstance(error, ProblemsError):
        typer.echo(render_counts(error.problems, complete=complete), err=True)
