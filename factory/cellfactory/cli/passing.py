"""`terraform`: Terraform itself for one stack, with all that a run gives it."""

from __future__ import annotations

import functools
from dataclasses import replace
from typing import Annotated

import typer

from cellfactory.cli.completion import (
    complete_cells,
    complete_hubs,
    complete_layers,
    complete_meshes,
    complete_organizations,
)
from cellfactory.cli.help import STACK
from cellfactory.cli.options import DEFAULT_INVENTORY, InventoryFile
from cellfactory.cli.output import Told
from cellfactory.cli.screen import warn
from cellfactory.cli.stacks import (
    LockTimeout,
    OutputFolder,
    RegistryPlace,
    Sandbox,
    mode_of,
    request_of,
    seconds_of,
)
from cellfactory.cli.watching import Terminal
from cellfactory.errors import TerraformError, UsageError
from cellfactory.layers import LAYERS
from cellfactory.runs.passing import run_terraform_itself
from cellfactory.terraform.results import Result
from cellfactory.terraform.selection import Selection
from cellfactory.views.results import render_errors

CHANGES = 10  # the exit code of changes found, when asked
_which = functools.partial(typer.Option, rich_help_panel=STACK)
OneCell = Annotated[
    str | None,
    _which("--cell", metavar="CELL", autocompletion=complete_cells, help="Cell that owns it."),
]
OneMesh = Annotated[
    str | None,
    _which("--mesh", metavar="MESH", autocompletion=complete_meshes, help="Mesh that owns it."),
]
OneOrganization = Annotated[
    str | None,
    _which(
        "--organization",
        metavar="NAME",
        autocompletion=complete_organizations,
        help="Organization that owns it.",
    ),
]
OneHub = Annotated[
    str | None,
    _which("--hub", metavar="HUB", autocompletion=complete_hubs, help="Hub that it accepts for."),
]
OneLayer = Annotated[
    str | None,
    _which(
        "--layer",
        metavar="LAYER",
        autocompletion=complete_layers,
        help=f"Layer: {', '.join(LAYERS)}.",
    ),
]


def terraform(
    words: Annotated[
        list[str] | None,
        typer.Argument(metavar="-- ARGS", help="Arguments for Terraform, such as: state list"),
    ] = None,
    inventory_file: InventoryFile = DEFAULT_INVENTORY,
    output: OutputFolder = None,
    sandbox: Sandbox = False,
    cell: OneCell = None,
    mesh: OneMesh = None,
    organization: OneOrganization = None,
    hub: OneHub = None,
    layer: OneLayer = None,
    registry: RegistryPlace = None,
    lock_timeout: LockTimeout = None,
) -> None:
    """Run Terraform in one stack, as it was last applied.

    For what cellfactory has no command for: state list, untaint, import, force-unlock. Terraform
    gets the folder, inputs, credentials and lock of a run; our checks are skipped, so apply and
    destroy are refused.
    """
    owners = [("cell", cell), ("mesh", mesh), ("organization", organization), ("hub", hub)]
    named = [(kind, name) for kind, name in owners if name is not None]
    if len(named) != 1 or layer is None:
        msg = "name one stack: --cell, --mesh, --organization or --hub, and --layer"
        raise UsageError(msg)
    request = replace(
        request_of(inventory_file, mode_of(sandbox), output=output, registry=registry),
        selection=Selection(
            cells=(cell,) if cell else (),
            meshes=(mesh,) if mesh else (),
            organizations=(organization,) if organization else (),
            hubs=(hub,) if hub else (),
            layers=(layer,),
        ),
        patience_seconds=seconds_of(lock_timeout),
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
