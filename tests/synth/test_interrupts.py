"""Ctrl-C in a terminal: every process in front gets it, and one line is all that is seen."""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from pathlib import Path

import pytest

from tests.terminals import ROOT, SECONDS, heard, in_front

pytestmark = pytest.mark.synth


def children_of(pid: int) -> list[int]:
    """The processes that a process started, as far as the system tells."""
    found = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(word) for word in found.read_text("utf-8").split()] if found.exists() else []


def wait_for_node(pid: int) -> None:
    late = time.monotonic() + SECONDS
    while time.monotonic() < late:
        for child in children_of(pid):
            with suppress(OSError):
                if b"node" in Path(f"/proc/{child}/cmdline").read_bytes():
                    return
        time.sleep(0.02)
    pytest.skip("Node was not seen in time, or this system does not tell")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("cells.yaml", "cells.lock.yaml"):
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    return tmp_path


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("after", [0.0, 0.4, 1.0])
def test_a_signal_for_all_while_node_runs_leaves_no_traceback(
    folder: Path, number: signal.Signals, after: float
) -> None:
    with in_front(folder, "synth", "--output", "out") as (child, terminal):
        wait_for_node(child.pid)
        time.sleep(after)
        os.killpg(child.pid, number)
        text = heard(terminal, child)
        code = child.wait(SECONDS)
    assert b"Traceback" not in text
    assert b"atexit" not in text
    if code != 0:  # it may just have been done
        assert code == (130 if number == signal.SIGINT else -number), text


@pytest.mark.sandbox
@pytest.mark.parametrize("after", [0.8, 1.5, 2.2, 3.0, None])
def test_ctrl_c_ends_the_sandbox_whenever_it_comes(folder: Path, after: float | None) -> None:
    with in_front(folder, "sandbox") as (child, terminal):
        before = b""
        if after is None:
            before = heard(terminal, child, b"stop it with Ctrl-C")
        else:
            time.sleep(after)
        os.write(terminal, b"\x03")
        text = before + heard(terminal, child)
        code = child.wait(SECONDS)
    assert b"Traceback" not in text
    assert b"F609" not in text
    assert code == (0 if b"stop it with Ctrl-C" in text else 130), text
    assert not (folder / ".cellfactory" / "sandbox" / "server.json").exists()
