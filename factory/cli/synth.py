"""`synth`: write the Terraform of every layer of every cell."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from factory.addressing.lock import check_locked
from factory.cli.options import DEFAULT_INVENTORY, InventoryFile, Locked
from factory.cli.output import Form, show, show_problems
from factory.runs.reading import lock_file_of, read_design
from factory.runs.write import synth_design
from factory.views.lock import describe_change, describe_room
from factory.words import counted


def synth(
    inventory_file: InventoryFile = DEFAULT_INVENTORY,
    output: Annotated[
        Path,
        typer.Option("--output", "-o", envvar="CDKTF_OUTDIR", help="The folder to write."),
    ] = Path("cdktf.out"),
    locked: Locked = False,
    form: Form = "text",
) -> None:
    """Check everything, then write the Terraform of every cell.

    Terraform JSON for every layer; the addresses of new cells are added to cells.lock.yaml.
    """
    design = read_design(inventory_file, locked=locked).require_fit()
    if form != "json":
        show_problems(design.problems, form)
    lock_file = lock_file_of(inventory_file)
    made = synth_design(design, output, lock_file)
    if made.lock is not None:
        for line in describe_change(design.before, made.lock, describe_room(design)):
            typer.echo(line, err=True)
        typer.echo(f"{lock_file}: written; commit it", err=True)
    if any(check_locked(made.lock or design.before, design.lock)):
        typer.echo(f"{lock_file}: out of date; run cellfactory lock", err=True)
    typer.echo(f"{output}: {len(made.stacks):,} stacks of {counted(made.cells, 'cell')}", err=True)
    if form == "json":
        show({"output": str(output), "stacks": made.stacks}, "", design.problems, form)
