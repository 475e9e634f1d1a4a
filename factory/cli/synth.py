"""`synth`: write the Terraform of every layer of every cell."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from factory.cli.options import DEFAULT_INVENTORY, InventoryFile, Locked
from factory.cli.output import Form, show, show_problems
from factory.runs.reading import lock_file_of, read_design
from factory.runs.write import synth_design
from factory.views.lock import describe_change


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

    Terraform JSON for every layer, and the addresses of new cells in cells.lock.yaml.
    """
    design = read_design(inventory_file, locked=locked).require_fit()
    if form != "json":
        show_problems(design.problems, form)
    lock_file = lock_file_of(inventory_file)
    made = synth_design(design, output, lock_file)
    if made.lock_changed:
        for line in describe_change(design.before, design.lock):
            typer.echo(line, err=True)
        typer.echo(f"{lock_file}: written; commit it", err=True)
    noun = "cell" if made.cells == 1 else "cells"
    typer.echo(f"{output}: {len(made.stacks):,} stacks of {made.cells:,} {noun}", err=True)
    if form == "json":
        show({"output": str(output), "stacks": made.stacks}, "", design.problems, form)
