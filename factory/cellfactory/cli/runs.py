"""`runs`: the recent runs beside the outputs registry."""

from __future__ import annotations

from typing import Annotated

import typer

from cellfactory.cli.options import DEFAULT_INVENTORY, InventoryFile
from cellfactory.cli.output import Form, show
from cellfactory.cli.stacks import RegistryPlace, Sandbox, mode_of, request_of
from cellfactory.cli.watching import Terminal
from cellfactory.runs.list_runs import list_runs
from cellfactory.runs.reading import read_state
from cellfactory.views.runs import render_runs, runs_to_json


def runs(
    inventory_file: InventoryFile = DEFAULT_INVENTORY,
    sandbox: Sandbox = False,
    registry: RegistryPlace = None,
    last: Annotated[
        int, typer.Option("--last", metavar="N", min=1, max=100, help="How many to list.")
    ] = 20,
    form: Form = "text",
) -> None:
    """List recent runs: who, how they go, what they hold.

    A run that is dead has no process any more on this machine; a silent one gave no sign of life
    for minutes. Both keep their stacks locked: see `cellfactory unlock`.
    """
    request = request_of(inventory_file, mode_of(sandbox), registry=registry)
    rows = list_runs(read_state(inventory_file), request, Terminal(), last)
    show({"runs": runs_to_json(rows)}, render_runs(rows, request.mode), [], form)
