"""The Spark History Server: pages of jobs that have ended, from their event logs in S3."""

from __future__ import annotations

from typing import Any

from cellfactory.constructs.cdk import Release, TerraformStack
from cellfactory.constructs.spark_placement import PRIORITY, placement_values
from cellfactory.constructs.spark_releases import (
    add_own_release,
    image_values,
    release_values,
)
from cellfactory.naming import EVENT_LOG_FOLDER, SYSTEM_NAMESPACE
from cellfactory.specs.charts import HISTORY_SERVER
from cellfactory.specs.layers import HistorySpec, PlatformSpec

_PORT = 18080  # spark.history.ui.port


def add_history_server(
    stack: TerraformStack, platform: PlatformSpec, history: HistorySpec, bucket: str
) -> Release:
    """Install the History Server; its role is bound to its service account in the cluster layer."""
    return add_own_release(
        stack,
        HISTORY_SERVER,
        charts=platform.charts,
        namespace=SYSTEM_NAMESPACE,
        values=history_values(platform, history, bucket),
    )


def history_values(platform: PlatformSpec, history: HistorySpec, bucket: str) -> dict[str, Any]:
    """The chart's values; `bucket` is a name or Terraform's expression of it."""
    values = {
        "replicas": history.replicas,
        "image": image_values(history.image),
        "eventLogs": {
            "folder": f"s3a://{bucket}/{EVENT_LOG_FOLDER}",
            "region": platform.access.region,
            "updateSeconds": history.scan_seconds,
        },
        "memoryGibibytes": history.memory_gib,
        "diskGibibytes": history.disk_gib,
        "priorityClassName": PRIORITY,
        **placement_values(platform.placement),
    }
    if platform.ipv6_pods:
        values["ipFamily"] = "IPv6"
    return release_values(history.values, values)


def history_address() -> str:
    """Host and port of the History Server in its cluster."""
    return f"{HISTORY_SERVER}.{SYSTEM_NAMESPACE}.svc:{_PORT}"
