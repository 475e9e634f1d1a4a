"""One line of the ledger, made from a bound's row, a limit and what is used of it."""

from __future__ import annotations

from functools import cache

from cellfactory.errors import KeyPath
from cellfactory.facts.schema import Facts
from cellfactory.sizing.bounds import BOUNDS
from cellfactory.sizing.quotas import policy_limit, quota_limit
from cellfactory.sizing.shape import CellShape
from cellfactory.sizing.usage import Limit, Scope, ScopeKind, Usage


class CellEntries:
    """Makes the usages of one cell; knows its name, its quotas and where its nodes stand."""

    def __init__(self, shape: CellShape, facts: Facts) -> None:
        self.shape = shape
        self.facts = facts
        self.quota = cache(self._quota)
        self._removable = cache(self._count_removable)
        self._path = shape.main_pool.path

    def scope(self, kind: ScopeKind = "cell", name: str | None = None) -> Scope:
        """Name a part of the cell, or the cell itself."""
        return Scope(self.shape.name, kind, name or self.shape.name)

    def _quota(self, id_: str) -> Limit:
        """Say what the cell's account may use of a quota."""
        return quota_limit(self.facts, id_, self.shape.region, self.shape.quotas)

    def policy(self, id_: str) -> Limit:
        """Say what our own policy allows."""
        return policy_limit(self.facts, id_)

    def usage(
        self,
        bound: str,
        used: float,
        limit: Limit,
        *,
        per_node: float = 0,
        scope: Scope | None = None,
        path: KeyPath | None = None,
        detail: str = "",
        in_zone: bool = False,
        remedy: str = "",
    ) -> Usage:
        """Write one line; without a path it points at the largest pool's nodes."""
        row = BOUNDS[bound]
        counted = scope or self.scope()
        return Usage(
            bound=bound,
            scope=counted,
            used=used,
            allowed=limit,
            unit=row.unit,
            gate=row.gate,
            path=path or self._path,
            per_node=per_node,
            removable=self._removable(
                counted.name if counted.kind == "pool" else "", in_zone or counted.kind == "zone"
            ),
            in_zone=in_zone or counted.kind == "zone",
            remedy=remedy,
            assumption="; ".join(filter(None, (detail, row.assumption))),
        )

    def _count_removable(self, only: str, in_zone: bool) -> int:
        """Count the nodes of a pool, or of all, that could go and leave one in each zone."""
        shape = self.shape
        pools = [pool for pool in shape.pools if only in ("", pool.name)]
        if in_zone:
            return sum(pool.per_zone for pool in pools) - 1
        zones = len(shape.zones)
        return sum(zones * pool.per_zone - pool.missing for pool in pools) - zones
