"""A control plane that was moved behind Terraform's back: real provider, emulated EKS."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from cellfactory.documents import load_data, render_data
from tests.terraform.ladder import ROOT, Ladder

pytestmark = [pytest.mark.terraform, pytest.mark.sandbox, pytest.mark.timeout(1_500)]

CELL, ACCOUNT, REGION = "moka-usw2-a", "666666666666", "us-west-2"
STACK = f"{CELL}-cluster"


@pytest.fixture(scope="module")
def ladder(tmp_path_factory: pytest.TempPathFactory, terraform_mirror: Path) -> Iterator[Ladder]:
    folder = tmp_path_factory.mktemp("steps")
    inventory = load_data((ROOT / "cells.yaml").read_text("utf-8"))
    inventory["cells"] = {CELL: inventory["cells"][CELL]}
    (folder / "cells.yaml").write_text(render_data(inventory), "utf-8")
    shutil.copy(ROOT / "cells.lock.yaml", folder)
    ladder = Ladder(folder=folder, mirror=terraform_mirror)
    ladder.run("lock")
    ladder.run("synth")
    ladder.start()
    ladder.results("apply", "--layer", "network", "--layer", "cluster")
    yield ladder
    ladder.stop()


def test_a_plan_of_what_was_just_applied_has_nothing_to_do(ladder: Ladder) -> None:
    rows = ladder.results("plan", "--layer", "network", "--layer", "cluster")
    assert {row["status"] for row in rows.values()} == {"no-change"}


def test_a_plan_says_what_runs_and_what_to_write_and_apply_does_nothing(ladder: Ladder) -> None:
    eks = ladder.client("eks", ACCOUNT, REGION)
    eks.update_cluster_version(name=CELL, version="1.35")
    for command in ("plan", "apply"):
        row = ladder.results(command, "--layer", "cluster", code=6)[STACK]
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
    row = ladder.results("plan", "--layer", "cluster")[STACK]
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
    row = ladder.results("plan", "--layer", "cluster")[STACK]
    assert row["status"] == "planned"
    assert [warning["rule"] for warning in row["warnings"]] == ["F617"]
