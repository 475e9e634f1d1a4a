"""Apache YuniKorn: gang scheduling and queues for the pods of jobs, where a cell asks for it."""

from __future__ import annotations

from typing import Any

from cellfactory.constructs.cdk import Release, TerraformStack
from cellfactory.constructs.spark_placement import PRIORITY, placement_values
from cellfactory.constructs.spark_releases import add_release, release_values
from cellfactory.inventory.spark import YuniKorn
from cellfactory.naming import SCHEDULER_NAMESPACE
from cellfactory.specs.layers import PlatformSpec

YUNIKORN = "yunikorn"


def add_yunikorn(stack: TerraformStack, platform: PlatformSpec, scheduler: YuniKorn) -> Release:
    """Install the scheduler; the operator names it in each job's pods."""
    return add_release(
        stack,
        YUNIKORN,
        repository=scheduler.chart_repository,
        version=scheduler.chart_version,
        namespace=SCHEDULER_NAMESPACE,
        create_namespace=True,
        values=yunikorn_values(platform, scheduler),
    )


def yunikorn_values(platform: PlatformSpec, scheduler: YuniKorn) -> dict[str, Any]:
    """The chart's values: no admission webhook, which would take every pod of the cell over.

    Source:
        https://github.com/apache/yunikorn-release/blob/master/helm-charts/yunikorn/values.yaml
    """
    values: dict[str, Any] = {
        "embedAdmissionController": False,
        "priorityClassName": PRIORITY,
        **placement_values(platform.placement),
    }
    if registry := scheduler.image_registry:
        image = {"image": {"repository": f"{registry}/apache/yunikorn"}}
        values |= image
        values["web"] = image
        values["yunikornDefaults"] = {"service.placeholderImage": f"{registry}/pause:3.7"}
    return release_values(scheduler.values, values)
