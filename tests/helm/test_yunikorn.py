"""What the stacks would hand to YuniKorn's chart, given to a real Helm engine."""

from __future__ import annotations

from typing import Any

import pytest
from helm_python import Chart

from cellfactory.constructs.spark_placement import PRIORITY
from cellfactory.constructs.yunikorn import yunikorn_values
from cellfactory.inventory.schema import Taint
from cellfactory.inventory.spark import SparkOperator, YuniKorn
from cellfactory.layers import Access
from cellfactory.specs.layers import OperatorSpec, Placement, PlatformSpec
from tests.helm.conftest import objects, of_kind, unknown_values
from tests.helm.test_platform import images

pytestmark = pytest.mark.helm

MIRROR = "registry.example.com/mirror"
PLAIN = YuniKorn(chart_version="1.8.0")
MIRRORED = YuniKorn(chart_version="1.8.0", image_registry=MIRROR)


def told(asked: YuniKorn) -> dict[str, Any]:
    """What a cell whose platform has a node group of its own hands to the chart."""
    operator = SparkOperator(chart_version="2.5.2").model_dump(
        exclude={"node_group", "shards", "jobs_per_minute"}
    )
    taint = Taint(key="system", effect="NoSchedule")
    placement = Placement(labels={"pool": "system"}, taints=(taint,))
    spec = PlatformSpec(
        name="a-platform",
        access=Access(account="444444444444", roles=(), region="us-east-1", sts_region="us-east-1"),
        ipv6_pods=False,
        charts={},
        namespaces=("jobs",),
        placement=placement,
        operator=OperatorSpec(**operator, placement=placement, first=("jobs",), shards={}),
        scheduler=asked,
        history=None,
        gateway=None,
        monitoring=None,
    )
    return yunikorn_values(spec, asked)


@pytest.mark.parametrize("asked", [PLAIN, MIRRORED], ids=["plain", "mirrored"])
def test_the_chart_knows_every_value_that_is_passed(yunikorn_chart: Chart, asked: YuniKorn) -> None:
    assert unknown_values(told(asked), yunikorn_chart.values) == []


def test_no_webhook_stands_before_the_pods_of_the_cell(yunikorn_chart: Chart) -> None:
    made = objects(yunikorn_chart.render(told(PLAIN), name="yunikorn"))
    assert list(of_kind(made, "Deployment")) == ["yunikorn-scheduler"]
    assert not [each for each in made if "Webhook" in each["kind"]]


def test_it_runs_on_the_platforms_nodes_and_gives_way_to_no_job(yunikorn_chart: Chart) -> None:
    made = objects(yunikorn_chart.render(told(PLAIN), name="yunikorn"))
    (deployment,) = of_kind(made, "Deployment").values()
    pod = deployment["spec"]["template"]["spec"]
    assert pod["nodeSelector"] == {"pool": "system"}
    assert [each["key"] for each in pod["tolerations"]] == ["system"]
    assert pod["priorityClassName"] == PRIORITY


def test_every_image_comes_from_the_mirror(yunikorn_chart: Chart) -> None:
    made = objects(yunikorn_chart.render(told(MIRRORED), name="yunikorn"))
    assert len(images(made)) == 2
    assert [image for image in images(made) if not image.startswith(f"{MIRROR}/")] == []
    defaults = of_kind(made, "ConfigMap")["yunikorn-defaults"]["data"]
    assert defaults["service.placeholderImage"] == f"{MIRROR}/pause:3.7"
