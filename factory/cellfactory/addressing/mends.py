"""What makes a cell type fit where it does not; each way was tried before it is named."""

from __future__ import annotations

from collections.abc import Callable

from cellfactory.addressing.need import CellNeed, need_of
from cellfactory.facts.schema import Facts
from cellfactory.inventory.groups import declared_nodes
from cellfactory.inventory.node_config import prefixes_per_node
from cellfactory.inventory.schema import CellType
from cellfactory.inventory.values import most_items
from cellfactory.words import counted

Fits = Callable[[CellType, CellNeed], bool]
"""Whether a cell type fits, given what it needs."""

TWO_CELLS = "divide its nodes over two cells"
MOST_ZONES = most_items(CellType, "zones")


def ways_to_fit(
    cell_type: CellType,
    facts: Facts,
    fits: Fits,
    *,
    otherwise: str = TWO_CELLS,
    zones: bool = True,
) -> list[str]:
    """List the edits of a cell type after which it fits, the smallest of each kind.

    Args:
        cell_type: that does not fit.
        facts: sizes of AWS.
        fits: tells what does.
        otherwise: what helps in any case; always the last.
        zones: whether the cell may still have other zones.
    """

    def helps(changed: CellType) -> bool:
        return fits(changed, need_of(changed, facts))

    kinds = [
        *([_over_zones(cell_type)] if zones else []),
        _lower_unavailable(cell_type),
        _lower_ceiling(cell_type),
        _fewer_prefixes(cell_type, facts),
        _fewer_endpoints(cell_type),
        _fewer_nodes(cell_type),
    ]
    found = [words for edits, most in kinds if (words := _smallest(edits, most, helps))]
    return [*found, otherwise]


Edit = Callable[[int], tuple[str, CellType]]
"""Makes an edit of a size, 1 or more: how it reads, and the cell type after it."""


def _smallest(edit: Edit, most: int, helps: Callable[[CellType], bool]) -> str:
    """Find the smallest edit that helps, and say it; empty where none does."""
    if most < 1 or not helps(edit(most)[1]):
        return ""
    low, high = 0, most
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if helps(edit(middle)[1]) else (middle, high)
    return edit(high)[0]


def _over_zones(cell_type: CellType) -> tuple[Edit, int]:
    """Spread the same nodes over more zones, which may have any name here."""
    now = len(cell_type.zones)

    def edit(more: int) -> tuple[str, CellType]:
        zones = [*cell_type.zones, *(f"more-az{n}" for n in range(more))]
        groups = {
            name: group.model_copy(
                update={"nodes_per_zone": -(-group.nodes_per_zone * now // len(zones))}
            )
            for name, group in cell_type.node_groups.items()
        }
        changed = cell_type.model_copy(update={"zones": zones, "node_groups": groups})
        return f"spread the nodes over {len(zones)} zones", changed

    return edit, MOST_ZONES - now


def _lower_unavailable(cell_type: CellType) -> tuple[Edit, int]:
    highest = max(group.max_unavailable for group in cell_type.node_groups.values())

    def edit(less: int) -> tuple[str, CellType]:
        number = highest - less
        groups = {
            name: group.model_copy(update={"max_unavailable": min(group.max_unavailable, number)})
            for name, group in cell_type.node_groups.items()
        }
        changed = cell_type.model_copy(update={"node_groups": groups})
        return f"lower max_unavailable to {number}", changed

    return edit, highest - 1


def _lower_ceiling(cell_type: CellType) -> tuple[Edit, int]:
    ceiling = cell_type.node_ceiling or 0

    def edit(less: int) -> tuple[str, CellType]:
        number = ceiling - less
        changed = cell_type.model_copy(update={"node_ceiling": number})
        return f"lower node_ceiling to {number:,}", changed

    return edit, ceiling - declared_nodes(cell_type)


def _fewer_prefixes(cell_type: CellType, facts: Facts) -> tuple[Edit, int]:
    now = prefixes_per_node(cell_type, facts)

    def edit(less: int) -> tuple[str, CellType]:
        number = now - less
        changed = cell_type.model_copy(update={"prefixes_per_node": number, "max_pods": None})
        return f"lower prefixes_per_node to {number}, and max_pods with it", changed

    return edit, now - 1


def _fewer_endpoints(cell_type: CellType) -> tuple[Edit, int]:
    known = cell_type.endpoints

    def edit(less: int) -> tuple[str, CellType]:
        changed = cell_type.model_copy(update={"endpoints": known[: len(known) - less]})
        return f"remove {less:,} of its endpoints", changed

    return edit, len(known)


def _fewer_nodes(cell_type: CellType) -> tuple[Edit, int]:
    """Take nodes out of the largest group; where a ceiling keeps the room, that alone is no way."""
    groups = cell_type.node_groups
    largest = max(groups, key=lambda name: groups[name].nodes_per_zone)
    now = groups[largest].nodes_per_zone

    def edit(less: int) -> tuple[str, CellType]:
        fewer = groups[largest].model_copy(update={"nodes_per_zone": now - less})
        changed = cell_type.model_copy(update={"node_groups": {**groups, largest: fewer}})
        return f"remove {counted(less, 'node')} of {largest} in each zone", changed

    return edit, now - 1
