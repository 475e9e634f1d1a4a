"""Terraform itself for one stack: what it is given, and what is not passed through."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any

import pytest

from cellfactory.cli import main
from cellfactory.layers import StackId
from cellfactory.terraform.target import Target
from cellfactory.terraform.turns import stack_lock
from tests.unit.runs.conftest import Place

STATE = "version: 1\nstate: {bucket: example-cells-tfstate, region: us-east-1}\n"


def run(place: Place, words: str) -> int:
    (place.folder / "cells.yaml").write_text(STATE, "utf-8")
    with pytest.raises(SystemExit) as stop:
        main(["terraform", "--registry", place.registry_folder, *shlex.split(words)])
    return int(stop.value.code or 0)


def work(place: Place) -> Path:
    return place.folder / ".cellfactory" / "aws" / "work"


def test_it_runs_as_the_stack_was_applied_and_its_words_are_seen(
    place: Place, capfd: pytest.CaptureFixture[str]
) -> None:
    document: dict[str, Any] = {"resource": {"aws_vpc": {"cell": {}}}}
    place.remember("a", "network", document=document, inputs={"account_id": "444444444444"})
    place.does("a-network", state={"prints": ["aws_vpc.cell"]})
    assert run(place, "--cell a --layer network -- state list -id=x") == 0
    assert capfd.readouterr().out == "aws_vpc.cell\n"
    assert [asked[:2] for asked in place.asked()] == [("a-network", "init"), ("a-network", "state")]
    assert place.asked()[-1] == ("a-network", "state", ["list", "-id=x"])
    folder = work(place) / "a-network"
    assert json.loads((folder / "cdk.tf.json").read_text("utf-8")) == document
    inputs = json.loads((folder / "cellfactory.auto.tfvars.json").read_text("utf-8"))
    assert inputs == {"account_id": "444444444444"}


@pytest.mark.parametrize(
    ("owner", "layer", "name"),
    [
        ("--mesh east", "gateway", "east-gateway"),
        ("--organization main", "bootstrap", "main-bootstrap"),
    ],
)
def test_every_kind_of_owner_is_named(place: Place, owner: str, layer: str, name: str) -> None:
    place.remember(owner.split()[1], layer)  # type: ignore[arg-type]
    assert run(place, f"{owner} --layer {layer} -- untaint 'x.y[\"a b\"]'") == 0
    assert place.asked()[-1] == (name, "untaint", ['x.y["a b"]'])


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("apply -auto-approve", "cellfactory apply --cell a --layer network"),
        ("destroy", "cellfactory destroy --cell a --layer network"),
        ("plan -out=p", "drop -out"),
        ("plan --out p", "drop -out"),
        ("init -reconfigure", "it runs automatically"),
        ("workspace new x", "a stack has one state"),
        ("-chdir=/ state list", "start with a Terraform command"),
        ("", "arguments after --"),
    ],
)
def test_what_would_pass_by_our_checks_is_refused(
    place: Place, words: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    place.remember("a")
    assert run(place, f"--cell a --layer network -- {words}") == 2
    assert said in capsys.readouterr().err
    assert place.asked() == []


@pytest.mark.parametrize(
    ("named", "said"),
    [
        ("--cell a", "name one stack"),
        ("--layer network", "name one stack"),
        ("--cell a --mesh b --layer network", "name one stack"),
        ("--cell a --layer gateway", "a cell has no layer 'gateway'"),
        ("--cell a --layer netwrk", "a cell has no layer 'netwrk'"),
    ],
)
def test_exactly_one_stack_is_named(
    place: Place, named: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(place, f"{named} -- state list") == 2
    assert said in capsys.readouterr().err


def test_a_failure_has_our_exit_code(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    place.remember("a")
    place.does("a-network", show={"error": "no"})
    assert run(place, "--cell a --layer network -- show") == 6
    assert "terraform show ended with exit code 1" in capsys.readouterr().err
    place.does("a-network", plan={"changes": [{"address": "a.b", "action": "create"}]})
    assert run(place, "--cell a --layer network -- plan -detailed-exitcode") == 10
    (work(place) / "a-network" / ".terraform" / "cellfactory-init").unlink()
    place.does("a-network", init={"error": "no provider"})
    assert run(place, "--cell a --layer network -- show") == 6
    assert "no provider" in capsys.readouterr().err


def test_it_takes_its_turn(
    place: Place, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    place.remember("a")
    monkeypatch.setattr("cellfactory.terraform.turns.stack_lock.__wrapped__.__defaults__", (0.1,))
    target = Target(mode="aws", folder=place.folder / ".cellfactory" / "aws")
    with stack_lock(target.locks_folder, StackId("a", "network"), lambda: False):
        assert run(place, "--cell a --layer network -- state list") == 6
    assert "F610" in capsys.readouterr().err
    assert place.asked() == []


def test_what_was_never_applied_is_taken_from_what_synth_wrote(
    place: Place, project_root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("cells.yaml", "cells.lock.yaml"):
        (place.folder / name).write_text((project_root / name).read_text("utf-8"), "utf-8")
    folder = place.folder / "cdktf.out" / "stacks" / "moka-use1-a-network"
    line = ["terraform", "--registry", place.registry_folder, "--layer", "network", "--cell"]
    words = ["--", "import", "aws_vpc.cell", "vpc-1"]
    with pytest.raises(SystemExit, match="2"):
        main([*line, "moka-use1-a", *words])
    assert "run `cellfactory synth` first" in capsys.readouterr().err
    folder.mkdir(parents=True)
    (folder / "cdk.tf.json").write_text("{}", "utf-8")
    with pytest.raises(SystemExit, match="0"):
        main([*line, "moka-use1-a", *words])
    assert place.asked()[-1] == ("moka-use1-a-network", "import", ["aws_vpc.cell", "vpc-1"])
    with pytest.raises(SystemExit, match="2"):
        main([*line, "moka-use1-z", *words])
    assert "unknown cell 'moka-use1-z'" in capsys.readouterr().err
