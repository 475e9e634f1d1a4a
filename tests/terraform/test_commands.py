"""The commands as a user calls them, with real synthesis and a fake Terraform."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from cellfactory.cli import INTERRUPTED
from cellfactory.documents import load_data, render_data
from cellfactory.layers import StackId
from cellfactory.terraform.record import Record
from cellfactory.terraform.registry import open_registry
from cellfactory.terraform.workspace import digest_sources

pytestmark = [pytest.mark.synth]

FAKE = Path("tests", "unit", "terraform", "fake_terraform.py")
ACCOUNT = "666666666666"
LOCKED = (
    'provider "registry.terraform.io/hashicorp/{}" {{\n  version = "6.0.0"\n'
    '  hashes = [\n    "h1:x=",\n  ]\n}}\n'
)
CELL = "moka-usw2-a"  # alone in its mesh: a network, a cluster and a platform


@dataclass
class Shell:
    """A folder with an inventory of one cell, synthesized."""

    root: Path
    folder: Path

    def run(
        self, *words: str, code: int = 0, script: Mapping[str, Any] | None = None
    ) -> tuple[str, str]:
        """Run a command to its end."""
        child = self.start(*words, script=script)
        told, said = child.communicate(timeout=120)
        assert "Traceback" not in said, said
        assert child.returncode == code, said
        return told, said

    def start(self, *words: str, script: Mapping[str, Any] | None = None) -> subprocess.Popen[str]:
        """Start a command; the script tells what the fake does, by stack and command."""
        (self.folder / "script.json").write_text(json.dumps(script or {}), "utf-8")
        return subprocess.Popen(
            [sys.executable, "-m", "cellfactory", *words],
            cwd=self.folder,
            env={
                **os.environ,
                "PYTHONPATH": str(self.root),
                "TERRAFORM": str(self.folder / "terraform"),
                "FAKE_LOG": str(self.folder / "log"),
                "FAKE_SCRIPT": str(self.folder / "script.json"),
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    @property
    def log(self) -> str:
        """What Terraform was asked to do, as the fake wrote it."""
        path = self.folder / "log"
        return path.read_text("utf-8") if path.exists() else ""

    def commands(self) -> list[tuple[str, str]]:
        """What Terraform was asked to do since the last look, by stack; `init` is left out."""
        lines = self.log.splitlines()
        (self.folder / "log").unlink(missing_ok=True)
        told = [json.loads(line) for line in lines]
        return [(s, c) for event, s, c, _ in told if event == "begin" and c != "init"]


@pytest.fixture(scope="module")
def synthesized(tmp_path_factory: pytest.TempPathFactory, project_root: Path) -> Shell:
    shell = Shell(root=project_root, folder=tmp_path_factory.mktemp("commands"))
    inventory = load_data((project_root / "cells.yaml").read_text("utf-8"))
    inventory["cells"] = {CELL: inventory["cells"][CELL]}
    (shell.folder / "cells.yaml").write_text(render_data(inventory), "utf-8")
    fake = shell.folder / "terraform"
    fake.write_text(f'#!/bin/sh\nexec {sys.executable} {project_root / FAKE} "$@"\n', "utf-8")
    fake.chmod(0o755)
    shell.run("lock")
    lock = "".join(LOCKED.format(provider) for provider in ("aws", "helm"))
    (shell.folder / "cells.providers.lock.hcl").write_text(lock, "utf-8")
    shell.run("lock")
    shell.run("synth")
    return shell


@pytest.fixture
def shell(synthesized: Shell, tmp_path: Path) -> Shell:
    folder = tmp_path / "work"
    shutil.copytree(synthesized.folder, folder)
    return Shell(root=synthesized.root, folder=folder)


@pytest.fixture
def server(shell: Shell) -> Iterator[None]:
    """Something that listens where the emulated AWS would."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        endpoint = f"http://127.0.0.1:{listening.getsockname()[1]}"
        path = shell.folder / ".cellfactory" / "sandbox" / "server.json"
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps({"id": "1", "pid": os.getpid(), "endpoint": endpoint}), "utf-8")
        yield


MAPS = (
    *("zone_names", "node_subnet_ids", "pod_subnet_ids", "endpoint_subnet_ids"),
    *("control_plane_subnet_ids", "node_route_table_ids", "security_group_ids"),
)
OUTPUTS: dict[str, Any] = {"vpc_id": "vpc-1", **{name: {"usw2-az1": "id-1"} for name in MAPS}}
CLUSTER = {"cluster_name": CELL, "cluster_endpoint": "https://x", "cluster_ca": "eA=="}
ADD = {"action": "create", "address": "aws_vpc.cell"}
NETWORK_APPLIES = {"apply": {"outputs": OUTPUTS, "changes": [ADD]}}
BOTH_APPLY = {
    f"{CELL}-network": NETWORK_APPLIES,
    f"{CELL}-cluster": {"apply": {"outputs": CLUSTER, "changes": [ADD]}},
}


def test_real_aws_is_not_touched_without_a_yes(shell: Shell) -> None:
    for command, asked in (("apply", "apply 0 to add"), ("destroy", "destroy in real AWS")):
        remember(shell, CELL)
        _, said = shell.run(command, "--registry", "registry", code=2)
        assert asked in said
        assert f"pass --yes to {command} in real AWS without being asked" in said
    assert shell.commands() == [(f"{CELL}-network", "plan")]


@pytest.mark.usefixtures("server")
def test_what_is_planned_can_be_synthesized_on_the_way(shell: Shell) -> None:
    """A job of CI that plans one stack writes no folder of all of them."""
    shutil.rmtree(shell.folder / "cdktf.out")
    stack = f"{CELL}-network"
    for words in (("plan", "--sandbox"), ("validate",)):
        _, said = shell.run(*words, "--stack", stack, code=2)
        assert "run `cellfactory synth` first" in said
        shell.run(*words, "--stack", stack, "--synth")
    assert not (shell.folder / "cdktf.out").exists()
    assert [command for command in shell.commands() if command[1] != "output"] == [
        (stack, "plan"),
        (stack, "validate"),
    ]


def test_a_yes_applies_the_plan_that_was_looked_at(shell: Shell) -> None:
    script = {
        f"{CELL}-network": {"plan": {"changes": [ADD]}, **NETWORK_APPLIES},
    }
    beside = shell.folder / "cdktf.out" / "stacks" / f"{CELL}-network" / "mine_override.tf.json"
    beside.write_text("{}", "utf-8")
    words = ("apply", "--yes", "--first-apply", "--layer", "network", "--registry", "registry")
    told, _ = shell.run(*words, script=script)
    assert told == f"{CELL}-network  applied  +1 ~0 -0\n1 stack: 1 applied\n"
    done = [command for _, command in shell.commands()]
    assert done == ["plan", "show", "apply"]
    assert (shell.folder / "registry" / "cells" / CELL / "network.json").is_file()
    assert not list((shell.folder / ".cellfactory").rglob(beside.name))


def test_without_a_running_emulator_the_sandbox_says_how_to_start_one(shell: Shell) -> None:
    _, said = shell.run("plan", "--sandbox", code=6)
    assert "F608 no sandbox is running\n    start one in another terminal" in said


@pytest.mark.usefixtures("server")
def test_the_sandbox_leaves_the_platform_out_and_says_why(shell: Shell) -> None:
    told, said = shell.run("apply", "--sandbox", "--format", "json", script=BOTH_APPLY)
    status = {row["layer"]: row["status"] for row in json.loads(told)["stacks"]}
    assert status == {"network": "applied", "cluster": "applied", "platform": "left-out"}
    assert "platform is skipped: the emulated EKS has no Kubernetes API" in said
    assert shell.commands() == [(f"{CELL}-network", "apply"), (f"{CELL}-cluster", "apply")]


@pytest.mark.usefixtures("server")
def test_a_failure_is_exit_code_6_and_can_be_resumed(shell: Shell) -> None:
    failing = {**BOTH_APPLY, f"{CELL}-cluster": {"apply": {"error": "throttled"}}}
    _, said = shell.run("apply", "--sandbox", code=6, script=failing)
    assert "    error: throttled (a.b)\n      because\n      of that\n" in said
    assert "--resume" in said
    shell.commands()
    _, said = shell.run("apply", "--sandbox", "--resume", "last", script=BOTH_APPLY)
    assert f"{CELL}-network  done before" in said
    assert [stack for stack, command in shell.commands() if command == "apply"] == [
        f"{CELL}-cluster"
    ]


@pytest.mark.usefixtures("server")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_apply_says_so_by_its_exit_code_and_can_be_resumed(
    shell: Shell, number: signal.Signals
) -> None:
    slow = {**BOTH_APPLY, f"{CELL}-cluster": {"apply": {"seconds": 60}}}
    child = shell.start("apply", "--sandbox", "--format", "json", script=slow)
    late = time.monotonic() + 60
    while f'"{CELL}-cluster", "apply"' not in shell.log and time.monotonic() < late:
        time.sleep(0.05)
    child.send_signal(number)
    told, said = child.communicate(timeout=60)
    assert child.returncode == INTERRUPTED, said
    statuses = {result["layer"]: result["status"] for result in json.loads(told)["stacks"]}
    assert statuses == {"network": "applied", "cluster": "interrupted", "platform": "left-out"}
    assert said.endswith("interrupted; 3 stacks: 1 applied, 1 interrupted, 1 left out\n")
    shell.commands()
    shell.run("apply", "--sandbox", "--resume", "last", script=BOTH_APPLY)
    assert shell.commands() == [(f"{CELL}-cluster", "apply")]


@pytest.mark.usefixtures("server")
def test_plan_tells_by_exit_code_whether_there_is_anything_to_do(shell: Shell) -> None:
    changes = {f"{CELL}-network": {"plan": {"changes": [ADD]}}}
    shell.run("plan", "--sandbox", "--exit-code", "--layer", "network", code=10, script=changes)
    shell.run("plan", "--sandbox", "--exit-code", "--layer", "network")
    shell.run("plan", "--sandbox", "--exit-code", "--layer", "cluster", code=10)  # deferred


@pytest.mark.usefixtures("server")
def test_an_apply_that_is_deferred_has_not_done_what_was_asked(shell: Shell) -> None:
    told, _ = shell.run("apply", "--sandbox", "--layer", "cluster", code=6)
    assert told.startswith(f"{CELL}-cluster  deferred  waits for {CELL}-network\n")


@pytest.mark.usefixtures("server")
def test_what_was_synthesized_from_another_inventory_is_refused(shell: Shell) -> None:
    path = shell.folder / "cdktf.out" / "stacks" / f"{CELL}-network" / "cdk.tf.json"
    path.write_text(path.read_text("utf-8").replace("us-west-2", "us-east-1"), "utf-8")
    _, said = shell.run("apply", "--sandbox", code=5)
    assert f"1 of 2 stacks differ ({CELL}-network)\n    run cellfactory synth" in said
    assert shell.commands() == []


def test_nothing_synthesized_yet(shell: Shell) -> None:
    shutil.rmtree(shell.folder / "cdktf.out")
    _, said = shell.run("validate", code=2)
    assert "run `cellfactory synth` first" in said


def test_a_cell_that_is_not_there_is_answered_with_the_nearest(shell: Shell) -> None:
    _, said = shell.run("validate", "--cell", "moka-usw2-b", code=2)
    assert said == "unknown cell 'moka-usw2-b'; did you mean 'moka-usw2-a'?\n"


def test_a_cell_that_left_the_inventory_is_told_of_and_can_be_destroyed(shell: Shell) -> None:
    remember(shell, "moka-gone")
    _, said = shell.run("plan", "--registry", "registry", "--layer", "network")
    assert "moka-gone-network is no longer in the inventory; to destroy it" in said
    shell.commands()
    told, _ = shell.run("destroy", "--yes", "--registry", "registry", "--cell", "moka-gone")
    assert told == "moka-gone-network  destroyed\n1 stack: 1 destroyed\n"
    assert shell.commands() == [("moka-gone-network", "destroy")]
    told, said = shell.run("destroy", "--yes", "--registry", "registry", "--format", "json")
    assert said == "nothing to destroy: the registry has no stacks\n"
    assert json.loads(told)["stacks"] == []


def remember(shell: Shell, cell: str) -> None:
    """Let the registry hold a network that was applied."""
    registry = open_registry(str(shell.folder / "registry"), "us-west-2", None)
    registry.write(
        Record(
            stack=StackId(cell, "network"),
            account=ACCOUNT if cell == CELL else "444444444444",
            region="us-west-2",
            complete=True,
            digest=digest_sources({"cdk.tf.json": "{}"}),
            sources={"cdk.tf.json": "{}"},
            inputs={},
            outputs={},
        )
    )
