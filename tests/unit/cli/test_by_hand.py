"""What a person says to a pipeline reaches `apply` by the environment, as it stands."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cellfactory.cli import app
from cellfactory.cli import terraform as commands
from cellfactory.runs.request import Outcome
from cellfactory.terraform.guard import Allowed

SAID = {
    "CELLFACTORY_ALLOW_DESTROY": 'aws_route.x["a b"]\n\n routes \n',
    "CELLFACTORY_OVERRIDE": "cells=a window; $(id) `id` was agreed",
    "CELLFACTORY_FIRST_APPLY": "true",
    "CELLFACTORY_RESUME": "last",
}


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch, project_root: Path) -> dict[str, Any]:
    told: dict[str, Any] = {}

    def apply_design(_design: object, request: object, _watcher: object, **more: Any) -> Outcome:
        told.update(more, request=request)
        return Outcome(results=())

    monkeypatch.setattr(commands, "apply_design", apply_design)
    monkeypatch.chdir(project_root)
    return told


def test_it_is_taken_whole_and_line_by_line(seen: dict[str, Any]) -> None:
    assert CliRunner().invoke(app, ["apply"], env=SAID).exit_code == 0
    assert seen["request"].first_apply is True
    assert seen["resume"] == "last"
    assert seen["allowed"] == Allowed.of(['aws_route.x["a b"]', "routes"])
    (override,) = seen["overrides"]
    assert (override.what, override.reason) == ("cells", "a window; $(id) `id` was agreed")


@pytest.mark.parametrize("value", ["", "\n"])
def test_what_nobody_said_says_nothing(seen: dict[str, Any], value: str) -> None:
    empty = {name: value if "_APPLY" not in name else "" for name in SAID}
    empty["CELLFACTORY_RESUME"] = ""
    assert CliRunner().invoke(app, ["apply"], env=empty).exit_code == 0
    assert seen["request"].first_apply is False
    assert (seen["resume"], seen["overrides"]) == (None, ())
    assert seen["allowed"] == Allowed.of(())


def test_the_command_line_goes_before_it(seen: dict[str, Any]) -> None:
    words = ["apply", "--override", "cells=said here", "--allow-destroy", "peering"]
    assert CliRunner().invoke(app, words, env=SAID).exit_code == 0
    assert [one.reason for one in seen["overrides"]] == ["said here"]
    assert seen["allowed"] == Allowed.of(["peering"])
