"""The same cell with another number of nodes, or of other nodes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

from factory.sizing.groups import split_groups
from factory.sizing.shape import CellShape, Pool


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
    per_group = pool.surge // len(pool.groups)
    groups = split_groups(nodes, group_size)
    return replace(pool, per_zone=nodes, groups=groups, surge=per_group * len(groups), missing=0)


def apportion(total: int, weights: Sequence[int]) -> tuple[int, ...]:
    """Divide a whole number in given proportions, by D'Hondt's method.

    No part ever falls when the whole grows, which other ways of rounding do not promise.

    >>> apportion(10, [1, 1, 1])
    (4, 3, 3)
    >>> apportion(1300, [13, 420])
    (39, 1261)
    """
    whole = sum(weights)
    parts = [total * weight // whole for weight in weights]
    for _ in range(total - sum(parts)):
        best = max(range(len(weights)), key=lambda i: (Fraction(weights[i], parts[i] + 1), -i))
        parts[best] += 1
    return tuple(parts)
