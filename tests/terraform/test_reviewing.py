"""Plan, look, say yes: what a person meets, with real synthesis and a fake Terraform."""

from __future__ import annotations

import json
import os
import pty
import select
import shutil
import signal
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.terraform.test_commands import (
    ADD,
    CELL,
    CLUSTER,
    NETWORK_APPLIES,
    OUTPUTS,
    Shell,
    synthesized,  # noqa: F401 - a fixture
)

pytestmark = [pytest.mark.synth]

SECONDS = 120  # that a person waits
NETWORK = f"{CELL}-network"
WORDS = ("--first-apply", "--layer", "network", "--registry", "registry")
PLAN = ("plan", "--layer", "network", "--registry", "registry")
VALUES = {"after": {"cidr_block": "10.1.0.0/16", "password": "hunter2"}}
SECRET = {"after_sensitive": {"password": True}}
MAKES = {NETWORK: {"plan": {"changes": [{**ADD, **VALUES, **SECRET}]}, **NETWORK_APPLIES}}


@pytest.fixture
def shell(synthesized: Shell, tmp_path: Path) -> Shell:  # noqa: F811 - pytest's way
    folder = tmp_path / "work"
    shutil.copytree(synthesized.folder, folder)
    return Shell(root=synthesized.root, folder=folder)


def no_plan_is_left(shell: Shell) -> bool:
    return not list((shell.folder / ".cellfactory").rglob("*.tfplan"))


def in_a_terminal(
    shell: Shell, answer: bytes | signal.Signals, script: Mapping[str, Any]
) -> tuple[int, str]:
    """Run `apply` where a person sits, who answers the question as soon as it is asked."""
    (shell.folder / "script.json").write_text(json.dumps(script), "utf-8")
    environ = {
        **os.environ,
        "PYTHONPATH": str(shell.root),
        "TERRAFORM": str(shell.folder / "terraform"),
        "FAKE_LOG": str(shell.folder / "log"),
        "FAKE_SCRIPT": str(shell.folder / "script.json"),
    }
    child, screen = pty.fork()
    if child == 0:
        os.chdir(shell.folder)
        words = [sys.executable, "-m", "cellfactory", "apply", *WORDS]
        os.execve(sys.executable, words, environ)
    seen, is_answered, late = b"", False, time.monotonic() + SECONDS
    while time.monotonic() < late:
        ready, _, _ = select.select([screen], [], [], 0.1)
        try:
            told = os.read(screen, 4096) if ready else None
        except OSError:
            break
        if told == b"":
            break
        seen += told or b""
        if b"Only 'yes' is accepted" in seen and not is_answered:
            is_answered = True
            time.sleep(0.2)
            if isinstance(answer, bytes):
                os.write(screen, answer)
            else:
                os.kill(child, answer)
    else:
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    os.close(screen)
    return os.waitstatus_to_exitcode(status), seen.decode("utf-8", "replace")


def test_a_person_sees_the_plan_and_is_asked_once(shell: Shell) -> None:
    code, seen = in_a_terminal(shell, b"yes\r", MAKES)
    assert code == 0, seen
    assert "apply 1 to add, 0 to change, 0 to destroy in 1 account (666666666666 cell" in seen
    assert (
        seen.index(f"+ {CELL}: 1 resource in network")
        < seen.index("Only 'yes'")
        < seen.index("applied")
    )
    assert "hunter2" not in seen
    assert [command for _, command in shell.commands()] == ["plan", "show", "apply"]
    assert no_plan_is_left(shell)


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (b"y\r", 2),
        (b"YES\r", 2),
        (b"\r", 2),
        (b"no\r", 2),
        (b"\x03", 130),
        (b"\x04", 2),
        (signal.SIGTERM, 130),
        (signal.SIGHUP, 130),
    ],
    ids=["y", "YES", "enter", "no", "ctrl-c", "ctrl-d", "term", "hang-up"],
)
def test_anything_but_yes_leaves_nothing_behind(shell: Shell, answer: bytes, code: int) -> None:
    found, seen = in_a_terminal(shell, answer, MAKES)
    assert found == code, seen
    assert "Traceback" not in seen
    assert "apply" not in [command for _, command in shell.commands()]
    assert no_plan_is_left(shell)
    assert not (shell.folder / "registry" / "cells").exists()
    assert not list((shell.folder / ".cellfactory").rglob("*.jsonl")), "no run had begun"


def test_nothing_to_do_asks_nothing_and_says_so(shell: Shell) -> None:
    shell.run("apply", "--yes", *WORDS, script=MAKES)
    shell.commands()
    told, said = shell.run("apply", *WORDS, script={NETWORK: {"output": {"outputs": OUTPUTS}}})
    assert "nothing to do: AWS holds what the inventory says" in said
    assert told == f"{NETWORK}  no change\n1 stack: 1 no change\n"
    assert shell.commands() == [(NETWORK, "plan")]


def test_what_was_reviewed_is_applied_without_a_question(shell: Shell) -> None:
    told, _ = shell.run(*PLAN, "--out", "plan.json", script=MAKES)
    assert f"+ {CELL}: 1 resource in network" in told
    text = (shell.folder / "plan.json").read_text("utf-8")
    assert "hunter2" not in text
    assert "10.1.0.0" not in text
    shell.run(*PLAN, "--out", "again.json", script=MAKES)
    assert text == (shell.folder / "again.json").read_text("utf-8")
    assert no_plan_is_left(shell)
    shell.commands()
    told, _ = shell.run("apply", "--reviewed", "plan.json", *WORDS, script=MAKES)
    assert told == f"{NETWORK}  applied  +1 ~0 -0\n1 stack: 1 applied\n"
    assert [command for _, command in shell.commands()] == ["plan", "show", "apply"]


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({**ADD, "after": {"cidr_block": "10.9.0.0/16", "password": "x"}, **SECRET}, "cidr_block"),
        ({"action": "create", "address": "aws_vpc.other"}, "create aws_vpc.other"),
        ({**ADD, "action": "update", **VALUES, **SECRET}, "update aws_vpc.cell (reviewed: create)"),
    ],
    ids=["value", "resource", "action"],
)
def test_what_goes_beyond_the_review_is_refused(
    shell: Shell, change: dict[str, Any], named: str
) -> None:
    shell.run(*PLAN, "--out", "plan.json", script=MAKES)
    other = {NETWORK: {"plan": {"changes": [change]}}}
    shell.commands()
    told, said = shell.run("apply", "--reviewed", "plan.json", *WORDS, code=6, script=other)
    assert "refused  F653 its plan goes beyond what was reviewed" in told
    assert named in said
    assert [command for _, command in shell.commands()] == ["plan", "show"]
    assert no_plan_is_left(shell)
    told, _ = shell.run(
        *("apply", "--reviewed", "plan.json", *WORDS, "--format", "json"), code=6, script=other
    )
    document = json.loads(told)
    assert [row["rule"] for row in document["stacks"]] == ["F653"]
    assert [problem["rule"] for problem in document["problems"]] == ["F653"]


def test_a_stack_that_was_not_reviewed_is_not_run(shell: Shell) -> None:
    shell.run(*PLAN, "--out", "plan.json", script=MAKES)
    shell.commands()
    both = {**MAKES, f"{CELL}-cluster": {"apply": {"outputs": CLUSTER, "changes": [ADD]}}}
    words = ("apply", "--reviewed", "plan.json", "--registry", "registry", "--first-apply")
    told, _ = shell.run(*words, code=6, script=both)
    assert f"{NETWORK}   applied" in told
    assert "F658 nobody reviewed it: it is not in it (plan.json)" in told
    assert {stack for stack, _ in shell.commands()} == {NETWORK}


def test_what_was_deferred_at_the_review_does_what_was_foreseen(shell: Shell) -> None:
    words = ("--layer", "network", "--layer", "cluster", "--registry", "registry")
    told, _ = shell.run("plan", *words, "--out", "plan.json", script=MAKES)
    assert f"{CELL}-cluster waits for {NETWORK}; will create" in told
    vpc = {"action": "create", "address": "aws_vpc.cell"}
    wrong = {**MAKES, f"{CELL}-cluster": {"plan": {"changes": [vpc]}}}
    run = ("apply", "--reviewed", "plan.json", "--first-apply", *words)
    told, _ = shell.run(*run, code=6, script=wrong)
    assert "F653 its plan goes beyond what was reviewed: create aws_vpc.cell" in told
    right = {"action": "create", "address": "aws_eks_cluster.cell"}
    cluster = {"plan": {"changes": [right]}, "apply": {"outputs": CLUSTER, "changes": [right]}}
    shell.commands()
    told, _ = shell.run(*run, script={**MAKES, f"{CELL}-cluster": cluster})
    assert f"{CELL}-cluster  applied" in told
    done = [c for stack, c in shell.commands() if stack == f"{CELL}-cluster"]
    assert done == ["plan", "apply"], "of values nothing was known, so none are looked at"


def test_a_failed_plan_is_in_the_file_as_such(shell: Shell) -> None:
    failing = {NETWORK: {"plan": {"error": "throttled"}}}
    shell.run(*PLAN, "--out", "plan.json", code=6, script=failing)
    told, _ = shell.run("apply", "--reviewed", "plan.json", *WORDS, code=6, script=MAKES)
    assert "F658 nobody reviewed it: its plan had failed" in told


def test_another_inventory_or_other_terraform_is_refused(shell: Shell) -> None:
    shell.run(*PLAN, "--out", "plan.json", script=MAKES)
    file = shell.folder / "cells.yaml"
    text = file.read_text("utf-8")
    file.write_text(f"# a word beside it\n{text}", "utf-8")
    shell.run("apply", "--reviewed", "plan.json", *WORDS, script=MAKES)
    assert "nodes_per_zone" in text
    file.write_text(text.replace("nodes_per_zone: ", "nodes_per_zone: 1", 1), "utf-8")
    _, said = shell.run("apply", "--reviewed", "plan.json", *WORDS, code=6, script=MAKES)
    assert "F656 the inventory is not the one that plan.json is a plan of" in said
    file.write_text(text, "utf-8")
    words = (*WORDS[:-1], "elsewhere")
    _, said = shell.run("apply", "--reviewed", "plan.json", *words, code=6, script=MAKES)
    assert "F657 plan.json was planned for real AWS" in said


def test_a_place_that_cannot_be_written_is_told_before_anything_is_planned(shell: Shell) -> None:
    for place in ("missing/plan.json", "cdktf.out"):
        _, said = shell.run(*PLAN, "--out", place, code=2, script=MAKES)
        assert f"cannot write {place}" in said or "is a directory" in said
    assert shell.commands() == []


def test_a_disk_that_is_full_leaves_no_half_of_a_file(shell: Shell) -> None:
    _, said = shell.run(*PLAN, "--out", "/dev/full", code=2, script=MAKES)
    assert "cannot write /dev/full: No space left on device" in said


def test_a_plan_that_was_stopped_writes_no_file(shell: Shell) -> None:
    slow = {NETWORK: {"plan": {"changes": [ADD], "seconds": 30}}}
    child = shell.start(*PLAN, "--out", "plan.json", script=slow)
    late = time.monotonic() + 60
    while f'"{NETWORK}", "plan"' not in shell.log and time.monotonic() < late:
        time.sleep(0.05)
    child.send_signal(signal.SIGINT)
    _, said = child.communicate(timeout=60)
    assert child.returncode == 130, said
    assert not (shell.folder / "plan.json").exists()
    assert no_plan_is_left(shell)


def test_a_review_that_is_interrupted_asks_nothing(shell: Shell) -> None:
    slow = {NETWORK: {"plan": {"changes": [ADD], "seconds": 30}}}
    child = shell.start("apply", "--yes", *WORDS, script=slow)
    late = time.monotonic() + 60
    while f'"{NETWORK}", "plan"' not in shell.log and time.monotonic() < late:
        time.sleep(0.05)
    child.send_signal(signal.SIGINT)
    _, said = child.communicate(timeout=60)
    assert child.returncode == 130, said
    assert "apply" not in [command for _, command in shell.commands()]
    assert no_plan_is_left(shell)


def test_a_run_that_was_killed_at_the_question_leaves_a_plan_to_no_one(shell: Shell) -> None:
    code, seen = in_a_terminal(shell, signal.SIGKILL, MAKES)
    assert code == -signal.SIGKILL, seen
    shell.run(*PLAN, script=MAKES)
    assert no_plan_is_left(shell)


def test_where_every_plan_failed_nothing_is_asked_and_nothing_is_said_to_be_fine(
    shell: Shell,
) -> None:
    failing = {NETWORK: {"plan": {"error": "throttled"}}}
    words = ("apply", "--first-apply", "--registry", "registry", "--layer", "network")
    _, said = shell.run(*words, "--layer", "cluster", code=6, script=failing)
    assert "throttled" in said
    assert "nothing to do" not in said
    assert "Only 'yes'" not in said


def test_a_peer_that_was_not_asked_for_is_named_and_no_failure(shell: Shell) -> None:
    words = ("apply", "--first-apply", "--registry", "registry", "--layer", "cluster")
    _, said = shell.run(*words, code=6)
    assert f"{CELL}-cluster waits for {NETWORK}, which is not part of this run" in said
    assert "Only 'yes'" not in said, "there is nothing that a yes could do"
