"""The chart of the job namespaces, rendered by a real Helm engine."""

from __future__ import annotations

from typing import Any

import pytest
from helm_python import Chart, HelmValuesError, lint

from tests.helm.conftest import NAMESPACES_CHART, ROOT, objects

pytestmark = pytest.mark.helm

GOLDEN = ROOT / "tests" / "helm" / "golden"
KUBERNETES = ("1.33", "1.34", "1.35", "1.36", "1.37")
GOOD: dict[str, dict[str, Any]] = {
    "one": {"namespaces": ["jobs"]},
    "many": {
        "namespaces": ["jobs", "a", "9-to-5", "n" * 63],
        "podSecurity": "restricted",
        "groups": {"submitters": "", "viewers": "team:readers"},
    },
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
    "a group of AWS": ({"namespaces": ["jobs"], "groups": {"viewers": "eks:all"}}, "viewers"),
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
    made = render(namespaces_chart, GOOD[name])
    text = "".join(f"# {file}\n{made[file].strip()}\n" for file in sorted(made))
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
    namespaces = [each for each in made if each["kind"] == "Namespace"]
    assert [each["metadata"]["name"] for each in namespaces] == values["namespaces"]
    level = values.get("podSecurity", "baseline")
    for each in namespaces:
        assert each["metadata"]["annotations"] == {"helm.sh/resource-policy": "keep"}
        assert each["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == level


def rights(made: list[dict[str, Any]], namespace: str, subject: str) -> set[str]:
    """List what a subject may do in a namespace, as `verb resource`."""
    bound = {
        each["roleRef"]["name"]
        for each in made
        if each["kind"] == "RoleBinding" and each["metadata"]["namespace"] == namespace
        if [s["name"] for s in each["subjects"]] == [subject]
    }
    return {
        f"{verb} {resource}"
        for each in made
        if each["kind"] == "Role" and each["metadata"]["namespace"] == namespace
        if each["metadata"]["name"] in bound
        for rule in each["rules"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }


def test_submitters_handle_jobs_and_viewers_read_and_nobody_enters_a_pod(
    namespaces_chart: Chart,
) -> None:
    """Who submits a job, such as a router, needs no rights of an administrator."""
    made = objects(render(namespaces_chart, {"namespaces": ["etl", "ads"]}))
    for namespace in ("etl", "ads"):
        view = rights(made, namespace, "cellfactory:viewers")
        submit = rights(made, namespace, "cellfactory:submitters")
        assert {"get sparkapplications", "get pods/log", "list events"} <= view <= submit
        assert {right.split()[0] for right in view} == {"get", "list", "watch"}
        changed = {r.split()[1] for r in submit if r.split()[0] not in {"get", "list", "watch"}}
        assert changed == {"sparkapplications", "scheduledsparkapplications", "sparkconnects"}
        assert {"create sparkapplications", "delete sparkapplications"} <= submit
    assert {each["kind"] for each in made}.isdisjoint({"ClusterRole", "ClusterRoleBinding"})


def test_a_group_that_is_left_out_gets_no_role(namespaces_chart: Chart) -> None:
    made = objects(render(namespaces_chart, GOOD["many"]))
    names = {each["metadata"]["name"] for each in made if each["kind"] == "Role"}
    assert names == {"spark-operator-spark", "spark-viewers"}
    assert rights(made, "jobs", "team:readers")


@pytest.mark.parametrize("version", KUBERNETES)
@pytest.mark.parametrize("values", GOOD.values(), ids=GOOD)
def test_kubernetes_accepts_every_manifest(
    namespaces_chart: Chart, values: dict[str, Any], version: str
) -> None:
    validate = pytest.importorskip("kubernetes_validate", reason="pip install kubernetes-validate")
    for each in objects(render(namespaces_chart, values)):
        validate.validate(each, version, strict=True)


@pytest.mark.parametrize(("values", "named"), BAD.values(), ids=BAD)
def test_bad_values_are_refused_by_name(
    namespaces_chart: Chart, values: dict[str, Any], named: str
) -> None:
    with pytest.raises(HelmValuesError, match=named):
        namespaces_chart.validate_schema(values)
    with pytest.raises(HelmValuesError, match=named):
        render(namespaces_chart, values)
