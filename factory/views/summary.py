"""A design in one line, to be pasted into a ticket."""

from __future__ import annotations

from factory.design import Design
from factory.inventory.groups import declared_nodes
from factory.words import counted


def summarize(design: Design, lock_name: str) -> str:
    """Say in one line what was checked, and how full the fullest bound is.

    Args:
        design: what was checked.
        lock_name: name of the lock file, without its folder.
    """
    cells = design.inventory.cells
    nodes = sum(declared_nodes(design.inventory.type_of(name)) for name in cells)
    parts = [f"{counted(len(cells), 'cell')} fit", f"{nodes:,} nodes"]
    fullest = max(
        (u for u in design.ledger if u.gate == "error"), key=lambda u: u.share, default=None
    )
    if fullest is not None:
        parts.append(f"fullest bound {fullest.share:.0%} ({fullest.scope}, {fullest.bound})")
    if design.problems:
        parts.append(counted(len(design.problems), "warning"))
    if not design.has_lock:
        parts.append(f"there is no {lock_name} yet")
    elif not design.is_locked:
        parts.append(f"{lock_name} is out of date")
    return ", ".join(parts)
