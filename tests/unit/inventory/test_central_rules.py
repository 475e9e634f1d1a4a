"""Central egress: whether cells have it, and whether its VPC can be."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from cellfactory.errors import InventoryError
from cellfactory.facts.loader import load_facts
from cellfactory.inventory.central import CentralEgress
from cellfactory.inventory.central_rules import RULES, check_central
from cellfactory.inventory.schema import Inventory
from tests import inventories

FACTS = load_facts()
ZONES = ["use1-az1", "use1-az2", "use1-az4"]
HUB: dict[str, Any] = {
    "account": "333333333333",
    "vpc": "vpc-0f00ba12",
    "region": "us-east-1",
    "blocks": ["10.0.0.0/16"],
}
ATTACHED = {"attachments": {"east": "tgw-attach-0f00ba120f00ba120"}}
Made = dict[str, Any]


def data(step: str = "gateway", *, hub: dict[str, Any] | None = None, **egress: Any) -> Made:
    """A mesh with a way out, and two cells, one of which uses it."""
    made = inventories.data(cells=2)
    out = {"block": "10.200.0.0/24", "zones": [*ZONES], **egress}
    gateway = {"account": "888888888888", "organization": "one", "egress": out}
    made["meshes"]["east"] |= {"interconnect": step, "gateway": gateway}
    made["cell_types"]["out"] = copy.deepcopy({**made["cell_types"]["plain"], "egress": "central"})
    made["cells"]["cell-001"]["type"] = "out"
    if hub is not None:
        made["hubs"] = {"shared": copy.deepcopy({**HUB, **hub})}
        made["meshes"]["east"]["hubs"] = ["shared"]
    return made


def found(made: Made) -> list[tuple[str, str]]:
    """What the rules of the way out find; all other rules pass."""
    try:
        inventory: Inventory = inventories.inventory(made)
    except InventoryError as error:
        problems = [problem.finding for problem in error.problems]
        return [(f.rule, ".".join(map(str, f.path))) for f in problems if f.severity == "error"]
    return [(f.rule, ".".join(map(str, f.path))) for f in check_central(inventory, FACTS)]


@pytest.mark.parametrize("step", ["both", "soak", "retire", "gateway"])
def test_it_is_there_wherever_cells_are_attached(step: str) -> None:
    assert found(data(step)) == []


@pytest.mark.parametrize("step", ["peering", "prepare"])
def test_a_cell_that_is_not_attached_has_no_way_out(step: str) -> None:
    assert found(data(step)) == [("F755", "cells.cell-001.type")]


def test_a_mesh_without_it_has_no_cells_that_use_it() -> None:
    made = data()
    del made["meshes"]["east"]["gateway"]["egress"]
    assert found(made) == [("F755", "cells.cell-001.type")]
    made = data()
    made["meshes"]["east"] = {"region": "us-east-1", "hubs": []}
    assert found(made) == [("F755", "cells.cell-001.type")]


AT = "meshes.east.gateway.egress"


def test_who_inspects_is_an_attached_hub_of_the_mesh() -> None:
    assert found(data(hub=ATTACHED, inspection="shared")) == []
    assert found(data("both", hub={}, inspection="shared")) == [("F756", f"{AT}.inspection")]
    assert found(data(hub=ATTACHED, inspection="sharde")) == [("F756", f"{AT}.inspection")]
    assert found(data(inspection="shared")) == [("F756", f"{AT}.inspection")]


@pytest.mark.parametrize(
    ("block", "told"),
    [
        ("10.200.0.0/25", []),
        ("10.200.0.0/26", [("F757", f"{AT}.block")]),
        ("10.200.0.0/28", [("F757", f"{AT}.block")]),
        ("10.128.0.0/24", [("F757", f"{AT}.block")]),
        ("100.64.0.0/24", [("F757", f"{AT}.block")]),
        ("10.0.3.0/24", [("F757", f"{AT}.block")]),
        ("127.0.0.0/24", [("F119", f"{AT}.block")]),
    ],
)
def test_its_block_has_room_and_is_apart(block: str, told: list[tuple[str, str]]) -> None:
    assert found(data(hub=ATTACHED, block=block)) == told


def test_two_ways_out_are_apart() -> None:
    made = data()
    made["meshes"]["west"] = copy.deepcopy(made["meshes"]["east"])
    assert found(made) == [("F757", "meshes.west.gateway.egress.block")]


def test_zones_are_those_of_the_region_and_each_is_named_once() -> None:
    assert found(data(zones=[*ZONES, "usw2-az1"])) == [("F111", f"{AT}.zones.3")]
    assert found(data(zones=[*ZONES, "use1-az1"])) == [("F121", f"{AT}.zones.3")]


def test_a_zone_without_a_nat_gateway_is_a_warning() -> None:
    assert found(data(zones=ZONES[:2])) == [("F758", f"{AT}.zones")]


def test_each_rule_is_broken_here() -> None:
    found_by_runs = {"F759"}  # tests/unit/runs/test_recorded.py
    assert set(RULES) - found_by_runs == {"F755", "F756", "F757", "F758"}


def test_a_zone_more_moves_no_subnet() -> None:
    two = CentralEgress.model_validate({"block": _block(), "zones": ZONES[:2]}, strict=False)
    three = CentralEgress.model_validate({"block": _block(), "zones": ZONES}, strict=False)
    for kind in ("public", "attachment"):
        assert two.subnets(kind).items() <= three.subnets(kind).items()
    blocks = [*three.subnets("public").values(), *three.subnets("attachment").values()]
    assert len(set(blocks)) == 6


def _block() -> str:
    return "10.200.0.0/24"
