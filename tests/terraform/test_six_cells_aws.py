"""Six cells of two organizations in each interconnect, from nothing to nothing: real provider.

Over peerings, with clusters; over peerings with a gateway beside them; over a gateway that a hub is
attached to as well; and over a gateway with a central way out. A role accepts for the hub. But for
the first, layers of the network alone. Whether packets arrive is asked of the routes of the
emulated EC2, also while others are changed. The tests of this file are the steps of one story for
each interconnect, in the order in which they stand.
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
LOWEST, MIDDLE = CELLS[0], CELLS[3]
PEERED, OVER_GATEWAY = ("peering", "accept", "hub"), ("gateway", "transit", "segments")
EDGES = {
    "peering": (*PEERED, "routes"),
    "both": (*PEERED, *OVER_GATEWAY, "routes"),
    "soak": (*PEERED, *OVER_GATEWAY, "routes"),
    "gateway": (*OVER_GATEWAY, "egress", "routes"),
}
LAYERS = {way: ("network", *edges) for way, edges in EDGES.items()}
LAYERS["peering"] += ("cluster",)
ATTACHED = ("both", "soak")  # the hub is at the gateway, too
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
        return chosen("--layer", *LAYERS[self.way])

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
        assert bool(hub) == (self.way == "gateway"), hub
        assert bool(outside) == (self.way != "gateway"), outside

    def ways(self) -> dict[str, dict[str, str]]:
        """What leads from each cell to each other and to the hub, as it was applied."""
        return {cell: self.ladder.outputs(cell, "routes")["ways"] for cell in CELLS}

    def vpc(self, cell: str) -> str:
        return str(self.ladder.outputs(cell, "network")["vpc_id"])

    def buckets(self, cell: str) -> Any:
        """Ask S3 in the account of a cell."""
        return self.ladder.client("s3", ACCOUNTS[cell], REGION)


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
    if way != "peering":
        made["meshes"][MESH]["gateway"] = {"account": NETWORK, "organization": "legacy"}
    if way == "gateway":
        egress = {"block": "10.32.0.0/24", "zones": [*kind["zones"]]}
        made["meshes"][MESH]["gateway"]["egress"] = egress
        made["meshes"][MESH]["hubs"] = []
        del made["hubs"]
    made["cells"] = {name: cell(number, name) for number, name in enumerate(CELLS)}
    return made


@pytest.fixture(scope="module", params=EDGES)
def mesh(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, terraform_mirror: Path
) -> Iterator[Mesh]:
    folder = tmp_path_factory.mktemp(request.param)
    with climbing(folder, terraform_mirror, inventory(request.param)) as ladder:
        yield Mesh(request.param, ladder, Ends(ladder, REGION, ACCOUNTS))


def test_every_cell_reaches_every_other(mesh: Mesh) -> None:
    mesh.apply()
    mesh.reaches(*CELLS)


def test_the_hubs_owner_attaches_it(mesh: Mesh) -> None:
    if mesh.way not in ATTACHED:
        pytest.skip("the hub of this mesh is at no gateway")
    mesh.ladder.attach_hub(HUB, MESH)
    mesh.ladder.run("lock")
    mesh.ladder.run("synth")
    with watched(mesh.ends.blocked):
        mesh.apply()
    mesh.reaches(*CELLS)
    over = {row[HUB] for row in mesh.ways().values()}
    assert over == {"gateway" if mesh.way == "soak" else "peering"}


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
    words = ["--key", "delete", "--ignore-jobs", "none was ever there"]
    with watched(mesh.ends.blocked):
        mesh.ladder.run("decommission", LOWEST, "--sandbox", *words)
    left = mesh.ladder.leftovers(ACCOUNTS[LOWEST], REGION)
    assert {line.partition(" ")[0] for line in left} == {"bucket"}
    mesh.reaches(*CELLS[1:], SEVENTH)
    mesh.has_nothing_to_do()


def test_a_cell_is_rebuilt_under_its_name(mesh: Mesh) -> None:
    """Its peers let go of it and reach it again; what its log buckets held is still there."""
    left = tuple(name for name in (*CELLS[1:], SEVENTH) if name != MIDDLE)
    s3, before = mesh.buckets(MIDDLE), mesh.vpc(MIDDLE)
    buckets = [each["Name"] for each in s3.list_buckets()["Buckets"]]
    assert buckets
    for bucket in buckets:
        s3.put_object(Bucket=bucket, Key="kept", Body=b"a log")
    mesh.ends.find(*left)
    with watched(mesh.ends.blocked):
        told = mesh.ladder.run("pipeline", "drill", "--sandbox", MIDDLE)
    assert f"`{MIDDLE}` was rebuilt in " in told
    assert mesh.vpc(MIDDLE) != before
    mesh.reaches(*CELLS[1:], SEVENTH)
    mesh.has_nothing_to_do()
    assert {each["Name"] for each in s3.list_buckets()["Buckets"]} >= {*buckets}
    for bucket in buckets:
        assert s3.get_object(Bucket=bucket, Key="kept")["Body"].read() == b"a log"
        s3.delete_object(Bucket=bucket, Key="kept")


def test_a_cell_that_left_comes_back_under_its_name(mesh: Mesh) -> None:
    mesh.declare({LOWEST: cell(0, LOWEST)})
    mesh.ladder.run("orphans", "--import", "--apply", "--sandbox")  # the buckets that were kept
    with watched(mesh.ends.blocked):
        mesh.apply()
    mesh.reaches(*CELLS, SEVENTH)
    mesh.has_nothing_to_do()


def test_nothing_is_left_of_it(mesh: Mesh) -> None:
    if mesh.way in ATTACHED:
        mesh.ladder.detach_hub(HUB, MESH)
    rows = mesh.ladder.results("destroy")
    assert {row["status"] for row in rows.values()} == {"destroyed"}
    accounts = {*ACCOUNTS.values()} | ({NETWORK} if mesh.way != "peering" else set())
    left = {account: mesh.ladder.leftovers(account, REGION) for account in accounts}
    assert not any(left.values()), left
    if mesh.way != "gateway":
        ec2 = mesh.ladder.client("ec2", HUB_ACCOUNT)
        tables = ec2.describe_route_tables()["RouteTables"]
        targets = {
            r.get("VpcPeeringConnectionId") or r.get("TransitGatewayId")
            for t in tables
            for r in t["Routes"]
        }
        assert targets == {None}
