"""Instance types against the zones that offer them."""

from __future__ import annotations

from collections.abc import Iterator

from cellfactory.errors import Finding, KeyPath
from cellfactory.facts.schema import Facts
from cellfactory.inventory.schema import CellType, Inventory
from cellfactory.inventory.unreadable import as_far_as_readable, peek, readable


def check_offerings(inventory: Inventory, facts: Facts) -> Iterator[Finding]:
    """Yield node groups in zones that do not offer their instance type.

    A zone that nobody asked yields nothing.

    Rules:
        F139: an instance type is not offered in a zone.
    """
    yield from _check_cell_types(inventory, facts)


@as_far_as_readable
def _check_cell_types(inventory: Inventory, facts: Facts) -> Iterator[Finding]:
    for name, cell_type in inventory.cell_types.items():
        for group in peek(cell_type, "node_groups") or ():
            path: KeyPath = ("cell_types", name, "node_groups", group, "instance_type")
            yield from _check_group(cell_type, group, facts, path)


@as_far_as_readable
def _check_group(cell_type: CellType, group: str, facts: Facts, path: KeyPath) -> Iterator[Finding]:
    kind = cell_type.node_groups[group].instance_type
    zones = [zone for _, zone in readable(cell_type.zones) if facts.offerings.lacks(kind, zone)]
    lacking = [zone for zone in zones if zone in _asked(facts)]
    if lacking:
        as_of = facts.offerings.checked
        beside = facts.offerings.beside(kind, lacking[0])
        yield Finding(
            rule="F139",
            path=path,
            message=f"{kind} is not offered in {', '.join(lacking)}, as of {as_of}",
            hint=f"its Region offers it in {', '.join(beside)}"
            if beside
            else "its Region does not offer it: use another type",
        )


def _asked(facts: Facts) -> set[str]:
    """List the zones of all Regions that were asked; each Region has to be read for it."""
    return {z for r in facts.regions.values() if r.confirmed for z in r.zone_ids}
