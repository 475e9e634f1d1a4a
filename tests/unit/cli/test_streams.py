"""What a person sees who interrupts the program, or whose disk or reader takes no more."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from cellfactory.cli import EXIT_CODES, INTERRUPTED, UNREAD

ROOT = Path(__file__).resolve().parents[3]
FULL = Path("/dev/full")

# What is imported first by the command line stands here for a slow import: it says that it has
# begun, and then takes its time.
SLOW_IMPORT = """
import sys, time
sys.stdout.write("importing\\n")
sys.stdout.flush()
try:
    time.sleep(60)
except BaseException:  # as a careless library would
    time.sleep(60)
"""
SCRIPT = "import sys; from {module} import {function}; sys.exit({function}())"


def entry_of_the_script() -> str:
    """Write what the console script of the project runs."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    module, _, function = project["project"]["scripts"]["cellfactory"].partition(":")
    return SCRIPT.format(module=module, function=function)


ENTRIES = {"module": ["-m", "cellfactory"], "script": ["-c", entry_of_the_script()]}


def start(entry: str, folder: Path, *words: str) -> subprocess.Popen[str]:
    """Start the program with its modules looked for in a folder first, and Ctrl-C heeded."""
    return start_with(signal.default_int_handler, entry, folder, *words)


def start_with(interrupt: Any, entry: str, folder: Path, *words: str) -> subprocess.Popen[str]:
    """Start it with SIGINT heeded or ignored, whatever these tests were started with."""
    before = signal.signal(signal.SIGINT, interrupt)
    try:
        return subprocess.Popen(
            [sys.executable, *ENTRIES[entry], *words],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": os.pathsep.join((str(folder), str(ROOT)))},
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
    finally:
        signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize("entry", ENTRIES)
def test_an_interrupt_while_importing_ends_it_in_one_line(entry: str, tmp_path: Path) -> None:
    (tmp_path / "typer").mkdir()
    (tmp_path / "typer" / "__init__.py").write_text(SLOW_IMPORT, "utf-8")
    # `-m` puts the working folder before PYTHONPATH, where there is no `typer`.
    with start(entry, tmp_path, "check") as child:
        assert child.stdout
        assert child.stdout.readline() == "importing\n"
        child.send_signal(signal.SIGINT)
        rest, told = child.communicate(timeout=30)
    assert (child.returncode, rest, told) == (130, "", "cellfactory: interrupted\n")


def test_an_interrupt_that_is_ignored_stays_ignored(tmp_path: Path) -> None:
    (tmp_path / "typer").mkdir()
    text = SLOW_IMPORT.replace("60", "1") + "raise SystemExit(7)\n"
    (tmp_path / "typer" / "__init__.py").write_text(text, "utf-8")
    # as `nohup` and `&` hand it on
    with start_with(signal.SIG_IGN, "module", tmp_path, "check") as child:
        assert child.stdout
        child.stdout.readline()
        child.send_signal(signal.SIGINT)
        child.communicate(timeout=30)
    assert child.returncode == 7


def test_an_interrupt_while_running_is_told_too(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "cells.yaml")
    fifo = tmp_path / "cells.yaml"
    # It can be opened once it is being read, when importing is over.
    with start("module", tmp_path, "check", "-i", str(fifo)) as child, fifo.open("wb"):
        child.send_signal(signal.SIGINT)
        shown, told = child.communicate(timeout=30)
    assert (child.returncode, shown, told) == (INTERRUPTED, "", "cellfactory: interrupted\n")


@pytest.mark.parametrize("entry", ENTRIES)
def test_an_interrupt_while_the_interpreter_ends_changes_no_code(
    entry: str, tmp_path: Path
) -> None:
    (tmp_path / "sitecustomize.py").write_text(
        "import atexit, os, signal\natexit.register(lambda: os.kill(os.getpid(), signal.SIGINT))\n"
    )
    with start(entry, tmp_path, "--version") as child:
        shown, told = child.communicate(timeout=30)
    assert (child.returncode, told) == (0, "")
    assert shown.startswith("cellfactory ")


COMMANDS = [
    ["check"],
    ["size"],
    ["size", "--format", "json"],
    ["schema"],
    ["route", "--job", "etl-1", "--format", "json"],
    ["--help"],
    ["--version"],
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("cells.yaml", "cells.lock.yaml"):
        shutil.copy(ROOT / name, tmp_path)
    return tmp_path


def run(
    folder: Path, words: list[str], stdout: int, **more: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "cellfactory", *words],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), **more},
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.mark.skipif(not FULL.exists(), reason="there is no /dev/full")
@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_a_full_disk_is_told_in_one_line(folder: Path, words: list[str]) -> None:
    with FULL.open("w") as full:
        done = run(folder, words, full.fileno())
    assert done.stderr.splitlines()[-1:] == ["cannot write the output: No space left on device"]
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr
    assert done.returncode == 2


@pytest.mark.skipif(not FULL.exists(), reason="there is no /dev/full")
def test_where_nothing_can_be_told_the_exit_code_tells(folder: Path) -> None:
    with FULL.open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "cellfactory", "check", "-i", "nowhere.yaml"],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=full,
            stderr=full,
            check=False,
            timeout=60,
        )
    assert done.returncode == 2


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("words", [["check"], ["size"], ["--help"]], ids=" ".join)
def test_a_reader_that_left_is_no_matter(folder: Path, words: list[str], unbuffered: str) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    try:
        done = run(folder, words, writer, PYTHONUNBUFFERED=unbuffered)
    finally:
        os.close(writer)
    assert not re.search("Traceback|Exception ignored|[Bb]roken pipe", done.stderr)
    assert done.returncode == UNREAD


def test_the_help_names_both_codes() -> None:
    assert re.search(rf"\b{INTERRUPTED} interrupted\b", EXIT_CODES)
    assert re.search(rf"\b{UNREAD} output pipe closed\b", EXIT_CODES.replace("\n", " "))
