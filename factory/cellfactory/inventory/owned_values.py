"""Values of Helm charts that the inventory's own keys, or the rest of the cell, depend on.

What a person writes under `values` comes on top of our defaults and never in the place of these.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

Place = tuple[str, ...]  # the keys below `spark`

OPERATOR = ("operator",)
UI = ("ui",)
HISTORY = ("history",)
YUNIKORN = ("scheduler", "yunikorn")

OWNED_VALUES: Mapping[Place, Mapping[str, str]] = {
    OPERATOR: {
        "controller.replicas": "operator.replicas",
        "controller.workers": "operator.workers",
        "controller.kubeAPIQPS": "operator.kube_api_qps",
        "controller.kubeAPIBurst": "operator.kube_api_burst",
        "controller.resources": "operator.cpu and operator.memory_gib",
        "controller.nodeSelector": "operator.node_group",
        "controller.tolerations": "operator.node_group",
        "controller.uiService": "",
        "controller.uiIngress": "",
        "controller.batchScheduler": "scheduler",
        "controller.leaderElection": "",
        "webhook.enable": "",
        "webhook.replicas": "operator.replicas",
        "webhook.nodeSelector": "operator.node_group",
        "webhook.tolerations": "operator.node_group",
        "spark": "namespaces",
        "image.registry": "operator.image_registry",
        "hook.image.registry": "operator.image_registry",
        "nameOverride": "",
        "fullnameOverride": "",
    },
    UI: {
        "replicas": "ui.replicas",
        "podBlocks": "",
        "ipFamily": "",
        "jobNamespaces": "namespaces",
        "sidecar.image": "ui.sidecar_image",
        "sidecar.maxDrivers": "ui.max_drivers",
        "nginx.image": "ui.nginx_image",
        "service": "ingress.node_port",
        "historyServer": "history",
        "nodeSelector": "node_group",
        "tolerations": "node_group",
    },
    HISTORY: {
        "replicas": "history.replicas",
        "image.repository": "history.image",
        "image.tag": "history.image",
        "image.digest": "history.image",
        "eventLogs.folder": "",
        "eventLogs.region": "",
        "ipFamily": "",
        "memoryGibibytes": "history.memory_gib",
        "diskGibibytes": "history.disk_gib",
        "nodeSelector": "node_group",
        "tolerations": "node_group",
    },
    YUNIKORN: {
        "embedAdmissionController": "",
        "nodeSelector": "node_group",
        "tolerations": "node_group",
    },
}
"""By release, the dotted place of a value, and the key that says it; no key where none may."""


def owned_touched(values: Mapping[str, Any], owned: Mapping[str, str]) -> Iterator[Place]:
    """Yield the places of `values` that are owned, that hold what is owned, or lie within it.

    >>> list(owned_touched({"a": {"b": 1, "c": 2}, "d": None}, {"a.b": "", "d.e": ""}))
    [('a', 'b'), ('d',)]
    """
    for dotted in owned:
        place = _touched(values, tuple(dotted.split(".")))
        if place is not None:
            yield place


def _touched(values: Any, wanted: Place) -> Place | None:
    """Walk down to what is wanted; a parent that is no mapping would replace it."""
    for depth, key in enumerate(wanted):
        if key not in values:
            return None
        values = values[key]
        if depth + 1 < len(wanted) and not isinstance(values, Mapping):
            return wanted[: depth + 1]
    return wanted
