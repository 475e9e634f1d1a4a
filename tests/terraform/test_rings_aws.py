"""A new Kubernetes version goes ring by ring: real provider, emulated EKS.

The type is one and the same in both rings. What the earlier ring does moves nothing in the later
one: its control plane, its node groups and its states stay as they are, byte for byte.
"""

from __future__ import annotations

import copy
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from cellfactory.documents import load_data, render_data
from tests.terraform.ladder import ROOT, Ladder

pytestmark = [
    pytest.mark.terraform,
    pytest.mark.sandbox,
    pytest.mark.timeout(1_500),
    pytest.mark.skipif(
        "CELLFACTORY_LONG" not in os.environ, reason="opt-in: `python3 dev.py long`"
    ),
]

REGION = "us-west-2"
CELLS = {"moka-usw2-a": ("666666666666", "canary"), "moka-usw2-b": ("888888888888", "rest")}
FIRST, LATER = CELLS
CHOSEN = ("--layer", "network", "--layer", "cluster")
STEP = {"1.34": "1.35", "v1.13.2-eksbuild.24": "v1.14.3-eksbuild.16"}
STEP["v1.34.6-eksbuild.13"] = "v1.35.3-eksbuild.13"


@pytest.fixture(scope="module")
def ladder(tmp_path_factory: pytest.TempPathFactory, terraform_mirror: Path) -> Iterator[Ladder]:
    folder = tmp_path_factory.mktemp("rings")
    made = load_data((ROOT / "cells.yaml").read_text("utf-8"))
    shipped = made["cells"][FIRST]
    made["cells"] = {
        name: copy.deepcopy({**shipped, "account": {"id": account}, "ring": ring})
        for name, (account, ring) in CELLS.items()
    }
    (folder / "cells.yaml").write_text(render_data(made), "utf-8")
    ladder = Ladder(folder=folder, mirror=terraform_mirror)
    ladder.run("lock")
    ladder.run("synth")
    ladder.start()
    ladder.results("apply", "--no-bake", *CHOSEN)
    yield ladder
    ladder.stop()


def versions(ladder: Ladder) -> dict[str, set[str]]:
    """The versions that a cell's control plane and node groups run."""
    found = {}
    for cell, (account, _) in CELLS.items():
        eks = ladder.client("eks", account, REGION)
        groups = eks.list_nodegroups(clusterName=cell)["nodegroups"]
        found[cell] = {eks.describe_cluster(name=cell)["cluster"]["version"]} | {
            eks.describe_nodegroup(clusterName=cell, nodegroupName=group)["nodegroup"]["version"]
            for group in groups
        }
    return found


def states(ladder: Ladder, cell: str) -> Mapping[str, bytes]:
    folder = ladder.folder / ".cellfactory/sandbox/state/cells" / cell
    return {path.name: path.read_bytes() for path in folder.glob("*.tfstate")}


def template(ladder: Ladder, cell: str) -> list[tuple[str, int]]:
    ec2 = ladder.client("ec2", CELLS[cell][0], REGION)
    found: list[dict[str, Any]] = ec2.describe_launch_templates()["LaunchTemplates"]
    return sorted((one["LaunchTemplateName"], one["LatestVersionNumber"]) for one in found)


def test_the_first_ring_takes_the_step_and_the_later_one_does_not_move(ladder: Ladder) -> None:
    file = ladder.folder / "cells.yaml"
    text = file.read_text("utf-8")
    for old, new in STEP.items():
        text = text.replace(old, new)
    file.write_text(text, "utf-8")
    ladder.run("synth")
    before = states(ladder, LATER), template(ladder, LATER)
    assert len(before[0]) == 2
    rows = ladder.results("apply", "--ring", "canary", "--no-bake", *CHOSEN)
    assert {name: row["status"] for name, row in rows.items()} == {
        f"{FIRST}-network": "no-change",
        f"{FIRST}-cluster": "applied",
    }
    assert versions(ladder) == {FIRST: {"1.35"}, LATER: {"1.34"}}
    assert (states(ladder, LATER), template(ladder, LATER)) == before


def test_the_later_ring_follows(ladder: Ladder) -> None:
    before = states(ladder, FIRST)
    rows = ladder.results("apply", "--no-bake", *CHOSEN)
    assert {name for name, row in rows.items() if row["status"] == "applied"} == {
        f"{LATER}-cluster"
    }
    assert versions(ladder) == {FIRST: {"1.35"}, LATER: {"1.35"}}
    serials = [json.loads(text)["serial"] for text in before.values()]
    assert [json.loads(t)["serial"] for t in states(ladder, FIRST).values()] == serials
