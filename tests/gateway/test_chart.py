"""The chart in a real Helm engine: its values, what it renders, what Kubernetes says to that."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.gateway.rig import CHART, VALUES, render_chart

pytestmark = pytest.mark.helm

GOLDEN = Path(__file__).parent / "golden"
KUBERNETES = ("1.29", "1.33", "1.34", "1.35", "1.36", "1.37")
NOT_KUBERNETES = {"TargetGroupBinding"}  # a resource of the AWS Load Balancer Controller

STORIES: dict[str, dict[str, Any]] = {
    "smallest": {},
    "cell": {
        "podBlocks": ["100.64.0.0/16", "100.65.0.0/16"],
        "jobNamespaces": ["etl", "ads"],
        "historyServer": {"service": "spark-history-server.spark-system.svc:18080"},
        "driver": {"roles": ["driver", "connect-server"], "lowestPort": 4040, "highestPort": 4056},
        "networkPolicy": {
            "clientBlocks": ["10.0.0.0/20"],
            "metricsNamespace": "monitoring",
            "apiServerBlocks": ["10.0.0.0/20"],
        },
        "nginx": {
            "image": {
                "repository": "111122223333.dkr.ecr.us-east-1.amazonaws.com/mirror/nginx",
                "digest": "sha256:" + "0f" * 32,
            }
        },
        "zoneSpread": "DoNotSchedule",
        "hostSpread": "DoNotSchedule",
        "priorityClassName": "system-cluster-critical",
        "tolerations": [{"key": "CriticalAddonsOnly", "operator": "Exists"}],
        "nodeSelector": {"kubernetes.io/arch": "arm64"},
        "imagePullSecrets": [{"name": "registry"}],
        "podLabels": {"team": "platform"},
        "podAnnotations": {"note": "yes"},
        "service": {"annotations": {"note": "yes"}},
        "serviceAccountAnnotations": {"note": "yes"},
    },
    "ipv6-addresses": {
        "podBlocks": ["2001:db8::/56"],
        "ipFamily": "IPv6",
        "replicas": 2,
        "service": {"type": "ClusterIP"},
        "historyServer": {"url": "https://history.example.com"},
        "nginx": {"accessLog": False},
        "targetGroup": {
            "arn": "arn:aws:elasticloadbalancing:us-east-1:111122223333:targetgroup/spark-ui/0f0f0f"
        },
    },
}


def documents(values: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for name, text in render_chart(values).items():
        if name.endswith(".yaml"):
            yield from (item for item in yaml.safe_load_all(text) if item)


def by_kind(values: dict[str, Any], kind: str) -> dict[str, Any]:
    return next(item for item in documents(values) if item["kind"] == kind)


def refuse(values: dict[str, Any]) -> str:
    from helm_python.errors import HelmError

    with pytest.raises(HelmError) as caught:
        render_chart(values)
    return str(caught.value)


def test_the_linter_has_nothing_against_it() -> None:
    from helm_python.chart import lint

    report = lint(CHART, VALUES, strict=True, kube_version="v1.33.0")
    worse_than_a_hint = [item for item in report["messages"] if item["severity"] > 1]
    assert (worse_than_a_hint, report["errors"]) == ([], [])


def test_two_values_must_be_given() -> None:
    from helm_python.chart import Chart
    from helm_python.errors import HelmError

    with Chart.load(CHART) as chart, pytest.raises(HelmError) as caught:
        chart.render(values={}, name="x")
    assert "/podBlocks" in str(caught.value)
    assert "/sidecar/image/repository" in str(caught.value)


@pytest.mark.parametrize("story", STORIES)
def test_manifests_are_what_was_agreed(story: str, request: pytest.FixtureRequest) -> None:
    seen = "".join(
        f"# {name}\n{text.strip()}\n" for name, text in sorted(render_chart(STORIES[story]).items())
    )
    golden = GOLDEN / f"{story}.txt"
    if request.config.getoption("--update-cases"):
        golden.parent.mkdir(exist_ok=True)
        golden.write_text(seen)
    assert seen == golden.read_text(), "pytest --update-cases writes it anew; read the diff"


@pytest.mark.parametrize("version", KUBERNETES)
@pytest.mark.parametrize("story", STORIES)
def test_kubernetes_accepts_every_manifest(story: str, version: str) -> None:
    validate = pytest.importorskip("kubernetes_validate", reason="pip install kubernetes-validate")
    kinds = set()
    for document in documents(STORIES[story]):
        kinds.add(document["kind"])
        if document["kind"] not in NOT_KUBERNETES:
            validate.validate(document, version, strict=True)
    assert {"ConfigMap", "Deployment", "NetworkPolicy", "PodDisruptionBudget", "Service"} <= kinds


def test_the_schema_check_can_fail() -> None:
    validate = pytest.importorskip("kubernetes_validate", reason="pip install kubernetes-validate")
    document = by_kind({}, "Deployment")
    document["spec"]["template"]["spec"]["containers"][0]["readyProbe"] = {}
    with pytest.raises(Exception, match="readyProbe"):
        validate.validate(document, KUBERNETES[0], strict=True)


@pytest.mark.parametrize("story", STORIES)
def test_the_only_right_is_to_read_pods(story: str) -> None:
    rules = [item["rules"] for item in documents(STORIES[story]) if "rules" in item]
    pods = {"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list", "watch"]}
    assert rules
    assert all(rule == [pods] for rule in rules)
    kinds = [item["kind"] for item in documents(STORIES[story])]
    wide = not STORIES[story].get("jobNamespaces")
    assert ("ClusterRole" in kinds) is wide
    assert ("Role" in kinds) is not wide


def test_rights_are_given_in_the_namespaces_of_the_jobs() -> None:
    bindings = [item for item in documents(STORIES["cell"]) if item["kind"] == "RoleBinding"]
    assert [item["metadata"]["namespace"] for item in bindings] == ["etl", "ads"]
    assert all(item["subjects"][0]["namespace"] == "spark-system" for item in bindings)


@pytest.mark.parametrize("story", STORIES)
def test_containers_may_do_little(story: str) -> None:
    pods = [by_kind(STORIES[story], "Deployment")["spec"]["template"]["spec"]]
    pods.append(by_kind(STORIES[story], "Pod")["spec"])
    for pod in pods:
        assert pod["automountServiceAccountToken"] is False
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert not pod.get("hostNetwork")
        for container in pod["containers"]:
            rules = container["securityContext"]
            assert rules["readOnlyRootFilesystem"] is True
            assert rules["allowPrivilegeEscalation"] is False
            assert rules["capabilities"] == {"drop": ["ALL"]}
            assert rules["runAsUser"] > 0
            assert "memory" in container["resources"]["limits"]


def test_every_container_is_probed_and_drained() -> None:
    spec = by_kind({"drainSeconds": 40}, "Deployment")["spec"]["template"]["spec"]
    for container in spec["containers"]:
        for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
            port = container[probe]["httpGet"]["port"]
            assert port in [item["name"] for item in container["ports"]]
        assert container["lifecycle"]["preStop"]["exec"]["command"] == ["sleep", "40"]
    assert spec["terminationGracePeriodSeconds"] > 40


def test_only_the_sidecar_holds_a_token_and_only_it_writes_routes() -> None:
    spec = by_kind({}, "Deployment")["spec"]["template"]["spec"]
    mounts = {c["name"]: {m["name"]: m for m in c["volumeMounts"]} for c in spec["containers"]}
    assert "account" not in mounts["nginx"]
    assert mounts["nginx"]["routes"]["readOnly"] is True
    assert mounts["sidecar"]["account"]["readOnly"] is True
    assert not mounts["sidecar"]["routes"].get("readOnly")
    volumes = {volume["name"]: volume for volume in spec["volumes"]}
    assert all(name in volumes for container in mounts.values() for name in container)


def test_replicas_are_spread_and_not_all_away_at_once() -> None:
    spec = by_kind(STORIES["cell"], "Deployment")["spec"]
    spread = {
        item["topologyKey"]: item for item in spec["template"]["spec"]["topologySpreadConstraints"]
    }
    assert {item["whenUnsatisfiable"] for item in spread.values()} == {"DoNotSchedule"}
    labels = spec["template"]["metadata"]["labels"]
    assert spec["selector"]["matchLabels"].items() <= labels.items()
    assert (
        spread["kubernetes.io/hostname"]["labelSelector"]["matchLabels"].items() <= labels.items()
    )
    budget = by_kind(STORIES["cell"], "PodDisruptionBudget")["spec"]
    assert budget["selector"] == spec["selector"]
    assert budget["maxUnavailable"] < spec["replicas"]


def test_the_network_policy_opens_what_is_needed() -> None:
    policy = by_kind(STORIES["cell"], "NetworkPolicy")["spec"]
    assert policy["policyTypes"] == ["Ingress", "Egress"]
    clients, metrics = policy["ingress"]
    assert clients["from"] == [{"ipBlock": {"cidr": "10.0.0.0/20"}}]
    assert metrics["from"][0]["namespaceSelector"]["matchLabels"]
    drivers, server, history, names = policy["egress"]
    assert drivers["ports"] == [{"port": 4040, "endPort": 4056, "protocol": "TCP"}]
    assert history["ports"] == [{"port": 18080, "protocol": "TCP"}]
    assert [item["ipBlock"]["cidr"] for item in drivers["to"]] == ["100.64.0.0/16", "100.65.0.0/16"]
    assert server["ports"] == [{"port": 443, "protocol": "TCP"}]
    assert {item["port"] for item in names["ports"]} == {53}
    assert len(by_kind({}, "NetworkPolicy")["spec"]["egress"]) == 2
    closed = {"networkPolicy": {"enabled": False}}
    assert "NetworkPolicy" not in [item["kind"] for item in documents(closed)]


def test_the_service_fits_either_kind_of_target_group() -> None:
    ports = by_kind({"service": {"nodePort": 31000}}, "Service")["spec"]["ports"]
    assert ports[0]["nodePort"] == 31000
    plain = by_kind(STORIES["ipv6-addresses"], "Service")["spec"]
    assert plain["type"] == "ClusterIP"
    assert plain["ipFamilies"] == ["IPv6"]
    assert "nodePort" not in plain["ports"][0]
    binding = by_kind(STORIES["ipv6-addresses"], "TargetGroupBinding")["spec"]
    assert binding["serviceRef"]["port"] == plain["ports"][0]["port"]


def test_room_for_routes_grows_with_their_number() -> None:
    def room(drivers: int) -> str:
        resources = {"limits": {"memory": "1Gi"}}
        values = {**VALUES["sidecar"], "maxDrivers": drivers, "resources": resources}
        spec = by_kind({"sidecar": values}, "Deployment")
        volumes = spec["spec"]["template"]["spec"]["volumes"]
        return str(next(v["emptyDir"]["sizeLimit"] for v in volumes if v["name"] == "routes"))

    assert (room(10_000), room(50_000)) == ("84Mi", "357Mi")


def test_pods_are_made_anew_when_the_configuration_changes() -> None:
    def checksum(values: dict[str, Any]) -> str:
        template = by_kind(values, "Deployment")["spec"]["template"]
        return str(template["metadata"]["annotations"]["checksum/config"])

    assert checksum({}) != checksum({"nginx": {"readTimeoutSeconds": 60}})


@pytest.mark.parametrize(
    ("values", "path"),
    [
        ({"podBlocks": []}, "/podBlocks"),
        ({"podBlocks": ["0.0.0.0/0"]}, "/podBlocks/0"),
        ({"podBlocks": ["10.0.0.0"]}, "/podBlocks/0"),
        ({"replicas": 1}, "/replicas"),
        ({"replica": 3}, "replica"),
        ({"jobNamespaces": ["Etl"]}, "/jobNamespaces/0"),
        ({"historyServer": {"service": "history"}}, "/historyServer/service"),
        ({"historyServer": {"url": 'https://x/";'}}, "/historyServer/url"),
        ({"service": {"nodePort": 80}}, "/service/nodePort"),
        ({"nginx": {"resources": {"limits": {"cpu": 1}}}}, None),
        ({"sidecar": {"image": {"repository": ""}}}, "/sidecar/image/repository"),
        ({"ipFamily": "v4"}, "/ipFamily"),
        ({"driver": {"lowestPort": 80}}, "/driver/lowestPort"),
        ({"nginx": {"workers": "2; #"}}, "/nginx/workers"),
        ({"podBlocks": ["999.1.1.0/24"]}, "/podBlocks/0"),
        ({"networkPolicy": {"clientBlocks": ["10.0.0.256/32"]}}, "/networkPolicy/clientBlocks/0"),
        ({"historyServer": {"service": "history:65536"}}, "/historyServer/service"),
        ({"nginx": {"trustedProxies": ["10.0.0.1; #"]}}, "/nginx/trustedProxies/0"),
        ({"podLabels": {"app.kubernetes.io/name": "x"}}, "app.kubernetes.io/name"),
        ({"podLabels": {"helm.sh/chart": "x"}}, "helm.sh/chart"),
    ],
)
def test_values_that_cannot_work_are_refused(values: dict[str, Any], path: str | None) -> None:
    if path is None:
        render_chart(values)  # the default's memory limit stays beside it
    else:
        assert path in refuse(values)


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"replicas": 2, "podDisruptionBudget": {"maxUnavailable": 2}}, "maxUnavailable must be"),
        ({"driver": {"lowestPort": 4041}}, "driver.lowestPort is above"),
        ({"historyServer": {"service": "a:1", "url": "https://a"}}, "service or url, not both"),
        (
            {"targetGroup": STORIES["ipv6-addresses"]["targetGroup"]},
            "service.type must be ClusterIP",
        ),
        (
            {"sidecar": {**VALUES["sidecar"], "watch": {"shortestSeconds": 300}}},
            "shortestSeconds is above",
        ),
        ({"podBlocks": ["100.64.0.1/16"]}, "100.64.0.1/16 is no block"),
        ({"podBlocks": ["10.0.0.0/8", "10.1.2.5/30"]}, "10.1.2.5/30 is no block"),
        ({"nginx": {"trustedProxies": ["10.0.0.1/8"]}}, "10.0.0.1/8 is no block"),
        ({"networkPolicy": {"apiServerBlocks": ["10.0.0.1/8"]}}, "10.0.0.1/8 is no block"),
        (
            {"sidecar": {**VALUES["sidecar"], "maxDrivers": 100_000}},
            "192Mi, less than the 1040Mi that sidecar.maxDrivers can take",
        ),
        ({"nginx": {"mostConnections": 1000}}, "576Mi, less than the"),
        ({"nginx": {"workers": 16}}, "576Mi, less than the"),
        ({"nginx": {"resources": {"limits": {"memory": "0.4G"}}}}, "0.4G, less than the 519Mi"),
        ({"nginx": {"resources": {"limits": {"memory": 400_000_000}}}}, "less than the 519Mi"),
    ],
)
def test_values_that_do_not_fit_each_other_are_refused(
    values: dict[str, Any], sentence: str
) -> None:
    assert sentence in refuse(values)


def test_every_value_is_described() -> None:
    def walk(schema: dict[str, Any], values: Any, path: str) -> Iterator[str]:
        if "properties" not in schema:
            return
        for name, value in values.items():
            part = schema["properties"].get(name)
            if part is None or not part.get("description"):
                yield f"{path}/{name}"
            else:
                yield from walk(part, value, f"{path}/{name}")

    schema = json.loads((CHART / "values.schema.json").read_text())
    values = yaml.safe_load((CHART / "values.yaml").read_text())
    assert list(walk(schema, values, "")) == []


def test_the_chart_and_the_sidecar_have_one_version(tmp_path: Path) -> None:
    import sparkgateway
    from helm_python.chart import package

    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    assert chart["appVersion"] == sparkgateway.__version__
    archive = Path(package(CHART, destination=tmp_path))
    assert archive.name == f"spark-ui-gateway-{chart['version']}.tgz"
