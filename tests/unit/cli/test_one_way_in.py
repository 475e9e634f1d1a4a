"""Every command goes the one way in: what `check` refuses is neither planned nor applied."""

from __future__ import annotations

import shlex
import shutil
from pathlib import Path

import pytest
import typer.main

from cellfactory.cli import app, main
from cellfactory.documents import load_data, render_data
from cellfactory.errors import SizingError, UsageError

# Commands that plan or apply what the inventory says, or write what will be; as they are called.
REFUSING = {
    "check": ["check", "check --format json", "check --locked"],
    "synth": ["synth"],
    "diff": ["diff", "diff --format json"],
    "validate": ["validate"],
    "policy": ["policy", "policy --format sarif"],
    "plan": ["plan", "plan --sandbox", "plan --cell moka-use1-a"],
    "apply": ["apply --yes", "apply --sandbox", "apply --sandbox --layer account"],
}
# The others, each with the reason for which it takes an inventory that does not fit.
ALLOWING = {
    "bootstrap": "makes what has to be there before any cell has an address",
    "cost": "shows what cells cost, whatever fits",
    "example-job": "shows a job of a cell that stands, or will",
    "explain": "reads no inventory",
    "decommission": "gives up what left; what stands only loses rows",
    "destroy": "gets rid of cells, by the registry alone",
    "drift": "asks what is there, whatever fits",
    "graph": "shows what waits for what, whatever fits",
    "list": "shows what there is, whatever fits",
    "show": "shows what there is, whatever fits",
    "doctor": "asks what has to be there; sizes may come later",
    "migrate": "says what stands in the way; a step is written where it fits as the one before",
    "lock": "gives addresses, which do not depend on quotas",
    "options": "shows which other way fits",
    "orphans": "asks what is there, whatever fits",
    "lock-providers": "asks Terraform; neither addresses nor sizes matter to it",
    "pipeline": "writes jobs that check; its drill goes by apply, which refuses",
    "quotas": "finds out what makes it fit",
    "route": "sends jobs to cells that stand",
    "runs": "asks which runs there were",
    "sandbox": "makes what is there before the first cell",
    "schema": "reads no inventory",
    "terraform": "goes by what was applied, and asks what no command of ours does",
    "size": "shows what does not fit, and says so by its exit code",
    "token": "reads no inventory",
    "unlock": "releases what was locked, whatever fits",
    "waves": "shows in which order a rollout goes, whatever fits",
    "what-if": "reads no inventory",
}


@pytest.fixture
def folder(project_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The shipped inventory, with far too few vCPUs for one cell; Terraform is not there."""
    made = load_data((project_root / "cells.yaml").read_text("utf-8"))
    made["cells"]["moka-use1-b"].setdefault("quotas", {})["L-1216C47A"] = 10
    (tmp_path / "cells.yaml").write_text(render_data(made), "utf-8")
    shutil.copy(project_root / "cells.lock.yaml", tmp_path)
    monkeypatch.setenv("TERRAFORM", "/nowhere")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(line: str) -> int:
    with pytest.raises(SystemExit) as stop:
        main(shlex.split(line))
    return int(stop.value.code or 0)


def test_each_command_is_one_that_refuses_or_has_a_reason() -> None:
    group = typer.main.get_command(app)
    assert not REFUSING.keys() & ALLOWING.keys()
    assert set(group.commands) == {*REFUSING, *ALLOWING}  # type: ignore[attr-defined]


@pytest.mark.parametrize("line", [line for lines in REFUSING.values() for line in lines])
def test_what_plans_or_applies_refuses_what_check_refuses(
    line: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = sorted(folder.rglob("*"))
    assert run(line) == SizingError.exit_code
    shown = capsys.readouterr()
    assert "F355" in shown.out + shown.err
    assert sorted(folder.rglob("*")) == before, "nothing is written"


@pytest.mark.parametrize(
    ("line", "code"),
    [("lock", 0), ("route --job a", 0), ("size", SizingError.exit_code), ("destroy --sandbox", 6)],
)
@pytest.mark.usefixtures("folder")
def test_the_others_go_on(line: str, code: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(line) == code
    assert "F355" not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("broken", "code", "said"),
    [
        ("colour: red\n", 6, "F608 no sandbox is running"),
        ("state: {}\n", 3, "F101"),
    ],
)
def test_destroy_takes_nothing_but_the_state_of_an_inventory(
    broken: str, code: int, said: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = folder / "cells.yaml"
    file.write_text(file.read_text("utf-8") + broken, "utf-8")
    (folder / "cells.lock.yaml").write_text("no lock at all", "utf-8")
    assert run("check") == 3
    capsys.readouterr()
    assert run("destroy --sandbox") == code
    assert said in capsys.readouterr().err


@pytest.mark.usefixtures("folder")
def test_size_names_the_command_that_asks_about_another_cell(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run("size --nodes 3 --instance m5.large") == UsageError.exit_code
    assert "cellfactory what-if --nodes 3 --instance m5.large" in capsys.readouterr().err
