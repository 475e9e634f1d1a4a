"""What the synthesized platform stacks hand to Helm, given to a real Helm engine."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from helm_python import Chart

from factory.constructs.spark_operator import JOB_ACCOUNT
from factory.constructs.spark_releases import OWN_CHARTS
from factory.inventory.schema import Inventory
from factory.inventory.spark import Spark
from factory.runs.reading import read_design
from tests.helm.conftest import ROOT, objects, of_kind, unknown_values, values_of

pytestmark = [pytest.mark.helm, pytest.mark.synth]

Releases = dict[str, dict[str, Any]]


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


def copy_chart(output: dict[str, str], stack: str, name: str, target: Path) -> Path:
    """Write the chart that lies beside a stack into a folder."""
    folder = f"stacks/{stack}/charts/{name}/"
    for path, text in output.items():
        if path.startswith(folder):
            file = target / path.removeprefix(folder)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, "utf-8")
    return target


@pytest.mark.parametrize("name", OWN_CHARTS)
def test_the_chart_beside_a_stack_is_ours_and_takes_its_values(
    output: dict[str, str], releases: Releases, tmp_path: Path, name: str
) -> None:
    stack = "moka-use1-b-platform"
    release = releases[stack][name]
    assert release["chart"] == f"${{path.module}}/charts/{name}"
    values = values_of(release)
    folder = copy_chart(output, stack, name, tmp_path)
    with Chart.load(folder) as copied, Chart.load(ROOT / "modules" / OWN_CHARTS[name]) as chart:
        assert copied.metadata == chart.metadata
        made = copied.render(values, name=release["name"], namespace=release["namespace"])
        assert made == chart.render(values, name=release["name"], namespace=release["namespace"])


def test_only_charts_that_a_stack_installs_lie_beside_it(
    output: dict[str, str], releases: Releases
) -> None:
    for stack, made in releases.items():
        start = f"stacks/{stack}/charts/"
        beside = {p.removeprefix(start).split("/")[0] for p in output if p.startswith(start)}
        assert beside == {name for name, release in made.items() if "repository" not in release}


def rendered_own(release: dict[str, Any]) -> list[dict[str, Any]]:
    """Render one of our charts with what a stack passes to it."""
    with Chart.load(ROOT / "modules" / OWN_CHARTS[release["name"]]) as chart:
        made = chart.render(
            values_of(release), name=release["name"], namespace=release["namespace"]
        )
    return objects(made)


def test_kubernetes_accepts_what_every_stack_makes_of_our_charts(releases: Releases) -> None:
    validate = pytest.importorskip("kubernetes_validate", reason="pip install kubernetes-validate")
    count = 0
    for made in releases.values():
        for name in OWN_CHARTS.keys() & made:
            for each in rendered_own(made[name]):
                validate.validate(each, "1.33", strict=True)
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
    rendered: dict[str, tuple[Spark, list[dict[str, Any]]]],
) -> None:
    for spark, made in rendered.values():
        accounts = {
            each["metadata"]["namespace"]
            for each in made
            if each["kind"] == "ServiceAccount" and each["metadata"]["name"] == JOB_ACCOUNT
        }
        assert accounts == set(spark.namespaces)


def test_the_job_namespaces_are_watched(
    rendered: dict[str, tuple[Spark, list[dict[str, Any]]]],
) -> None:
    for spark, made in rendered.values():
        for deployment in of_kind(made, "Deployment").values():
            watched = flags(deployment)["namespaces"].split(",")
            assert sorted(watched) == sorted(spark.namespaces)
        homes = {each["metadata"]["namespace"] for each in made if each["kind"] == "ServiceAccount"}
        assert set(spark.namespaces) <= homes, "a job's driver has its service account there"


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


def test_the_image_of_the_upgrade_job_comes_from_the_mirror(
    operator_chart: Chart, releases: Releases
) -> None:
    values = values_of(releases["moka-use1-a-platform"]["spark-operator"])
    registry = values["image"]["registry"]
    with_job = {**values, "hook": {**values["hook"], "upgradeCrd": True}}
    made = objects(operator_chart.render(with_job, name="spark-operator"))
    assert of_kind(made, "Job"), "the chart has a job that updates its CRDs"
    assert [i for i in images(made) if not i.startswith(f"{registry}/")] == []
