"""What `list` and `show` tell of what was applied, and how they do without."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from cellfactory.cli import main
from cellfactory.terraform.registry import open_registry
from tests.terminals import ROOT
from tests.unit.runs.conftest import recorded

CELL, PEER = "moka-use1-a", "moka-use1-b"


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    for name in ("cells.yaml", "cells.lock.yaml"):
        shutil.copy(ROOT / name, tmp_path)
    monkeypatch.chdir(tmp_path)
    place = str(tmp_path / "registry")
    kept = open_registry(place, "us-east-1", None)
    subnets = {"use1-az1": "subnet-1"}
    kept.write(
        recorded(CELL, outputs={"vpc_id": "vpc-1", "node_subnet_ids": subnets}),
    )
    cluster = {"cluster_endpoint": "https://x.eks.amazonaws.com", "ingress_dns_name": "nlb-1.aws"}
    kept.write(recorded(CELL, "cluster", outputs=cluster))
    kept.write(recorded(CELL, "peering", outputs={"connection_ids": {PEER: "pcx-1"}}))
    kept.write(recorded(PEER, complete=False))
    kept.write(recorded("moka-use1-c", "account", outputs={"account_id": "888888888888"}))
    return place


def told(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    with pytest.raises(SystemExit) as stop:
        main([*words, "--format", "json"])
    assert not stop.value.code
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def test_a_list_counts_what_is_applied(registry: str, capsys: pytest.CaptureFixture[str]) -> None:
    rows = told(capsys, "list", "--registry", registry)["cells"]
    assert {row["name"]: (row["account"], row["applied"], row["unfinished"]) for row in rows} == {
        CELL: ("444444444444", 3, 0),
        PEER: ("555555555555", 0, 1),
        "moka-use1-c": ("888888888888", 1, 0),
        "moka-usw2-a": ("666666666666", 0, 0),
    }


def test_a_list_of_stacks_says_what_waits(
    registry: str, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = told(capsys, "list", "stacks", "--registry", registry, "--cell", CELL)["stacks"]
    by_layer = {row["layer"]: row for row in rows}
    assert by_layer["network"]["standing"] == "applied"
    assert by_layer["routes"]["standing"] == "not-applied"
    assert by_layer["routes"]["waits_for"] == [f"{PEER}-accept", "moka-use1-c-accept"]


def test_a_cell_is_shown_with_what_was_applied(
    registry: str, capsys: pytest.CaptureFixture[str]
) -> None:
    cell = told(capsys, "show", CELL, "--registry", registry)["cell"]
    assert (cell["vpc"], cell["endpoint"]) == ("vpc-1", "https://x.eks.amazonaws.com")
    assert cell["ui"] == "http://nlb-1.aws/"
    assert cell["peers"][0]["connection"] == "pcx-1"
    known = [s for s in cell["addresses"]["subnets"] if s["id"]]
    assert [(s["zone"], s["kind"], s["id"]) for s in known] == [("use1-az1", "node", "subnet-1")]
    assert cell["not_known"] is None
    assert cell["outputs"]["peering"] == {"connection_ids": {PEER: "pcx-1"}}
    assert "update-kubeconfig --region us-east-1 --name moka-use1-a" in cell["kubeconfig"]
    made = told(capsys, "show", "moka-use1-c", "--registry", registry)["cell"]
    assert made["roles"][-1] == "arn:aws:iam::888888888888:role/CellFactoryMember"


def test_a_record_that_cannot_be_read_is_told_as_that(
    registry: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path(registry, "cells", CELL, "cluster.json").write_text("{}", "utf-8")
    rows = told(capsys, "list", "stacks", "--registry", registry, "--cell", CELL)["stacks"]
    assert {row["layer"]: row["standing"] for row in rows}["cluster"] == "unreadable"


@pytest.mark.usefixtures("registry")
def test_without_credentials_the_rest_is_shown(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, "/dev/null")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for words in (["list"], ["show", CELL]):
        with pytest.raises(SystemExit) as stop:
            main(words)
        assert not stop.value.code
        shown = capsys.readouterr()
        assert CELL in shown.out
        assert "not known" in shown.out + shown.err
        assert "credentials" in (shown.out + shown.err).lower()
