"""How many more cells of a kind find room, taken one after the other as the planner takes them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from ipaddress import IPv4Network

from cellfactory.addressing.lock import Lock
from cellfactory.addressing.need import need_of, pod_block_lengths, primary_length
from cellfactory.addressing.pools import Pools
from cellfactory.addressing.space import Space
from cellfactory.facts.schema import Facts
from cellfactory.inventory.schema import Inventory

Room = Mapping[str, int | None]
"""Cells that find room, by bound; None where there are as many as anybody asks for."""

MOST = 1000  # cells beyond which nobody asks


def room_for_more(inventory: Inventory, lock: Lock, cell: str, facts: Facts) -> Room:
    """Count the cells of a cell's type and mesh that could be added, as the planner adds them.

    Args:
        inventory: every cell there is.
        lock: what a plan of it remembers.
        cell: the cell that the others are like.
        facts: sizes of AWS.
    """
    cell_type = inventory.type_of(cell)
    need, zones = need_of(cell_type, facts), len(cell_type.zones)
    pools = Pools(inventory, lock)
    primaries = pools.count_primaries(primary_length(need, zones))
    if not need.has_pod_blocks:
        return {"node-pool": primaries, "pod-pool": None}
    if need.pod_length is None:
        return {"node-pool": 0, "pod-pool": 0}
    lengths = pod_block_lengths(zones, need.pod_length, facts)
    pods = next((n for n in range(MOST + 1) if pools.take_pods(cell, lengths) is None), None)
    return {"node-pool": primaries, "pod-pool": pods}


def room_in(blocks: Iterable[IPv4Network], lengths: Sequence[int]) -> int | None:
    """Count the cells that find their blocks in others, nobody else being there."""
    space = Space(blocks)
    return next((n for n in range(MOST + 1) if space.take_all(lengths) is None), None)
