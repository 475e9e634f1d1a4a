"""Six cells of two organizations in each interconnect, from nothing to nothing: real provider.

Over peerings and a hub that a role accepts for, and over a gateway with a central way out; layers
of the network alone (`test_ladder.py` has clusters). Whether packets arrive is asked of the routes
of the emulated EC2, also while others are changed. The tests of this file are the steps of one
story for each interconnect, in the order in which they stand.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from cellfactory.documents import load_data
from tests.terraform.ladder import ROOT, Ladder, climbing
from tests.terraform.watch import Ends, watched

pytestmark = [
    pytest.mark.terraform,
    pytest.mark.sandbox,
    pytest.mark.timeout(2_400),
    pytest.mark.long,
]

MESH, REGION, NETWORK = "moka-use1", "us-east-1", "888888888888"
HUB, HUB_ACCOUNT = "shared-services", "333333333333"
HUB_ADDRESS, INTERNET = "10.0.0.9", "8.8.8.8"
CELLS = tuple(f"moka-use1-{letter}" for letter in "bdfhjl")
SEVENTH = "moka-use1-g"  # between others: it accepts from some and asks the rest
ACCOUNTS = {name: f"{404040404040 + number}" for number, name in enumerate((*CELLS, SEVENTH))}
LOWEST = CELLS[0]
EDGES = {
    "peering": ("peering", "accept", "hub", "routes"),
    "gateway": ("gateway", "egress", "transit", "segments", "routes"),
}
MANY = ("--no-bake", "--override", "cells=six", "--override", "edges_lost=six")
SAME = {"no-change"}


@dataclass(slots=True)
class Mesh:
    """Cells that are joined in one way."""

    way: str
    ladder: Ladder
    ends: Ends

    @property
    def words(self) -> list[str]:
        """Choose the layers that it is about."""
        return chosen("--layer", "network", *EDGES[self.way])

    def apply(self, *words: str) -> dict[str, dict[str, Any]]:
        rows = self.ladder.results("apply", *(words or self.words), *MANY)
        assert {row["status"] for row in rows.values()} <= {*SAME, "applied"}
        return rows

    def has_nothing_to_do(self) -> None:
        rows = self.ladder.results("plan", "--exit-code", *self.words)
        assert {row["status"] for row in rows.values()} <= SAME

    def declare(self, changes: Mapping[str, Any]) -> None:
        self.ladder.change_cells(changes)
        self.ladder.run("lock")
        self.ladder.run("synth")

    def reaches(self, *cells: str) -> None:
        """Demand that each of these cells reaches each other, and the hub or what lies outside."""
        self.ends.find(*cells)
        assert self.ends.blocked() == []
        hub, outside = self.ends.to(HUB_ADDRESS, back=False), self.ends.to(INTERNET)
        assert bool(hub) == (self.way != "peering"), hub
        assert bool(outside) == (self.way != "gateway"), outside


def chosen(word: str, *layers: str) -> list[str]:
    return [each for layer in layers for each in (word, layer)]


def cell(number: int, name: str) -> dict[str, Any]:
    return {
        "type": "small",
        "mesh": MESH,
        "organization": ("legacy", "next")[number % 2],
        "ring": "rest",
        "account": {"id": ACCOUNTS[name]},
        "quotas": {"L-CD17FD4B": 512_000, "L-1216C47A": 2_000},
    }


def inventory(way: str) -> dict[str, Any]:
    made: dict[str, Any] = load_data((ROOT / "cells.yaml").read_text("utf-8"))
    kind = copy.deepcopy(made["cell_types"]["spark-small"])
    kind["zones"] = kind["zones"][:2]
    kind["egress"] = "central" if way == "gateway" else "none"
    for group in kind["node_groups"].values():
        group["nodes_per_zone"] = 1
    made["cell_types"] = {"small": kind}
    made["hubs"][HUB] |= {
        "dns_resolution": True,
        "accept": {"role": f"arn:aws:iam::{HUB_ACCOUNT}:role/accept", "via": "legacy"},
        "route_tables": ["rtb-0f00ba12"],
    }
    made["meshes"] = {MESH: {**made["meshes"][MESH], "interconnect": way}}
    if way == "gateway":
        egress = {"block": "10.32.0.0/24", "zones": [*kind["zones"]]}
        gateway = {"account": NETWORK, "organization": "legacy", "egress": egress}
        made["meshes"][MESH] |= {"hubs": [], "gateway": gateway}
        del made["hubs"]
    made["cells"] = {name: cell(number, name) for number, name in enumerate(CELLS)}
    return made


@pytest.fixture(scope="module", params=sorted(EDGES))
def mesh(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, terraform_mirror: Path
) -> Iterator[Mesh]:
    folder = tmp_path_factory.mktemp(request.param)
    with climbing(folder, terraform_mirror, inventory(request.param)) as ladder:
        yield Mesh(request.param, ladder, Ends(ladder, REGION, ACCOUNTS))


def test_every_cell_reaches_every_other(mesh: Mesh) -> None:
    mesh.apply()
    mesh.reaches(*CELLS)


def test_a_second_plan_has_nothing_to_do(mesh: Mesh) -> None:
    mesh.has_nothing_to_do()


def test_a_seventh_cell_is_added_and_nothing_else_is_touched(mesh: Mesh) -> None:
    mesh.declare({SEVENTH: cell(1, SEVENTH)})
    with watched(mesh.ends.blocked):
        rows = mesh.apply()
    for name, row in rows.items():
        counts = row["counts"]
        assert (counts["change"], counts["destroy"], counts["replace"]) == (0, 0, 0), name
    added = {name for name, row in rows.items() if row["counts"]["add"]}
    others = {name for name in added if not name.startswith(f"{SEVENTH}-")}
    assert {name.rpartition("-")[2] for name in others} <= {*EDGES[mesh.way]} - {"transit"}
    assert {f"{name}-routes" for name in CELLS} <= others
    mesh.reaches(*CELLS, SEVENTH)


def test_the_lowest_cell_leaves_and_the_others_keep_their_ways(mesh: Mesh) -> None:
    mesh.declare({LOWEST: None})
    mesh.ends.find(*CELLS[1:], SEVENTH)
    words = ["--buckets", "delete", "--key", "delete", "--ignore-jobs", "none was ever there"]
    with watched(mesh.ends.blocked):
        mesh.ladder.run("decommission", LOWEST, "--sandbox", *words)
    assert mesh.ladder.leftovers(ACCOUNTS[LOWEST], REGION) == []
    mesh.reaches(*CELLS[1:], SEVENTH)
    mesh.has_nothing_to_do()
