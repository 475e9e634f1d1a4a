"""`diff`: what an edit of the inventory changes, for whoever reviews it."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from cellfactory.cli.options import DEFAULT_INVENTORY, InventoryFile
from cellfactory.cli.output import show_problems
from cellfactory.cli.screen import style_of
from cellfactory.cli.stacks import (
    Cells,
    Hubs,
    Layers,
    Meshes,
    Organizations,
    Overrides,
    Stacks,
    selection_of,
)
from cellfactory.diff.guard import parse_override
from cellfactory.runs.diff import diff_inventory
from cellfactory.views.diff import Diff, render_diff
from cellfactory.views.diff_data import render_diff_json
from cellfactory.views.diff_markdown import render_diff_markdown
from cellfactory.views.notices import render_guard
from cellfactory.views.problems import DiffForm

CHANGED = 10


def diff(
    inventory_file: InventoryFile = DEFAULT_INVENTORY,
    base: Annotated[
        str | None,
        typer.Option(
            "--base",
            metavar="REV|DIR",
            help="Git revision, or folder with an inventory or synthesized stacks "
            "[default: where this branch left the default branch]",
            show_default=False,
        ),
    ] = None,
    cell: Cells = None,
    mesh: Meshes = None,
    organization: Organizations = None,
    hub: Hubs = None,
    layer: Layers = None,
    stack: Stacks = None,
    override: Overrides = None,
    every: Annotated[
        bool, typer.Option("--all", help="Show each change, also those that are alike.")
    ] = False,
    why: Annotated[bool, typer.Option("--why", help="Say which edit changes each stack.")] = False,
    exit_code: Annotated[
        bool, typer.Option("--exit-code", help="Exit with 10 if there are changes.")
    ] = False,
    form: Annotated[
        DiffForm,
        typer.Option(
            "--format",
            metavar="FORMAT",
            help="Output format: text, json, markdown, or github (Markdown, and annotations).",
        ),
    ] = "text",
) -> None:
    """Show what an edit changes, before anything is planned.

    Holds the Terraform of the inventory as it lies here against that of a Git revision. Needs no
    credentials and no Terraform.
    """
    selection = selection_of(cell, layer, mesh, organization, stack, hub)
    overrides = tuple(map(parse_override, override or ()))
    found = diff_inventory(inventory_file, base, selection, overrides)
    shown = Diff(
        base=found.base,
        changes=found.changes,
        impact=found.impact,
        notes=tuple(render_guard(found.beyond, overrides)),
        every=every,
        why=why,
    )
    problems = found.after.problems
    if form == "json":
        typer.echo(render_diff_json(shown, problems))
    elif form == "text":
        style = style_of(sys.stdout)
        typer.echo(render_diff(shown, style), color=style.colour)
        show_problems(problems, "text")
    else:
        typer.echo(render_diff_markdown(shown))
        if form == "github":
            show_problems(problems, "github")
    if exit_code and found.changes.stacks:
        raise typer.Exit(CHANGED)
