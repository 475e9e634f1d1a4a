"""`lock`: give new cells their addresses, and keep everybody else's."""

from __future__ import annotations

from typing import Annotated

import typer

from factory.cli.options import DEFAULT_INVENTORY, InventoryFile, Locked
from factory.cli.output import Form, show
from factory.runs.reading import lock_file_of, read_design
from factory.runs.write import write_lock
from factory.views.lock import describe_change


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
    form: Form = "text",
) -> None:
    """Give new cells their addresses in cells.lock.yaml.

    Nobody else's ever change.
    """
    design = read_design(inventory_file, locked=locked, released=released or ())
    wanted = design.lock
    lines = describe_change(design.before, wanted)
    lock_file = lock_file_of(inventory_file)
    changed = write_lock(design, lock_file)
    data = {"file": str(lock_file), "written": changed, "changes": lines}
    show(data, "\n".join(lines), (), form)
    typer.echo(
        f"{lock_file}: {'written' if changed else 'up to date'}, "
        f"{len(wanted.cells):,} {'cell' if len(wanted.cells) == 1 else 'cells'}, "
        f"{len(wanted.removed):,} removed",
        err=True,
    )
