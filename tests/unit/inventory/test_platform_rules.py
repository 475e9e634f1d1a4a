"""Where the platform runs, what its charts are told, and whose namespace is whose."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from cellfactory.errors import InventoryError
from cellfactory.facts.loader import load_facts
from cellfactory.inventory.owned_values import OWNED_VALUES
from cellfactory.inventory.platform_rules import check_platform
from cellfactory.inventory.reader import parse_inventory
from tests.inventories import data, render

UI = {"sidecar_image": "r.example.com/sidecar:1"}
HISTORY = {"image": "r.example.com/spark:4"}
HUB = {
    "account": "333333333333",
    "vpc": "vpc-0f00ba12",
    "region": "us-east-1",
    "blocks": ["10.0.0.0/16"],
}
YUNIKORN = {"yunikorn": {"chart_version": "1.8.0"}}


def found(made: dict[str, Any]) -> list[str]:
    """Read an inventory, and list the rules that it breaks."""
    read = parse_inventory(render(made), "cells.yaml", load_facts())[0]
    return sorted({finding.rule for finding in check_platform(read, load_facts())})


def platform(**spark: Any) -> dict[str, Any]:
    """An inventory with all that a platform may have."""
    operator = {"chart_version": "2.5.2", **spark.pop("operator", {})}
    whole = {"namespaces": ["etl", "ads"], "operator": operator, "ui": UI, "history": HISTORY}
    whole = copy.deepcopy({**whole, "scheduler": YUNIKORN, **spark})
    made = data(spark=whole, ingress={"node_group": "all"})
    made["hubs"] = {"shared": HUB}
    made["meshes"]["east"]["hubs"] = ["shared"]
    return made


def nested(dotted: str, value: Any) -> dict[str, Any]:
    """Write a dotted place as mappings within mappings."""
    for key in reversed(dotted.split(".")):
        value = {key: value}
    return dict(value)


@pytest.mark.parametrize(
    ("release", "dotted"),
    [(release, dotted) for release, owned in OWNED_VALUES.items() for dotted in owned],
    ids=lambda value: value if isinstance(value, str) else ".".join(value),
)
@pytest.mark.parametrize("value", [None, 1, {"deeper": 1}], ids=["null", "number", "mapping"])
def test_no_value_that_the_cell_depends_on_may_be_written(
    release: tuple[str, ...], dotted: str, value: Any
) -> None:
    made = platform()
    place = made["cell_types"]["plain"]["spark"]
    for key in release:
        place = place[key]
    place["values"] = nested(dotted, value)
    with pytest.raises(InventoryError) as refused:
        parse_inventory(render(made), "cells.yaml", load_facts())
    assert {str(problem).split()[1] for problem in refused.value.problems} == {"F151"}


def test_what_no_key_says_is_free() -> None:
    free = {"controller": {"logLevel": "debug", "priorityClassName": "mine"}}
    assert found(platform(operator={"values": free})) == []


@pytest.mark.parametrize(
    ("types", "said", "rules"),
    [
        (["r6i.4xlarge"], [], []),
        (["r6i.4xlarge", "m6i.large"], [], []),
        (["r6i.4xlarge", "r6gd.4xlarge"], [], ["F153"]),
        (["r6i.4xlarge", "r6gd.4xlarge"], ["arm64"], ["F153"]),
        (["r6i.4xlarge", "r6gd.4xlarge"], ["x86_64", "arm64"], []),
    ],
)
def test_images_are_made_for_every_kind_of_node(
    types: list[str], said: list[str], rules: list[str]
) -> None:
    groups = {
        f"pool-{number}": {"instance_type": name, "nodes_per_zone": 1}
        for number, name in enumerate(types)
    }
    made = platform(image_architectures=said)
    made["cell_types"]["plain"] |= {
        "node_groups": groups,
        "ingress": {"node_group": "pool-0"},
        "node_image": "v20260714",
    }
    assert found(made) == rules


def test_a_load_balancer_needs_somebody_who_reaches_it() -> None:
    made = platform()
    assert found(made) == []
    del made["meshes"]["east"]["hubs"]
    assert found(made) == ["F154", "F156"]
    made["meshes"]["east"]["hubs"] = []
    assert found(made) == ["F154"], "said on purpose, and still nobody reaches it"
    del made["cell_types"]["plain"]["ingress"]
    del made["cell_types"]["plain"]["spark"]["ui"]
    assert found(made) == []
    del made["meshes"]["east"]["hubs"]
    assert found(made) == ["F156"], "nor the API of the cluster"
    made["meshes"]["west"] = {"region": "us-west-2"}
    assert found(made) == ["F156"], "a mesh without cells has no cluster"
