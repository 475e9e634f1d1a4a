"""The answers that `size` gives beyond the ledger: solved backwards, and rebuilt."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Network, collapse_addresses
from random import Random

from factory.addressing.blocks import CellAddresses
from factory.cli.size_solved import Rebuilt, Solved
from factory.facts.schema import TokenBucket
from factory.inventory.schema import Inventory
from factory.sizing.calls import SHARED_BUCKET
from factory.sizing.mend import mend
from factory.sizing.rebuild import RebuildPlan, plan_rebuild, recommend_pace, simulate_rebuild
from factory.sizing.setting import Setting, size_setting
from factory.sizing.solve import most_cells, most_nodes, quota_raises
from factory.sizing.terms import drain_seconds

SEED = 20_240  # any number: the same one gives the same simulated rebuild
CGNAT = IPv4Network("100.64.0.0/10")  # RFC 6598


def solve(setting: Setting, pools: dict[str, tuple[int, int]]) -> Solved:
    """Run the model backwards for one cell."""
    usages = size_setting(setting)
    return Solved(
        cell=setting.shape.name,
        nodes=setting.shape.nodes,
        gating=frozenset(usage.bound for usage in usages if usage.gate == "error") | set(pools),
        most_nodes=most_nodes(setting),
        most_cells=most_cells(setting, pools),
        raises=quota_raises(usages),
        changes=mend(setting),
    )


def inventory_pools(inventory: Inventory, cell: CellAddresses) -> dict[str, tuple[int, int]]:
    """Say what the address pools hold and what a cell takes of each, by bound (addresses)."""
    pools = inventory.address_pools
    return {
        "pod-pool": (_total(pools.pod), _total(cell.pod_blocks)),
        "node-pool": (_total(pools.node), cell.primary.num_addresses),
    }


def cgnat_pool(pod_addresses: int) -> dict[str, tuple[int, int]]:
    """Take all of the shared address space as the pod pool of a cell nobody declared."""
    return {"pod-pool": (CGNAT.num_addresses, pod_addresses)}


def _total(blocks: list[IPv4Network] | tuple[IPv4Network, ...]) -> int:
    return sum(block.num_addresses for block in collapse_addresses(blocks))


def lead_seconds(setting: Setting) -> float:
    """Say how long it takes until nodes can be launched: endpoints and control plane (s)."""
    facts = setting.facts
    bucket = facts.buckets["create-vpc-endpoint"]
    endpoints = drain_seconds(setting.shape.endpoints, bucket.capacity, bucket.refill)
    return endpoints + 60 * facts.parameter("control-plane-minutes-slow")


def rebuild_all(setting: Setting) -> tuple[Rebuilt, ...]:
    """Simulate the rebuild of a cell in both readings of the throttles."""
    shared = setting.facts.buckets[SHARED_BUCKET]
    return (
        _rebuild(setting, "bucket per action", None),
        _rebuild(setting, "one shared bucket", shared),
    )


def _rebuild(setting: Setting, reading: str, shared: TokenBucket | None) -> Rebuilt:
    shape = setting.shape
    plan: RebuildPlan = plan_rebuild(
        shape.calls,
        shape.nodes,
        shape.prefixes,
        setting.facts,
        shared=shared,
        lead_seconds=lead_seconds(setting),
    )
    pace = recommend_pace(plan, lambda: Random(SEED).random)
    paced = None if pace is None else replace(plan, pace=pace)
    return Rebuilt(
        reading=reading,
        unpaced=simulate_rebuild(plan, Random(SEED).random),
        pace=pace,
        paced=None if paced is None else simulate_rebuild(paced, Random(SEED).random),
    )
