"""The chart of the job namespaces, rendered by a real Helm engine."""

from __future__ import annotations

from typing import Any

import pytest
from helm_python import Chart, HelmValuesError, lint

from tests.helm.conftest import NAMESPACES_CHART, ROOT, objects

pytestmark = pytest.mark.helm

GOLDEN = ROOT / "tests" / "helm" / "golden"
GOOD: dict[str, dict[str, Any]] = {
    "one": {"namespaces": ["jobs"]},
    "many": {"namespaces": ["jobs", "a", "9-to-5", "n" * 63], "podSecurity": "restricted"},
}
BAD: dict[str, tuple[dict[str, Any], str]] = {
    "nothing given": ({}, "namespaces"),
    "no namespace": ({"namespaces": []}, "namespaces"),
    "twice the same": ({"namespaces": ["jobs", "jobs"]}, "namespaces"),
    "text for a list": ({"namespaces": "jobs"}, "namespaces"),
    "a number": ({"namespaces": [6]}, "namespaces"),
    "capitals": ({"namespaces": ["Jobs"]}, "namespaces"),
    "a hyphen at the end": ({"namespaces": ["jobs-"]}, "namespaces"),
    "a line more": ({"namespaces": ["jobs\n"]}, "namespaces"),
    "64 characters": ({"namespaces": ["n" * 64]}, "namespaces"),
    "no such level": ({"namespaces": ["jobs"], "podSecurity": "strict"}, "podSecurity"),
    "a misspelt key": ({"namespaces": ["jobs"], "podsecurity": "baseline"}, "podsecurity"),
}


def render(chart: Chart, values: dict[str, Any]) -> dict[str, str]:
    return chart.render(values, name="spark-namespaces", namespace="spark-operator")


def test_lint_finds_nothing_to_complain_of() -> None:
    report = lint(NAMESPACES_CHART, GOOD["one"], strict=True)
    assert report["total_charts_linted"] == 1
    assert report["errors"] == []
    # Severity 1 is information: Helm likes a chart to have an icon.
    assert [m for m in report["messages"] if m["severity"] > 1] == []


@pytest.mark.parametrize("name", GOOD)
def test_manifests_are_the_golden_ones(
    namespaces_chart: Chart, name: str, pytestconfig: pytest.Config
) -> None:
    (text,) = render(namespaces_chart, GOOD[name]).values()
    golden = GOLDEN / f"namespaces-{name}.yaml"
    if pytestconfig.getoption("--update-cases"):
        golden.parent.mkdir(exist_ok=True)
        golden.write_text(text.strip() + "\n", "utf-8")
    assert text.strip() + "\n" == golden.read_text("utf-8")


@pytest.mark.parametrize("values", GOOD.values(), ids=GOOD)
def test_each_namespace_is_made_once_and_outlives_the_release(
    namespaces_chart: Chart, values: dict[str, Any]
) -> None:
    made = objects(render(namespaces_chart, values))
    assert [each["metadata"]["name"] for each in made] == values["namespaces"]
    level = values.get("podSecurity", "baseline")
    for each in made:
        assert (each["apiVersion"], each["kind"]) == ("v1", "Namespace")
        assert each["metadata"]["annotations"] == {"helm.sh/resource-policy": "keep"}
        assert each["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == level


@pytest.mark.parametrize(("values", "named"), BAD.values(), ids=BAD)
def test_bad_values_are_refused_by_name(
    namespaces_chart: Chart, values: dict[str, Any], named: str
) -> None:
    with pytest.raises(HelmValuesError, match=named):
        namespaces_chart.validate_schema(values)
    with pytest.raises(HelmValuesError, match=named):
        render(namespaces_chart, values)
