"""What a person sees who interrupts a command in a terminal, whatever it is doing."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import time

import pytest

from tests.terminals import ROOT, SECONDS, heard, in_front, resize
from tests.unit.runs.conftest import Place

CTRL_C = b"\x03"
CELL = "moka-use1-a"
COLOUR = re.compile(rb"\x1b\[[0-9;]*m")


@pytest.fixture
def home(place: Place) -> Place:
    """The shipped inventory, one stack of which was applied."""
    for name in ("cells.yaml", "cells.lock.yaml"):
        shutil.copy(ROOT / name, place.folder)
    place.remember(CELL)
    return place


def end(child: subprocess.Popen[bytes], terminal: int, before: bytes = b"") -> tuple[int, str]:
    """Read the terminal to the end; the exit code, and all that was seen."""
    text = before + heard(terminal, child)
    if b"Fatal Python error: init" in text:
        pytest.skip("Python itself had not begun")
    assert b"Traceback" not in text, text.decode()
    assert b"Exception ignored" not in text, text.decode()
    return child.wait(SECONDS), text.decode()


def at_work(home: Place, child: subprocess.Popen[bytes], terminal: int, phase: bytes) -> bytes:
    """Wait until Terraform is at work, and heeds signals; what was seen so far."""
    text, late = heard(terminal, child, phase), time.monotonic() + SECONDS
    while time.monotonic() < late and not home.commands():
        time.sleep(0.02)
    return text


def interrupts(home: Place) -> list[list[str]]:
    """The signals that each Terraform got, one after the other."""
    told = map(json.loads, (home.folder / "log").read_text("utf-8").splitlines())
    return [words[1:] for event, _, command, words in told if event == "end" and command != "init"]


def words_of(home: Place, command: str) -> tuple[str, ...]:
    return (command, "--registry", home.registry_folder, "--cell", CELL)


@pytest.mark.parametrize("after", [0.2, 0.5, 0.9])
@pytest.mark.parametrize("command", ["check", "size"])
def test_ctrl_c_while_it_imports_or_computes(command: str, after: float, home: Place) -> None:
    with in_front(home.folder, *command.split()) as (child, terminal):
        time.sleep(after)
        os.write(terminal, CTRL_C)
        code, text = end(child, terminal)
    assert code in (0, 130, -signal.SIGINT)  # it may just have been done, or not have begun
    if code == 130:
        assert text.replace("^C", "").strip().endswith("cellfactory: interrupted")


def test_ctrl_c_while_it_reads(home: Place) -> None:
    fifo = home.folder / "fifo.yaml"
    os.mkfifo(fifo)
    with in_front(home.folder, "check", "-i", str(fifo)) as (child, terminal), fifo.open("wb"):
        os.write(terminal, CTRL_C)
        code, text = end(child, terminal)
    assert code == 130
    assert text.replace("^C", "").strip() == "cellfactory: interrupted"


def test_ctrl_c_while_it_asks(home: Place) -> None:
    with in_front(home.folder, *words_of(home, "destroy")) as (child, terminal):
        before = heard(terminal, child, b"yes")
        os.write(terminal, CTRL_C)
        code, text = end(child, terminal, before)
    assert code == 130
    assert text.rstrip().endswith("cellfactory: interrupted")
    assert not (home.folder / "log").exists()


@pytest.mark.parametrize(
    ("command", "more", "phase"), [("drift", "", b"planning"), ("destroy", "--yes", b"destroying")]
)
def test_a_second_ctrl_c_is_explained_and_not_passed_on(
    command: str, more: str, phase: bytes, home: Place
) -> None:
    slow = {"seconds": 60, "lingers": 2}
    home.does(f"{CELL}-network", plan=slow, destroy=slow)
    words = (*words_of(home, command), *more.split())
    with in_front(home.folder, *words) as (child, terminal):
        before = at_work(home, child, terminal, phase)
        os.write(terminal, CTRL_C)
        before += heard(terminal, child, b"hurry it")
        os.write(terminal, CTRL_C)
        code, text = end(child, terminal, before)
    assert code == 130
    seen = " ".join(COLOUR.sub(b"", text.encode()).decode().split())
    assert "pressing Ctrl-C again does not hurry it" in seen
    assert "a second interrupt is not passed on" in seen
    assert f"{CELL}-network still {phase.decode()}" in seen
    assert interrupts(home) == [[str(int(signal.SIGINT))]]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_other_signals_end_it_as_gracefully(number: signal.Signals, home: Place) -> None:
    home.does(f"{CELL}-network", plan={"seconds": 60})
    with in_front(home.folder, *words_of(home, "drift")) as (child, terminal):
        before = at_work(home, child, terminal, b"planning")
        os.killpg(child.pid, number)
        code, text = end(child, terminal, before)
    assert code == 130
    assert "stopping" in text
    assert interrupts(home) == [[str(int(signal.SIGTERM))]]  # which Terraform heeds


def test_a_terminal_that_is_closed_ends_it_as_gracefully(home: Place) -> None:
    home.does(f"{CELL}-network", plan={"seconds": 60})
    with in_front(home.folder, *words_of(home, "drift")) as (child, terminal):
        at_work(home, child, terminal, b"planning")
        spare = os.open(os.devnull, os.O_RDONLY)
        os.dup2(spare, terminal)  # the last hold on it
        os.close(spare)
        child.wait(SECONDS)
    assert interrupts(home) == [[str(int(signal.SIGTERM))]]


def test_a_terminal_may_change_its_width_in_the_middle(home: Place) -> None:
    home.does(f"{CELL}-network", plan={"seconds": 1.5})
    with in_front(home.folder, *words_of(home, "drift"), columns=120) as (child, terminal):
        before = heard(terminal, child, b"planning")
        for columns in (40, 200, 3):
            resize(terminal, columns)
            before += heard(terminal, child, b"planning")
        code, _ = end(child, terminal, before)
    assert code == 0


def test_a_dumb_terminal_gets_lines(home: Place) -> None:
    with in_front(home.folder, *words_of(home, "drift"), TERM="dumb") as (child, terminal):
        code, text = end(child, terminal)
    assert code == 0
    assert "\x1b" not in text
    assert f"{CELL}-network  ..." in text


def test_no_color_leaves_colours_out(home: Place) -> None:
    home.does(f"{CELL}-network", plan={"seconds": 1})
    with in_front(home.folder, *words_of(home, "drift"), NO_COLOR="1") as (child, terminal):
        code, text = end(child, terminal)
    assert code == 0
    assert not [found for found in COLOUR.findall(text.encode()) if b"3" in found], text
