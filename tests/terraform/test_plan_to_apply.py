"""From an edit to AWS as one thought: real Terraform, real provider, emulated AWS."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from cellfactory.documents import load_data, render_data
from tests.terraform.ladder import ROOT, Ladder

pytestmark = [pytest.mark.terraform, pytest.mark.sandbox, pytest.mark.timeout(1_500)]

CELL, ACCOUNT, REGION = "moka-usw2-a", "666666666666", "us-west-2"
NETWORK, CLUSTER = f"{CELL}-network", f"{CELL}-cluster"
LAYERS = ("--layer", "network", "--layer", "cluster")


@pytest.fixture(scope="module")
def ladder(tmp_path_factory: pytest.TempPathFactory, terraform_mirror: Path) -> Iterator[Ladder]:
    folder = tmp_path_factory.mktemp("thought")
    inventory = load_data((ROOT / "cells.yaml").read_text("utf-8"))
    inventory["cells"] = {CELL: inventory["cells"][CELL]}
    (folder / "cells.yaml").write_text(render_data(inventory), "utf-8")
    shutil.copy(ROOT / "cells.lock.yaml", folder)
    ladder = Ladder(folder=folder, mirror=terraform_mirror)
    ladder.run("lock")
    ladder.run("synth")
    ladder.start()
    yield ladder
    ladder.stop()


def statuses(rows: dict[str, dict[str, str]]) -> dict[str, str]:
    return {name: row["status"] for name, row in rows.items()}


def name_tag(ladder: Ladder, text: str) -> None:
    """Have somebody rename the VPC by hand."""
    ec2 = ladder.client("ec2", ACCOUNT, REGION)
    (vpc,) = ec2.describe_vpcs(Filters=[{"Name": "tag:cellfactory:cell", "Values": [CELL]}])["Vpcs"]
    ec2.create_tags(Resources=[vpc["VpcId"]], Tags=[{"Key": "Name", "Value": text}])


def test_a_world_that_is_empty_is_reviewed_and_made(ladder: Ladder) -> None:
    rows = ladder.results("plan", *LAYERS, "--out", "first.json")
    assert statuses(rows) == {NETWORK: "planned", CLUSTER: "deferred"}
    text = (ladder.folder / "first.json").read_text("utf-8")
    assert "10.128." not in text, "a value"
    stacks = {stack["layer"]: stack for stack in json.loads(text)["stacks"]}
    foreseen = {one["address"] for one in stacks["cluster"]["resources"]}
    assert "aws_eks_cluster.cell" in foreseen
    rows = ladder.results("apply", *LAYERS, "--reviewed", "first.json")
    assert statuses(rows) == {NETWORK: "applied", CLUSTER: "applied"}
    assert rows[CLUSTER]["counts"]["add"] == len(foreseen)


def test_the_same_file_again_finds_less_to_do(ladder: Ladder) -> None:
    rows = ladder.results("apply", *LAYERS, "--reviewed", "first.json")
    assert statuses(rows) == {NETWORK: "no-change", CLUSTER: "no-change"}


def test_what_changed_since_the_review_is_refused_by_name(ladder: Ladder) -> None:
    ladder.results("plan", *LAYERS, "--out", "second.json")
    name_tag(ladder, "by hand")
    rows = ladder.results("apply", *LAYERS, "--reviewed", "second.json", code=6)
    assert statuses(rows) == {NETWORK: "refused", CLUSTER: "skipped"}
    assert rows[NETWORK]["rule"] == "F653"
    assert "update aws_vpc.cell" in rows[NETWORK]["reason"]


def test_an_edit_and_what_others_changed_are_shown_and_done(ladder: Ladder) -> None:
    file = ladder.folder / "cells.yaml"
    inventory = load_data(file.read_text("utf-8"))
    kind = inventory["cell_types"][inventory["cells"][CELL]["type"]]
    group = next(iter(kind["node_groups"].values()))
    group["nodes_per_zone"] -= 1
    file.write_text(render_data(inventory), "utf-8")
    ladder.run("lock")
    ladder.run("synth")
    words = ("apply", "--sandbox", "--ask", "--yes", *LAYERS)
    told = ladder.run(*words, "--format", "json")
    assert "aws_vpc.cell (drift)" in ladder.stderr
    assert "aws_eks_node_group" in ladder.stderr
    rows = {row["stack"]: row for row in json.loads(told)["stacks"]}
    assert statuses(rows) == {NETWORK: "applied", CLUSTER: "applied"}
    assert not list((ladder.folder / ".cellfactory").rglob("*.tfplan"))
    ladder.run(*words)
    assert "nothing to do" in ladder.stderr
