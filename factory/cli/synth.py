"""`synth`: write the Terraform of every layer of every cell."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from factory.addressing.lock import render_lock
from factory.cli.options import DEFAULT_INVENTORY, InventoryFile, Locked
from factory.files import write_whole
from factory.layers import plan_stacks
from factory.runs.reading import lock_file_of, read_design


def synth(
    inventory_file: InventoryFile = DEFAULT_INVENTORY,
    output: Annotated[
        Path,
        typer.Option("--output", "-o", envvar="CDKTF_OUTDIR", help="The folder to write."),
    ] = Path("cdktf.out"),
    locked: Locked = False,
) -> None:
    """Check everything, then write the Terraform of every cell.

    Terraform JSON for every layer, and the addresses of new cells in cells.lock.yaml.
    """
    design = read_design(inventory_file, locked=locked).require_fit()
    for problem in design.problems:
        typer.echo(problem, err=True)
    from factory.stacks.output import write_output
    from factory.stacks.synth import output_files, synth_stacks  # starts Node

    stacks = plan_stacks(design.inventory)
    made = synth_stacks(design.inventory, design.plan, design.facts, stacks)
    write_output(output, output_files(made, stacks))
    lock_file = lock_file_of(inventory_file)
    if write_whole(lock_file, render_lock(design.lock)):
        typer.echo(f"{lock_file}: written; commit it", err=True)
    cells = len(design.inventory.cells)
    typer.echo(
        f"{output}: {len(stacks):,} stacks of {cells:,} {'cell' if cells == 1 else 'cells'}",
        err=True,
    )
