"""A new Kubernetes version goes ring by ring: real provider, emulated EKS.

The type is one and the same in both rings. What the earlier ring does moves nothing in the later
one: its control plane, its node groups and its states stay as they are, byte for byte.

And what an interrupted creation leaves tainted, though it may not be made anew, is taken up by the
very line that `plan` and `apply` name.
"""

from __future__ import annotations

import copy
import json
import re
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from cellfactory.documents import load_data
from tests.terraform.ladder import ROOT, Ladder, climbing

pytestmark = [
    pytest.mark.terraform,
    pytest.mark.sandbox,
    pytest.mark.timeout(1_500),
    pytest.mark.long,
]

REGION = "us-west-2"
CELLS = {"moka-usw2-a": ("666666666666", "canary"), "moka-usw2-b": ("888888888888", "rest")}
FIRST, LATER = CELLS
CHOSEN = ("--layer", "network", "--layer", "cluster")
STEP = {  # each is replaced in turn
    "v1.13.2-eksbuild.24": "v1.14.3-eksbuild.16",
    "v1.34.6-eksbuild.13": "v1.35.3-eksbuild.13",
    "1.34": "1.35",
}


@pytest.fixture(scope="module")
def ladder(tmp_path_factory: pytest.TempPathFactory, terraform_mirror: Path) -> Iterator[Ladder]:
    made = load_data((ROOT / "cells.yaml").read_text("utf-8"))
    shipped = made["cells"][FIRST]
    made["cells"] = {
        name: copy.deepcopy({**shipped, "account": {"id": account}, "ring": ring})
        for name, (account, ring) in CELLS.items()
    }
    with climbing(tmp_path_factory.mktemp("rings"), terraform_mirror, made) as ladder:
        ladder.results("apply", "--no-bake", *CHOSEN)
        yield ladder


def versions(ladder: Ladder) -> dict[str, str]:
    """The version of each cell's control plane."""
    return {
        cell: ladder.client("eks", account, REGION).describe_cluster(name=cell)["cluster"][
            "version"
        ]
        for cell, (account, _) in CELLS.items()
    }


def images(ladder: Ladder) -> dict[str, set[str]]:
    """The images that each cell's node groups start nodes from."""
    found: dict[str, set[str]] = {}
    for cell, (account, _) in CELLS.items():
        eks, ec2 = (ladder.client(service, account, REGION) for service in ("eks", "ec2"))
        for group in eks.list_nodegroups(clusterName=cell)["nodegroups"]:
            told = eks.describe_nodegroup(clusterName=cell, nodegroupName=group)["nodegroup"]
            used = told["launchTemplate"]
            (one,) = ec2.describe_launch_template_versions(
                LaunchTemplateId=used["id"], Versions=[str(used["version"])]
            )["LaunchTemplateVersions"]
            image = one["LaunchTemplateData"]["ImageId"]
            (known,) = ec2.describe_images(ImageIds=[image])["Images"]
            found.setdefault(cell, set()).add(known["Name"])
    return found


def has_step(ladder: Ladder, *cells: str) -> None:
    """Demand that these cells run the new version, and the others the old one."""
    wanted = {cell: "1.35" if cell in cells else "1.34" for cell in CELLS}
    assert versions(ladder) == wanted
    for cell, names in images(ladder).items():
        assert all(f"-{wanted[cell]}-" in name for name in names), (cell, names)


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
    has_step(ladder, FIRST)
    assert (states(ladder, LATER), template(ladder, LATER)) == before


def test_the_later_ring_follows(ladder: Ladder) -> None:
    before = states(ladder, FIRST)
    rows = ladder.results("apply", "--no-bake", *CHOSEN)
    assert {name for name, row in rows.items() if row["status"] == "applied"} == {
        f"{LATER}-cluster"
    }
    has_step(ladder, FIRST, LATER)
    serials = [json.loads(text)["serial"] for text in before.values()]
    assert [json.loads(t)["serial"] for t in states(ladder, FIRST).values()] == serials


TAINTED = ("aws_vpc", "aws_s3_bucket", "aws_kms_key", "aws_eks_cluster", "aws_eks_node_group")


def of_kind(ladder: Ladder, kind: str) -> tuple[str, str]:
    """The layer and the address of a thing of the first cell."""
    for layer in ("network", "cluster"):
        found = ladder.documents()[f"{FIRST}-{layer}"]["resource"].get(kind)
        if found:
            return layer, f"{kind}.{next(iter(found))}"
    raise AssertionError(kind)


def ids(ladder: Ladder, layer: str) -> dict[str, list[str]]:
    """The ids that a state holds, by block."""
    state = json.loads(states(ladder, FIRST)[f"{layer}.tfstate"])
    return {
        f"{one['type']}.{one['name']}": [row["attributes"].get("id") for row in one["instances"]]
        for one in state["resources"]
    }


@pytest.mark.parametrize("verb", ["plan", "apply"])
@pytest.mark.parametrize("kind", TAINTED)
def test_what_is_tainted_and_kept_is_taken_up_by_the_line_that_is_named(
    ladder: Ladder, kind: str, verb: str
) -> None:
    layer, address = of_kind(ladder, kind)
    before = ids(ladder, layer)
    place = ("--sandbox", "--cell", FIRST, "--layer", layer)
    ladder.run("terraform", *place, "--", "taint", address)
    works = verb == "plan" and kind == "aws_eks_node_group"  # it has no prevent_destroy
    ladder.run(verb, *place, code=0 if works else 6)
    line = re.search(r"cellfactory (terraform .* -- untaint .*)", ladder.stderr)
    assert line is not None, ladder.stderr
    words = shlex.split(line[1])
    assert words == ["terraform", *place, "--", "untaint", address]
    ladder.run(*words)
    ladder.run("plan", "--exit-code", *place)
    assert ids(ladder, layer) == before, "nothing was made anew"
