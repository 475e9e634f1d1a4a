"""Instance types against the zones that offer them."""

from __future__ import annotations

from collections.abc import Iterator

from factory.errors import Finding, KeyPath
from factory.facts.offerings import Offerings, load_offerings
from factory.inventory.schema import CellType, Inventory
from factory.inventory.unreadable import as_far_as_readable, peek, readable


def check_offerings(inventory: Inventory) -> Iterator[Finding]:
    """Yield node groups in zones that do not offer their instance type.

    A zone that nobody asked yields nothing.

    Rules:
        F139: an instance type is not offered in a zone.
    """
    yield from _check_cell_types(inventory)


@as_far_as_readable
def _check_cell_types(inventory: Inventory) -> Iterator[Finding]:
    for name, cell_type in inventory.cell_types.items():
        for group in peek(cell_type, "node_groups") or ():
            path: KeyPath = ("cell_types", name, "node_groups", group, "instance_type")
            yield from _check_group(cell_type, group, load_offerings(), path)


@as_far_as_readable
def _check_group(
    cell_type: CellType, group: str, offerings: Offerings, path: KeyPath
) -> Iterator[Finding]:
    kind = cell_type.node_groups[group].instance_type
    zones = [zone for _, zone in readable(cell_type.zones)]
    lacking = [zone for zone in zones if offerings.lacks(kind, zone)]
    if lacking:
        beside = offerings.beside(kind, lacking[0])
        yield Finding(
            rule="F139",
            path=path,
            message=f"{kind} is not offered in {', '.join(lacking)}, as of {offerings.checked}",
            hint=f"its Region offers it in {', '.join(beside)}"
            if beside
            else "its Region does not offer it at all: take another type",
        )
