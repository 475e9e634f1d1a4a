"""A mesh moves from peerings to a transit gateway and back: real provider, two organizations.

The steps are written by `cellfactory migrate --next`, as a person would. While each is applied, the
routes of the emulated AWS are followed from every cell to every other and to the hub, forth and
back: there is no moment without a way. The run of the flip is killed half-way. The tests of this
file are the steps of one story, in the order in which they stand.
"""

from __future__ import annotations

import copy
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

import pytest

from cellfactory.documents import load_data, render_data
from cellfactory.inventory.mesh_edit import edit_step
from tests.terraform.ladder import ROOT, Ladder
from tests.terraform.watch import Ends, watched

pytestmark = [
    pytest.mark.terraform,
    pytest.mark.sandbox,
    pytest.mark.timeout(2_400),
    pytest.mark.long,
]

MESH, NETWORK_ACCOUNT, HUB = "moka-use1", "888888888888", "shared-services"
REGION = "us-east-1"
HUB_ACCOUNT, HUB_VPC = "333333333333", "vpc-0f00ba120f00ba120"
HUB_BLOCK = IPv4Network("10.0.0.0/16")
CELLS = {
    "moka-use1-b": ("555555555555", "legacy", "canary"),
    "moka-use1-c": ("999999999999", "next", "first"),
    "moka-use1-d": ("101010101010", "next", "rest"),
}
LAYERS = {
    "peering": ("network", "peering", "accept", "routes"),
    "gateway": ("network", "gateway", "transit", "segments", "routes"),
}
BOTH = ("network", "gateway", "peering", "accept", "transit", "segments", "routes")
WORDS = ("--no-bake", "--override", "cells=migration", "--override", "edges_lost=migration")
DESTROYED = ("peering", "accept", "transit", "segments", "network")


@dataclass(slots=True)
class Story:
    """The mesh, and the ends of what is sent in it."""

    ladder: Ladder
    ends: Ends
    probes: int = 0

    @property
    def step(self) -> str:
        told = load_data((self.ladder.folder / "cells.yaml").read_text("utf-8"))
        return str(told["meshes"][MESH]["interconnect"])

    def words(self) -> list[str]:
        layers = LAYERS.get(self.step, BOTH)
        return [word for layer in layers for word in ("--layer", layer)]

    def prepare(self) -> None:
        self.ladder.run("lock")
        self.ladder.run("synth")

    def apply(self) -> dict[str, dict[str, Any]]:
        allowed = [word for layer in DESTROYED for word in ("--allow-destroy", layer)]
        return self.ladder.results("apply", *self.words(), *WORDS, *allowed)

    def next(self, *words: str) -> str:
        """Take a step by the command that writes it."""
        self.ladder.run("migrate", "--sandbox", "--next", "--mesh", MESH, *words)
        self.prepare()
        return self.step

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Probe all the time; each pair has to have a way in each look."""
        with watched(self.ends.blocked) as watch:
            yield
        self.probes += watch.looks


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory, terraform_mirror: Path) -> Iterator[Story]:
    folder = tmp_path_factory.mktemp("migration")
    made = load_data((ROOT / "cells.yaml").read_text("utf-8"))
    shipped = made["cells"]["moka-use1-b"]
    kind = made["cell_types"]["spark-small"]
    kind["zones"] = kind["zones"][:2]
    made["cells"] = {
        name: copy.deepcopy(
            {**shipped, "account": {"id": account}, "organization": organization, "ring": ring}
        )
        for name, (account, organization, ring) in CELLS.items()
    }
    made["meshes"] = {MESH: made["meshes"][MESH]}
    made["meshes"][MESH]["gateway"] = {"account": NETWORK_ACCOUNT, "organization": "legacy"}
    made["cell_types"] = {"spark-small": kind}
    (folder / "cells.yaml").write_text(render_data(made), "utf-8")
    ladder = Ladder(folder=folder, mirror=terraform_mirror)
    accounts = {cell: account for cell, (account, _, _) in CELLS.items()}
    story = Story(ladder, Ends(ladder, REGION, accounts))
    story.prepare()
    ladder.start()
    yield story
    ladder.stop()


def routes_of(rows: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    found = {name: row for name, row in rows.items() if name.endswith("-routes")}
    assert set(found) == {f"{cell}-routes" for cell in CELLS}
    return found


def accept_peerings(ladder: Ladder) -> int:
    ec2 = ladder.client("ec2", HUB_ACCOUNT)
    pending = ec2.describe_vpc_peering_connections(
        Filters=[{"Name": "status-code", "Values": ["pending-acceptance"]}]
    )["VpcPeeringConnections"]
    for one in pending:
        ec2.accept_vpc_peering_connection(VpcPeeringConnectionId=one["VpcPeeringConnectionId"])
    return len(pending)


def in_place(row: dict[str, Any]) -> bool:
    told = row["counts"]
    return not (told["add"] or told["destroy"] or told["replace"])


def test_peerings_first(story: Story) -> None:
    story.apply()
    assert accept_peerings(story.ladder) == len(CELLS)
    story.ends.find(*CELLS)
    assert story.ends.blocked() == []


@pytest.mark.parametrize("step", ["prepare", "both"])
def test_a_gateway_beside_them_moves_nothing(story: Story, step: str) -> None:
    assert story.next() == step
    with story.watched():
        rows = story.apply()
    assert {row["status"] for row in routes_of(rows).values()} <= {"no-change", "applied"}
    assert all(in_place(row) and not row["counts"]["change"] for row in routes_of(rows).values())


def test_the_hubs_owner_attaches_it(story: Story) -> None:
    """By hand, as `docs/interconnect.md` says; the hub's way back is its owner's, too."""
    story.ladder.attach_hub(HUB, MESH)
    story.prepare()
    with story.watched():
        rows = story.apply()
    assert all(in_place(row) for row in routes_of(rows).values())


def test_the_canary_moves_in_place(story: Story) -> None:
    assert story.next() == "canary"
    planned = routes_of(story.ladder.results("plan", *story.words()))
    assert all(in_place(row) for row in planned.values())
    with story.watched():
        rows = routes_of(story.apply())
    assert all(in_place(row) and row["counts"]["change"] for row in rows.values())


def test_a_step_cannot_be_skipped(story: Story) -> None:
    file = story.ladder.folder / "cells.yaml"
    text = file.read_text("utf-8")
    file.write_text(text.replace("interconnect: canary", "interconnect: retire"), "utf-8")
    story.ladder.run("lock", code=3)
    assert "F764" in story.ladder.stderr
    file.write_text(text, "utf-8")


def test_a_step_that_was_not_applied_holds_the_one_after_it(story: Story) -> None:
    """Written and locked, as by two merges before one apply; a run of one stack is asked, too."""
    file, lock = (story.ladder.folder / name for name in ("cells.yaml", "cells.lock.yaml"))
    before = file.read_text("utf-8"), lock.read_text("utf-8")
    for step in ("soak", "retire"):
        file.write_text(edit_step(file.read_text("utf-8"), MESH, step), "utf-8")
        story.ladder.run("lock")
    words = ("--cell", "moka-use1-b", "--layer", "peering", "--allow-destroy", "peering")
    story.ladder.run("apply", "--sandbox", *words, code=3)
    assert "F770" in story.ladder.stderr
    file.write_text(before[0], "utf-8")
    lock.write_text(before[1], "utf-8")


def test_the_flip_is_killed_half_way_and_taken_up(story: Story) -> None:
    assert story.next() == "soak"
    ladder = story.ladder
    planned = routes_of(ladder.results("plan", *story.words()))
    assert all(in_place(row) for row in planned.values())
    with story.watched():
        words = ["apply", "--sandbox", "--parallel", "1", *story.words(), *WORDS]
        child = subprocess.Popen(
            [sys.executable, "-m", "cellfactory", *words],
            cwd=ladder.folder,
            env=ladder._environment(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        first = ladder.folder / ".cellfactory/sandbox/registry/cells/moka-use1-c/routes.json"
        before, late = first.read_bytes(), time.monotonic() + 600
        while first.read_bytes() == before and child.poll() is None and time.monotonic() < late:
            time.sleep(0.1)
        child.send_signal(signal.SIGKILL)
        child.wait()
        rows = routes_of(story.apply())
    assert all(in_place(row) for row in rows.values())
    told = ladder.run("migrate", "--sandbox", "--status", "--format", "json")
    assert '"lacks": []' in told


def test_connections_go_once_nothing_leads_over_them(story: Story) -> None:
    for step in ("retire", "gateway"):
        assert story.next() == step
        with story.watched():
            rows = routes_of(story.apply())
        assert all(in_place(row) and not row["counts"]["change"] for row in rows.values())
    ec2 = story.ladder.client("ec2", "555555555555")
    left = ec2.describe_vpc_peering_connections()["VpcPeeringConnections"]
    assert {one["Status"]["Code"] for one in left} <= {"deleted"}


def test_and_back(story: Story) -> None:
    for step in ("retire", "soak", "canary", "both"):
        assert story.next("--back") == step
        with story.watched():
            rows = routes_of(story.apply())
            if step == "soak":
                assert accept_peerings(story.ladder) == len(CELLS)
        moved = [c for row in rows.values() for c in row["changes"] if c["action"] != "update"]
        assert not [c for c in moved if c["address"].startswith("aws_route.")], step
    assert story.next("--back") == "prepare"
    with story.watched():
        story.apply()
    assert story.next("--back") == "peering"
    with story.watched():
        story.apply()
        story.ladder.results("destroy", "--gone")
    assert story.ends.blocked() == []
    ec2 = story.ladder.client("ec2", NETWORK_ACCOUNT)
    left = ec2.describe_transit_gateways()["TransitGateways"]
    assert {one["State"] for one in left} <= {"deleted"}
    assert story.probes > 50
