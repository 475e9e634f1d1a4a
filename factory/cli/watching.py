"""A run as a person at a terminal follows it, and is asked before real AWS is touched."""

from __future__ import annotations

import sys
import threading

import typer

from factory.cli.output import Told, show
from factory.errors import Problem, StoppedError, TerraformError, UsageError
from factory.layers import StackId
from factory.runs.notices import Notice
from factory.runs.request import Outcome
from factory.runs.watcher import Question
from factory.terraform.findings import findings_of
from factory.terraform.results import Result
from factory.views.notices import render_notice, render_question
from factory.views.problems import ProblemForm
from factory.views.results import (
    render_dangers,
    render_errors,
    render_line,
    render_sums,
    render_table,
    render_warnings,
    to_json,
)


class Terminal:
    """Shows what happens to each stack, as it happens, on standard error."""

    def __init__(self, *, yes: bool = False) -> None:
        self._yes = yes
        self._lock = threading.Lock()
        self._total = self._done = 0

    def noted(self, notice: Notice) -> None:
        """Show a notice."""
        say(render_notice(notice))

    def agrees(self, question: Question) -> bool:
        """Ask, unless it was agreed to beforehand.

        Raises:
            UsageError: when there is no terminal to ask on.
        """
        if self._yes:
            return True
        say(render_question(question))
        if not sys.stdin.isatty():
            msg = f"no terminal to confirm on: {question.verb} in real AWS takes --yes"
            raise UsageError(msg)
        return typer.confirm(f"{question.verb} them?", err=True)

    def begun(self, total: int) -> None:
        """Count from here on."""
        self._total = total

    def started(self, stack: StackId) -> None:
        """Show that a stack is being worked on."""
        with self._lock:
            say(f"         {stack}  ...")

    def waiting(self, stack: StackId, why: str) -> None:
        """Show what a stack waits for."""
        with self._lock:
            say(f"         {stack}  {why}")

    def finished(self, result: Result) -> None:
        """Show what became of a stack."""
        with self._lock:
            self._done += 1
            say(f"[{self._done:>3}/{self._total}] {render_line(result)}")
            for text in (render_errors(result), render_warnings(result), render_dangers(result)):
                if text:
                    say(text)


def finish(outcome: Outcome, form: ProblemForm) -> None:
    """Show all results as data, and fail when one of them did.

    Raises:
        StoppedError: when it was stopped before all was done.
        TerraformError: when something failed.
    """
    results = outcome.results
    for notice in outcome.notices:
        say(render_notice(notice))
    sums = render_sums(results)
    error = StoppedError(f"interrupted; {sums}") if outcome.stopped else TerraformError(sums)
    problems = [Problem(None, finding) for finding in findings_of(results, outcome.fatal)]
    if outcome.failed and outcome.stopped:
        problems += error.problems
    if form == "text":  # each was told as it happened
        problems = []
    show({"stacks": to_json(results)}, render_table(results), problems, form)
    if outcome.failed and form == "text":
        raise error
    if outcome.failed:
        say(str(error))
        raise Told(error.exit_code)


def say(text: str) -> None:
    """Tell a person; standard output is for data."""
    typer.echo(text, err=True)
