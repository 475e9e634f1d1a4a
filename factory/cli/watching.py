"""A run as a person at a terminal follows it, and is asked before real AWS is touched."""

from __future__ import annotations

import json
import sys
import threading
from typing import Literal

import typer

from factory.errors import StoppedError, TerraformError, UsageError
from factory.layers import StackId
from factory.runs.notices import Notice
from factory.runs.request import Outcome
from factory.runs.watcher import Question
from factory.terraform.results import Result
from factory.views.notices import render_notice, render_question
from factory.views.results import (
    render_dangers,
    render_errors,
    render_line,
    render_sums,
    render_table,
    to_json,
)

ResultForm = Literal["text", "json"]


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

    def finished(self, result: Result) -> None:
        """Show what became of a stack."""
        with self._lock:
            self._done += 1
            say(f"[{self._done:>3}/{self._total}] {render_line(result)}")
            for text in (render_errors(result), render_dangers(result)):
                if text:
                    say(text)


def finish(outcome: Outcome, form: ResultForm) -> None:
    """Show all results as data, and fail when one of them did.

    Raises:
        StoppedError: when it was stopped before all was done.
        TerraformError: when something failed.
    """
    results = outcome.results
    for notice in outcome.notices:
        say(render_notice(notice))
    typer.echo(json.dumps(to_json(results), indent=2) if form == "json" else render_table(results))
    if outcome.failed:
        if outcome.stopped:
            msg = f"interrupted; {render_sums(results)}"
            raise StoppedError(msg)
        raise TerraformError(render_sums(results))


def say(text: str) -> None:
    """Tell a person; standard output is for data."""
    typer.echo(text, err=True)
