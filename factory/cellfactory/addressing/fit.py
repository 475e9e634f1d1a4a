"""Whether a cell type can have addresses at all, and whether a cell still fits its blocks."""

from __future__ import annotations

from collections.abc import Iterator

from cellfactory.addressing.blocks import CellAddresses, Purpose
from cellfactory.addressing.mends import Fits, ways_to_fit
from cellfactory.addressing.need import (
    CellNeed,
    need_of,
    nodes_held,
    primary_length,
    reserved_addresses,
    usable_addresses,
    zone_nodes,
)
from cellfactory.addressing.ways import renew
from cellfactory.errors import Finding, KeyPath
from cellfactory.facts.schema import Facts, effective
from cellfactory.inventory.groups import declared_nodes, nodes_per_zone
from cellfactory.inventory.schema import CellType, Inventory


def check_fit(name: str, cell_type: CellType, need: CellNeed, facts: Facts) -> Iterator[Finding]:
    """Yield what no block could hold of a cell type.

    Rules:
        F203: more nodes in a zone than the largest pod subnet or the largest VPC block holds.
        F207: a node ceiling below the nodes that are declared.
    """
    path: KeyPath = ("cell_types", name, "node_ceiling")
    zones, ceiling = len(cell_type.zones), cell_type.node_ceiling
    declared = declared_nodes(cell_type)
    if ceiling is not None and ceiling < declared:
        message = f"node_ceiling is {ceiling:,}, but {declared:,} nodes are declared"
        hint = f"{declared // zones:,} in each of {zones} zones; raise it by {declared - ceiling:,}"
        yield Finding(rule="F207", path=path, message=message, hint=hint)
    if declared >= zones * zone_nodes(cell_type):
        path = ("cell_types", name, "node_groups")
    largest = int(facts.parameter("block-shortest-prefix-length"))
    wanted = f"each zone has {need.nodes:,} nodes, {need.surge:,} of them for surge during updates"
    if need.has_pod_blocks and need.pod_length is None:
        held = nodes_held(largest, need.prefixes_per_node, reserved_addresses(facts))
        yield Finding(
            rule="F203",
            path=path,
            message=f"{wanted}, but its pod subnet holds {held:,} with {need.prefixes_per_node} "
            "prefixes per node",
            hint=f"a zone has one pod subnet, a /{largest} at most: "
            + ", or ".join(ways_to_fit(cell_type, facts, _has_pod_subnet)),
        )
    elif primary_length(need, zones) < largest:
        message = f"{wanted}, and with {zones} zones that is more than a /{largest} holds"
        ways = ", or ".join(ways_to_fit(cell_type, facts, _has_primary(largest)))
        hint = f"the primary block of a VPC is a /{largest} at most: {ways}"
        yield Finding(rule="F203", path=path, message=message, hint=hint)


def _has_pod_subnet(_: CellType, need: CellNeed) -> bool:
    return need.pod_length is not None or not need.has_pod_blocks


def _has_primary(largest: int) -> Fits:
    return lambda cell_type, need: primary_length(need, len(cell_type.zones)) >= largest


def check_grown(
    cell: CellAddresses, cell_type: CellType, need: CellNeed, facts: Facts
) -> Iterator[Finding]:
    """Yield what a cell needs more of than its locked blocks hold; once for each kind of block.

    Rules:
        F204: a cell has outgrown its blocks.
    """
    reported = set()
    for zone in sorted(set(cell_type.zones) & set(cell.zones)):
        for kind, needed, held, unit in _wanted(cell, zone, need, facts):
            if needed > held and kind not in reported:
                reported.add(kind)
                yield Finding(
                    rule="F204",
                    path=("cells", cell.cell, "type"),
                    message=f"cell {cell.cell!r} needs room for {needed:,} {unit} in {zone}, but "
                    f"its {kind} subnet {cell.zones[zone][kind]} holds {held:,}",
                    hint=_ways_back(cell, cell_type, facts),
                )


def _wanted(
    cell: CellAddresses, zone: str, need: CellNeed, facts: Facts
) -> Iterator[tuple[Purpose, int, int, str]]:
    """Yield what a zone needs of each subnet that may become too small, and what that holds."""
    blocks = cell.zones[zone]
    room = {kind: usable_addresses(block, facts) for kind, block in blocks.items()}
    yield "node", need.nodes, room["node"], "addresses"
    yield "endpoint", need.endpoints, room["endpoint"], "addresses"
    if "pod" in blocks:
        kept = reserved_addresses(facts)
        held = nodes_held(blocks["pod"].prefixlen, need.prefixes_per_node, kept)
        yield "pod", need.nodes, held, "nodes"


def _is_held(cell: CellAddresses, cell_type: CellType, need: CellNeed, facts: Facts) -> bool:
    zones = set(cell_type.zones) & set(cell.zones)
    wanted = (row for zone in zones for row in _wanted(cell, zone, need, facts))
    return all(needed <= held for _, needed, held, _ in wanted)


def zone_room(cell: CellAddresses, cell_type: CellType, facts: Facts) -> int:
    """Count the nodes that each zone of a cell may come to have in the blocks that it holds.

    Room for the surge of an update is kept (nodes of a zone; never fewer than it has).
    """
    zones = len(cell_type.zones)

    def holds(nodes: int) -> bool:
        grown = cell_type.model_copy(update={"node_ceiling": zones * nodes})
        return _is_held(cell, cell_type, need_of(grown, facts), facts)

    low = nodes_per_zone(cell_type)
    high = low + 1
    while holds(high):
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if holds(middle) else (low, middle)
    return low


def _ways_back(cell: CellAddresses, cell_type: CellType, facts: Facts) -> str:
    """Name what a cell may still change to fit all its subnets, then how to get larger blocks."""

    def fits(_: CellType, need: CellNeed) -> bool:
        return _is_held(cell, cell_type, need, facts)

    larger = "build a larger cell beside it under another name, then remove this one"
    ways = ways_to_fit(cell_type, facts, fits, otherwise=larger, zones=False)
    return f"blocks never move: {', or '.join(ways)}\n{renew(cell.cell)}"


def check_block_count(inventory: Inventory, cell: CellAddresses, facts: Facts) -> Iterator[Finding]:
    """Yield a finding when a VPC needs more blocks than its account allows.

    Rules:
        F206: a cell needs more blocks than its VPC may have.
    """
    quota = facts.quota("blocks-per-vpc")
    region, raised = inventory.region_of(cell.cell), inventory.quotas_of(cell.cell)
    allowed = int(effective(quota, region, raised))
    if len(cell.blocks) > allowed:
        yield Finding(
            rule="F206",
            path=("cells", cell.cell, "type"),
            message=f"cell {cell.cell!r} needs {len(cell.blocks)} blocks in its VPC, "
            f"{len(cell.pod_blocks)} of them for pods, but may have {allowed}",
            hint=f"have {quota.code} raised, up to {quota.maximum}, and write it under quotas; "
            f"see {quota.source}",
        )
