"""`lock`: give new cells their addresses, and keep everybody else's."""

from __future__ import annotations

from typing import Annotated

import typer

from factory.addressing.lock import Lock, render_lock
from factory.cli.options import DEFAULT_INVENTORY, InventoryFile, Locked
from factory.cli.output import Form, show
from factory.cli.reading import plan_file
from factory.files import write_whole


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
    """Give new cells their addresses in cells.lock.yaml; nobody else's ever change."""
    planned = plan_file(inventory_file, locked=locked, released=released or ())
    wanted = planned.lock
    lines = describe_change(planned.before, wanted)
    changed = write_whole(planned.lock_file, render_lock(wanted))
    data = {"file": str(planned.lock_file), "written": changed, "changes": lines}
    show(data, "\n".join(lines), (), form)
    typer.echo(
        f"{planned.lock_file}: {'written' if changed else 'up to date'}, "
        f"{len(wanted.cells):,} {'cell' if len(wanted.cells) == 1 else 'cells'}, "
        f"{len(wanted.removed):,} removed",
        err=True,
    )


def describe_change(before: Lock, after: Lock) -> list[str]:
    """Say for each cell that is new, came back, left or was released what became of its blocks."""
    lines = []
    for name in sorted({*before.cells, *before.removed, *after.cells, *after.removed}):
        was = name in before.cells, name in before.removed
        now = name in after.cells, name in after.removed
        if was == now and before.cells.get(name) == after.cells.get(name):
            continue
        kept = after.cells.get(name) or after.removed.get(name)
        blocks = " ".join(map(str, kept.blocks)) if kept else ""
        if now[0]:
            verb = "back  " if was[1] else "kept  " if was[0] else "new   "
        else:
            verb = "left  " if now[1] else "freed "
        lines.append(f"{verb} {name}  {blocks}".rstrip())
    return lines
