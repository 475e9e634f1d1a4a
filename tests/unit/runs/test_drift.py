"""Looking for drift: by the records alone, stack by stack, with a Terraform that only talks."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from cellfactory.cli import main
from cellfactory.runs.drift import DriftReport, find_drift, findings_of_drift
from cellfactory.runs.reading import read_declared
from cellfactory.runs.request import Request
from cellfactory.terraform.selection import Selection
from tests.terminals import ROOT
from tests.unit.runs.conftest import Place, Watched

CELL = "moka-use1-a"


@pytest.fixture
def home(place: Place) -> Place:
    for name in ("cells.yaml", "cells.lock.yaml"):
        shutil.copy(ROOT / name, place.folder)
    return place


def request(home: Place, **more: Any) -> Request:
    return Request(
        mode="aws",
        home=home.folder,
        output=home.folder / "cdktf.out",
        provider_lock=home.folder / "cells.providers.lock.hcl",
        registry=home.registry_folder,
        **more,
    )


def look(home: Place, **more: Any) -> DriftReport:
    return find_drift(read_declared(Path("cells.yaml")), request(home, **more), Watched())


def change(address: str, before: Any, after: Any, action: str = "update") -> dict[str, Any]:
    return {"address": address, "action": action, "before": before, "after": after}


def vpc_changed(home: Place, name: str = "by hand") -> None:
    told = [change("aws_vpc.cell", {"tags": {"Name": name}}, {"tags": {"Name": CELL}})]
    home.does(f"{CELL}-network", plan={"changes": told})


def test_what_is_as_it_was_applied_has_no_fingerprint(home: Place) -> None:
    home.remember(CELL)
    report = look(home)
    (owner,) = report.owners
    assert (owner.name, owner.account, owner.drifted, owner.fingerprint) == (
        *(CELL, "444444444444", (), ""),
    )
    assert not report.has_drift
    assert list(findings_of_drift(report.owners, "aws")) == []


def test_one_finding_for_a_cell_with_its_line_and_a_fingerprint_that_stays(home: Place) -> None:
    home.remember(CELL)
    vpc_changed(home)
    first, second = look(home), look(home)
    (finding,) = findings_of_drift(first.owners, "aws")
    assert (finding.rule, finding.path) == ("F686", ("cells", CELL))
    assert finding.hint == f"cellfactory apply --cell {CELL}"
    assert first.owners[0].fingerprint == second.owners[0].fingerprint
    vpc_changed(home, "by another hand")
    assert look(home).owners[0].fingerprint != first.owners[0].fingerprint


def test_a_plan_is_made_of_what_was_applied_without_a_lock_and_is_gone(home: Place) -> None:
    home.remember(CELL, document={"output": {"was": {"value": "applied"}}})
    look(home)
    (words,) = [words for _, command, words in home.asked() if command == "plan"]
    assert "-lock=false" in words
    assert not [word for word in words if "refresh" in word]
    work = home.folder / ".cellfactory/aws/work" / f"{CELL}-network"
    assert "applied" in (work / "cdk.tf.json").read_text("utf-8")
    assert not list(work.glob("*.tfplan"))


def test_what_is_not_applied_not_done_or_gone_is_said_apart(home: Place) -> None:
    home.remember(CELL)
    home.remember("moka-use1-b", complete=False)
    home.remember("left-long-ago")
    report = look(home, selection=Selection(layers=("network",)))
    told = {aside.stack.name: (aside.why, aside.looked_at) for aside in report.asides}
    assert told["moka-use1-c-network"] == ("not applied yet", False)
    assert told["moka-use1-b-network"][0].startswith("its last apply did not end")
    assert told["left-long-ago-network"][1]
    assert {owner.name for owner in report.owners} == {CELL, "left-long-ago"}


def test_an_edit_since_is_no_drift_and_is_named(home: Place) -> None:
    home.remember(CELL)
    made = home.folder / "cdktf.out/stacks" / f"{CELL}-network"
    made.mkdir(parents=True)
    (made / "cdk.tf.json").write_text('{"output": {}}', "utf-8")
    report = look(home)
    assert not report.has_drift
    told = {aside.stack.name: aside.why for aside in report.asides}
    assert told[f"{CELL}-network"].startswith("synthesized otherwise since")


def test_parts_are_judged_only_where_every_stack_of_the_cell_was_seen(home: Place) -> None:
    for layer in ("network", "routes"):
        home.remember(CELL, layer)
    table = {"address": "aws_route_table.t", "mode": "managed"}
    table["values"] = {"id": "rtb-1", "route": [{"cidr_block": "0.0.0.0/0", "gateway_id": "igw"}]}  # type: ignore[assignment]
    document = {
        "format_version": "1.2",
        "resource_changes": [],
        "prior_state": {"values": {"root_module": {"resources": [table]}}},
    }
    home.does(f"{CELL}-network", show={"document": document})
    (whole,) = look(home).owners
    assert [(d.address, d.event) for d in whole.drifted] == [("aws_route_table.t", "added")]
    (part,) = look(home, selection=Selection(layers=("network",))).owners
    assert (part.is_whole, part.drifted) == (False, ())


def test_what_cannot_be_planned_fails_and_the_others_are_told(
    home: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    home.remember(CELL)
    home.remember("moka-use1-b")
    home.does(f"{CELL}-network", plan={"error": "no credentials"})
    with pytest.raises(SystemExit) as stop:
        main(["drift", "--registry", home.registry_folder, "--format", "json"])
    assert stop.value.code == 6
    told = json.loads(capsys.readouterr().out)
    assert [cell["name"] for cell in told["cells"]] == ["moka-use1-b"]
    assert [problem["rule"] for problem in told["problems"]] == ["F620"]


@pytest.mark.parametrize("form", ["text", "json", "markdown", "github"])
def test_the_exit_code_tells_where_it_is_asked_to(
    form: str, home: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    home.remember(CELL)
    vpc_changed(home)
    for words, code in (([], 0), (["--exit-code"], 10)):
        with pytest.raises(SystemExit) as stop:
            main(["drift", "--registry", home.registry_folder, "--format", form, *words])
        assert (stop.value.code or 0) == code
        shown = capsys.readouterr().out
        assert CELL in shown
        if form == "github":
            assert "::warning file=cells.yaml" in shown
            assert "F686" in shown


def test_an_unknown_cell_is_told(home: Place, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["drift", "--registry", home.registry_folder, "--cell", "moka-use1-x"])
    assert stop.value.code == 2
    assert "unknown cell" in capsys.readouterr().err
