"""Ledger, planner and the synthesized Terraform mean the same nodes when a cell is updated."""

from __future__ import annotations

import copy
import json
from collections import defaultdict
from collections.abc import Iterator
from random import Random
from typing import Any

import pytest

from cellfactory.addressing.lock import EMPTY_LOCK
from cellfactory.addressing.need import need_of
from cellfactory.addressing.plan import plan_addresses
from cellfactory.facts.loader import load_facts
from cellfactory.layers import list_stacks
from cellfactory.sizing.ledger import size_cell
from cellfactory.sizing.shape import shape_of
from cellfactory.stacks.synth import synth_stacks
from tests import inventories

pytestmark = pytest.mark.synth

FACTS = load_facts()
LEAST = 2  # https://docs.aws.amazon.com/eks/latest/userguide/managed-node-update-behavior.html
SIZES = [1, 2, 3, 9, 20, 99, 100, 101]


def pools(random: Random) -> Iterator[tuple[str, dict[str, Any]]]:
    for number in range(random.randint(1, 3)):
        yield (
            f"pool-{number}",
            {
                "instance_type": "r6i.4xlarge",
                "nodes_per_zone": random.choice(SIZES),
                "max_unavailable": random.choice([1, 2, 3, 20, 99, 100]),
            },
        )


def generated(cells: int, seed: int) -> dict[str, Any]:
    """Make cells, each of a type of its own with pools as chance has them."""
    random, made = Random(seed), inventories.data(cells)
    for number, name in enumerate(made["cells"]):
        type_ = copy.deepcopy(made["cell_types"]["plain"]) | {"node_groups": dict(pools(random))}
        made["cell_types"][f"type-{number}"] = type_
        made["cells"][name] |= {"type": f"type-{number}"}
    return made


def peaks(document: dict[str, Any]) -> dict[str, int]:
    """Add up, by zone, the nodes of all groups of a stack with those that an update adds."""
    nodes: dict[str, int] = defaultdict(int)
    for group in document["resource"]["aws_eks_node_group"].values():
        size = group["scaling_config"]["desired_size"]
        (subnet,) = group["subnet_ids"]
        nodes[subnet] += size + max(LEAST, group["update_config"]["max_unavailable"])
    return nodes


def test_an_update_adds_the_same_nodes_everywhere() -> None:
    inventory = inventories.inventory(generated(cells=10, seed=7))
    plan, _ = plan_addresses(inventory, EMPTY_LOCK, FACTS)
    stacks = [s for s in list_stacks(inventory, FACTS) if s.id.layer == "cluster"]
    texts = dict(synth_stacks(inventory, plan, FACTS, stacks).stacks)
    assert len(texts) == len(inventory.cells) == len(plan.cells)
    for cell in inventory.cells:
        written = peaks(json.loads(texts[f"{cell}-cluster"]))
        (each,) = set(written.values())
        assert shape_of(inventory, cell, plan.cells[cell], FACTS).peak_per_zone == each
        assert need_of(inventory.type_of(cell), FACTS).nodes == each
        sized = {u.bound: u.used for u in size_cell(inventory, cell, plan.cells[cell], FACTS)}
        assert sized["node-addresses"] == each
        assert sized["vcpus"] == sum(written.values()) * FACTS.instance("r6i.4xlarge").vcpu


def test_terraform_waits_as_long_as_an_update_may_take() -> None:
    inventory = inventories.inventory(generated(cells=3, seed=3))
    plan, _ = plan_addresses(inventory, EMPTY_LOCK, FACTS)
    stacks = [s for s in list_stacks(inventory, FACTS) if s.id.layer == "cluster"]
    for text in dict(synth_stacks(inventory, plan, FACTS, stacks).stacks).values():
        for group in json.loads(text)["resource"]["aws_eks_node_group"].values():
            nodes = group["scaling_config"]["desired_size"]
            batches = -(-nodes // group["update_config"]["max_unavailable"])
            hours = int(group["timeouts"]["update"].removesuffix("h"))
            assert hours >= batches * (15 + 15 + 1) / 60
            assert hours <= batches * (15 + 15 + 1) / 60 + 2
