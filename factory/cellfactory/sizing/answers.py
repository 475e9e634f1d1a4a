"""What one cell is asked beyond its ledger: solved backwards, and rebuilt; pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from ipaddress import IPv4Network

from cellfactory.addressing.room import Room, room_in
from cellfactory.facts.schema import CallRetries, TokenBucket
from cellfactory.sizing.bounds import stage
from cellfactory.sizing.calls import SHARED_BUCKET
from cellfactory.sizing.joining import JoinedMesh, size_joined
from cellfactory.sizing.mend import Change, mend
from cellfactory.sizing.rebuild import (
    Draw,
    Rebuild,
    RebuildPlan,
    plan_rebuild,
    recommend_pace,
    simulate_rebuild,
)
from cellfactory.sizing.setting import Setting, size_setting
from cellfactory.sizing.solve import QuotaRaise, most_cells, most_nodes, quota_raises
from cellfactory.sizing.terms import drain_seconds

CGNAT = IPv4Network("100.64.0.0/10")  # RFC 6598

Draws = Callable[[], Draw]
"""Makes a fresh source of numbers from 0 to 1; each must give the same ones again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Solved:
    """Everything that can be asked backwards of one cell."""

    cell: str
    nodes: int  # that it has
    gating: frozenset[str]  # bounds that stop the work
    most_nodes: Mapping[str, int | None]  # by bound
    most_cells: Mapping[str, int | None]  # by bound
    raises: Sequence[QuotaRaise]
    changes: Sequence[Change]

    def fewest(self, numbers: Mapping[str, int | None]) -> int | None:
        """Say what all bounds that stop the work allow together; None where none does."""
        allowed = (n for b, n in numbers.items() if n is not None and b in self.gating)
        return min(allowed, default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rebuilt:
    """A rebuild in one reading of the throttles, unpaced and at the best pace."""

    reading: str
    shared: bool  # one bucket for all mutating calls
    retries: CallRetries
    unpaced: Rebuild
    pace: float | None
    paced: Rebuild | None


def solve(setting: Setting, mesh: JoinedMesh, room: Room) -> Solved:
    """Run the model backwards for one cell.

    Args:
        setting: the cell among its peers.
        mesh: the whole mesh of the cell, with its hubs.
        room: cells that find room in the address pools beside those there are.
    """
    usages = size_setting(setting)
    # A single cell asks no peer: some bounds are there with the next one only.
    joined = stage(size_joined(mesh, len(mesh.members) + 1), setting.scenario)
    gating = {usage.bound for usage in (*usages, *joined) if usage.gate == "error"}
    return Solved(
        cell=setting.shape.name,
        nodes=setting.shape.nodes,
        gating=frozenset(gating | set(room)),
        most_nodes=most_nodes(setting),
        most_cells=most_cells(mesh, room),
        raises=quota_raises(usages),
        changes=mend(setting),
    )


def cgnat_room(pod_blocks: Iterable[IPv4Network]) -> Room:
    """Say how many cells beside one find all their pod blocks in the shared address space."""
    cells = room_in([CGNAT], [block.prefixlen for block in pod_blocks])
    return {"pod-pool": None if cells is None else cells - 1}


def lead_seconds(setting: Setting) -> float:
    """Say how long it takes until nodes can be launched: endpoints and control plane (s)."""
    facts = setting.facts
    bucket = facts.buckets["create-vpc-endpoint"]
    endpoints = drain_seconds(setting.shape.endpoints, bucket.capacity, bucket.refill)
    return endpoints + 60 * facts.parameter("control-plane-minutes-slow")


def rebuild_readings(setting: Setting, draws: Draws) -> tuple[Rebuilt, ...]:
    """Simulate the rebuild of a cell in both readings of the throttles.

    Args:
        setting: the cell among its peers.
        draws: what chance is drawn from, anew for each simulation.
    """
    shared = setting.facts.buckets[SHARED_BUCKET]
    return (
        _rebuild(setting, "bucket per action", None, draws),
        _rebuild(setting, "one shared bucket", shared, draws),
    )


def _rebuild(setting: Setting, reading: str, shared: TokenBucket | None, draws: Draws) -> Rebuilt:
    shape = setting.shape
    plan: RebuildPlan = plan_rebuild(
        shape.calls,
        shape.nodes,
        shape.prefixes,
        setting.facts,
        retries=shape.retries,
        shared=shared,
    )
    pace = recommend_pace(plan, draws)
    paced = None if pace is None else replace(plan, pace=pace)
    return Rebuilt(
        reading=reading,
        shared=shared is not None,
        retries=shape.retries,
        unpaced=simulate_rebuild(plan, draws()),
        pace=pace,
        paced=None if paced is None else simulate_rebuild(paced, draws()),
    )
