"""`check`: is there anything wrong with the inventory, its addresses or its sizes?"""

from __future__ import annotations

import typer

from factory.cli.options import DEFAULT_INVENTORY, InventoryFile, Locked
from factory.cli.output import ProblemFormat, render_problems
from factory.errors import ProblemsError
from factory.runs.reading import lock_file_of, read_design
from factory.views.summary import summarize


def check(
    inventory_file: InventoryFile = DEFAULT_INVENTORY,
    locked: Locked = False,
    form: ProblemFormat = "text",
) -> None:
    """Check the inventory, its addresses and its sizes.

    Writes nothing, and needs neither Node nor Terraform nor AWS.
    """
    try:
        design = read_design(inventory_file, locked=locked).require_fit()
    except ProblemsError as error:
        if form == "text":
            raise
        typer.echo(render_problems(error.problems, form))
        raise typer.Exit(error.exit_code) from error
    if form == "text":
        for problem in design.problems:
            typer.echo(problem, err=True)
        typer.echo(summarize(design, lock_file_of(inventory_file).name))
    elif design.problems or form == "json":
        typer.echo(render_problems(design.problems, form))
