"""`lock`: give new cells their addresses, and keep everybody else's."""

from __future__ import annotations

from typing import Annotated

import typer

from factory.cli.options import DEFAULT_INVENTORY, InventoryFile, Locked
from factory.cli.output import Form, show
from factory.design import Asked
from factory.runs.reading import lock_file_of, read_design
from factory.runs.recorded import read_accounts
from factory.runs.write import write_lock
from factory.views.lock import describe_change, describe_room
from factory.words import counted

BEGUN = (
    "{0}: begun; commit it\n    where cells stand already, bring the old one back from version "
    "control instead"
)


def lock(
    inventory_file: InventoryFile = DEFAULT_INVENTORY,
    locked: Locked = False,
    released: Annotated[
        list[str] | None,
        typer.Option(
            "--release",
            metavar="CELL",
            help="Give back the blocks of a cell that left the inventory; may be repeated.",
        ),
    ] = None,
    renewed: Annotated[
        list[str] | None,
        typer.Option(
            "--renew",
            metavar="CELL",
            help="Give a cell that was never applied its blocks anew; may be repeated.",
        ),
    ] = None,
    accepted: Annotated[
        list[str] | None,
        typer.Option(
            "--accept",
            metavar="CELL",
            help="Take its organization, e-mail address, member role and place of state as "
            "cells.yaml has them, after a change by hand, and the id of an account that was made; "
            "`all` is every cell.",
        ),
    ] = None,
    learned: Annotated[
        str | None,
        typer.Option(
            "--learn",
            metavar="REGISTRY",
            help="Note the ids of accounts that were made, out of this outputs registry.",
        ),
    ] = None,
    form: Form = "text",
) -> None:
    """Give new cells their addresses in cells.lock.yaml.

    Nobody else's ever change.
    """
    asked = Asked(
        released=tuple(released or ()),
        renewed=tuple(renewed or ()),
        accepted=tuple(accepted or ()),
        accounts=read_accounts(inventory_file, learned) if learned else {},
    )
    design = read_design(inventory_file, locked=locked, asked=asked)
    wanted = design.lock
    lines = describe_change(design.before, wanted, describe_room(design))
    lock_file = lock_file_of(inventory_file)
    changed = write_lock(design, lock_file)
    if not design.has_lock:
        typer.echo(BEGUN.format(lock_file), err=True)
    data = {"file": str(lock_file), "written": changed, "changes": lines}
    show(data, "\n".join(lines), (), form)
    typer.echo(
        f"{lock_file}: {'written' if changed else 'up to date'}, "
        f"{counted(len(wanted.cells), 'cell')}, "
        f"{len(wanted.removed):,} removed",
        err=True,
    )
