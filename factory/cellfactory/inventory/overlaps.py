"""Which of many blocks overlap, in the time that sorting them takes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Network

from cellfactory.errors import KeyPath

Owned = tuple[IPv4Network, KeyPath, str]  # a block, where it is written, whose it is


def overlapping(blocks: Iterable[Owned]) -> Iterator[tuple[Owned, Owned]]:
    """Yield each block that overlaps an earlier one, with that one; linear once sorted.

    Blocks are nested or apart, so that the block which reaches furthest tells of all before it.
    """
    reach: Owned | None = None
    for owned in sorted(blocks, key=_by_place):
        if reach is not None and owned[0].overlaps(reach[0]):
            yield reach, owned
        if reach is None or owned[0].broadcast_address > reach[0].broadcast_address:
            reach = owned


def crossing(ours: Iterable[Owned], theirs: Iterable[Owned]) -> Iterator[tuple[Owned, Owned]]:
    """Yield the pairs of one block of ours and one of theirs that overlap; one for each block."""
    sides = [(owned, 0) for owned in ours] + [(owned, 1) for owned in theirs]
    reach: list[Owned | None] = [None, None]
    for owned, side in sorted(sides, key=lambda entry: (_by_place(entry[0]), entry[1])):
        other = reach[1 - side]
        if other is not None and owned[0].overlaps(other[0]):
            yield (other, owned) if side else (owned, other)
        own = reach[side]
        if own is None or owned[0].broadcast_address > own[0].broadcast_address:
            reach[side] = owned


def _by_place(owned: Owned) -> tuple[int, int]:
    return int(owned[0].network_address), owned[0].prefixlen
