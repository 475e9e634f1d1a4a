"""`synth`: write the Terraform of every layer of every cell."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from factory.addressing.lock import render_lock
from factory.cli.options import DEFAULT_INVENTORY, InventoryFile, Locked
from factory.cli.output import Form, show, show_problems
from factory.cli.reading import check_file
from factory.files import write_whole
from factory.layers import plan_stacks


def synth(
    inventory_file: InventoryFile = DEFAULT_INVENTORY,
    output: Annotated[
        Path,
        typer.Option("--output", "-o", envvar="CDKTF_OUTDIR", help="The folder to write."),
    ] = Path("cdktf.out"),
    locked: Locked = False,
    form: Form = "text",
) -> None:
    """Check everything, then write Terraform JSON for every layer of every cell."""
    checked = check_file(inventory_file, locked=locked)
    if form != "json":
        show_problems(checked.warnings, form)
    planned = checked.planned
    from factory.stacks.output import write_output
    from factory.stacks.synth import output_files, synth_stacks  # starts Node

    stacks = plan_stacks(planned.inventory)
    made = synth_stacks(planned.inventory, planned.plan, planned.facts, stacks)
    write_output(output, output_files(made, stacks))
    if write_whole(planned.lock_file, render_lock(planned.lock)):
        typer.echo(f"{planned.lock_file}: written; commit it", err=True)
    cells = len(planned.inventory.cells)
    typer.echo(
        f"{output}: {len(stacks):,} stacks of {cells:,} {'cell' if cells == 1 else 'cells'}",
        err=True,
    )
    if form == "json":
        names = [stack.id.name for stack in stacks]
        show({"output": str(output), "stacks": names}, "", checked.warnings, form)
