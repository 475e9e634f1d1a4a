"""Which hubs lead to the clusters of a design, and what their owners have to route back."""

from __future__ import annotations

from pathlib import Path

from cellfactory.design import Texts, make_design
from cellfactory.facts.loader import load_facts
from cellfactory.layers import StackId
from cellfactory.runs.hub_ways import hub_ways_of
from cellfactory.terraform.target import Target
from tests.inventories import cell, data, render


def test_the_hubs_of_each_cell_and_its_primary_block(tmp_path: Path) -> None:
    made = data(0)
    made["hubs"] = {
        name: {
            "account": digit * 12,
            "vpc": f"vpc-0f00ba1{digit}",
            "region": "us-east-1",
            "blocks": [f"10.{digit}.0.0/16"],
        }
        for name, digit in (("corp", "3"), ("tools", "5"))
    }
    made["meshes"] = {
        "east": {"region": "us-east-1", "hubs": ["tools", "corp"]},
        "alone": {"region": "us-east-1", "hubs": []},
    }
    made["cells"] = {"a": cell(0), "b": cell(1, mesh="alone")}
    texts = Texts(
        inventory=render(made),
        inventory_file="cells.yaml",
        lock=None,
        lock_file="cells.lock.yaml",
    )
    design = make_design(texts, load_facts())
    target = Target(mode="aws", folder=tmp_path)
    hubs = hub_ways_of(design, target).hubs
    block = str(design.plan.cells["a"].primary)
    assert {
        stack: [(hub.name, hub.account, hub.vpc, hub.block) for hub in of]
        for stack, of in hubs.items()
    } == {
        StackId("a", "platform"): [
            ("corp", "3" * 12, "vpc-0f00ba13", block),
            ("tools", "5" * 12, "vpc-0f00ba15", block),
        ],
        StackId("b", "platform"): [],
    }
