"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cellfactory.cli.screen import say
from cellfactory.errors import UsageError
from cellfactory.runs.places import INVENTORY, STANDARD_INPUT, find_inventory

DEFAULT_INVENTORY = INVENTORY


def _found(ctx: typer.Context, param: typer.CallbackParam, value: Path) -> Path:
    """Take the inventory that is named, or look for one upward."""
    source = ctx.get_parameter_source(str(param.name))
    if ctx.resilient_parsing or source is None or source.name != "DEFAULT":
        return value
    found = find_inventory()
    if found is None:
        msg = (
            f"there is no {INVENTORY} in this folder, nor above it in the repository\n"
            "    name one with --inventory FILE, or its folder with cellfactory --chdir DIR"
        )
        raise UsageError(msg)
    if found != value:
        say(f"using {found}")
    return found


def _found_if_any(ctx: typer.Context, param: typer.CallbackParam, value: Path) -> Path:
    """Take the inventory that is named, or look for one; where a folder is judged, none will do."""
    source = ctx.get_parameter_source(str(param.name))
    is_default = source is not None and source.name == "DEFAULT"
    if ctx.params.get("output") is not None and is_default:
        return find_inventory() or value
    return _found_file(ctx, param, value)


def _found_file(ctx: typer.Context, param: typer.CallbackParam, value: Path) -> Path:
    """Refuse standard input: this command writes beside the inventory, or asks a person."""
    if value == STANDARD_INPUT:
        msg = f"{ctx.command.name}: --inventory must be a file, since files are kept beside it"
        raise UsageError(msg)
    return _found(ctx, param, value)


InventoryFile = Annotated[
    Path,
    typer.Option(
        "--inventory",
        "-i",
        metavar="FILE",
        dir_okay=False,
        callback=_found_file,
        show_default=False,
        help="Inventory [default: cells.yaml, searched upward]",
    ),
]
InventoryIfAny = Annotated[
    Path,
    typer.Option(
        "--inventory",
        "-i",
        metavar="FILE",
        dir_okay=False,
        callback=_found_if_any,
        show_default=False,
        help="Inventory [default: cells.yaml, searched upward]",
    ),
]
InventoryText = Annotated[
    Path,
    typer.Option(
        "--inventory",
        "-i",
        metavar="FILE",
        dir_okay=False,
        callback=_found,
        show_default=False,
        help="Inventory; - is standard input [default: cells.yaml, searched upward]",
    ),
]
Locked = Annotated[
    bool,
    typer.Option("--locked", help="Fail if cells.lock.yaml is not up to date."),
]
