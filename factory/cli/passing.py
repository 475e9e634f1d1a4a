"""`terraform`: Terraform itself for one stack, with all that a run gives it."""

from __future__ import annotations

from typing import Annotated

import typer

from factory.cli.options import DEFAULT_INVENTORY, InventoryFile
from factory.cli.output import Told
from factory.cli.screen import warn
from factory.cli.terraform import OutputFolder, RegistryPlace, Sandbox
from factory.cli.watching import Terminal
from factory.errors import TerraformError, UsageError
from factory.runs.passing import run_terraform_itself
from factory.runs.places import home_of, output_of, provider_lock_of
from factory.runs.request import Request
from factory.terraform.results import Result
from factory.terraform.selection import Selection
from factory.views.results import render_errors

CHANGES = 10  # the exit code of changes found, when asked


def terraform(
    words: Annotated[
        list[str] | None,
        typer.Argument(metavar="-- ARGS", help="What Terraform is to do, such as: state list"),
    ] = None,
    inventory_file: InventoryFile = DEFAULT_INVENTORY,
    output: OutputFolder = None,
    sandbox: Sandbox = False,
    cell: Annotated[str | None, typer.Option("--cell", help="The cell that owns it.")] = None,
    mesh: Annotated[str | None, typer.Option("--mesh", help="The mesh that owns it.")] = None,
    organization: Annotated[
        str | None, typer.Option("--organization", help="The organization that owns it.")
    ] = None,
    layer: Annotated[str | None, typer.Option("--layer", help="The layer.")] = None,
    registry: RegistryPlace = None,
) -> None:
    """Run Terraform itself for one stack, as it was last applied.

    For what no command here does, such as: state list, untaint, import, force-unlock. It has
    the folder, the inputs, the credentials and the lock of a run, and no check of ours; apply
    and destroy are not passed through.
    """
    owners = [("cell", cell), ("mesh", mesh), ("organization", organization)]
    named = [(kind, name) for kind, name in owners if name is not None]
    if len(named) != 1 or layer is None:
        msg = "name one stack: --cell, --mesh or --organization, and --layer"
        raise UsageError(msg)
    request = Request(
        mode="sandbox" if sandbox else "aws",
        home=home_of(inventory_file),
        output=output_of(inventory_file, output),
        selection=Selection(
            cells=(cell,) if cell else (),
            meshes=(mesh,) if mesh else (),
            organizations=(organization,) if organization else (),
            layers=(layer,),
        ),
        provider_lock=provider_lock_of(inventory_file),
        registry=registry,
    )
    _end(run_terraform_itself(inventory_file, request, words or (), Terminal()), words or [])


def _end(told: int | Result, words: list[str]) -> None:
    """Turn what Terraform ended with into an exit code of ours; its words were seen already.

    Raises:
        TerraformError: when it did not succeed.
    """
    if isinstance(told, Result):
        warn(render_errors(told))
        msg = f"{told.stack}: terraform init failed"
        raise TerraformError(msg)
    if told == _PLAN_CHANGES and any(word.lstrip("-") == "detailed-exitcode" for word in words):
        raise Told(CHANGES)
    if told != 0:
        msg = f"terraform {words[0]} ended with exit code {told}"
        raise TerraformError(msg)


_PLAN_CHANGES = 2  # of plan -detailed-exitcode
