"""Who may work in a stack's folder when two processes want to."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cellfactory.errors import StoppedError, TerraformError, UsageError
from cellfactory.layers import StackId
from cellfactory.processes import identity
from cellfactory.terraform.turns import note_worker, remove_plans, stack_lock, worker_file

STACK = StackId("a", "network")
KEEPER = """
import sys, time
from pathlib import Path
from cellfactory.layers import StackId
from cellfactory.terraform.turns import stack_lock
with stack_lock(Path(sys.argv[1]), StackId("a", "network"), lambda: False):
    print("kept", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def keeper(tmp_path: Path, project_root: Path) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-c", KEEPER, str(tmp_path)],
        cwd=project_root,
        stdout=subprocess.PIPE,
        text=True,
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "kept\n"
        yield child
        child.kill()


def take(folder: Path, patience: float = 30, *, stopping: bool = False) -> str:
    with stack_lock(folder, STACK, lambda: stopping, patience_seconds=patience):
        return (folder / "a-network").read_text("utf-8")


def test_the_one_who_waits_in_vain_is_told_for_whom(
    tmp_path: Path, keeper: subprocess.Popen[str]
) -> None:
    with pytest.raises(TerraformError) as caught:
        take(tmp_path, patience=0.2)
    assert str(caught.value) == (
        f"F610 another cellfactory (process {keeper.pid}) is working on a-network; "
        "wait for it to finish"
    )


def test_a_stop_ends_the_waiting(tmp_path: Path, keeper: subprocess.Popen[str]) -> None:
    with pytest.raises(StoppedError, match="is working on a-network"):
        take(tmp_path, stopping=True)
    assert keeper.poll() is None


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_process_that_died_keeps_nothing(
    tmp_path: Path, keeper: subprocess.Popen[str], number: signal.Signals
) -> None:
    keeper.send_signal(number)
    assert take(tmp_path) == str(os.getpid())


def test_other_stacks_are_free(tmp_path: Path, keeper: subprocess.Popen[str]) -> None:
    with stack_lock(tmp_path, StackId("b", "network"), lambda: False, patience_seconds=0):
        assert keeper.poll() is None


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match=r"cannot write .*file/a-network: "):
        take(tmp_path / "file")


def test_a_terraform_that_outlives_its_run_keeps_the_folder(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        note_worker(worker_file(tmp_path, STACK), child.pid)
        with pytest.raises(TerraformError) as caught:
            take(tmp_path, patience=0.2)
        assert f"F610 Terraform (process {child.pid}) is still at work on a-network" in str(
            caught.value
        )
        child.communicate(b"\n")
        assert take(tmp_path) == str(os.getpid())


@pytest.mark.parametrize("told", ["", "x", "-1 3", "0", "99999999999999999999 1", "1 0"])
def test_a_number_that_is_nobodys_keeps_nothing(tmp_path: Path, told: str) -> None:
    worker_file(tmp_path, STACK).write_text(told, "utf-8")
    assert take(tmp_path) == str(os.getpid())


def test_a_number_that_another_process_has_by_now_keeps_nothing(tmp_path: Path) -> None:
    worker_file(tmp_path, STACK).write_text(identity(os.getpid()) + "0", "utf-8")
    assert take(tmp_path) == str(os.getpid())


def test_saved_plans_of_killed_runs_are_removed_and_no_others(
    tmp_path: Path, keeper: subprocess.Popen[str]
) -> None:
    plans = {name: tmp_path / "work" / name / "stack.tfplan" for name in ("a-network", "b-network")}
    for plan in plans.values():
        plan.parent.mkdir(parents=True)
        plan.touch()
    remove_plans(tmp_path / "work", tmp_path)
    assert {name: plan.exists() for name, plan in plans.items()} == {
        "a-network": True,
        "b-network": False,
    }
    assert keeper.poll() is None
