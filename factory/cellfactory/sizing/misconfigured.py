"""Addresses of a cell's subnets when the CNI does not do what it was told: they run out first."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from cellfactory.addressing.need import pod_reservations
from cellfactory.sizing.entry import CellEntries
from cellfactory.sizing.shape import Pool
from cellfactory.sizing.terms import (
    Attached,
    custom_networking_off,
    everything_attached,
    prefix_delegation_off,
    settings_lost,
    unreserved_addresses,
    usable_addresses,
)
from cellfactory.sizing.usage import Limit, Usage

Case = Callable[[Pool], Attached]
"""What the CNI attaches to a node of a pool."""


def size_misconfigured(entries: CellEntries) -> Iterator[Usage]:
    """Size the addresses that nodes take of each zone's subnets, in each way it may go wrong.

    With custom networking, single addresses come from a pod subnet, and there only from what is
    not reserved for prefixes; without, they come from the node subnet.
    """
    shape = entries.shape
    if shape.ipv6_pods:
        return  # no setting of the CNI takes an IPv4 address for a pod
    kept = int(entries.facts.parameter("reserved-addresses-per-subnet"))

    def off(pool: Pool) -> Attached:
        return prefix_delegation_off(
            prefixes=shape.prefixes,
            slots=pool.instance.prefix_slots,
            interfaces=min(shape.interfaces, pool.instance.enis),
        )

    def lost(pool: Pool) -> Attached:
        slots, enis = pool.instance.prefix_slots, pool.instance.enis
        return settings_lost(max_pods=shape.max_pods, slots=slots, interfaces=enis)

    for zone, blocks in shape.zones.items():
        reserved = pod_reservations(blocks["pod"], shape.prefixes, kept)
        free = unreserved_addresses(blocks["pod"], reserved, kept)
        pods = Limit(value=free, source=str(blocks["pod"]))
        nodes = Limit(value=usable_addresses(blocks["node"], kept), source=str(blocks["node"]))
        yield _size(entries, "pod-addresses-misconfigured", zone, pods, off)
        yield _size(entries, "pod-addresses-attached", zone, pods, _full)
        yield _size(entries, "node-addresses-reset", zone, nodes, lost, own=1)
        yield _size(entries, "node-addresses-bare", zone, nodes, _bare, own=1)


def _full(pool: Pool) -> Attached:
    return everything_attached(slots=pool.instance.prefix_slots, interfaces=pool.instance.enis)


def _bare(pool: Pool) -> Attached:
    return custom_networking_off(slots=pool.instance.prefix_slots, interfaces=pool.instance.enis)


def _size(
    entries: CellEntries, bound: str, zone: str, limit: Limit, case: Case, own: int = 0
) -> Usage:
    """Size one subnet of a zone; `own` is the address that each node takes of it in any case."""
    shape = entries.shape
    per_node = own + case(shape.main_pool).single_addresses
    return entries.usage(
        bound,
        sum(pool.peak * (own + case(pool).single_addresses) for pool in shape.pools),
        limit,
        per_node=per_node,
        scope=entries.scope("zone", zone),
        detail=f"{per_node:,} addresses for each node of {shape.main_pool.name}",
    )
