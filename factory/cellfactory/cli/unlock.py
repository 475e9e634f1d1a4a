"""`unlock`: releases a run that has died, or one of its stacks."""

from __future__ import annotations

from typing import Annotated

import typer

from cellfactory.cli.completion import complete_stacks
from cellfactory.cli.options import DEFAULT_INVENTORY, InventoryFile
from cellfactory.cli.output import Form, show
from cellfactory.cli.stacks import RegistryPlace, Sandbox, mode_of, request_of
from cellfactory.cli.watching import Terminal
from cellfactory.errors import UsageError
from cellfactory.runs.reading import read_state
from cellfactory.runs.unlock import unlock as release
from cellfactory.views.runs import released_to_json, render_released


def unlock(
    name: Annotated[
        str,
        typer.Argument(
            metavar="RUN|STACK",
            autocompletion=complete_stacks,
            help="Run to release with all its stacks, or one stack, such as moka-use1-a-network.",
        ),
    ],
    inventory_file: InventoryFile = DEFAULT_INVENTORY,
    sandbox: Sandbox = False,
    registry: RegistryPlace = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Release it although its run may be alive.")
    ] = False,
    reason: Annotated[
        str | None, typer.Option("--reason", metavar="TEXT", help="Why; --force needs one.")
    ] = None,
    form: Form = "text",
) -> None:
    """Release what a dead run left locked.

    That is its own locks, and Terraform's locks of the same states. Refuses while the run is
    alive, or has given a sign of life in the last minutes.
    """
    if force and not (reason or "").strip():
        msg = "--force needs --reason TEXT: it stays with the run"
        raise UsageError(msg)
    request = request_of(inventory_file, mode_of(sandbox), registry=registry)
    with Terminal(yes=yes) as watcher:
        state = read_state(inventory_file)
        released = release(state, request, watcher, name, force=reason if force else None)
    show({"released": released_to_json(released)}, render_released(released), [], form)
