"""`graph`: stacks, and what each waits for."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from cellfactory.cli.listing import Cells, Meshes, OfLayers, Organizations, Rings, wanted_of
from cellfactory.cli.options import DEFAULT_INVENTORY, InventoryText
from cellfactory.cli.output import OPTION, show
from cellfactory.cli.screen import style_of
from cellfactory.runs.listing import choose_cells, stacks_of
from cellfactory.runs.reading import read_declared
from cellfactory.views.graph import GraphForm, graph_json, render_graph


def graph(
    inventory_file: InventoryText = DEFAULT_INVENTORY,
    cell: Cells = None,
    mesh: Meshes = None,
    organization: Organizations = None,
    ring: Rings = None,
    layer: OfLayers = None,
    form: Annotated[
        GraphForm,
        typer.Option(
            OPTION, metavar="FORMAT", help="Output format: text, dot, mermaid, json, github."
        ),
    ] = "text",
) -> None:
    """Show stacks in the order of work, and what each waits for.

    What it draws is for Graphviz or Mermaid.
    """
    declared = read_declared(inventory_file)
    names = choose_cells(declared.inventory, wanted_of(cell, mesh, organization, ring))
    stacks = stacks_of(declared, names, layer or (), shared=True)
    shown = render_graph(stacks, form, style_of(sys.stdout))
    if form in ("json", "github"):
        show({"stacks": graph_json(stacks)}, shown, [], form)
    else:
        typer.echo(shown)
