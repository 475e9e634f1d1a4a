"""Where the platform's pods run, what they are sure of, and what they push aside."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from cellfactory.inventory.schema import Taint
from cellfactory.specs.layers import Placement

PRIORITY = "system-cluster-critical"
"""A class that every cluster has. Without the operator's webhook no pod of a job starts, so a full
pool gives way to it.

Source: https://kubernetes.io/docs/tasks/administer-cluster/guaranteed-scheduling-critical-addon-pods/
"""

SPREAD: tuple[dict[str, Any], ...] = (
    {
        "maxSkew": 1,
        "topologyKey": "topology.kubernetes.io/zone",
        "whenUnsatisfiable": "ScheduleAnyway",
    },
    {
        "maxSkew": 1,
        "topologyKey": "kubernetes.io/hostname",
        "whenUnsatisfiable": "DoNotSchedule",
    },
)
"""One pod of several is lost with a node, and in general with a zone."""


def placement_values(placement: Placement | None) -> dict[str, Any]:
    """Choose the nodes of a node group, as every chart takes it; none where any will do."""
    if placement is None:
        return {}
    return {"nodeSelector": dict(placement.labels), "tolerations": tolerations(placement.taints)}


def tolerations(taints: Iterable[Taint]) -> list[dict[str, str]]:
    """Let a pod onto nodes with taints: one toleration for each."""
    return [
        {"key": taint.key, "operator": "Equal", "value": taint.value, "effect": taint.effect}
        for taint in taints
    ]


def guaranteed(cpu: int, memory_gib: int) -> dict[str, Any]:
    """Resources of a pod that is the last to be evicted: what it asks for is what it may use."""
    amount = {"cpu": str(cpu), "memory": f"{memory_gib}Gi"}
    return {"requests": amount, "limits": dict(amount)}
