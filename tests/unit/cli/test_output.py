"""Whoever asks for JSON reads exactly one document from standard output, whatever happens."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import typer
import typer.main
from hypothesis import given
from hypothesis import strategies as st

from cellfactory.cli import app, main
from cellfactory.cli.output import asked_form
from cellfactory.cli.watching import finish
from cellfactory.diff.model import ResourceChange
from cellfactory.errors import Finding, Problem, Span, TerraformError
from cellfactory.layers import StackId
from cellfactory.runs.request import Outcome
from cellfactory.runs.review import Review
from cellfactory.terraform.results import Result
from cellfactory.views.problems import DiffForm

COMMANDS: dict[str, Any] = typer.main.get_command(app).commands  # type: ignore[attr-defined]
WORDS = st.lists(st.sampled_from(["plan", "--format", "json", "github", "--", "--cell", "x"]))
REFUSED = Finding(rule="F607", stack="a-network", message="it would delete 1")


def printed(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, Any]:
    """Run a command; give its exit code and the one document that it printed."""
    with pytest.raises(SystemExit) as stop:
        main([*words, "--format", "json"])
    assert isinstance(stop.value.code, int)
    return stop.value.code, json.loads(capsys.readouterr().out)


@pytest.mark.parametrize(
    "name", sorted(set(COMMANDS) - {"pipeline", "schema", "terraform", "token"})
)
def test_each_command_has_each_form(
    name: str, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit):
        main([name, "--format", "none"])
    told = capsys.readouterr().err
    assert all(f"'{form}'" in told for form in ("text", "json", "github")), told
    code, document = printed(capsys, name, "--no-such-option")
    assert (code, document["format_version"]) == (2, 1)
    assert [p["message"] for p in document["problems"]] == ["No such option: --no-such-option"]


@pytest.mark.parametrize("name", ["check", "lock", "synth", "validate", "plan", "apply", "destroy"])
def test_an_inventory_that_is_not_there_is_one_document(
    name: str, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    code, document = printed(capsys, name)
    assert code == 2
    assert [p["rule"] for p in document["problems"]] == [None]


def test_a_failed_run_is_one_document(capsys: pytest.CaptureFixture[str]) -> None:
    refused = Result(
        stack=StackId("a", "network"), status="refused", reason=str(REFUSED), finding=REFUSED
    )
    with pytest.raises(typer.Exit) as stop:
        finish(Outcome(results=(refused,)), "json")
    assert stop.value.exit_code == TerraformError.exit_code
    shown = capsys.readouterr()
    document = json.loads(shown.out)
    assert document["stacks"][0]["rule"] == document["problems"][0]["rule"] == "F607"
    assert document["problems"][0]["places"] == [
        {"kind": "stacks", "name": "a-network", "stack": "a-network"}
    ]
    assert shown.err == "1 stack: 1 refused\n"


def test_an_interrupted_run_is_one_document(capsys: pytest.CaptureFixture[str]) -> None:
    result = Result(stack=StackId("a", "network"), status="interrupted")
    with pytest.raises(typer.Exit) as stop:
        finish(Outcome(results=(result,), stopped=True), "json")
    assert stop.value.exit_code == 130
    (problem,) = json.loads(capsys.readouterr().out)["problems"]
    assert problem["message"] == "interrupted; 1 stack: 1 interrupted"


def test_annotations_of_a_run_stand_below_its_table(capsys: pytest.CaptureFixture[str]) -> None:
    refused = Result(
        stack=StackId("a", "network"), status="refused", reason=str(REFUSED), finding=REFUSED
    )
    with pytest.raises(typer.Exit):
        finish(Outcome(results=(refused,)), "github")
    assert capsys.readouterr().out.splitlines()[-1] == (
        "::error title=F607::a-network: it would delete 1"
    )


@pytest.mark.parametrize("form", ["markdown", "github"])
def test_a_plan_is_markdown_for_a_job_and_annotations_stand_below_it(
    form: DiffForm, capsys: pytest.CaptureFixture[str]
) -> None:
    vpc = ResourceChange(address="aws_vpc.cell", action="update")
    refused = Result(
        stack=StackId("a", "network"), status="refused", reason=str(REFUSED), finding=REFUSED
    )
    results = (
        refused,
        Result(stack=StackId("b", "network"), status="planned", changes=(vpc,)),
    )
    beyond = Finding(rule="F710", message="too much", severity="warning")
    span = Span("cells.yaml", 4, 2)
    outcome = Outcome(
        results=results, review=Review(results=results), problems=(Problem(span, beyond),)
    )
    with pytest.raises(typer.Exit):
        finish(outcome, form)
    lines = capsys.readouterr().out.splitlines()
    notes = [line for line in lines if line.startswith("::")]
    assert lines[0] == "### cellfactory plan"
    assert lines[: len(lines) - len(notes)][-1] == "</details>"
    assert notes == (
        []
        if form == "markdown"
        else [
            "::error title=F607::a-network: it would delete 1",
            "::warning file=cells.yaml,line=4,col=2,title=F710::too much",
        ]
    )


@given(WORDS)
def test_the_form_that_was_asked_for_is_found(words: list[str]) -> None:
    asked = words[: words.index("--")] if "--" in words else words
    assert asked_form([*asked, "--format", "json"]) in ("json", "text")
    assert asked_form([*asked, "--format=github"]) == "github"
    assert asked_form(["--", *words]) == "text"
