"""`check`: is there anything wrong with the inventory, its addresses or its sizes?"""

from __future__ import annotations

import typer

from factory.cli.options import DEFAULT_INVENTORY, InventoryFile, Locked
from factory.cli.output import ProblemFormat, render_problems
from factory.cli.reading import Checked, check_file
from factory.errors import ProblemsError
from factory.inventory.groups import declared_nodes


def check(
    inventory_file: InventoryFile = DEFAULT_INVENTORY,
    locked: Locked = False,
    form: ProblemFormat = "text",
) -> None:
    """Check every cell and mesh: the inventory, its addresses, its sizes. Writes nothing."""
    try:
        checked = check_file(inventory_file, locked=locked)
    except ProblemsError as error:
        if form == "text":
            raise
        typer.echo(render_problems(error.problems, form))
        raise typer.Exit(error.exit_code) from error
    if form == "text":
        for problem in checked.warnings:
            typer.echo(problem, err=True)
        typer.echo(summarize(checked))
    elif checked.warnings or form == "json":
        typer.echo(render_problems(checked.warnings, form))


def summarize(checked: Checked) -> str:
    """Say in one line, to be pasted into a ticket, what was checked."""
    planned = checked.planned
    cells = planned.inventory.cells
    nodes = sum(declared_nodes(planned.inventory.type_of(name)) for name in cells)
    parts = [f"{_counted(len(cells), 'cell')} fit", f"{nodes:,} nodes"]
    fullest = max(
        (u for u in checked.ledger if u.gate == "error"), key=lambda u: u.share, default=None
    )
    if fullest is not None:
        parts.append(f"fullest bound {fullest.share:.0%} ({fullest.scope}, {fullest.bound})")
    if checked.warnings:
        parts.append(_counted(len(checked.warnings), "warning"))
    if not planned.is_locked:
        parts.append(f"{planned.lock_file.name} is out of date")
    return ", ".join(parts)


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
