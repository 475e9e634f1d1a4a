"""`cost`: what cells cost in a month at list prices, and what other ways would."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Annotated, Literal, get_args

import typer

from cellfactory.cli.listing import Cells, Meshes, Organizations, Rings, wanted_of
from cellfactory.cli.options import DEFAULT_INVENTORY, InventoryText
from cellfactory.cli.output import OPTION, show, show_problems
from cellfactory.cli.screen import style_of
from cellfactory.errors import UsageError
from cellfactory.inventory.nearest import suggest
from cellfactory.pricing.costs import price_inventory
from cellfactory.pricing.rules import check_costs
from cellfactory.runs.listing import choose_cells
from cellfactory.runs.reading import read_declared
from cellfactory.views.cost import (
    EVERYTHING,
    What,
    costs_json,
    render_costs,
    render_costs_markdown,
)

CostForm = Literal["text", "json", "markdown", "github"]
Form = Annotated[
    CostForm,
    typer.Option(
        OPTION,
        metavar="FORMAT",
        help="Output format: text, json, markdown, or github (Markdown, and annotations).",
    ),
]


def cost(
    inventory_file: InventoryText = DEFAULT_INVENTORY,
    cell: Cells = None,
    mesh: Meshes = None,
    organization: Organizations = None,
    ring: Rings = None,
    what: Annotated[
        list[str] | None,
        typer.Option(
            "--what",
            metavar="PART",
            help=f"Only this part: {', '.join(get_args(What))}; may be repeated.",
        ),
    ] = None,
    form: Form = "text",
) -> None:
    """Show what cells cost in a month, and what other ways would.

    Prices are AWS's list prices, each as of a day; what has none, and traffic that is not
    declared, is shown as not priced and never counted as nothing.
    """
    declared = read_declared(inventory_file)
    names = choose_cells(declared.inventory, wanted_of(cell, mesh, organization, ring))
    costs = price_inventory(declared.inventory, declared.facts, names)
    parts = _parts(what or EVERYTHING)
    lacking = check_costs(costs, declared.inventory) if "bill" in parts else ()
    problems = declared.source.locate_all(lacking)
    if form in ("markdown", "github"):
        typer.echo(render_costs_markdown(costs, parts))
        show_problems(problems, "github" if form == "github" else "text")
        return
    style = style_of(sys.stdout)
    data = costs_json(costs, parts)
    show(data, render_costs(costs, parts, style), problems, "json" if form == "json" else "text")


def _parts(asked: Sequence[str]) -> tuple[What, ...]:
    """Take the parts that are asked for, in their order.

    Raises:
        UsageError: when one is none.
    """
    for part in asked:
        if part not in EVERYTHING:
            msg = f"unknown part {part!r}{suggest(part, EVERYTHING)}\n    {', '.join(EVERYTHING)}"
            raise UsageError(msg)
    return tuple(part for part in EVERYTHING if part in asked)
