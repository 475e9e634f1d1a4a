"""Who may work in a stack's folder when two processes want to."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from factory.errors import StoppedError, TerraformError, UsageError
from factory.layers import StackId
from factory.terraform.turns import stack_lock

STACK = StackId("a", "network")
KEEPER = """
import sys, time
from pathlib import Path
from factory.layers import StackId
from factory.terraform.turns import stack_lock
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
