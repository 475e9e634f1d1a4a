"""`migrate`: where meshes stand between peerings and a transit gateway, and the next step."""

from __future__ import annotations

import difflib
import sys
from typing import Annotated

import typer

from cellfactory.cli.completion import complete_cells, complete_meshes
from cellfactory.cli.options import DEFAULT_INVENTORY, InventoryFile
from cellfactory.cli.output import Form, show
from cellfactory.cli.screen import style_of
from cellfactory.cli.stacks import RegistryPlace, Sandbox, mode_of, request_of
from cellfactory.errors import UsageError
from cellfactory.runs.migration import choose_meshes, stand_of, wanted_records, write_step
from cellfactory.runs.reading import read_design
from cellfactory.runs.standing import ask_registry
from cellfactory.views.migration import render_stands, stands_json

AFTER = """\
then: cellfactory lock && cellfactory synth && cellfactory diff
      commit it; once it is applied everywhere: cellfactory migrate --status"""


def migrate(
    inventory_file: InventoryFile = DEFAULT_INVENTORY,
    status: Annotated[
        bool, typer.Option("--status", help="Show where every mesh and cell stands (default).")
    ] = False,
    next_: Annotated[
        bool, typer.Option("--next", help="Write the next step of a mesh into the inventory.")
    ] = False,
    back: Annotated[
        bool, typer.Option("--back", help="With --next: the step back towards peerings.")
    ] = False,
    mesh: Annotated[
        list[str] | None,
        typer.Option(
            metavar="MESH",
            autocompletion=complete_meshes,
            help="Only this mesh; may be repeated without --next.",
        ),
    ] = None,
    canary: Annotated[
        list[str] | None,
        typer.Option(
            metavar="CELL",
            autocompletion=complete_cells,
            help="With --next: cell that goes first [default: those of the mesh's first ring]; "
            "may be repeated.",
        ),
    ] = None,
    sandbox: Sandbox = False,
    registry: RegistryPlace = None,
    form: Form = "text",
) -> None:
    """Move a mesh between VPC peerings and a transit gateway.

    One edit of `cells.yaml` is one step, there or back: a step adds what nothing leads over yet,
    moves routes in place, or removes what nothing leads over any more. The outputs registry tells
    what is applied; a step is written once the one before is applied everywhere.
    """
    if status and next_:
        msg = "--status and --next exclude each other"
        raise UsageError(msg)
    if (back or canary) and not next_:
        msg = f"--{'back' if back else 'canary'} goes with --next"
        raise UsageError(msg)
    design = read_design(inventory_file)
    chosen = choose_meshes(design.inventory, mesh or ())
    if next_ and len(chosen) != 1:
        msg = f"--next takes one mesh: --mesh {' or --mesh '.join(chosen)}"
        raise UsageError(msg)
    request = request_of(inventory_file, mode_of(sandbox), registry=registry)
    known = ask_registry(design.inventory.state, request, wanted_records(design.inventory, chosen))
    stands = [stand_of(design, name, known) for name in chosen]
    if not next_:
        text = render_stands(stands, style_of(sys.stdout))
        show({"meshes": stands_json(stands)}, text, [], form)
        return
    (stand,) = stands
    before, after = write_step(inventory_file, design, stand, forth=not back, canary=canary or ())
    changed = "\n".join(_changed(before, after, inventory_file.name))
    ahead = next(one for one in stand.ahead if one.forth != back)
    data = {"mesh": stand.mesh, "from": stand.step, "to": ahead.step}
    show(data, f"{changed}\n{'; '.join(ahead.does)}\n{AFTER}", [], form)


def _changed(before: str, after: str, name: str) -> list[str]:
    """The edit as `git diff` would show it."""
    lines = difflib.unified_diff(
        before.splitlines(), after.splitlines(), f"a/{name}", f"b/{name}", n=2, lineterm=""
    )
    return list(lines)
