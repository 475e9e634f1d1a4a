"""Blocks of a cell as if it were alone: only their sizes matter, so that all begin alike."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network

from cellfactory.addressing.blocks import CellAddresses, ZoneBlocks
from cellfactory.addressing.need import (
    CellNeed,
    pod_block_lengths,
    primary_length,
)
from cellfactory.facts.schema import Facts
from cellfactory.inventory.schema import CellType

PRIMARY = int(IPv4Address("10.0.0.0"))
PODS = int(IPv4Address("100.64.0.0"))


def addresses_alone(cell: str, cell_type: CellType, need: CellNeed, facts: Facts) -> CellAddresses:
    """Lay out subnets of the needed sizes, as the planner would cut them."""
    largest = int(facts.parameter("block-shortest-prefix-length"))
    length = need.pod_length or largest
    cut = {kind: IPv4Network((PRIMARY, size)) for kind, size in need.lengths.items()}
    blocks: ZoneBlocks = cut
    lengths: tuple[int, ...] = ()
    if need.has_pod_blocks:
        blocks = {**cut, "pod": IPv4Network((PODS, length))}
        lengths = pod_block_lengths(len(cell_type.zones), length, facts)
    primary = max(largest, primary_length(need, len(cell_type.zones)))
    return CellAddresses(
        cell=cell,
        primary=IPv4Network((PRIMARY, primary)),
        pod_blocks=tuple(IPv4Network((PODS, block)) for block in lengths),
        zones=dict.fromkeys(cell_type.zones, blocks),
    )
