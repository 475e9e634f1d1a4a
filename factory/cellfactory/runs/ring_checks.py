"""What is asked of a ring before the next one is touched: EKS, and programs of one's own.

The programs are named on the command line alone. In `cells.yaml` whoever may propose a change of
data could have anything run with the rights of the pipeline.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

from cellfactory.errors import Finding
from cellfactory.processes import run_process
from cellfactory.runs.request import Request
from cellfactory.runs.rings import Turn
from cellfactory.terraform.health import AskHealth, ask_health, holds_cluster
from cellfactory.terraform.running import RunContext
from cellfactory.terraform.sessions import sessions

MOST_LINES = 10  # of what a program says

Check = Callable[[Turn], Sequence[Finding]]
"""What is against going on after a ring."""


def checks_of(context: RunContext, request: Request, ask: AskHealth | None = None) -> Check:
    """Make what looks at a ring.

    Args:
        context: what the run works with.
        request: the programs, and where it is applied to.
        ask: how a cluster does; AWS is asked when None.
    """
    asks = ask or ask_health(sessions(context.target, "cellfactory-rings"))

    def check(turn: Turn) -> Sequence[Finding]:
        found = list(_unwell(context, request, asks, turn)) if turn.is_followed else []
        for program in request.checks or ():
            if found or context.children.stopping:
                break
            found += _refused_by(context, request, program, turn)
        return found

    return check


def _unwell(context: RunContext, request: Request, ask: AskHealth, turn: Turn) -> Iterator[Finding]:
    """Ask of each cluster how it does, several at a time."""
    clusters = [stack for stack in turn.stacks if holds_cluster(stack)]
    records = [(stack, context.registry.read(stack.id)) for stack in clusters]
    asked = [(stack, record) for stack, record in records if record is not None and record.complete]
    with ThreadPoolExecutor(request.parallel) as threads:
        for findings in threads.map(lambda one: ask(*one), asked):
            yield from findings


def _refused_by(
    context: RunContext, request: Request, program: Sequence[str], turn: Turn
) -> list[Finding]:
    """Run a program of one's own; it says by its exit code whether a ring does well."""
    cells = sorted({stack.id.owner for stack in turn.stacks if stack.id.cell is not None})
    told = {"CELLFACTORY_RING": turn.ring, "CELLFACTORY_CELLS": " ".join(cells)}
    try:
        finished = run_process(
            program,
            cwd=request.home,
            env={**os.environ, **told},
            children=context.children,
            merge_stderr=True,
        )
    except OSError as error:
        message = f"--check {program[0]} cannot be run: {error.strerror}"
        return [Finding(rule="F662", message=message)]
    if finished.code == 0 or context.children.stopping:
        return []
    said = "\n".join(finished.stdout.strip().splitlines()[-MOST_LINES:])
    message = f"ring {turn.ring!r}: --check {program[0]} ended with exit code {finished.code}"
    return [Finding(rule="F662", message=message, hint=said)]
