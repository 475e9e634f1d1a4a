"""`waves`: the order of a rollout, for a person and for a pipeline."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cellfactory.cli.options import DEFAULT_INVENTORY, InventoryFile
from cellfactory.cli.output import Form, show
from cellfactory.cli.stacks import (
    Cells,
    Hubs,
    Layers,
    Meshes,
    Organizations,
    Rings,
    Stacks,
    selection_of,
)
from cellfactory.layers import list_stacks, list_waves
from cellfactory.runs.reading import read_declared
from cellfactory.runs.ring_choice import require_rings
from cellfactory.runs.rings import bake_of
from cellfactory.terraform.selection import select_stacks

if TYPE_CHECKING:
    from cellfactory.facts.schema import Facts
    from cellfactory.inventory.schema import Inventory
    from cellfactory.layers import Stack, StackId


def waves(
    inventory_file: InventoryFile = DEFAULT_INVENTORY,
    cell: Cells = None,
    mesh: Meshes = None,
    organization: Organizations = None,
    hub: Hubs = None,
    layer: Layers = None,
    stack: Stacks = None,
    ring: Rings = None,
    shards: Annotated[
        int,
        typer.Option(metavar="N", min=1, max=256, help="Jobs of each wave at most (github)."),
    ] = 1,
    jobs: Annotated[
        int | None,
        typer.Option(
            metavar="N", min=1, max=256, help="Jobs of all waves at most, in place of --shards."
        ),
    ] = None,
    base: Annotated[
        str | None,
        typer.Option(
            metavar="REV|DIR", help="Only stacks that changed since this Git revision or folder."
        ),
    ] = None,
    wave: Annotated[
        int | None,
        typer.Option(metavar="N", min=0, help="Jobs of this wave only (github)."),
    ] = None,
    form: Form = "text",
) -> None:
    """Show which stacks a rollout comes to, in order.

    Needs no credentials. Ring by ring: what cells need no other cell of their ring for, then the
    edges. --format github writes a matrix for $GITHUB_OUTPUT, whose jobs of one wave do not wait
    for each other.
    """
    from cellfactory.views.waves import (
        MOST_JOBS,
        Waves,
        most_shards,
        render_matrix,
        render_waves,
        to_json,
    )

    inventory, facts, stacks, changed = _read(inventory_file, base)
    wanted = selection_of(cell, layer, mesh, organization, stack, hub)
    require_rings(inventory, ring or ())
    chosen = set(select_stacks([s.id for s in stacks], wanted))
    if changed is not None:
        chosen &= changed
    found = list_waves(inventory, stacks, chosen)
    told = Waves(
        inventory=inventory,
        waves=tuple(one for one in found if not ring or one.ring in ring),
        bake={name: bake_of(inventory, facts, name) for name in inventory.ring_names},
        stacks=stacks,
    )
    if form == "github":
        most = shards if jobs is None else most_shards(told, jobs)
        text = render_matrix(told, most, wave, jobs or MOST_JOBS)
    else:
        text = render_waves(told)
    show(to_json(told), text, (), form)


def _read(
    inventory_file: Path, base: str | None
) -> tuple[Inventory, Facts, tuple[Stack, ...], frozenset[StackId] | None]:
    """Read the inventory, and which stacks have changed where that is asked."""
    if base is None:
        declared = read_declared(inventory_file)
        stacks = list_stacks(declared.inventory, declared.facts)
        return declared.inventory, declared.facts, stacks, None
    from cellfactory.runs.diff import changed_stacks

    design, stacks, changed = changed_stacks(inventory_file, base)
    return design.inventory, design.facts, stacks, changed
