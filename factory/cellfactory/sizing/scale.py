"""The same cell with another number of nodes, or of other nodes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

from cellfactory.inventory.groups import split_groups
from cellfactory.sizing.shape import CellShape, Pool


def scale_nodes(shape: CellShape, per_zone: int, group_size: int) -> CellShape:
    """Give a cell another number of nodes in each zone; its pools keep their proportions.

    The ceiling that addresses were planned for moves along: the question is what would fit.

    Args:
        shape: The cell.
        per_zone: Nodes in each zone, all pools together (nodes, at least 1).
        group_size: Nodes of a full EKS node group.
    """
    parts = apportion(per_zone, [pool.per_zone for pool in shape.pools])
    pools = tuple(
        _resize(pool, nodes, group_size)
        for pool, nodes in zip(shape.pools, parts, strict=True)
        if nodes
    )
    return replace(shape, pools=pools, ceiling=None)


def _resize(pool: Pool, nodes: int, group_size: int) -> Pool:
    return replace(pool, per_zone=nodes, groups=split_groups(nodes, group_size), missing=0)


def apportion(total: int, weights: Sequence[int]) -> tuple[int, ...]:
    """Divide a whole number in given proportions, by D'Hondt's method; no part is left out.

    No part ever falls when the whole grows, which other ways of rounding do not promise. A whole
    with fewer than one for each goes to the largest.

    >>> apportion(10, [1, 1, 1])
    (4, 3, 3)
    >>> apportion(1300, [13, 420])
    (39, 1261)
    >>> apportion(433, [1, 440])
    (1, 432)
    """
    if total < len(weights):
        largest = sorted(range(len(weights)), key=lambda i: (-weights[i], i))[:total]
        return tuple(int(i in largest) for i in range(len(weights)))
    parts = _highest_averages(total, weights)
    served = [i for i, part in enumerate(parts) if part]
    if len(served) < len(parts):
        rest = apportion(total - len(parts) + len(served), [weights[i] for i in served])
        parts = [1] * len(parts)
        for i, part in zip(served, rest, strict=True):
            parts[i] = part
    return tuple(parts)


def _highest_averages(total: int, weights: Sequence[int]) -> list[int]:
    whole = sum(weights)
    parts = [total * weight // whole for weight in weights]
    for _ in range(total - sum(parts)):
        best = max(range(len(weights)), key=lambda i: (Fraction(weights[i], parts[i] + 1), -i))
        parts[best] += 1
    return parts
