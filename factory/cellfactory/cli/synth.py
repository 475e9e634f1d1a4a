"""`synth`: write the Terraform of every layer of every cell."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated

import typer

from cellfactory.cli.options import DEFAULT_INVENTORY, InventoryFile, Locked
from cellfactory.cli.output import Form, show, show_problems
from cellfactory.cli.screen import say, warn
from cellfactory.errors import Problem
from cellfactory.runs.known import known_output
from cellfactory.runs.places import lock_file_of, output_of
from cellfactory.views.problems import ProblemForm
from cellfactory.words import counted


def synth(
    inventory_file: InventoryFile = DEFAULT_INVENTORY,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="DIR",
            envvar="CDKTF_OUTDIR",
            show_default=False,
            help="Folder to write [default: cdktf.out beside the inventory]",
        ),
    ] = None,
    locked: Locked = False,
    verify: Annotated[
        bool,
        typer.Option("--verify", help="Also synthesize each stack on its own, and compare (slow)"),
    ] = False,
    no_cache: Annotated[
        bool, typer.Option("--no-cache", help="Use and keep nothing that was made before.")
    ] = False,
    form: Form = "text",
) -> None:
    """Check the inventory and write its Terraform.

    Writes Terraform JSON for every layer, and adds new cells to cells.lock.yaml.
    """
    folder = output_of(inventory_file, output)
    known = None if verify or no_cache else known_output(inventory_file, folder)
    if known is None:
        _synthesize(inventory_file, folder, locked, verify=verify, cached=not no_cache, form=form)
        return
    if form != "json":
        show_problems(known.problems, form)
    _tell(folder, known.stacks, known.cells, known.problems, form)


def _synthesize(
    inventory_file: Path,
    folder: Path,
    locked: bool,
    *,
    verify: bool,
    cached: bool,
    form: ProblemForm,
) -> None:
    """Work everything out; what that takes is imported when it is needed."""
    from cellfactory.addressing.lock import check_locked
    from cellfactory.runs.reading import read_design
    from cellfactory.runs.write import synth_design
    from cellfactory.views.lock import describe_change, describe_room

    design = read_design(inventory_file, locked=locked).require_fit()
    if form != "json":
        show_problems(design.problems, form)
    lock_file = lock_file_of(inventory_file)
    made = synth_design(design, folder, lock_file, verify=verify, cached=cached)
    if made.lock is not None:
        for line in describe_change(design.before, made.lock, describe_room(design)):
            say(line)
        say(f"{lock_file}: written; commit it")
    if any(check_locked(made.lock or design.before, design.lock)):
        warn(f"{lock_file}: out of date; run cellfactory lock")
    _tell(folder, made.stacks, made.cells, design.problems, form)


def _tell(
    folder: Path, stacks: Sequence[str], cells: int, problems: Iterable[Problem], form: ProblemForm
) -> None:
    say(f"{folder}: {len(stacks):,} stacks of {counted(cells, 'cell')}")
    if form == "json":
        show({"output": str(folder), "stacks": stacks}, "", problems, form)
