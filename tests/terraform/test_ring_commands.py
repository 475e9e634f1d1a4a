"""A rollout as a user sees it, with real synthesis and a fake Terraform."""

from __future__ import annotations

import shutil
import signal
import sys
from pathlib import Path

import pytest

from cellfactory.documents import load_data, render_data
from tests.terraform.test_commands import (
    ADD,
    FAKE,
    OUTPUTS,
    Shell,
    server,  # noqa: F401 - a fixture
)

pytestmark = [pytest.mark.synth]

CANARY, LATER = "moka-use1-b", "moka-usw2-a"
WORDS = ("apply", "--sandbox", "--layer", "network")
MAKES = {
    f"{cell}-network": {
        "plan": {"changes": [ADD]},
        "apply": {"outputs": OUTPUTS, "changes": [ADD]},
    }
    for cell in (CANARY, LATER)
}


@pytest.fixture(scope="module")
def rolled(tmp_path_factory: pytest.TempPathFactory, project_root: Path) -> Shell:
    shell = Shell(root=project_root, folder=tmp_path_factory.mktemp("rings"))
    inventory = load_data((project_root / "cells.yaml").read_text("utf-8"))
    inventory["cells"] = {cell: inventory["cells"][cell] for cell in (CANARY, LATER)}
    (shell.folder / "cells.yaml").write_text(render_data(inventory), "utf-8")
    fake = shell.folder / "terraform"
    fake.write_text(f'#!/bin/sh\nexec {sys.executable} {project_root / FAKE} "$@"\n', "utf-8")
    fake.chmod(0o755)
    shell.run("lock")
    shell.run("synth")
    return shell


@pytest.fixture
def shell(rolled: Shell, tmp_path: Path) -> Shell:
    folder = tmp_path / "work"
    shutil.copytree(rolled.folder, folder)
    return Shell(root=rolled.root, folder=folder)


@pytest.mark.usefixtures("server")
def test_ctrl_c_ends_a_bake_at_once_and_the_next_run_goes_on_at_the_right_ring(
    shell: Shell,
) -> None:
    child = shell.start(*WORDS, "--bake", "10m", script=MAKES)
    assert child.stderr is not None
    said = ""
    for line in child.stderr:
        said += line
        if "bakes for" in line:
            child.send_signal(signal.SIGINT)
            break
    _, rest = child.communicate(timeout=30)
    said += rest
    assert child.returncode == 130, said
    assert f"ring by ring: canary (1 stack, then bakes 10m), first (1 stack){chr(10)}" in said
    assert "F663" in said
    assert "to resume: cellfactory apply --sandbox --resume" in said
    assert {stack for stack, _ in shell.commands()} == {f"{CANARY}-network"}

    told, _ = shell.run(*WORDS, "--no-bake", "--resume", "last", script=MAKES)
    assert "done before" in told
    assert {stack for stack, _ in shell.commands()} == {f"{LATER}-network"}


@pytest.mark.usefixtures("server")
def test_a_check_that_fails_keeps_the_next_ring_as_it_is(shell: Shell) -> None:
    check = f"{sys.executable} -c 'print(4 * 4); raise SystemExit(7)'"
    told, said = shell.run(*WORDS, "--check", check, script=MAKES, code=6)
    assert "F662" in said
    assert "16" in said
    assert "skipped" in told
    assert "ring canary did not pass" in told
    assert {stack for stack, _ in shell.commands()} == {f"{CANARY}-network"}

    _, said = shell.run(*WORDS, "--resume", "last", script=MAKES, code=6)
    assert "goes on as it was begun, with --check" in said
    assert "F662" in said
    (told_here,) = shell.folder.glob(".cellfactory/sandbox/runs/*.checks.json")
    told_here.unlink()
    _, said = shell.run(*WORDS, "--resume", "last", script=MAKES, code=6)
    assert "F664" in said
    shell.run(*WORDS, "--resume", "last", "--no-check", script=MAKES)
    assert {stack for stack, _ in shell.commands()} == {f"{LATER}-network"}


@pytest.mark.usefixtures("server")
def test_a_ring_that_would_get_ahead_is_refused_before_anything_is_done(shell: Shell) -> None:
    _, said = shell.run(*WORDS, "--ring", "first", script=MAKES, code=6)
    assert "F660 ring 'first' would get ahead of ring 'canary'" in said
    assert shell.commands() == []
    shell.run(*WORDS, "--ring", "first", "--out-of-order", script=MAKES)
    assert {stack for stack, _ in shell.commands()} == {f"{LATER}-network"}
