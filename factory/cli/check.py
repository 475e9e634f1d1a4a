"""`check`: is there anything wrong with the inventory, its addresses or its sizes?"""

from __future__ import annotations

from factory.cli.options import DEFAULT_INVENTORY, InventoryFile, Locked
from factory.cli.output import Form, show
from factory.cli.reading import Checked, check_file


def check(
    inventory_file: InventoryFile = DEFAULT_INVENTORY,
    locked: Locked = False,
    form: Form = "text",
) -> None:
    """Check every cell and mesh: the inventory, its addresses, its sizes. Writes nothing."""
    checked = check_file(inventory_file, locked=locked)
    show({}, summarize(checked), checked.warnings, form)


def summarize(checked: Checked) -> str:
    """Say in one line, to be pasted into a ticket, what was checked."""
    planned = checked.planned
    cells = planned.inventory.cells
    nodes = sum(
        group.nodes_per_zone * len(cell_type.zones)
        for cell_type in (planned.inventory.type_of(name) for name in cells)
        for group in cell_type.node_groups.values()
    )
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
