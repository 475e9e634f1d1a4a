"""One cell with its cluster: real Terraform, real provider, emulated AWS.

The tests of this file are the steps of one story, in the order in which they stand: from an edit
to AWS as one thought, then a control plane that is moved behind Terraform's back.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from cellfactory.documents import load_data, render_data
from tests.terraform.ladder import ROOT, Ladder, climbing

pytestmark = [pytest.mark.terraform, pytest.mark.sandbox, pytest.mark.timeout(1_500)]

CELL, ACCOUNT, REGION = "moka-usw2-a", "666666666666", "us-west-2"
NETWORK, CLUSTER = f"{CELL}-network", f"{CELL}-cluster"
LAYERS = ("--layer", "network", "--layer", "cluster")


@pytest.fixture(scope="module")
def ladder(tmp_path_factory: pytest.TempPathFactory, terraform_mirror: Path) -> Iterator[Ladder]:
    folder = tmp_path_factory.mktemp("one-cell")
    inventory = load_data((ROOT / "cells.yaml").read_text("utf-8"))
    inventory["cells"] = {CELL: inventory["cells"][CELL]}
    shutil.copy(ROOT / "cells.lock.yaml", folder)
    with climbing(folder, terraform_mirror, inventory) as ladder:
        yield ladder


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


def test_a_plan_says_what_runs_and_what_to_write_and_apply_does_nothing(ladder: Ladder) -> None:
    eks = ladder.client("eks", ACCOUNT, REGION)
    eks.update_cluster_version(name=CELL, version="1.35")
    for command in ("plan", "apply"):
        row = ladder.results(command, "--layer", "cluster", code=6)[CLUSTER]
        assert (row["status"], row["rule"]) == ("refused", "F616")
        assert f"the control plane of {CELL} runs Kubernetes 1.35" in row["reason"]
        assert "coredns: v1.14.3-eksbuild.16" in row["reason"]
    # the emulated EKS would have taken it back, as the real one does for some days
    assert eks.describe_cluster(name=CELL)["cluster"]["version"] == "1.35"
    assert not list((ladder.folder / ".cellfactory").rglob("*.tfplan"))


def test_what_was_said_is_written_and_the_next_plan_goes_on(ladder: Ladder) -> None:
    file = ladder.folder / "cells.yaml"
    text = file.read_text("utf-8").replace("1.34", "1.35")
    for name, old, new in (
        ("coredns", "v1.13.2-eksbuild.24", "v1.14.3-eksbuild.16"),
        ("kube-proxy", "v1.35.6-eksbuild.13", "v1.35.3-eksbuild.13"),
    ):
        assert f"{name}: {old}" in text
        text = text.replace(f"{name}: {old}", f"{name}: {new}")
    file.write_text(text, "utf-8")
    ladder.run("synth")
    row = ladder.results("plan", "--layer", "cluster")[CLUSTER]
    assert (row["status"], row["rule"], row["warnings"]) == ("planned", None, [])
    changed = {change["address"] for change in row["changes"]}
    assert "aws_eks_cluster.cell" not in changed


def test_an_add_on_that_is_newer_goes_back_with_a_warning(ladder: Ladder) -> None:
    ladder.results("apply", "--layer", "cluster")
    file = ladder.folder / "cells.yaml"
    text = file.read_text("utf-8")
    assert "eks-pod-identity-agent: v1.3.10-eksbuild.2" in text
    file.write_text(text.replace("v1.3.10-eksbuild.2", "v1.3.4-eksbuild.1"), "utf-8")
    ladder.run("synth")
    row = ladder.results("plan", "--layer", "cluster")[CLUSTER]
    assert row["status"] == "planned"
    assert [warning["rule"] for warning in row["warnings"]] == ["F617"]
