"""`lock`: give new cells their addresses, and keep everybody else's."""

from __future__ import annotations

from typing import Annotated

import typer

from cellfactory.cli.completion import complete_cells
from cellfactory.cli.options import DEFAULT_INVENTORY, InventoryFile, Locked
from cellfactory.cli.output import Form, show
from cellfactory.cli.screen import say, warn
from cellfactory.cli.stacks import RegistryPlace
from cellfactory.design import Asked
from cellfactory.runs.places import lock_file_of
from cellfactory.runs.reading import read_design
from cellfactory.runs.recorded import read_accounts
from cellfactory.runs.released import require_gone
from cellfactory.runs.write import write_lock
from cellfactory.views.lock import describe_change, describe_room
from cellfactory.words import counted

BEGUN = (
    "{0}: created; commit it\n    if cells exist already, restore the old one from version "
    "control instead"
)
UNCHECKED = (
    "not checked whether a state of {0} still exists; to check: --registry s3://BUCKET/PREFIX"
)


def lock(
    inventory_file: InventoryFile = DEFAULT_INVENTORY,
    locked: Locked = False,
    released: Annotated[
        list[str] | None,
        typer.Option(
            "--release",
            metavar="CELL",
            autocompletion=complete_cells,
            help="Free the blocks of a cell removed from the inventory; may be repeated.",
        ),
    ] = None,
    renewed: Annotated[
        list[str] | None,
        typer.Option(
            "--renew",
            metavar="CELL",
            autocompletion=complete_cells,
            help="Plan the blocks of a cell that was never applied again; may be repeated.",
        ),
    ] = None,
    accepted: Annotated[
        list[str] | None,
        typer.Option(
            "--accept",
            metavar="CELL",
            autocompletion=complete_cells,
            help="Accept what was changed by hand in AWS: organization, email, member role, state "
            "location, account id of a created account; `all` means every cell.",
        ),
    ] = None,
    learned: Annotated[
        str | None,
        typer.Option(
            "--learn",
            metavar="REGISTRY",
            help="Record ids of created accounts from this outputs registry.",
        ),
    ] = None,
    registry: RegistryPlace = None,
    form: Form = "text",
) -> None:
    """Assign addresses to new cells in cells.lock.yaml.

    The addresses of other cells never change.
    """
    is_checked = not released or require_gone(inventory_file, released, registry or learned)
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
    if design.texts.lock is None:
        warn(BEGUN.format(lock_file))
    data = {"file": str(lock_file), "written": changed, "changes": lines}
    renamed = [p for p in design.problems if p.finding.rule == "F225"]  # nobody is told later
    show(data, "\n".join(lines), renamed, form)
    say(
        f"{lock_file}: {'written' if changed else 'up to date'}, "
        f"{counted(len(wanted.cells), 'cell')}, "
        f"{len(wanted.removed):,} removed"
    )
    if not is_checked:
        warn(UNCHECKED.format(", ".join(released or ())))
