"""What a provisioned control plane lets through."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from factory.sizing.entry import CellEntries
from factory.sizing.usage import Usage

SECONDS_PER_MINUTE = 60
RATES: Mapping[str, str] = {
    "xl": "control-plane-pods-per-second-xl",
    "2xl": "control-plane-pods-per-second-2xl",
    "4xl": "control-plane-pods-per-second-4xl",
    "8xl": "control-plane-pods-per-second-8xl",
}
"""The parameter that says how many pods a tier schedules; AWS says nothing of `standard`."""


def size_control_plane(entries: CellEntries) -> Iterator[Usage]:
    """Size the time in which a provisioned control plane schedules every pod of a full cell.

    Source:
        https://docs.aws.amazon.com/eks/latest/userguide/eks-provisioned-control-plane.html
    """
    shape = entries.shape
    if shape.tier not in RATES:
        return
    per_minute = entries.facts.parameter(RATES[shape.tier]) * SECONDS_PER_MINUTE
    yield entries.usage(
        "pod-scheduling",
        shape.nodes * shape.max_pods / per_minute,
        entries.policy("rebuild-minutes"),
        per_node=shape.max_pods / per_minute,
        path=(*shape.type_path, "control_plane_tier"),
        detail=f"tier {shape.tier}, nothing but pods to schedule",
    )
