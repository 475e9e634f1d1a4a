"""`options`: which ways of joining VPCs and of giving pods addresses fit an inventory, and why."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from cellfactory.cli.cost import Form
from cellfactory.cli.listing import Meshes
from cellfactory.cli.options import DEFAULT_INVENTORY, InventoryText
from cellfactory.cli.output import show, show_problems
from cellfactory.cli.screen import style_of
from cellfactory.errors import InventoryError
from cellfactory.options.answer import check_options, judge_options
from cellfactory.runs.listing import Wanted, choose_cells
from cellfactory.runs.reading import read_declared
from cellfactory.views.options import options_json, render_options, render_options_markdown


def options(
    inventory_file: InventoryText = DEFAULT_INVENTORY,
    mesh: Meshes = None,
    why: Annotated[
        bool, typer.Option("--why", help="Show all that speaks for and against, and the sources.")
    ] = False,
    form: Form = "text",
) -> None:
    """Show which interconnect and which pod network fit.

    Each is judged by rules for the numbers of this inventory, at list prices and for the traffic
    that it declares. Addresses need not work out: other ways may need fewer.
    """
    declared = read_declared(inventory_file)
    choose_cells(declared.inventory, Wanted(meshes=tuple(mesh or ())))
    found = judge_options(declared.inventory, declared.facts, mesh or ())
    if found.wrong:
        raise InventoryError(declared.source.locate_all(found.wrong))
    problems = declared.source.locate_all(check_options(found.meshes))
    if form in ("markdown", "github"):
        typer.echo(render_options_markdown(found, why=why))
        show_problems(problems, "github" if form == "github" else "text")
        return
    text = render_options(found, why=why, style=style_of(sys.stdout))
    show(options_json(found), text, problems, "json" if form == "json" else "text")
