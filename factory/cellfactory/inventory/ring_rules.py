"""Rings that order nothing."""

from __future__ import annotations

from collections.abc import Iterator

from cellfactory.errors import Finding
from cellfactory.inventory.schema import Inventory
from cellfactory.inventory.unreadable import as_far_as_readable, lacks, readable


def check_rings(inventory: Inventory) -> Iterator[Finding]:
    """Yield what is said of rings to no effect; those that nobody wrote are passed over.

    Rules:
        F163: a ring has no cells (a warning).
        F164: a ring bakes, and none with cells follows it (a warning).
    """
    if "rings" in inventory.model_fields_set:
        yield from _check_cells(inventory)


@as_far_as_readable
def _check_cells(inventory: Inventory) -> Iterator[Finding]:
    names = list(readable(inventory.ring_names))
    used = {cell.ring for cell in inventory.cells.values()}
    if any(lacks(inventory.rings, name) for name in used):
        return  # it may be the one that was meant
    is_mapping = isinstance(inventory.rings, dict)
    last = max(place for place, name in names if name in used)
    for place, name in names:
        path = ("rings", name if is_mapping else place)
        if name not in used:
            message = f"no cell is in ring {name!r}"
            yield Finding(rule="F163", path=path, message=message, severity="warning")
        elif place >= last and inventory.ring(name).bake is not None:
            message = f"ring {name!r} is the last one with cells: nothing waits until it has baked"
            yield Finding(rule="F164", path=(*path, "bake"), message=message, severity="warning")
