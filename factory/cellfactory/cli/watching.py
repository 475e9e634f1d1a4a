"""A run as a person at a terminal follows it, and is asked before real AWS is touched."""

from __future__ import annotations

import os
import sys
import threading
from types import TracebackType
from typing import Any

import typer

from cellfactory.cli.live import Board, Display, open_display
from cellfactory.cli.output import Told, show
from cellfactory.cli.screen import is_quiet, is_verbose, say, style_of, warn
from cellfactory.errors import Problem, StoppedError, TerraformError, UsageError
from cellfactory.layers import StackId
from cellfactory.runs.notices import Notice, RingHeld
from cellfactory.runs.request import Outcome
from cellfactory.runs.review import Review
from cellfactory.runs.watcher import Question
from cellfactory.terraform.findings import findings_of
from cellfactory.terraform.messages import Step
from cellfactory.terraform.results import Result
from cellfactory.views.notices import render_notice, render_question
from cellfactory.views.problems import DiffForm
from cellfactory.views.progress import render_step
from cellfactory.views.results import (
    render_dangers,
    render_errors,
    render_line,
    render_sums,
    render_table,
    render_warnings,
    to_json,
)
from cellfactory.views.review import render_review, render_review_question
from cellfactory.views.review import to_json as review_to_json
from cellfactory.views.review_markdown import render_review_markdown

STOPPING = (
    "stopping: Terraform finishes what it has begun and writes its state, which can take minutes; "
    "pressing Ctrl-C again does not hurry it"
)
STILL_STOPPING = (
    "still stopping: a second interrupt is not passed on, since Terraform would drop what it is "
    "making and lose it to its state; at work:"
)


class Terminal:
    """Shows what happens to each stack, as it happens, on standard error.

    As a context it ends its live view with the block, however that ends.
    """

    def __init__(self, *, yes: bool = False) -> None:
        self._yes = yes
        self._lock = threading.Lock()
        self._board = Board()
        self._display: Display | None = None

    def __enter__(self) -> Terminal:
        """Take it as a context."""
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        """Take the live view down."""
        self._end_display()

    def _end_display(self) -> None:
        if self._display is not None:
            self._display.stop()
            self._display = None

    def noted(self, notice: Notice) -> None:
        """Show a notice."""
        self._tell(render_notice(notice), always=isinstance(notice, RingHeld))

    def reviewed(self, review: Review) -> None:
        """Show what is planned."""
        self._end_display()
        self._tell(render_review(review, style_of(sys.stderr)), always=True)

    def agrees(self, question: Question) -> bool:
        """Ask, unless it was agreed to beforehand.

        Raises:
            UsageError: when there is no terminal to ask on.
        """
        if question.review is None:
            asked = f"{render_question(question)}\n{question.verb} them?"
        else:
            asked = render_review_question(question.verb, question.review)
        return self._ask(asked, f"{question.verb} in real AWS without being asked")

    def confirms(self, question: str) -> bool:
        """Ask something else.

        Raises:
            UsageError: when there is no terminal to ask on.
        """
        return self._ask(question, "do it without being asked")

    def _ask(self, asked: str, to: str) -> bool:
        if self._yes:
            return True
        warn(asked)
        if not sys.stdin.isatty():
            msg = f"standard input is not a terminal, so nobody can confirm\n    pass --yes to {to}"
            raise UsageError(msg)
        typer.echo("Only 'yes' is accepted: ", nl=False, err=True)
        return sys.stdin.readline().strip() == "yes"

    def begun(self, total: int) -> None:
        """Count from here on."""
        self._end_display()
        self._board = Board()
        self._board.total = total
        self._display = open_display(self._board)
        self._display.start()

    def started(self, stack: StackId) -> None:
        """Show that a stack is being worked on."""
        self._board.started(stack)
        if self._display is None or not self._display.shows_running:
            self._tell(f"         {stack}  ...")

    def working(self, stack: StackId, step: Step) -> None:
        """Show what Terraform does for a stack."""
        self._board.working(stack, step)
        if is_verbose() and (line := render_step(stack, step)):
            self._tell(f"         {line}")

    def waiting(self, stack: StackId, why: str) -> None:
        """Show what a stack waits for."""
        self._board.waiting(stack, why)
        self._tell(f"         {stack}  {why}")

    def baking(self, ring: str, seconds: float) -> None:
        """Show for how much longer a ring bakes."""
        self._board.bakes(ring, seconds)

    def stopping(self) -> None:
        """Show that an interrupt was heard; another one, why it changes nothing."""
        if not self._board.stopping:
            self._board.stopping = True
            self._tell(STOPPING, always=True)
            return
        works = self._board.still(0.0)
        self._tell(STILL_STOPPING, always=True)
        for line in works:
            self._tell(f"    {line}", always=True)

    def finished(self, result: Result) -> None:
        """Show what became of a stack."""
        with self._lock:
            done, style = self._board.finished(result.stack), style_of(sys.stderr)
            line = f"[{done:>3}/{self._board.total}] {render_line(result, style)}"
            log = f"    log: {os.path.relpath(result.log)}" if result.log else ""
            parts = (render_errors, render_warnings, render_dangers)
            for text in (line, *(part(result, style) for part in parts), log):
                if text:
                    self._tell(text, always=result.broken)

    def _tell(self, text: str, *, always: bool = False) -> None:
        if self._display is not None:
            self._display.tell(text, always=always)
        elif always:
            warn(text)
        else:
            say(text)


def finish(outcome: Outcome, form: DiffForm, *, every: bool = False) -> None:
    """Show all results as data, and fail when one of them did.

    Args:
        outcome: of the run.
        form: of data and problems; a review is Markdown where problems are annotations, too.
        every: whether a review shows each change of those that are alike.

    Raises:
        StoppedError: when it was stopped before all was done.
        TerraformError: when something failed.
    """
    results = outcome.results
    for notice in outcome.notices:
        warn(render_notice(notice))
    sums = render_sums(results)
    error = StoppedError(f"interrupted; {sums}") if outcome.stopped else TerraformError(sums)
    found = (*findings_of(results, outcome.fatal), *outcome.findings)
    problems = [Problem(None, finding) for finding in found]
    if outcome.failed and outcome.stopped:
        problems += error.problems
    problems += outcome.problems
    if form in ("text", "markdown"):  # each was told as it happened
        problems = []
    is_seen = sys.stdout.isatty() and sys.stderr.isatty() and not is_quiet()
    table = render_table(results, style_of(sys.stdout))
    if is_seen:  # line by line; an interrupt is told with the sums
        table = "" if outcome.failed and outcome.stopped else sums
    if outcome.review is not None and form in ("markdown", "github"):
        beyond = [problem.finding for problem in outcome.problems]
        table = render_review_markdown(outcome.review, beyond=beyond, every=every)
    elif outcome.review is not None:
        table = f"{render_review(outcome.review, style_of(sys.stdout), every=every)}\n{table}"
    data: dict[str, Any] = {"stacks": to_json(results)}
    if outcome.review is not None:
        data["plan"] = review_to_json(outcome.review)
    show(data, table, problems, "text" if form == "markdown" else form)
    if not outcome.failed:
        return
    if form in ("json", "github") or outcome.stopped:  # the table ends with the sums
        warn(str(error))
    raise Told(error.exit_code)
