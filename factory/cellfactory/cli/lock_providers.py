"""`lock-providers`: which build of each provider runs, in a file that is reviewed."""

from __future__ import annotations

from typing import Annotated

import typer

from cellfactory.cli.options import DEFAULT_INVENTORY, InventoryFile
from cellfactory.cli.output import Form, show
from cellfactory.runs.places import provider_lock_of
from cellfactory.runs.providers import lock_providers as write_provider_lock
from cellfactory.runs.reading import read_declared
from cellfactory.words import counted


def lock_providers(
    inventory_file: InventoryFile = DEFAULT_INVENTORY,
    upgrade: Annotated[
        bool, typer.Option("--upgrade", help="Move to the newest allowed versions.")
    ] = False,
    form: Form = "text",
) -> None:
    """Pin providers by hash in cells.providers.lock.hcl.

    Locked versions stay unless --upgrade is given. Review the change and commit it.
    """
    file = provider_lock_of(inventory_file)
    made = write_provider_lock(read_declared(inventory_file), file, upgrade=upgrade)
    data = {"file": str(file), "written": made.written, "changes": list(made.changes)}
    show(data, "\n".join(made.changes), (), form)
    for address in made.lacking:
        typer.echo(f"{address} is not locked: the plugin mirror does not hold it", err=True)
    typer.echo(
        f"{file}: {'written' if made.written else 'up to date'}, "
        f"{counted(len(made.lock), 'provider')}",
        err=True,
    )
