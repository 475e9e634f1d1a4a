"""A design in one line, to be pasted into a ticket."""

from __future__ import annotations

from cellfactory.design import Design
from cellfactory.inventory.groups import declared_nodes
from cellfactory.sizing.bounds import BOUNDS
from cellfactory.words import counted


def summarize(design: Design, lock_name: str) -> str:
    """Say in one line what was checked, and which bound that nodes fill is fullest.

    Args:
        design: what was checked.
        lock_name: name of the lock file, without its folder.
    """
    cells = design.inventory.cells
    nodes = sum(declared_nodes(design.inventory.type_of(name)) for name in cells)
    parts = [f"{counted(len(cells), 'cell')} fit", f"{nodes:,} nodes"]
    binding = [usage for usage in design.ledger if usage.binding]
    if binding:
        fullest = max(binding, key=lambda usage: usage.share)
        parts.append(
            f"fullest bound {fullest.share:.0%} "
            f"({fullest.scope.owner}: {BOUNDS[fullest.bound].title})"
        )
    if design.problems:
        parts.append(counted(len(design.problems), "warning"))
    if design.texts.lock is None:
        parts.append(f"there is no {lock_name} yet")
    elif not design.is_locked:
        parts.append(f"{lock_name} is out of date")
    return ", ".join(parts)
