"""The History Server's chart in a real Helm engine, and what Kubernetes says to its manifests."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from helm_python import Chart, HelmValuesError, lint

from tests.helm.conftest import ROOT, objects, of_kind

pytestmark = pytest.mark.helm

CHART = ROOT / "modules" / "spark-history-server"
GOLDEN = ROOT / "tests" / "helm" / "golden"
KUBERNETES = ("1.29", "1.33", "1.34", "1.35", "1.36", "1.37")
IMAGE = {"repository": "registry.example.com/spark-with-s3a", "tag": "4.0.1"}
LOGS = {"folder": "s3a://example-logs/spark-events"}
SMALLEST: dict[str, Any] = {"image": IMAGE, "eventLogs": LOGS}
GOOD: dict[str, dict[str, Any]] = {
    "smallest": SMALLEST,
    "all": {
        "replicas": 3,
        "image": {**IMAGE, "digest": "sha256:" + "0f" * 32, "user": 1001, "sparkHome": "/spark"},
        "eventLogs": {**LOGS, "region": "eu-central-1", "updateSeconds": 30},
        "memoryGibibytes": 16,
        "diskGibibytes": 100,
        "cpu": "2",
        "properties": {"spark.history.retainedApplications": "200", "spark.ui.title": "a: {b} # c"},
        "imagePullSecrets": [{"name": "registry"}],
        "nodeSelector": {"kubernetes.io/arch": "arm64"},
        "tolerations": [{"key": "platform", "operator": "Exists"}],
        "priorityClassName": "system-cluster-critical",
    },
}
BAD: dict[str, tuple[dict[str, Any], str]] = {
    "no image": ({"eventLogs": LOGS}, "/image"),
    "no folder": ({"image": IMAGE}, "/eventLogs"),
    "no tag": ({**SMALLEST, "image": {"repository": "r.example.com/spark"}}, "/image"),
    "root of a bucket": ({**SMALLEST, "eventLogs": {"folder": "s3a://example-logs"}}, "folder"),
    "another scheme": ({**SMALLEST, "eventLogs": {"folder": "s3://logs/events"}}, "folder"),
    "a line more": ({**SMALLEST, "eventLogs": {"folder": LOGS["folder"] + "\nx"}}, "folder"),
    "a property on two lines": ({**SMALLEST, "properties": {"spark.a": "b\nspark.c d"}}, "spark.a"),
    "another family": ({**SMALLEST, "ipFamily": "DualStack"}, "ipFamily"),
    "not of Spark": ({**SMALLEST, "properties": {"java.home": "/"}}, "java.home"),
    "no pods": ({**SMALLEST, "replicas": 0}, "replicas"),
    "root": ({**SMALLEST, "image": {**IMAGE, "user": 0}}, "user"),
    "all may ask": ({**SMALLEST, "networkPolicy": {"clientLabels": None}}, "networkPolicy"),
    "a misspelt key": ({**SMALLEST, "replica": 2}, "replica"),
}


@pytest.fixture(scope="module")
def chart() -> Iterator[Chart]:
    with Chart.load(CHART) as loaded:
        yield loaded


def render(chart: Chart, values: dict[str, Any]) -> dict[str, str]:
    return chart.render(values, name="spark-history-server", namespace="spark-system")


def test_the_linter_has_nothing_against_it() -> None:
    report = lint(CHART, SMALLEST, strict=True)
    assert report["errors"] == []
    assert [m for m in report["messages"] if m["severity"] > 1] == []


@pytest.mark.parametrize("name", GOOD)
def test_manifests_are_the_golden_ones(
    chart: Chart, name: str, pytestconfig: pytest.Config
) -> None:
    made = render(chart, GOOD[name])
    text = "".join(f"# {file}\n{made[file].strip()}\n" for file in sorted(made))
    golden = GOLDEN / f"history-server-{name}.txt"
    if pytestconfig.getoption("--update-cases"):
        golden.write_text(text, "utf-8")
    assert text == golden.read_text("utf-8")


@pytest.mark.parametrize("version", KUBERNETES)
@pytest.mark.parametrize("name", GOOD)
def test_kubernetes_accepts_every_manifest(chart: Chart, name: str, version: str) -> None:
    validate = pytest.importorskip("kubernetes_validate", reason="pip install kubernetes-validate")
    made = objects(render(chart, GOOD[name]))
    for each in made:
        validate.validate(each, version, strict=True)
    several = GOOD[name].get("replicas", 1) > 1
    assert bool(of_kind(made, "PodDisruptionBudget")) == several


@pytest.mark.parametrize("values", GOOD.values(), ids=GOOD)
def test_the_pod_may_do_nothing_but_read_logs(chart: Chart, values: dict[str, Any]) -> None:
    made = objects(render(chart, values))
    (deployment,) = of_kind(made, "Deployment").values()
    pod = deployment["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert pod["automountServiceAccountToken"] is False
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["runAsUser"] > 0
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert {"memory", "ephemeral-storage"} <= set(container["resources"]["limits"])
    assert {"startupProbe", "livenessProbe", "readinessProbe"} <= set(container)
    written = {m["mountPath"] for m in container["volumeMounts"] if not m.get("readOnly")}
    assert written == {"/var/lib/spark-history", "/tmp"}
    assert {each["kind"] for each in made}.isdisjoint({"Role", "ClusterRole", "RoleBinding"})


def test_the_configuration_says_what_the_values_say(chart: Chart) -> None:
    made = objects(render(chart, GOOD["all"]))
    (config,) = of_kind(made, "ConfigMap").values()
    lines = config["data"]["spark-defaults.conf"].splitlines()
    told = dict(line.split(" ", 1) for line in lines if not line.startswith("#"))
    assert told["spark.history.fs.logDirectory"] == "s3a://example-logs/spark-events/"
    assert told["spark.history.fs.update.interval"] == "30s"
    assert told["spark.history.fs.cleaner.enabled"] == "false"
    assert told["spark.history.store.maxDiskUsage"] == "80g"
    assert told["spark.hadoop.fs.s3a.endpoint.region"] == "eu-central-1"
    assert told["spark.history.retainedApplications"] == "200"
    assert told["spark.ui.title"] == "a: {b} # c"
    (deployment,) = of_kind(made, "Deployment").values()
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    assert container["env"] == [{"name": "SPARK_DAEMON_MEMORY", "value": "12288m"}]
    assert container["image"].endswith(":4.0.1@sha256:" + "0f" * 32)


@pytest.mark.parametrize(("values", "named"), BAD.values(), ids=BAD)
def test_bad_values_are_refused_by_name(chart: Chart, values: dict[str, Any], named: str) -> None:
    with pytest.raises(HelmValuesError, match=named):
        render(chart, values)


def test_it_listens_where_pods_have_ipv6(chart: Chart) -> None:
    made = objects(render(chart, {**SMALLEST, "ipFamily": "IPv6"}))
    (service,) = of_kind(made, "Service").values()
    assert service["spec"]["ipFamilies"] == ["IPv6"]
    (deployment,) = of_kind(made, "Deployment").values()
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    told = {row["name"]: row["value"] for row in container["env"]}
    assert told["SPARK_DAEMON_JAVA_OPTS"] == "-Djava.net.preferIPv6Addresses=true"
    (plain,) = of_kind(objects(render(chart, SMALLEST)), "Deployment").values()
    (container,) = plain["spec"]["template"]["spec"]["containers"]
    assert [row["name"] for row in container["env"]] == ["SPARK_DAEMON_MEMORY"]
