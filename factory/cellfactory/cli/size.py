"""`size`: how much of every limit the declared cells and their meshes take."""

from __future__ import annotations

import shlex
from typing import Annotated, Any

import typer

from cellfactory.cli.completion import complete_owners
from cellfactory.cli.help import Command
from cellfactory.cli.options import DEFAULT_INVENTORY, InventoryText, Locked
from cellfactory.cli.sized import Form, PerMonth, Plot, Rebuild, Solve, Staged, show
from cellfactory.errors import UsageError
from cellfactory.runs.reading import read_design
from cellfactory.runs.size import size_declared

MOVED = "--nodes"


class SizeCommand(Command):
    """`size`, which says where its question about a hypothetical cell went."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse the arguments.

        Raises:
            UsageError: when they are those of `what-if`.
        """
        if any(word == MOVED or word.startswith(f"{MOVED}=") for word in args):
            msg = (
                "size is about declared cells; a hypothetical one has a command of its own\n"
                f"    cellfactory what-if {shlex.join(args)}"
            )
            raise UsageError(msg)
        return super().parse_args(ctx, args)


COMMAND = SizeCommand


def size(
    cells: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="CELL",
            autocompletion=complete_owners,
            help="Cells or hubs to show every bound of.",
            show_default=False,
        ),
    ] = None,
    inventory_file: InventoryText = DEFAULT_INVENTORY,
    locked: Locked = False,
    form: Form = "text",
    solve: Solve = False,
    rebuild: Rebuild = False,
    growth: PerMonth = None,
    scenario: Staged = None,
    plot: Plot = None,
) -> None:
    """Show how much of every limit the cells use.

    Exits with 4 if a required bound is exceeded. To size a cell that cells.yaml does not have, use
    `what-if`.
    """
    design = read_design(inventory_file, locked=locked)
    sized = size_declared(design, cells or (), scenario)
    show(sized, form, solved=solve, rebuilt=rebuild, plot=plot, per_month=growth)
