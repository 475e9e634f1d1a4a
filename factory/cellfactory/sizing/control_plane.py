"""What a control plane lets through and holds, and which tier a cell needs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cellfactory.facts.schema import Facts
from cellfactory.sizing.entry import CellEntries
from cellfactory.sizing.shape import CellShape
from cellfactory.sizing.usage import Limit, Usage

SECONDS_PER_MINUTE = 60
BYTES_PER_GB = 10**9
STANDARD = "standard"
RATES: Mapping[str, str] = {
    "xl": "control-plane-pods-per-second-xl",
    "2xl": "control-plane-pods-per-second-2xl",
    "4xl": "control-plane-pods-per-second-4xl",
    "8xl": "control-plane-pods-per-second-8xl",
}
"""The parameter that says how many pods a tier schedules, smallest tier first.

AWS says nothing of `standard`: it grows by itself, at no rate that anybody promises.
"""
SEATS: Mapping[str, str] = {
    "xl": "control-plane-seats-xl",
    "2xl": "control-plane-seats-2xl",
    "4xl": "control-plane-seats-4xl",
    "8xl": "control-plane-seats-8xl",
}
PRICES: Mapping[str, str] = {
    "xl": "control-plane-xl-hour",
    "2xl": "control-plane-2xl-hour",
    "4xl": "control-plane-4xl-hour",
    "8xl": "control-plane-8xl-hour",
}
"""The item that is charged for a tier, besides the cluster."""


def size_control_plane(entries: CellEntries) -> Iterator[Usage]:
    """Size the scheduling of every pod of a full cell, and the database that holds them.

    Source:
        https://docs.aws.amazon.com/eks/latest/userguide/eks-provisioned-control-plane.html
    """
    shape, facts = entries.shape, entries.facts
    path = (*shape.type_path, "control_plane_tier")
    if shape.tier in RATES:
        per_minute = facts.parameter(RATES[shape.tier]) * SECONDS_PER_MINUTE
        yield entries.usage(
            "pod-scheduling",
            shape.nodes * shape.max_pods / per_minute,
            entries.policy("rebuild-minutes"),
            per_node=shape.max_pods / per_minute,
            path=path,
            detail=f"{_describe(shape, shape.tier, facts)}, nothing but pods to schedule",
        )
    else:
        seconds = facts.policy_value("rebuild-minutes") * SECONDS_PER_MINUTE
        largest = facts.parameters[RATES[list(RATES)[-1]]]
        yield entries.usage(
            "pods-per-second",
            shape.nodes * shape.max_pods / seconds,
            Limit(value=largest.value, source=largest.source),
            per_node=shape.max_pods / seconds,
            path=path,
            detail=_needed(shape, facts),
        )
    yield _database(entries, path)


def _database(entries: CellEntries, path: tuple[str | int, ...]) -> Usage:
    shape, facts = entries.shape, entries.facts
    kind = STANDARD if shape.tier == STANDARD else "provisioned"
    most = facts.parameters[
        "control-plane-database-standard"
        if kind == STANDARD
        else "control-plane-database-provisioned"
    ]
    of_pod = facts.parameter("database-bytes-per-pod")
    return entries.usage(
        "cluster-database",
        shape.nodes * shape.max_pods * of_pod / BYTES_PER_GB,
        Limit(value=most.value, source=most.source),
        per_node=shape.max_pods * of_pod / BYTES_PER_GB,
        path=path,
        detail=f"{of_pod:,.0f} bytes for each pod (database-bytes-per-pod, which no page of AWS's "
        "settles)",
    )


def tier_needed(shape: CellShape, facts: Facts) -> str | None:
    """Name the smallest tier that schedules all pods of a cell within the minutes of a rebuild.

    Returns:
        None where the largest does not.
    """
    wanted = shape.nodes * shape.max_pods
    seconds = facts.policy_value("rebuild-minutes") * SECONDS_PER_MINUTE
    fast = (tier for tier, rate in RATES.items() if facts.parameter(rate) * seconds >= wanted)
    return next(fast, None)


def _needed(shape: CellShape, facts: Facts) -> str:
    tier = tier_needed(shape, facts)
    does = f"{_describe(shape, tier, facts)} is the smallest that does" if tier else "no tier does"
    return f"all pods within a rebuild, of which tier standard promises nothing: {does}"


def _describe(shape: CellShape, tier: str, facts: Facts) -> str:
    """Say what a provisioned tier gives, and its price in the Region where a source tells it."""
    said = f"tier {tier} ({facts.parameter(RATES[tier]):,.0f} pods a second, "
    said += f"{facts.parameter(SEATS[tier]):,.0f} requests at once"
    if price := facts.prices.find(PRICES[tier], shape.region):
        said += f", {price.first:.2f} USD an hour in {shape.region}"
    return f"{said})"
