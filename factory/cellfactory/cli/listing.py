"""`list` and `show`: what there is, without Terraform, and without credentials where need be."""

from __future__ import annotations

import sys
from typing import Annotated, Any, Literal

import typer

from cellfactory.cli.completion import (
    Complete,
    complete_cells,
    complete_layers,
    complete_meshes,
    complete_organizations,
    complete_rings,
)
from cellfactory.cli.help import CELLS
from cellfactory.cli.options import DEFAULT_INVENTORY, InventoryFile
from cellfactory.cli.output import Form, show
from cellfactory.cli.screen import style_of, warn
from cellfactory.cli.stacks import RegistryPlace, Sandbox, mode_of, request_of
from cellfactory.runs.described import describe_cell, find_stacks
from cellfactory.runs.listing import Wanted, choose_cells, list_cells, stack_rows, stacks_of
from cellfactory.runs.reading import read_declared, read_design
from cellfactory.runs.standing import NOT_ASKED, ask_registry
from cellfactory.views import described, listing


def _named(option: str, metavar: str, complete: Complete, what: str) -> Any:
    return typer.Option(
        option,
        metavar=metavar,
        autocompletion=complete,
        rich_help_panel=CELLS,
        help=f"Only {what}; may be repeated.",
    )


Cells = Annotated[list[str] | None, _named("--cell", "CELL", complete_cells, "this cell")]
Meshes = Annotated[
    list[str] | None, _named("--mesh", "MESH", complete_meshes, "cells of this mesh")
]
Organizations = Annotated[
    list[str] | None,
    _named("--organization", "NAME", complete_organizations, "cells of this organization"),
]
Rings = Annotated[list[str] | None, _named("--ring", "RING", complete_rings, "cells of this ring")]
OfLayers = Annotated[
    list[str] | None, _named("--layer", "LAYER", complete_layers, "stacks of this layer")
]
Offline = Annotated[
    bool, typer.Option("--offline", help="Do not ask the outputs registry; the inventory alone.")
]
Kind = Literal["cells", "stacks"]


def list_(
    kind: Annotated[
        Kind,
        typer.Argument(metavar="cells|stacks", help="What to list.", show_default=False),
    ] = "cells",
    inventory_file: InventoryFile = DEFAULT_INVENTORY,
    cell: Cells = None,
    mesh: Meshes = None,
    organization: Organizations = None,
    ring: Rings = None,
    layer: OfLayers = None,
    sandbox: Sandbox = False,
    registry: RegistryPlace = None,
    offline: Offline = False,
    form: Form = "text",
) -> None:
    """List cells, or their stacks, and what is applied.

    What is applied, the outputs registry tells; without credentials the rest is shown.
    """
    declared = read_declared(inventory_file)
    names = choose_cells(declared.inventory, wanted_of(cell, mesh, organization, ring))
    stacks = stacks_of(declared, names, layer or (), shared=True)
    request = request_of(inventory_file, mode_of(sandbox), registry=registry)
    asked = {i for stack in stacks for i in (stack.id, *stack.waits_for)}
    known = NOT_ASKED if offline else ask_registry(declared.inventory.state, request, asked)
    style, data, text = style_of(sys.stdout), [], ""
    if kind == "stacks":
        rows = tuple(stack_rows(stacks, known))
        data, text = listing.stacks_json(rows), listing.render_stacks(rows, style)
    else:
        cells = list_cells(declared, names, known)
        data, text = listing.cells_json(cells), listing.render_cells(cells, style)
    show({kind: data, "not_known": known.why_not or None}, text, [], form)
    if known.why_not and not offline and form == "text":
        warn(f"what is applied is not known: {known.why_not}")


def show_(
    cell: Annotated[
        str,
        typer.Argument(
            metavar="CELL", autocompletion=complete_cells, help="The cell.", show_default=False
        ),
    ],
    inventory_file: InventoryFile = DEFAULT_INVENTORY,
    sandbox: Sandbox = False,
    registry: RegistryPlace = None,
    offline: Offline = False,
    form: Form = "text",
) -> None:
    """Show all that is known of a cell.

    Its account and roles, addresses, nodes, peers, buckets, the ways in, and where each of its
    stacks stands. What no record tells is said to be not known.
    """
    design = read_design(inventory_file)
    choose_cells(design.inventory, Wanted(cells=(cell,)))
    request = request_of(inventory_file, mode_of(sandbox), registry=registry)
    stacks = find_stacks(design, cell)
    state = design.inventory.state
    known = NOT_ASKED if offline else ask_registry(state, request, stacks.wanted)
    shown = describe_cell(design, cell, stacks, known)
    data = {"cell": described.to_json(shown)}
    show(data, described.render_shown(shown, style_of(sys.stdout)), [], form)


def wanted_of(
    cells: list[str] | None,
    meshes: list[str] | None,
    organizations: list[str] | None,
    rings: list[str] | None,
) -> Wanted:
    """Put together what the options name."""
    return Wanted(
        cells=tuple(cells or ()),
        meshes=tuple(meshes or ()),
        organizations=tuple(organizations or ()),
        rings=tuple(rings or ()),
    )
