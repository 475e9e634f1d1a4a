"""A run that is resumed goes on as it was asked for, and no journal has a program run."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from cellfactory.errors import TerraformError
from cellfactory.runs.asked import asked_as_before, note_asked
from cellfactory.runs.request import Request
from cellfactory.terraform.journal import Checks, Journal, read_asked
from cellfactory.views.notices import render_notice
from tests.unit.runs.conftest import Watched

SILENT = Request(mode="sandbox")
SMOKE: Checks = (("./smoke.sh", "--for", "a b"),)
LOAD: Checks = (("./load.sh",), ("true",))


def begun(folder: Path, *requests: Request) -> Path:
    """The journal of a run that was asked for, and asked for again when it was resumed."""
    path = folder / "run.jsonl"
    for request in requests:
        note_asked(Journal(path, "apply"), request)
    return path


def resumed(path: Path, request: Request = SILENT) -> tuple[Request, list[str]]:
    watcher = Watched()
    found = asked_as_before(request, path, watcher)
    return found, [render_notice(notice) for notice in watcher.notices]


@pytest.mark.parametrize("bake", [None, 0.0, 300.0])
@pytest.mark.parametrize("checks", [None, (), SMOKE, LOAD])
def test_what_was_asked_for_is_asked_for_again(
    tmp_path: Path, bake: float | None, checks: Checks | None
) -> None:
    first = replace(SILENT, bake=bake, checks=checks)
    found, told = resumed(begun(tmp_path, first))
    assert found == first
    assert len(told) == (first != SILENT)


def test_what_is_not_said_anew_is_told(tmp_path: Path) -> None:
    path = begun(tmp_path, replace(SILENT, bake=300.0, checks=SMOKE))
    assert resumed(path)[1] == [
        "run run goes on as it was begun, with --bake 5m --check "
        "'./smoke.sh --for '\"'\"'a b'\"'\"''"
    ]
    anew = replace(SILENT, bake=0.0)
    assert resumed(path, anew) == (
        replace(anew, checks=SMOKE),
        ["run run goes on as it was begun, with --check './smoke.sh --for '\"'\"'a b'\"'\"''"],
    )


@pytest.mark.parametrize("checks", [(), LOAD])
def test_a_word_of_today_holds_and_is_remembered_from_then_on(
    tmp_path: Path, checks: Checks
) -> None:
    path = begun(tmp_path, replace(SILENT, bake=300.0, checks=SMOKE))
    anew = replace(SILENT, bake=60.0, checks=checks)
    assert resumed(path, anew) == (anew, [])
    note_asked(Journal(path, "apply"), anew)
    assert resumed(path)[0] == anew


@pytest.mark.parametrize("known", [None, '[["true"]]', "[[", "{}", "7", "[7]"])
def test_no_program_is_run_because_a_journal_says_so(tmp_path: Path, known: str | None) -> None:
    path = begun(tmp_path, replace(SILENT, checks=SMOKE))
    file = tmp_path / "run.checks.json"
    file.unlink()
    if known is not None:
        file.write_text(known, "utf-8")
    with pytest.raises(TerraformError, match=r"F664 run run was begun with --check './smoke.sh"):
        resumed(path)
    assert resumed(path, replace(SILENT, checks=()))[0].checks == ()
    assert resumed(path, replace(SILENT, checks=SMOKE))[0].checks == SMOKE


def test_nothing_is_said_of_a_run_of_which_nothing_was_said(tmp_path: Path) -> None:
    path = begun(tmp_path, SILENT)
    assert resumed(path) == (SILENT, [])
    assert [file.name for file in tmp_path.iterdir()] == ["run.jsonl"]


@pytest.mark.parametrize(
    "line",
    [
        '{"event": "asked"}',
        '{"event": "asked", "bake": "5m", "checks": null}',
        '{"event": "asked", "bake": true, "checks": 5}',
        '{"event": "asked", "bake": null, "checks": {"a": 1}}',
        '["asked"]',
    ],
)
def test_a_line_of_another_shape_says_nothing(tmp_path: Path, line: str) -> None:
    path = tmp_path / "run.jsonl"
    path.write_text(f"{line}\n", "utf-8")
    assert read_asked(path) == (None, None)
