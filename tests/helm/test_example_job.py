"""Example jobs: against the operator's own CRD, and against the nodes that they are to land on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from helm_python import Chart

from cellfactory.inventory.schema import Inventory, NodeGroup
from cellfactory.runs.reading import read_design
from cellfactory.stacks.example_job import example_job
from tests.helm.conftest import ROOT
from tests.inventories import data
from tests.inventories import inventory as read

pytestmark = pytest.mark.helm

PLANNED = read_design(ROOT / "cells.yaml")
POOLS = [
    (cell, pool)
    for cell in PLANNED.inventory.cells
    for pool in PLANNED.inventory.type_of(cell).node_groups
]
by_pool = pytest.mark.parametrize(("cell", "pool"), POOLS)


def made(cell: str, pool: str, inventory: Inventory = PLANNED.inventory) -> dict[str, Any]:
    return example_job(inventory, PLANNED.facts, cell, pool)


def nodes_for(part: dict[str, Any], groups: dict[str, NodeGroup]) -> set[str]:
    """Say which node groups Kubernetes may place a pod on: its labels, then their taints."""
    wanted = part.get("nodeSelector", {}).items()
    tolerated = [
        tuple(t[k] for k in ("key", "value", "effect")) for t in part.get("tolerations", [])
    ]
    return {
        name
        for name, group in groups.items()
        if wanted <= group.labels.items()
        and all((t.key, t.value, t.effect) in tolerated for t in group.taints)
    }


@by_pool
def test_executors_land_on_their_node_group_and_drivers_on_an_open_one(
    cell: str, pool: str
) -> None:
    spec = made(cell, pool)["spec"]
    groups = PLANNED.inventory.type_of(cell).node_groups
    assert nodes_for(spec["executor"], groups) == {pool}
    (drivers,) = nodes_for(spec["driver"], groups)
    assert groups[drivers].taints == [] or drivers == pool
    instance = PLANNED.facts.instance(groups[pool].instance_type)
    assert spec["executor"]["cores"] < instance.vcpu
    assert int(spec["executor"]["memory"][:-1]) * 1.1 < instance.memory_mib / 1024


def test_a_node_group_with_taints_alone_takes_the_driver_too() -> None:
    """Rule F132 refuses such a cell type; the job is right all the same."""
    groups = {"all": {"instance_type": "m6i.large", "nodes_per_zone": 1, "labels": {"a": "b"}}}
    declared = read(data(node_groups=groups))
    spec = made("cell-000", "all", declared)["spec"]
    assert spec["executor"]["cores"] == 1
    assert spec["driver"]["nodeSelector"] == {"a": "b"}
    assert spec["sparkConf"] == {"spark.eventLog.enabled": "false"}


def test_the_page_shows_them() -> None:
    page = (ROOT / "docs" / "example-jobs.md").read_text("utf-8")
    shown = [yaml.safe_load(part.split("```")[0]) for part in page.split("```yaml\n")[1:]]
    assert made("moka-use1-a", "executor") in shown
    assert len(shown) == len({(PLANNED.inventory.cells[c].type, p) for c, p in POOLS})


@pytest.fixture
def crd(operator_chart: Chart) -> dict[str, Any]:
    """The schema of SparkApplication, as the API server has it."""
    (text,) = [
        each["data"] for each in operator_chart.crds if "kind: SparkApplication\n" in each["data"]
    ]
    versions = {each["name"]: each for each in yaml.safe_load(text)["spec"]["versions"]}
    schema: dict[str, Any] = versions["v1beta2"]["schema"]["openAPIV3Schema"]
    return schema


@by_pool
def test_the_operator_takes_every_example(crd: dict[str, Any], cell: str, pool: str) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    job = made(cell, pool)
    errors = [e.message for e in jsonschema.Draft202012Validator(crd).iter_errors(job)]
    assert errors == []
    assert list(unknown(job, crd)) == [], "the API server drops what it does not know, silently"


def test_the_check_of_the_operators_schema_can_fail(crd: dict[str, Any]) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    job = made("moka-use1-a", "executor")
    job["spec"]["executor"]["nodeSelectr"] = {}
    assert list(unknown(job, crd)) == ["spec.executor.nodeSelectr"]
    job["spec"]["driver"]["cores"] = "one"
    assert not jsonschema.Draft202012Validator(crd).is_valid(job)


def unknown(value: Any, schema: dict[str, Any], place: str = "") -> Iterator[str]:
    """Yield the keys that a structural schema does not have."""
    if isinstance(value, list):
        for item in value:
            yield from unknown(item, schema.get("items", {}), place)
    elif isinstance(value, dict) and "properties" in schema:
        for key, inner in value.items():
            if key in schema["properties"]:
                yield from unknown(inner, schema["properties"][key], f"{place}{key}.")
            else:
                yield f"{place}{key}"
