"""Two branches that each add a cell, merged by a real git; and the way out that messages name."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from cellfactory.cli import main
from tests import inventories

CELLS = ["cell-000", "cell-004", "cell-008"]


def git(folder: Path, *words: str) -> int:
    given = ("-c", "user.name=n", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false")
    run = subprocess.run(["git", *given, *words], cwd=folder, capture_output=True, check=False)
    return run.returncode


def cellfactory(*words: str) -> int:
    with pytest.raises(SystemExit) as stop:
        main(words)
    return int(stop.value.code or 0)


def write(folder: Path, names: list[str]) -> None:
    made = inventories.data(cells=0, quotas={"L-1216C47A": 4000, "L-7A658B76": 200})
    made["cells"] = {name: inventories.cell(int(name[-3:])) for name in sorted(names)}
    (folder / "cells.yaml").write_text(inventories.render(made), "utf-8")


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    git(tmp_path, "init", "-q", "-b", "main")
    branch(tmp_path, CELLS)
    return tmp_path


def branch(folder: Path, names: list[str], name: str = "") -> None:
    """Commit an inventory of these cells with its lock, on a branch of its own."""
    if name:
        git(folder, "checkout", "-q", "-b", name, "main")
    write(folder, names)
    assert cellfactory("lock") == 0
    git(folder, "add", "-A")
    assert git(folder, "commit", "-q", "-m", name or "base") == 0


@pytest.mark.parametrize("second", ["cell-006", "cell-002"], ids=["apart", "neighbours"])
def test_both_cells_are_there_in_the_end_and_nobody_else_moved(
    repository: Path, second: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = (repository / "cells.lock.yaml").read_text("utf-8")
    branch(repository, [*CELLS, "cell-001"], "one")
    branch(repository, [*CELLS, second], "two")
    git(repository, "checkout", "-q", "main")
    assert git(repository, "merge", "-q", "one") == 0
    merged = git(repository, "merge", "-q", "two") == 0
    capsys.readouterr()
    write(repository, [*CELLS, "cell-001", second])  # the inventory is put right by hand
    assert cellfactory("check") == 3
    said = capsys.readouterr().err
    # Two cells got the same first free block; a merge that git could do says the same.
    assert ("overlaps" in said) if merged else ("unresolved Git merge conflict" in said)
    assert "then `cellfactory lock`" in said or "then run `cellfactory lock`" in said
    git(repository, "checkout", "-q", "one", "--", "cells.lock.yaml")  # the documented way out
    assert cellfactory("lock") == 0
    assert cellfactory("check", "--locked") == 0
    after = (repository / "cells.lock.yaml").read_text("utf-8")
    assert all(line in after for line in before.splitlines())
