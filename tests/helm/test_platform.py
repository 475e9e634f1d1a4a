"""What the synthesized platform stacks hand to Helm, given to a real Helm engine."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from helm_python import Chart

from cellfactory.addressing.lock import EMPTY_LOCK
from cellfactory.addressing.plan import plan_addresses
from cellfactory.facts.loader import load_facts
from cellfactory.inventory.owned_values import HISTORY, OPERATOR, OWNED_VALUES, UI, YUNIKORN
from cellfactory.inventory.schema import Inventory
from cellfactory.inventory.spark import Spark
from cellfactory.layers import list_stacks
from cellfactory.naming import JOB_ACCOUNT
from cellfactory.runs.reading import read_design
from cellfactory.specs.charts import OWN_CHARTS
from cellfactory.stacks.synth import synth_stacks
from tests.helm.conftest import ROOT, objects, of_kind, unknown_values, values_of
from tests.inventories import data
from tests.inventories import inventory as read

pytestmark = [pytest.mark.helm, pytest.mark.synth]

Output = dict[str, Any]
Releases = dict[str, dict[str, Any]]
KUBERNETES = ("1.33", "1.34", "1.35", "1.36", "1.37")
CUSTOM = {"PodMonitor"}  # kinds that Kubernetes itself does not have


@pytest.fixture(scope="module")
def inventory() -> Inventory:
    return read_design(ROOT / "cells.yaml").inventory


def sparks(inventory: Inventory) -> dict[str, Spark]:
    return {f"{cell}-platform": inventory.type_of(cell).spark for cell in inventory.cells}


def flags(deployment: dict[str, Any]) -> dict[str, str]:
    """Read the flags of a deployment's one container."""
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    given = (word[2:].partition("=") for word in container["args"] if word.startswith("--"))
    return {name: value for name, _, value in given}


def images(found: list[dict[str, Any]]) -> set[str]:
    """Collect the image of every container, wherever it stands."""
    seen: set[str] = set()
    rest: list[Any] = list(found)
    while rest:
        value = rest.pop()
        if isinstance(value, dict):
            seen |= {value["image"]} if isinstance(value.get("image"), str) else set()
            rest += value.values()
        elif isinstance(value, list):
            rest += value
    return seen


def test_every_cell_makes_the_namespaces_that_its_type_names(
    releases: Releases, inventory: Inventory, namespaces_chart: Chart
) -> None:
    assert sorted(releases) == sorted(sparks(inventory))
    for stack, spark in sparks(inventory).items():
        release = releases[stack]["spark-namespaces"]
        made = namespaces_chart.render(
            values_of(release), name=release["name"], namespace=release["namespace"]
        )
        assert sorted(of_kind(objects(made), "Namespace")) == sorted(spark.namespaces)


@pytest.mark.parametrize("name", OWN_CHARTS)
def test_the_chart_beside_a_stack_is_ours_and_takes_its_values(
    output: Output, releases: Releases, tmp_path: Path, name: str
) -> None:
    stack = "moka-use1-b-platform"
    release = releases[stack][name]
    file = release["chart"].removeprefix("${path.module}/charts/")
    assert file.startswith(f"{name}-")
    values = values_of(release)
    packed = tmp_path / file
    packed.write_bytes(output[f"stacks/{stack}/charts/{file}"])
    with Chart.load(packed) as copied, Chart.load(ROOT / "modules" / OWN_CHARTS[name]) as chart:
        assert copied.metadata == chart.metadata
        made = copied.render(values, name=release["name"], namespace=release["namespace"])
        assert made == chart.render(values, name=release["name"], namespace=release["namespace"])


def test_only_charts_that_a_stack_installs_lie_beside_it(
    output: Output, releases: Releases
) -> None:
    for stack, made in releases.items():
        start = f"stacks/{stack}/charts/"
        beside = {p.removeprefix(start) for p in output if p.startswith(start)}
        own = [release for release in made.values() if "repository" not in release]
        assert beside == {r["chart"].removeprefix("${path.module}/charts/") for r in own}


def rendered_own(release: dict[str, Any]) -> list[dict[str, Any]]:
    """Render one of our charts with what a stack passes to it."""
    with Chart.load(ROOT / "modules" / OWN_CHARTS[release["name"]]) as chart:
        made = chart.render(
            values_of(release), name=release["name"], namespace=release["namespace"]
        )
    return objects(made)


@pytest.mark.parametrize("version", KUBERNETES)
def test_kubernetes_accepts_what_every_stack_makes_of_our_charts(
    releases: Releases, version: str
) -> None:
    validate = pytest.importorskip("kubernetes_validate", reason="pip install kubernetes-validate")
    count = 0
    for made in releases.values():
        for name in OWN_CHARTS.keys() & made:
            for each in rendered_own(made[name]):
                validate.validate(each, version, strict=True)
                count += 1
    assert count > 20


def test_the_gateway_finds_the_history_server(releases: Releases) -> None:
    for made in releases.values():
        if "spark-ui-gateway" not in made:
            continue
        told = values_of(made["spark-ui-gateway"])["historyServer"]["service"]
        history = made["spark-history-server"]
        (service,) = of_kind(rendered_own(history), "Service").values()
        (port,) = service["spec"]["ports"]
        name = service["metadata"]["name"]
        assert told == f"{name}.{history['namespace']}.svc:{port['port']}"
        (policy,) = of_kind(rendered_own(history), "NetworkPolicy").values()
        (admitted,) = policy["spec"]["ingress"][0]["from"]
        (gateway,) = of_kind(rendered_own(made["spark-ui-gateway"]), "Deployment").values()
        labels = gateway["spec"]["template"]["metadata"]["labels"]
        assert admitted["podSelector"]["matchLabels"].items() <= labels.items()
        assert made["spark-ui-gateway"]["namespace"] == history["namespace"]


def test_the_gateway_watches_the_job_namespaces_and_routes_into_the_cell(
    releases: Releases, inventory: Inventory
) -> None:
    plan = read_design(ROOT / "cells.yaml").plan
    seen = 0
    for cell in inventory.cells:
        release = releases[f"{cell}-platform"].get("spark-ui-gateway")
        if release is None:
            continue
        made = rendered_own(release)
        roles = {each["metadata"]["namespace"] for each in made if each["kind"] == "Role"}
        assert roles == set(inventory.type_of(cell).spark.namespaces)
        (deployment,) = of_kind(made, "Deployment").values()
        (sidecar,) = [
            c
            for c in deployment["spec"]["template"]["spec"]["containers"]
            if c["name"] == "sidecar"
        ]
        told = {each["name"]: each["value"] for each in sidecar["env"]}
        blocks = [str(block) for block in plan.cells[cell].pod_blocks]
        assert told["GATEWAY_POD_BLOCKS"].split(",") == blocks
        seen += 1
    assert seen > 1


def test_images_of_a_cell_without_egress_come_from_its_registry(
    releases: Releases, inventory: Inventory
) -> None:
    for cell in inventory.cells:
        if inventory.type_of(cell).egress != "none":
            continue
        for name in OWN_CHARTS.keys() - {"spark-namespaces"}:
            for image in images(rendered_own(releases[f"{cell}-platform"][name])):
                assert image.startswith("222222222222.dkr.ecr.us-east-1.amazonaws.com/"), image


def test_the_operator_waits_for_its_namespaces(releases: Releases) -> None:
    for release in releases.values():
        assert release["spark-operator"]["depends_on"] == ["helm_release.spark-namespaces"]


# -- the Spark Operator's own chart ----------------------------------------------------------------


@pytest.fixture
def rendered(
    operator_chart: Chart, releases: Releases, inventory: Inventory
) -> dict[str, tuple[Spark, list[dict[str, Any]]]]:
    """What the operator's chart makes of the values of each stack."""
    found = {}
    for stack, spark in sparks(inventory).items():
        release = releases[stack]["spark-operator"]
        made = operator_chart.render(
            values_of(release), name=release["name"], namespace=release["namespace"]
        )
        found[stack] = spark, objects(made)
    return found


def test_the_chart_knows_every_value_that_is_passed(
    operator_chart: Chart, releases: Releases
) -> None:
    """Helm takes any value; one that the chart does not know would do nothing, silently."""
    for release in releases.values():
        values = values_of(release["spark-operator"])
        assert unknown_values(values, operator_chart.values) == []


def test_replicas_and_limits_are_those_of_the_inventory(
    rendered: dict[str, tuple[Spark, list[dict[str, Any]]]],
) -> None:
    for spark, made in rendered.values():
        operator, deployments = spark.operator, of_kind(made, "Deployment")
        controller = deployments["spark-operator-controller"]
        assert {d["spec"]["replicas"] for d in deployments.values()} == {operator.replicas}
        told = flags(controller)
        assert int(told["controller-threads"]) == operator.workers
        assert float(told["kube-api-qps"]) == operator.kube_api_qps
        assert int(told["kube-api-burst"]) == operator.kube_api_burst
        budgets = of_kind(made, "PodDisruptionBudget")
        assert bool(budgets) == (operator.replicas > 1)


def test_no_service_and_no_ingress_for_each_job(
    rendered: dict[str, tuple[Spark, list[dict[str, Any]]]],
) -> None:
    for _, made in rendered.values():
        told = flags(of_kind(made, "Deployment")["spark-operator-controller"])
        assert told["enable-ui-service"] == "false"
        assert not [name for name in told if "ingress" in name]
        assert of_kind(made, "Ingress") == {}


def test_jobs_run_as_the_account_that_the_log_writers_role_is_bound_to(
    rendered: dict[str, tuple[Spark, list[dict[str, Any]]]], releases: Releases
) -> None:
    """Our chart makes it, with its rights, so that it stays whichever release serves it."""
    for stack, (spark, made) in rendered.items():
        own = rendered_own(releases[stack]["spark-namespaces"])
        for kind in ("ServiceAccount", "Role", "RoleBinding"):
            homes = {
                each["metadata"]["namespace"]
                for each in own
                if each["kind"] == kind and each["metadata"]["name"] == JOB_ACCOUNT
            }
            assert homes == set(spark.namespaces)
        assert JOB_ACCOUNT not in {each["metadata"]["name"] for each in made}


def test_the_job_namespaces_are_watched(
    rendered: dict[str, tuple[Spark, list[dict[str, Any]]]],
) -> None:
    for spark, made in rendered.values():
        for deployment in of_kind(made, "Deployment").values():
            watched = flags(deployment)["namespaces"].split(",")
            assert sorted(watched) == sorted(spark.namespaces)


def test_the_operator_is_the_last_to_be_evicted_and_lost_with_no_node(
    rendered: dict[str, tuple[Spark, list[dict[str, Any]]]],
) -> None:
    for spark, made in rendered.values():
        for name, deployment in of_kind(made, "Deployment").items():
            pod = deployment["spec"]["template"]["spec"]
            (container,) = pod["containers"]
            resources = container["resources"]
            assert resources["requests"] == resources["limits"], "Guaranteed"
            assert {"cpu", "memory"} <= set(resources["limits"])
            assert pod["priorityClassName"] == "system-cluster-critical"
            spread = {each["topologyKey"]: each for each in pod["topologySpreadConstraints"]}
            assert spread["kubernetes.io/hostname"]["whenUnsatisfiable"] == "DoNotSchedule"
            assert all(each["labelSelector"]["matchLabels"] for each in spread.values())
            if name.endswith("controller"):
                assert int(resources["limits"]["cpu"]) == spark.operator.cpu


def test_the_platforms_pods_run_on_the_node_group_that_is_named(
    rendered: dict[str, tuple[Spark, list[dict[str, Any]]]], releases: Releases
) -> None:
    seen = 0
    for stack, (spark, made) in rendered.items():
        own = [rendered_own(releases[stack][name]) for name in OWN_CHARTS.keys() & releases[stack]]
        pods = [
            each["spec"]["template"]["spec"]
            for each in (*made, *(found for chart in own for found in chart))
            if each["kind"] in {"Deployment", "Job"}
        ]
        wanted = {"cellfactory/pool": "driver"} if spark.node_group else None
        assert [pod.get("nodeSelector") for pod in pods] == [wanted] * len(pods)
        seen += bool(wanted)
    assert 0 < seen < len(rendered)


def test_every_image_comes_from_the_mirror(
    rendered: dict[str, tuple[Spark, list[dict[str, Any]]]],
) -> None:
    registries = set()
    for spark, made in rendered.values():
        registry = spark.operator.image_registry
        registries.add(registry)
        assert images(made)
        if registry:
            assert [i for i in images(made) if not i.startswith(f"{registry}/")] == []
    assert len(registries) > 1, "the shipped inventory has a cell with a mirror and one without"


def test_crds_are_brought_up_to_date_with_an_image_from_the_mirror(
    rendered: dict[str, tuple[Spark, list[dict[str, Any]]]],
) -> None:
    """Helm installs a chart's CRDs once and never again; the chart's own job applies them."""
    for spark, made in rendered.values():
        (job,) = of_kind(made, "Job").values()
        assert "pre-upgrade" in job["metadata"]["annotations"]["helm.sh/hook"]
        registry = spark.operator.image_registry or "ghcr.io"
        assert images([job]) == {f"{registry}/kubeflow/spark-operator/kubectl:2.5.2"}


@pytest.mark.parametrize("version", KUBERNETES)
def test_kubernetes_accepts_what_the_operators_chart_makes(
    rendered: dict[str, tuple[Spark, list[dict[str, Any]]]], version: str
) -> None:
    validate = pytest.importorskip("kubernetes_validate", reason="pip install kubernetes-validate")
    for _, made in rendered.values():
        for each in made:
            if each["kind"] not in CUSTOM:
                validate.validate(each, version, strict=True)


# -- what an inventory may ask for besides ---------------------------------------------------------


def asked(**spark: Any) -> Releases:
    """The releases of a cell whose type asks for more below `spark`."""
    wanted = {
        "namespaces": ["etl", "ads", "notebooks"],
        "operator": {"chart_version": "2.5.2", **spark.pop("operator", {})},
    }
    made = data(
        node_groups={
            "system": {
                "instance_type": "m6i.xlarge",
                "nodes_per_zone": 1,
                "labels": {"pool": "system"},
                "taints": [{"key": "system", "effect": "NoSchedule"}],
            },
            "all": {"instance_type": "r6i.4xlarge", "nodes_per_zone": 10},
        },
        spark={**wanted, **spark},
        ingress={"node_group": "all"},
    )
    cells = read(made)
    plan, _ = plan_addresses(cells, EMPTY_LOCK, load_facts())
    stacks = [s for s in list_stacks(cells, load_facts()) if s.id.layer == "platform"]
    (text,) = synth_stacks(cells, plan, load_facts(), stacks).stacks.values()
    found: Releases = json.loads(text)["resource"]["helm_release"]
    return found


def test_further_releases_share_the_namespaces_out(operator_chart: Chart) -> None:
    made = asked(operator={"shards": {"ads": ["ads"]}, "node_group": "system"})
    first, further = made["spark-operator"], made["spark-operator-ads"]
    assert further["chart"] == first["chart"] == "spark-operator"
    assert "helm_release.spark-operator" in further["depends_on"], "it lets the namespace go first"
    objects_of = {}
    for name, release in (("first", first), ("further", further)):
        found = objects(
            operator_chart.render(
                values_of(release), name=release["name"], namespace=release["namespace"]
            )
        )
        objects_of[name] = {
            (o["kind"], o["metadata"].get("namespace"), o["metadata"]["name"]) for o in found
        }
        (told,) = [
            flags(d) for n, d in of_kind(found, "Deployment").items() if n.endswith("controller")
        ]
        assert told["namespaces"] == {"first": "etl,notebooks", "further": "ads"}[name]
        for deployment in of_kind(found, "Deployment").values():
            pod = deployment["spec"]["template"]["spec"]
            assert pod["nodeSelector"] == {"pool": "system"}
            assert [t["key"] for t in pod["tolerations"]] == ["system"]
        assert bool(of_kind(found, "Job")) == (name == "first"), "CRDs are one release's business"
    assert objects_of["first"].isdisjoint(objects_of["further"])


def test_values_of_a_persons_own_reach_the_chart_beside_ours(operator_chart: Chart) -> None:
    made = asked(operator={"values": {"controller": {"logLevel": "debug", "env": [{"name": "A"}]}}})
    told = values_of(made["spark-operator"])["controller"]
    assert (told["logLevel"], told["env"], told["workers"]) == ("debug", [{"name": "A"}], 10)
    assert unknown_values(values_of(made["spark-operator"]), operator_chart.values) == []


@pytest.mark.parametrize("release", OWNED_VALUES, ids=".".join)
def test_what_is_not_free_is_a_value_of_the_chart(
    request: pytest.FixtureRequest, release: tuple[str, ...]
) -> None:
    """A misspelt place would leave the real one open."""
    charts = {OPERATOR: "operator_chart", YUNIKORN: "yunikorn_chart"}
    names = {UI: "spark-ui-gateway", HISTORY: "spark-history-server"}
    if release in names:
        with Chart.load(ROOT / "modules" / OWN_CHARTS[names[release]]) as chart:
            known = chart.values
    else:
        known = request.getfixturevalue(charts[release]).values
    for dotted in OWNED_VALUES[release]:
        place: Any = known
        for key in dotted.split("."):
            assert key in place, dotted
            place = place[key]


def test_scrape_objects_are_made_where_they_are_asked_for(operator_chart: Chart) -> None:
    ui = {"sidecar_image": "r.example.com/sidecar:1"}
    history = {"image": "r.example.com/spark:4"}
    plain = asked(ui=ui, history=history)
    made = asked(ui=ui, history=history, monitoring={"labels": {"release": "prometheus"}})
    assert of_kind(rendered_own(plain["spark-ui-gateway"]), "PodMonitor") == {}
    (monitor,) = of_kind(rendered_own(made["spark-ui-gateway"]), "PodMonitor").values()
    assert monitor["metadata"]["labels"]["release"] == "prometheus"
    assert monitor["spec"]["podMetricsEndpoints"][0]["port"] == "metrics"
    told = values_of(made["spark-operator"])["prometheus"]
    assert told["podMonitor"] == {"create": True, "labels": {"release": "prometheus"}}
    assert "podMonitor" not in values_of(plain["spark-operator"])["prometheus"]
    assert unknown_values(told, operator_chart.values["prometheus"]) == []
