"""`decommission`: give up all that a cell had which left the inventory."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Literal

import typer

from cellfactory.cli.at_once import Parallel, parallel_of
from cellfactory.cli.options import DEFAULT_INVENTORY, InventoryFile
from cellfactory.cli.output import Form, show
from cellfactory.cli.route import read_usage
from cellfactory.cli.screen import say, warn
from cellfactory.cli.stacks import OutputFolder, RegistryPlace, Sandbox, Yes, mode_of, request_of
from cellfactory.cli.watching import Terminal, finish
from cellfactory.errors import UsageError
from cellfactory.runs.decommission import decommission as give_up
from cellfactory.runs.departure import Departed, Departure, Leaving
from cellfactory.runs.reading import read_design
from cellfactory.runs.watcher import Question
from cellfactory.terraform.kept_parts import KeptParts
from cellfactory.terraform.left_accounts import AccountFate
from cellfactory.views.decommission import remains_to_json, render_departure, render_remains
from cellfactory.views.problems import ProblemForm
from cellfactory.views.results import to_json

Fate = Literal["keep", "delete"]


class Typed(Terminal):
    """Asks for the names of the cells, letter by letter, before anything is given up."""

    def __init__(self, cells: Sequence[str], *, yes: bool) -> None:
        super().__init__(yes=yes)
        self._yes_beforehand = yes
        self._cells = " ".join(cells)

    def show(self, departure: Departure) -> None:
        """Show all that is about to be done, below what was done so far."""
        self.__exit__(None, None, None)
        warn(render_departure(departure))

    def agrees(self, question: Question) -> bool:
        """Ask for the names, unless it was agreed to beforehand.

        Raises:
            UsageError: when there is no terminal to ask on.
        """
        if self._yes_beforehand:
            return True
        if not sys.stdin.isatty():
            msg = (
                f"standard input is not a terminal, so nobody can confirm\n"
                f"    pass --yes to {question.verb} in real AWS without being asked"
            )
            raise UsageError(msg)
        told = typer.prompt(f"to go on, type {self._cells}", err=True, default="")
        return bool(told.strip() == self._cells)


def decommission(
    cell: Annotated[
        list[str],
        typer.Argument(
            metavar="CELL...",
            show_default=False,
            help="Cell that is no longer in the inventory; several leave together.",
        ),
    ],
    inventory_file: InventoryFile = DEFAULT_INVENTORY,
    output: OutputFolder = None,
    sandbox: Sandbox = False,
    parallel: Parallel = None,
    registry: RegistryPlace = None,
    yes: Yes = False,
    usage: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Usage report that tells its jobs; - is standard input."),
    ] = None,
    ignore_jobs: Annotated[
        str,
        typer.Option(
            "--ignore-jobs",
            metavar="REASON",
            show_default=False,
            help="Go on although jobs may run; the reason is kept in the journal.",
        ),
    ] = "",
    buckets: Annotated[
        Fate, typer.Option(help="What becomes of the log buckets and of what they hold.")
    ] = "keep",
    key: Annotated[
        Fate, typer.Option(help="What becomes of the KMS key of Kubernetes secrets.")
    ] = "keep",
    account: Annotated[
        AccountFate,
        typer.Option(
            help="What becomes of the account: quarantine moves it into the organization's "
            "quarantine_ou, close closes it."
        ),
    ] = "keep",
    form: Form = "text",
) -> None:
    """Give up everything a removed cell had.

    Peers lose their routes first, then the cell is destroyed from the platform down to its
    network, with what others left there. Run it again to go on where it was interrupted.
    """
    request = replace(
        request_of(inventory_file, mode_of(sandbox), output=output, registry=registry),
        parallel=parallel_of(parallel),
    )
    leaving = Leaving(
        cells=tuple(dict.fromkeys(cell)),
        parts=KeptParts(buckets=buckets == "keep", keys=key == "keep"),
        account=account,
        usage=read_usage(usage) if usage is not None else {},
        ignore_jobs=ignore_jobs.strip(),
    )
    design = read_design(inventory_file)
    watcher = Typed(leaving.cells, yes=yes)
    with watcher:
        departed = give_up(design, request, leaving, watcher, watcher.show)
    _finish(departed, design.texts.lock_file, form)


def _finish(departed: Departed, lock_file: str, form: ProblemForm) -> None:
    """Show the results as of any run, and what remains."""
    if form == "json" and not departed.outcome.failed and not departed.outcome.stopped:
        remains = remains_to_json(departed.remains)
        show({"stacks": to_json(departed.outcome.results), "remains": remains}, "", (), form)
        return
    finish(departed.outcome, form)
    if departed.remains:
        say(render_remains(departed.remains, lock_file))
