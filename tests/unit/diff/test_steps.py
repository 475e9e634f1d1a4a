"""What an edit of `interconnect` means, in words: ways that move, doors that close."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from cellfactory.design import Design, Texts, make_design
from cellfactory.diff.impact import impact
from cellfactory.diff.told import tell
from cellfactory.facts.loader import load_facts
from cellfactory.inventory.interconnect import STEPS, Interconnect
from tests.inventories import data, render

FACTS = load_facts()


def design_at(step: Interconnect, cells: int = 3, **gateway: Any) -> Design:
    made = data(cells)
    made["meshes"]["east"] |= {
        "interconnect": step,
        "gateway": {"account": "888888888888", "organization": "one", **gateway},
        **({"canary": ["cell-001"]} if step == "canary" else {}),
    }
    if gateway:
        made["address_pools"]["pod"] = ["100.64.0.0/17"]
    text = render(made)
    texts = Texts(inventory=text, inventory_file="cells.yaml", lock=None, lock_file="lock")
    return make_design(texts, FACTS)


def told(before: Design, after: Design) -> dict[str, str]:
    lines = tell(impact(before, after))
    return {line.text.partition(":")[0]: line.level for line in lines if line.subject}


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("peering", "prepare", {"interconnect peering -> prepare": "note"}),
        ("prepare", "both", {"interconnect prepare -> both": "note"}),
        ("both", "canary", {"2 edges lead over the gateway, in place": "caution"}),
        ("canary", "soak", {"1 edge lead over the gateway, in place": "caution"}),
        ("soak", "retire", {"3 edges lose their way back": "danger"}),
        ("soak", "canary", {"1 edge lead over peerings again, in place": "caution"}),
        ("canary", "both", {"2 edges lead over peerings again, in place": "caution"}),
    ],
)
def test_each_step_is_told(before: Interconnect, after: Interconnect, said: dict[str, str]) -> None:
    said = {text.replace("1 edge lead ", "1 edge leads "): level for text, level in said.items()}
    found = told(design_at(before), design_at(after))
    assert said.items() <= found.items()
    assert f"interconnect {before} -> {after}" in found


@pytest.mark.parametrize(("before", "after"), list(itertools.pairwise(STEPS)))
def test_no_step_gains_or_loses_an_edge(before: Interconnect, after: Interconnect) -> None:
    for one, other in ((before, after), (after, before)):
        found = impact(design_at(one), design_at(other))
        assert all(not mesh.gained and not mesh.lost for mesh in found.meshes)


def test_pod_addresses_that_are_used_again_close_the_door() -> None:
    four = design_at("gateway", 4, pod_blocks="reusable")
    five = design_at("gateway", 5, pod_blocks="reusable")
    assert told(four, five)["cells share pod addresses from now on"] == "danger"
    assert "cells share pod addresses from now on" not in told(five, five)
