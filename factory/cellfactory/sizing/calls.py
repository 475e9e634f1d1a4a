"""The EC2 calls of a cell that is built anew, against AWS's token buckets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cellfactory.facts.schema import CallCount, Facts, TokenBucket
from cellfactory.sizing.entry import CellEntries
from cellfactory.sizing.terms import drain_seconds
from cellfactory.sizing.usage import Usage

SHARED_BUCKET = "shared-mutating-50"  # the strictest reading of the three in the facts
SECONDS_PER_MINUTE = 60


def slowest_call(
    calls: Sequence[CallCount], nodes: int, prefixes: int, facts: Facts
) -> tuple[float, CallCount]:
    """Say how long EC2 lets the calls of all nodes through, each action from its own bucket.

    An underestimate: nobody calls at the perfect pace; the rebuild simulation adds that.

    Returns:
        Minutes, and the call that takes longest.
    """

    def minutes(call: CallCount) -> float:
        bucket = facts.bucket(call)
        seconds = drain_seconds(call.of(prefixes) * nodes, bucket.capacity, bucket.refill)
        return seconds / SECONDS_PER_MINUTE

    slowest = max(calls, key=minutes)
    return minutes(slowest), slowest


def mutating_calls(calls: Sequence[CallCount], prefixes: int) -> int:
    """Count the mutating calls of one node, its launch included (calls)."""
    return sum(call.of(prefixes) for call in calls if call.mutating)


def shared_minutes(calls_per_node: int, nodes: int, bucket: TokenBucket) -> float:
    """Say how long one bucket lets the mutating calls of all nodes through (minutes)."""
    seconds = drain_seconds(calls_per_node * nodes, bucket.capacity, bucket.refill)
    return seconds / SECONDS_PER_MINUTE


def size_calls(entries: CellEntries) -> Iterator[Usage]:
    """Size the EC2 calls of a rebuild in both readings of the throttles."""
    shape, facts = entries.shape, entries.facts
    limit, scope = entries.policy("rebuild-minutes"), entries.scope("account")
    minutes, slowest = slowest_call(shape.calls, shape.nodes, shape.prefixes, facts)
    refill = facts.bucket(slowest).refill
    yield entries.usage(
        "rebuild-per-action",
        minutes,
        limit,
        per_node=slowest.of(shape.prefixes) / refill / SECONDS_PER_MINUTE,
        scope=scope,
        detail=f"{slowest.action} takes longest",
    )
    per_node = mutating_calls(shape.calls, shape.prefixes)
    bucket = facts.buckets[SHARED_BUCKET]
    yield entries.usage(
        "rebuild-shared",
        shared_minutes(per_node, shape.nodes, bucket),
        limit,
        per_node=per_node / bucket.refill / SECONDS_PER_MINUTE,
        scope=scope,
        detail=f"{per_node} calls for each node (CNI {shape.cni or 'of today'}), "
        f"{bucket.capacity} at once and {bucket.refill:g} a second "
        f"({bucket.id} in facts/ec2_api.yaml, which AWS does not document)",
    )
