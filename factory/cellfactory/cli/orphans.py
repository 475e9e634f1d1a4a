"""`orphans`: what killed runs have left in AWS, and no state knows."""

from __future__ import annotations

from typing import Annotated

import typer

from cellfactory.cli.options import DEFAULT_INVENTORY, InventoryFile
from cellfactory.cli.output import Form, Told, show
from cellfactory.cli.terraform import RegistryPlace, Sandbox, mode_of, request_of
from cellfactory.cli.watching import Terminal
from cellfactory.errors import Problem, TerraformError
from cellfactory.runs.orphans import find_orphans
from cellfactory.runs.reading import read_declared
from cellfactory.views.orphans import render_orphans, to_json


def orphans(
    inventory_file: InventoryFile = DEFAULT_INVENTORY,
    sandbox: Sandbox = False,
    registry: RegistryPlace = None,
    form: Form = "text",
    exit_code: Annotated[
        bool, typer.Option("--exit-code", help="Exit 10 when there is an orphan.")
    ] = False,
) -> None:
    """List resources that exist in AWS and in no state.

    Finds them by the tag of their stack, with the same roles as apply, and changes nothing. A run
    that was killed may leave some. Exits with 6 if an account could not be asked.
    """
    request = request_of(inventory_file, mode_of(sandbox), registry=registry)
    search = find_orphans(read_declared(inventory_file), request, Terminal())
    problems = [Problem(None, finding) for finding in search.unasked]
    data = {"orphans": to_json(search.orphans), "asked": search.asked}
    show(data, render_orphans(search.orphans, search.asked), problems, form)
    if search.unasked:
        raise Told(TerraformError.exit_code)
    if exit_code and search.orphans:
        raise typer.Exit(10)
