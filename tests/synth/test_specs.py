"""A stack is its spec: equal specs are equal Terraform, and equal cells differ in leaves alone."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from cellfactory.addressing.lock import EMPTY_LOCK
from cellfactory.addressing.plan import plan_addresses
from cellfactory.documents import load_data
from cellfactory.facts.loader import load_facts
from cellfactory.inventory.schema import Inventory
from cellfactory.layers import list_stacks
from tests.inventories import data, inventory
from tests.synth.conftest import ROOT

pytestmark = pytest.mark.synth

FACTS = load_facts()
CHARTS = {"spark-namespaces": "a.tgz", "spark-history-server": "b.tgz", "spark-ui-gateway": "c.tgz"}
SHIPPED = load_data((ROOT / "cells.yaml").read_text("utf-8"))


def made_of(cells: Inventory) -> tuple[dict[str, Any], dict[str, str]]:
    """The spec of each stack, and its Terraform, by the stack's name."""
    from cellfactory.specs.parts import Parts
    from cellfactory.specs.stack import describe_stack
    from cellfactory.stacks.synth import synth_stacks

    plan, _ = plan_addresses(cells, EMPTY_LOCK, FACTS)
    stacks = list_stacks(cells, FACTS)
    parts = Parts(inventory=cells, plan=plan, facts=FACTS, charts=CHARTS)
    specs = {stack.id.name: describe_stack(parts, stack) for stack in stacks}
    return specs, dict(synth_stacks(cells, plan, FACTS, stacks).stacks)


def equal_cells() -> Inventory:
    """Eight cells that differ in name, account and addresses only, with all that a cell can have.

    The accounts of all are made, and they reach two hubs: so every layer is there.
    """
    shipped = copy.deepcopy(SHIPPED)
    cells = {
        f"cell-{letter}": {
            **copy.deepcopy(shipped["cells"]["moka-use1-c"]),
            "account": {"email": f"aws+{letter}@example.com", "ou": "ou-ab12-cdefgh34"},
        }
        for letter in "abcdefgh"
    }
    hub = copy.deepcopy(shipped["hubs"]["shared-services"])
    shipped["hubs"]["second"] = {**hub, "vpc": "vpc-0123abcd", "blocks": ["10.2.0.0/16"]}
    shipped["meshes"]["moka-use1"]["hubs"].append("second")
    return inventory({**shipped, "cells": cells})


_LEAVES = (
    (re.compile(r"\b\d+\.\d+\.\d+\.\d+/\d+"), "BLOCK"),
    (re.compile(r"aws\+[a-h]@"), "EMAIL@"),
    (re.compile(r"\bcell-[a-h]\b"), "CELL"),
)


def shape(text: str) -> str:
    """A document without its leaf values and without its rows, which are data."""
    document = json.loads(text)
    document["locals"] = sorted(document.get("locals", {}))
    shown = json.dumps(document, sort_keys=True, indent=1)
    for pattern, word in _LEAVES:
        shown = pattern.sub(word, shown)
    return shown


def test_equal_cells_are_one_shape_in_every_layer() -> None:
    """What one synthesis for each shape stands on: no leaf value names a resource."""
    _, texts = made_of(equal_cells())
    shapes: dict[str, dict[str, list[str]]] = {}
    for name, text in texts.items():
        layer = name.rpartition("-")[2]
        shapes.setdefault(layer, {}).setdefault(shape(text), []).append(name)
    assert sorted(shapes) == [
        *("accept", "account", "cluster", "network", "peering", "platform", "routes")
    ]
    assert {layer: list(found.values()) for layer, found in shapes.items() if len(found) > 1} == {}


def test_no_leaf_value_stands_in_a_resources_name() -> None:
    _, texts = made_of(inventory(copy.deepcopy(SHIPPED)))
    leaf = re.compile(r"\d+[.-]\d+[.-]\d+[.-]\d+|\d{12}|@|arn:|vpc-[0-9a-f]{8}|-[0-9a-f]{8}\b")
    for stack, text in texts.items():
        document = json.loads(text)
        for kinds in (document.get("resource", {}), document.get("data", {})):
            names = [name for named in kinds.values() for name in named]
            assert [name for name in names if leaf.search(name)] == [], stack


Edit = Callable[[dict[str, Any]], object]


def cell_type(made: dict[str, Any]) -> Any:
    return made["cell_types"]["spark"]


def spark(made: dict[str, Any]) -> Any:
    return cell_type(made)["spark"]


ROLE = "arn:aws:iam::1" + "2" * 11 + ":role/x"
EDITS: Mapping[str, tuple[Edit, set[str]]] = {
    "kubernetes": (lambda d: cell_type(d).update(kubernetes_version="1.35"), {"cluster"}),
    "image": (lambda d: cell_type(d).update(node_image="v20260101"), {"cluster"}),
    "admins": (
        lambda d: cell_type(d).update(admins=["arn:aws:iam::1" + "2" * 11 + ":role/x"]),
        {"cluster"},
    ),
    "support": (lambda d: cell_type(d).update(support="standard"), {"cluster"}),
    "tier": (lambda d: cell_type(d).update(control_plane_tier="2xl"), {"cluster"}),
    "control plane logs": (
        lambda d: cell_type(d).update(control_plane_logs=["scheduler"]),
        {"cluster"},
    ),
    "order of control plane logs": (
        lambda d: cell_type(d).update(control_plane_logs=["authenticator", "audit", "api"]),
        set(),
    ),
    "protection": (lambda d: cell_type(d).update(deletion_protection=True), {"cluster"}),
    "zonal shift": (lambda d: cell_type(d).update(zonal_shift=True), {"cluster"}),
    "sessions": (lambda d: cell_type(d).update(session_manager=True), {"network", "cluster"}),
    "submitters": (lambda d: cell_type(d).update(submitters=[ROLE]), {"cluster"}),
    "viewers": (lambda d: cell_type(d).update(viewers=[ROLE]), {"cluster"}),
    "job policies": (lambda d: spark(d).update(job_policies=["data/read"]), {"cluster"}),
    "policies of a namespace": (
        lambda d: spark(d).update(namespace_policies={"jobs": ["data/read"]}),
        {"cluster"},
    ),
    "repair": (
        lambda d: cell_type(d)["node_groups"]["driver"].update(repair=False),
        {"cluster"},
    ),
    "reservations": (
        lambda d: cell_type(d)["node_groups"]["driver"].update(reservations="mine"),
        {"cluster"},
    ),
    "add-on": (
        lambda d: cell_type(d)["addons"].update({"metrics-server": "v0.8.0-eksbuild.1"}),
        {"cluster"},
    ),
    "add-on with an endpoint": (
        lambda d: cell_type(d)["addons"].update(
            {"amazon-cloudwatch-observability": "v4.1.0-eksbuild.1"}
        ),
        {"network", "cluster"},
    ),
    "add-on in full": (
        lambda d: cell_type(d)["addons"].update({"coredns": {"version": "v1.13.2-eksbuild.24"}}),
        set(),
    ),
    "add-on configured": (
        lambda d: cell_type(d)["addons"].update(
            {
                "coredns": {
                    "version": "v1.13.2-eksbuild.24",
                    "configuration": {"corefile": ".:53 {}"},
                }
            }
        ),
        {"cluster"},
    ),
    "flow logs": (lambda d: cell_type(d).update(flow_logs={"retention_days": 9}), {"network"}),
    "endpoint": (lambda d: cell_type(d).update(endpoints=["athena"]), {"network"}),
    "operator": (lambda d: spark(d)["operator"].update(workers=77), {"platform"}),
    "operator cpu": (lambda d: spark(d)["operator"].update(cpu=4), {"platform"}),
    "operator group": (lambda d: spark(d)["operator"].update(node_group="executor"), {"platform"}),
    "shards": (
        lambda d: (
            spark(d)["namespaces"].append("more"),
            spark(d)["operator"].update(shards={"more": ["more"]}),
        ),
        {"cluster", "platform"},
    ),
    "operator values": (
        lambda d: spark(d)["operator"].update(values={"controller": {"logLevel": "debug"}}),
        {"platform"},
    ),
    "jobs per minute": (lambda d: spark(d)["operator"].update(jobs_per_minute=3), set()),
    "architectures": (lambda d: spark(d).update(image_architectures=["x86_64", "arm64"]), set()),
    "monitoring": (lambda d: spark(d).update(monitoring={}), {"platform"}),
    "many logs": (lambda d: spark(d)["history"].update(logs_per_day=100_000), {"platform"}),
    "few logs": (lambda d: spark(d)["history"].update(rolling_logs=True), set()),
    "log days": (lambda d: spark(d)["history"].update(retention_days=9), {"cluster"}),
    "history memory": (lambda d: spark(d)["history"].update(memory_gib=9), {"platform"}),
    "gateway": (lambda d: spark(d)["ui"].update(max_drivers=99), {"platform"}),
    "namespace": (lambda d: spark(d)["namespaces"].append("more"), {"cluster", "platform"}),
    "listener": (
        lambda d: cell_type(d)["ingress"].update(listener_port=81),
        {"network", "cluster"},
    ),
    "node port": (
        lambda d: cell_type(d)["ingress"].update(node_port=30081),
        {"network", "cluster", "platform"},
    ),
    "hub names": (lambda d: d["hubs"]["shared-services"].update(dns_resolution=True), {"routes"}),
    "hub blocks": (
        lambda d: d["hubs"]["shared-services"].update(blocks=["10.9.0.0/16"]),
        {"network", "routes"},
    ),
    "hub nau": (lambda d: d["hubs"]["shared-services"].update(nau=99), set()),
    "quotas": (lambda d: cell_type(d).update(quotas={"L-CD17FD4B": 512001}), set()),
    "routing": (lambda d: d["cells"]["moka-use1-a"].update(routing={"weight": 3}), set()),
    "zone order": (lambda d: cell_type(d)["zones"].reverse(), set()),
}


@pytest.fixture(scope="module")
def shipped() -> tuple[dict[str, Any], dict[str, str]]:
    """What the shipped inventory is made of."""
    return made_of(inventory(copy.deepcopy(SHIPPED)))


@pytest.mark.parametrize("edit", EDITS)
def test_a_spec_differs_where_its_terraform_does_and_nowhere_else(
    shipped: tuple[dict[str, Any], dict[str, str]], edit: str
) -> None:
    change, layers = EDITS[edit]
    edited = copy.deepcopy(SHIPPED)
    change(edited)
    specs, texts = made_of(inventory(edited))
    by_text = {name for name, text in texts.items() if shipped[1][name] != text}
    by_spec = {name for name, spec in specs.items() if shipped[0][name] != spec}
    assert by_spec == by_text
    assert {name.rpartition("-")[2] for name in by_text} == layers


def test_a_builder_is_told_the_spec_and_nothing_else() -> None:
    """Two inventories, one of them larger, whose first cell has equal specs: equal Terraform."""
    small, large = made_of(inventory(data(1))), made_of(inventory(data(2, nodes=10)))
    equal = [name for name, spec in small[0].items() if large[0][name] == spec]
    assert sorted(equal) == ["cell-000-cluster", "cell-000-network", "cell-000-platform"]
    for name in equal:
        assert small[1][name] == large[1][name]
