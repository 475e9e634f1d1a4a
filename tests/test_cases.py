"""Every folder under `cases/` is one story: what a user wrote, ran and saw.

A story holds what the user's folder held, and besides:

* `command.txt`: the words after `cellfactory`, one command a line, run one after the other;
* `expected.txt`: for each command its exit code and what it wrote to the screen;
* `written/`: the files that the commands wrote or changed; without it, nothing may be touched;
* `base/`: what the folder held when it was committed to Git, on `main`; without it, there is no
  repository. What the story itself holds is not committed yet;
* `sandbox/`: what `.cellfactory/sandbox` holds of a sandbox that runs, where commands have one; and
  `ages.txt`: for how long some of its files have not been touched (path and seconds, a line each).

To add one, make a folder with the user's files and `command.txt`, run
`pytest tests/test_cases.py --update-cases`, read what it wrote and commit it.
"""

from __future__ import annotations

import os
import shlex
import shutil
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cellfactory.cli import main
from cellfactory.documents import MOST_BYTES
from cellfactory.terraform.emulated import Server, write_server
from tests.repositories import commit

CASES = Path(__file__).parent / "cases"
SANDBOX = Path(".cellfactory", "sandbox")
ABOUT = {"command.txt", "expected.txt", "written", "base", "sandbox", "ages.txt"}
STORIES = sorted(path for path in CASES.iterdir() if path.is_dir())


@pytest.fixture
def shell(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    return Shell(monkeypatch, capsys)


class Shell:
    """Runs commands in a folder and says what a user would have seen."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self.monkeypatch, self.capsys = monkeypatch, capsys

    def run(self, folder: Path, *words: str) -> tuple[int, str]:
        """Run one command there; give its exit code and both its outputs, the first one first."""
        self.monkeypatch.chdir(folder)  # so that messages say `cells.yaml` on every machine
        with pytest.raises(SystemExit) as stop:
            main(words)
        shown = self.capsys.readouterr()
        code = stop.value.code
        assert code is None or isinstance(code, int)
        return code or 0, shown.out + shown.err


def files(folder: Path) -> dict[str, bytes]:
    """Read every file below a folder, by its path in it."""
    aside = {".git", *SANDBOX.parts[: (folder / SANDBOX).is_dir()]}
    found = (p for p in folder.rglob("*") if p.is_file() and not aside & {*p.parts})
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


@pytest.fixture
def listening() -> Iterator[str]:
    """The address of something that listens where an emulated AWS would; it answers nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


def run_sandbox(story: Path, folder: Path, endpoint: str) -> None:
    """Have a sandbox run in a folder that has what a story holds of it."""
    place = folder / SANDBOX
    shutil.copytree(story / "sandbox", place)
    server = Server(id="1", pid=os.getpid(), endpoint=endpoint)
    (place / "server-id").write_text(server.id, "utf-8")  # it is no earlier one's
    write_server(place, server)
    now = time.time()  # noqa: TID251 - files are as old as they are said to be
    for line in (story / "ages.txt").read_text("utf-8").splitlines():
        name, seconds = line.split()
        os.utime(place / name, (now - float(seconds),) * 2)


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)
def test_a_story(
    story: Path, tmp_path: Path, shell: Shell, listening: str, request: pytest.FixtureRequest
) -> None:
    if (story / "base").is_dir():
        commit(story / "base", tmp_path)
    shutil.copytree(story, tmp_path, dirs_exist_ok=True, ignore=lambda *_: ABOUT)
    if (story / "sandbox").is_dir():
        run_sandbox(story, tmp_path, listening)
    before = files(tmp_path)
    seen = ""
    for line in (story / "command.txt").read_text("utf-8").splitlines():
        code, shown = shell.run(tmp_path, *shlex.split(line))
        seen += f"$ cellfactory {line}\nexit {code}\n{shown}"
    written = {name: data for name, data in files(tmp_path).items() if before.get(name) != data}
    assert set(before) <= set(files(tmp_path)), "a command removed a file"
    if request.config.getoption("--update-cases"):
        update(story, seen, written)
    assert seen == (story / "expected.txt").read_text("utf-8")
    assert written == files(story / "written")


def update(story: Path, seen: str, written: dict[str, bytes]) -> None:
    """Make a story expect what was seen."""
    (story / "expected.txt").write_text(seen, "utf-8")
    shutil.rmtree(story / "written", ignore_errors=True)
    for name, data in written.items():
        (story / "written" / name).parent.mkdir(parents=True, exist_ok=True)
        (story / "written" / name).write_bytes(data)


def test_stories_say_what_is_run() -> None:
    for story in STORIES:
        assert (story / "command.txt").is_file(), f"{story.name} has no command.txt"


def bomb() -> bytes:
    """Make a text whose aliases stand for 10^9 values."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    for number in range(9):
        aliases = ", ".join([f"*a{number}"] * 10)
        lines.append(f"a{number + 1}: &a{number + 1} [{aliases}]")
    return "\n".join(lines).encode()


# Files that are too large, or too strange, to be kept: what they hold and what is said of them.
STRANGE: dict[str, tuple[Callable[[], bytes], str]] = {
    "two-megabytes": (
        lambda: b"version: 1\n" + b"# x\n" * (MOST_BYTES // 2),
        "cells.yaml:1:1: F100 the file is larger than 1,048,576 bytes",
    ),
    "not-utf-8": (
        lambda: b"version: 1\nrings: [canary, \xe9t\xe9]\n",
        "cells.yaml:2:17: F100 not UTF-8: the byte 0xE9",
    ),
    "utf-16": (
        lambda: "version: 1\n".encode("utf-16"),
        "cells.yaml:1:1: F100 not UTF-8: the byte 0xFF",
    ),
    "binary": (
        lambda: bytes(range(32)) * 100,
        "cells.yaml:1:1: F100 not YAML: the character U+0000",
    ),
    "alias-bomb": (bomb, "cells.yaml:1:5: F100 YAML anchors and aliases are not allowed: a0"),
    "deep-lists": (
        lambda: b"cells: " + b"[" * 100_000,
        "cells.yaml:1:39: F100 nested deeper than 32 levels",
    ),
    "many-values": (
        lambda: b"rings: [" + b"a, " * 300_000 + b"]",
        "F100 more than 100,000 keys and values",
    ),
    "one-long-line": (lambda: b"v" * 1_000_000, "F104 the inventory must be a mapping"),
}


@pytest.mark.parametrize("command", ["check", "lock", "synth"])
@pytest.mark.parametrize("name", STRANGE)
def test_a_strange_file_is_refused_at_once_and_nothing_is_written(
    name: str, command: str, tmp_path: Path, shell: Shell
) -> None:
    make, message = STRANGE[name]
    (tmp_path / "cells.yaml").write_bytes(make())
    before = files(tmp_path)
    start = time.process_time()
    code, shown = shell.run(tmp_path, command)
    assert time.process_time() - start < 10
    assert code == 3
    assert message in shown
    assert "Traceback" not in shown
    assert len(shown) < 20_000
    assert files(tmp_path) == before


def test_a_strange_lock_is_refused_and_left_alone(tmp_path: Path, shell: Shell) -> None:
    shutil.copy(CASES / "fits" / "cells.yaml", tmp_path)
    for make, _ in STRANGE.values():
        (tmp_path / "cells.lock.yaml").write_bytes(make())
        before = files(tmp_path)
        code, shown = shell.run(tmp_path, "lock")
        assert code == 3
        assert "cells.lock.yaml:" in shown
        assert "F200" in shown
        assert files(tmp_path) == before
