"""The drill: a cell is destroyed and made again, in the emulated AWS.

By a Terraform that makes nothing in the default suite; by the real one, which makes a VPC and all
that is in it, in the long run (`python3 dev.py long`).
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from cellfactory.documents import load_data, render_data
from tests.terraform.ladder import ROOT, Ladder
from tests.terraform.test_commands import ADD, FAKE, LOCKED, OUTPUTS

pytestmark = [pytest.mark.terraform, pytest.mark.sandbox, pytest.mark.timeout(900)]

CELL, ACCOUNT, REGION = "moka-usw2-a", "666666666666", "us-west-2"
NETWORK = f"{CELL}-network"
ONLY = ("--sandbox", "--layer", "network")


@dataclass(slots=True)
class Fake(Ladder):
    """A ladder whose Terraform only talks."""

    def _environment(self) -> dict[str, str]:
        fake = self.folder / "terraform"
        fake.write_text(f'#!/bin/sh\nexec {sys.executable} {ROOT / FAKE} "$@"\n', "utf-8")
        fake.chmod(0o755)
        lock = "".join(LOCKED.format(provider) for provider in ("aws", "helm"))
        (self.folder / "cells.providers.lock.hcl").write_text(lock, "utf-8")
        make = {"plan": {"changes": [ADD]}, "apply": {"outputs": OUTPUTS, "changes": [ADD]}}
        (self.folder / "script.json").write_text(json.dumps({NETWORK: make}), "utf-8")
        return {
            **super(Fake, self)._environment(),
            "TERRAFORM": str(fake),
            "FAKE_LOG": str(self.folder / "log"),
            "FAKE_SCRIPT": str(self.folder / "script.json"),
        }

    def asked(self) -> list[str]:
        """What Terraform was asked to do since the last look."""
        log = self.folder / "log"
        told = [json.loads(line) for line in log.read_text("utf-8").splitlines()]
        log.unlink()
        return [command for event, _, command, _ in told if event == "begin" and command != "init"]


def started(ladder: Ladder) -> Ladder:
    """One cell, synthesized, and its network applied."""
    made = load_data((ROOT / "cells.yaml").read_text("utf-8"))
    made["cells"] = {CELL: made["cells"][CELL]}
    (ladder.folder / "cells.yaml").write_text(render_data(made), "utf-8")
    ladder.run("lock")
    ladder.run("synth")
    ladder.start()
    ladder.run("apply", "--no-bake", *ONLY)
    return ladder


@pytest.fixture
def fake(tmp_path: Path) -> Iterator[Fake]:
    ladder = Fake(folder=tmp_path, mirror=tmp_path)
    started(ladder)
    yield ladder
    ladder.stop()


def test_a_cell_is_destroyed_and_made_again_and_the_time_is_told(fake: Fake) -> None:
    assert fake.asked()
    told = fake.run("pipeline", "drill", *ONLY, CELL)
    assert told.splitlines()[-1].startswith(f"`{CELL}` was rebuilt in ")
    assert told.splitlines()[-1].endswith(" of 30m.")
    assert [each for each in fake.asked() if each in ("destroy", "apply")] == ["destroy", "apply"]
    fake.run("pipeline", "drill", *ONLY, "--within", "0s", CELL, code=2)
    assert f"rebuilding {CELL} took " in fake.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("moka-usw2-z",), "unknown cell 'moka-usw2-z'"),
        ((CELL, "--layer", "account"), "no layer that is rebuilt is among account"),
    ],
)
def test_what_cannot_be_rebuilt_is_told_before_anything_goes(
    fake: Fake, words: tuple[str, ...], said: str
) -> None:
    fake.asked()
    fake.run("pipeline", "drill", "--sandbox", *words, code=2)
    assert said in fake.stderr
    assert not (fake.folder / "log").exists()


@pytest.fixture
def real(tmp_path: Path, terraform_mirror: Path) -> Iterator[Ladder]:
    ladder = Ladder(folder=tmp_path, mirror=terraform_mirror)
    started(ladder)
    yield ladder
    ladder.stop()


@pytest.mark.long
@pytest.mark.parametrize("words", [ONLY, ("--sandbox",)], ids=["network", "whole"])
def test_a_real_network_goes_and_comes_back(real: Ladder, words: tuple[str, ...]) -> None:
    """Of a cell that has no peers; `test_six_cells_aws.py` rebuilds one that has."""

    def vpc() -> str:
        found: Any = real.client("ec2", ACCOUNT, REGION).describe_vpcs(
            Filters=[{"Name": "tag:cellfactory:cell", "Values": [CELL]}]
        )
        (one,) = found["Vpcs"]
        return str(one["VpcId"])

    before = vpc()
    told = real.run("pipeline", "drill", *words, CELL)
    assert f"`{CELL}` was rebuilt in " in told
    assert vpc() != before
    again = real.results("plan", "--layer", "network")
    assert again[NETWORK]["status"] == "no-change"
