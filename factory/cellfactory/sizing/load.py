"""Bounds of what jobs ask of a cell; each stands only where the inventory says how much that is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from math import ceil

from cellfactory.sizing.control_plane import RATES
from cellfactory.sizing.entry import CellEntries
from cellfactory.sizing.usage import Limit, Usage

SECONDS_PER_MINUTE = 60


def size_load(entries: CellEntries) -> Iterator[Usage]:
    """Size the loss of a zone, requests to S3 and the start of pods."""
    load = entries.shape.load
    if load is None:
        return
    if load.needed_nodes is not None:
        yield _zone_loss(entries, load.needed_nodes)
    for bound, quota, wanted in (
        ("s3-reads", "s3-reads-per-prefix", load.s3_reads_per_second),
        ("s3-writes", "s3-writes-per-prefix", load.s3_writes_per_second),
    ):
        if wanted is not None:
            yield _requests(entries, bound, quota, wanted, load.s3_prefixes)
    if load.pods_per_minute is not None and entries.shape.tier in RATES:
        yield _pod_starts(entries, load.pods_per_minute)


def _zone_loss(entries: CellEntries, needed: int) -> Usage:
    """Hold the nodes that are needed against those that are left without the largest zone."""
    shape = entries.shape
    in_zone = sum(pool.per_zone for pool in shape.pools)
    left = shape.nodes - in_zone
    each = ceil(needed / (len(shape.zones) - 1))
    return entries.usage(
        "zone-loss",
        needed,
        Limit(value=left, source="needed_nodes under load"),
        path=(*shape.type_path, "load", "needed_nodes"),
        detail=f"{shape.nodes:,} nodes, {in_zone:,} of them in the zone that is lost",
        remedy=f"have {each:,} nodes in each zone",
    )


def _requests(entries: CellEntries, bound: str, quota: str, wanted: int, prefixes: int) -> Usage:
    one = entries.quota(quota)
    return entries.usage(
        bound,
        wanted,
        replace(one, value=one.value * prefixes),
        path=(*entries.shape.type_path, "load", f"{bound.replace('-', '_')}_per_second"),
        detail=f"{one.value:,.0f} a second for each prefix, of which there are {prefixes:,}",
        remedy=f"spread the data over {ceil(wanted / one.value):,} prefixes",
    )


def _pod_starts(entries: CellEntries, wanted: int) -> Usage:
    shape, rate = entries.shape, RATES[entries.shape.tier]
    return entries.usage(
        "pod-starts",
        wanted,
        Limit(
            value=entries.facts.parameter(rate) * SECONDS_PER_MINUTE,
            source=entries.facts.parameters[rate].source,
        ),
        path=(*shape.type_path, "load", "pods_per_minute"),
        detail=f"tier {shape.tier}",
    )
