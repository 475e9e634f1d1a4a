"""The gateway to the live UI of every driver, behind the static way in."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil
from typing import Any

from cellfactory.constructs.cdk import ITerraformDependable, TerraformStack
from cellfactory.constructs.spark_history import history_address
from cellfactory.constructs.spark_placement import PRIORITY, placement_values
from cellfactory.constructs.spark_releases import (
    add_own_release,
    image_values,
    release_values,
)
from cellfactory.naming import SYSTEM_NAMESPACE
from cellfactory.specs.charts import GATEWAY
from cellfactory.specs.layers import GatewaySpec, PlatformSpec

_SIDECAR_MIB = 96  # a process that watches, and room to read a page of a list
_DRIVER_KIB = 10  # a route is 6 KiB of tmpfs and 1.5 KiB of the process; the rest is room


def add_gateway(
    stack: TerraformStack,
    platform: PlatformSpec,
    gateway: GatewaySpec,
    after: Sequence[ITerraformDependable],
) -> None:
    """Install the gateway on the node port that the load balancer's targets answer on."""
    add_own_release(
        stack,
        GATEWAY,
        charts=platform.charts,
        namespace=SYSTEM_NAMESPACE,
        values=gateway_values(platform, gateway),
        after=after,
    )


def gateway_values(platform: PlatformSpec, gateway: GatewaySpec) -> dict[str, Any]:
    """The chart's values: routes lead into the cell's own pod blocks and nowhere else."""
    ui = gateway.ui
    memory = _SIDECAR_MIB + ceil(ui.max_drivers * _DRIVER_KIB / 1024)
    values: dict[str, Any] = {
        "replicas": ui.replicas,
        "podBlocks": ["${var.ipv6_block}"] if platform.ipv6_pods else list(gateway.pod_blocks),
        "jobNamespaces": list(platform.namespaces),
        "sidecar": {
            "image": image_values(ui.sidecar_image),
            "maxDrivers": ui.max_drivers,
            "resources": {"limits": {"memory": f"{memory}Mi"}},
        },
        "service": {"type": "NodePort", "nodePort": gateway.node_port},
        "priorityClassName": PRIORITY,
        "hostSpread": "DoNotSchedule",
    }
    if platform.ipv6_pods:
        values["ipFamily"] = "IPv6"
    if ui.nginx_image:
        values["nginx"] = {"image": image_values(ui.nginx_image)}
    if platform.history:
        values["historyServer"] = {"service": history_address()}
    if platform.monitoring:
        values["podMonitor"] = {"create": True, "labels": platform.monitoring.labels}
        values["networkPolicy"] = {"metricsNamespace": platform.monitoring.namespace}
    return release_values(ui.values, values | placement_values(platform.placement))
