"""What the stacks would hand to YuniKorn's chart, given to a real Helm engine."""

from __future__ import annotations

import pytest
from helm_python import Chart

from factory.constructs.yunikorn import yunikorn_values
from factory.inventory.spark import YuniKorn
from tests.helm.conftest import objects, of_kind, unknown_values
from tests.helm.test_platform import images

pytestmark = pytest.mark.helm

MIRROR = "registry.example.com/mirror"
PLAIN = YuniKorn(chart_version="1.8.0")
MIRRORED = YuniKorn(chart_version="1.8.0", image_registry=MIRROR)


@pytest.mark.parametrize("asked", [PLAIN, MIRRORED], ids=["plain", "mirrored"])
def test_the_chart_knows_every_value_that_is_passed(yunikorn_chart: Chart, asked: YuniKorn) -> None:
    assert unknown_values(yunikorn_values(asked), yunikorn_chart.values) == []


def test_no_webhook_stands_before_the_pods_of_the_cell(yunikorn_chart: Chart) -> None:
    made = objects(yunikorn_chart.render(yunikorn_values(PLAIN), name="yunikorn"))
    assert list(of_kind(made, "Deployment")) == ["yunikorn-scheduler"]
    assert not [each for each in made if "Webhook" in each["kind"]]


def test_every_image_comes_from_the_mirror(yunikorn_chart: Chart) -> None:
    made = objects(yunikorn_chart.render(yunikorn_values(MIRRORED), name="yunikorn"))
    assert len(images(made)) == 2
    assert [image for image in images(made) if not image.startswith(f"{MIRROR}/")] == []
    defaults = of_kind(made, "ConfigMap")["yunikorn-defaults"]["data"]
    assert defaults["service.placeholderImage"] == f"{MIRROR}/pause:3.7"
