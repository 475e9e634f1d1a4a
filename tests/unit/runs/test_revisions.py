"""An inventory as it was in git, with real repositories."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from cellfactory.errors import InventoryError, UsageError
from cellfactory.runs.reading import read_design_at, read_texts_at
from tests import inventories

Git = Callable[..., str]

ONE = inventories.render(inventories.data(cells=1))
TWO = inventories.render(inventories.data(cells=2))
ENV = {
    **{name: value for name, value in os.environ.items() if not name.startswith("GIT_")},
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    **{f"GIT_{who}_NAME": "A" for who in ("AUTHOR", "COMMITTER")},
    **{f"GIT_{who}_EMAIL": "a@example.com" for who in ("AUTHOR", "COMMITTER")},
}


def git_in(folder: Path) -> Git:
    def git(*words: str) -> str:
        done = subprocess.run(
            ["git", *words], cwd=folder, env=ENV, capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    return git


@pytest.fixture
def top(tmp_path: Path) -> Path:
    """A repository whose branch `main` has one cell, and its branch `more` two."""
    if shutil.which("git") is None:
        pytest.skip("git is not installed")
    folder = tmp_path / "top"
    folder.mkdir()
    git = git_in(folder)
    git("init", "-q", "-b", "main")
    (folder / "README.md").write_text("nothing yet\n", "utf-8")
    git("add", ".")
    git("commit", "-qm", "begin")
    git("tag", "empty")
    (folder / "cells.yaml").write_text(ONE, "utf-8")
    git("add", ".")
    git("commit", "-qm", "one cell")
    git("checkout", "-qb", "more")
    (folder / "cells.yaml").write_text(TWO, "utf-8")
    git("commit", "-qam", "two cells")
    return folder


def cells(file: Path, revision: str | None = None) -> set[str]:
    design = read_design_at(file, revision)
    assert design is not None
    return set(design.inventory.cells)


def test_a_revision_says_what_it_said(top: Path) -> None:
    (top / "cells.yaml").write_text("what is not committed does not matter", "utf-8")
    assert cells(top / "cells.yaml", "main") == {"cell-000"}
    assert cells(top / "cells.yaml", "HEAD") == {"cell-000", "cell-001"}
    assert cells(top / "cells.yaml", "HEAD~1") == {"cell-000"}


def test_the_lock_comes_from_the_same_revision(top: Path) -> None:
    git = git_in(top)
    (top / "cells.lock.yaml").write_text("version: 1\n", "utf-8")
    assert read_texts_at(top / "cells.yaml", "HEAD").lock is None  # type: ignore[union-attr]
    git("add", ".")
    git("commit", "-qm", "a lock")
    assert read_texts_at(top / "cells.yaml", "HEAD").lock == b"version: 1\n"  # type: ignore[union-attr]


def test_without_a_revision_it_is_where_the_branch_left_the_default_branch(top: Path) -> None:
    git = git_in(top)
    git("checkout", "-q", "main")
    (top / "cells.yaml").write_text("main has gone on", "utf-8")
    git("commit", "-qam", "go on")
    git("checkout", "-q", "more")
    base = git("merge-base", "main", "more")
    assert cells(top / "cells.yaml") == {"cell-000"}
    texts = read_texts_at(top / "cells.yaml", None)
    assert texts is not None
    assert texts.inventory_file == f"{top / 'cells.yaml'}@{base[:12]}"


def test_what_origin_calls_its_default_branch_comes_first(top: Path, tmp_path: Path) -> None:
    git_in(top)("checkout", "-q", "more")
    git_in(tmp_path)("clone", "-q", str(top), "clone")
    clone = tmp_path / "clone"
    git = git_in(clone)
    git("checkout", "-qb", "even-more")
    (clone / "cells.yaml").write_text("broken", "utf-8")
    git("commit", "-qam", "break it")
    assert cells(clone / "cells.yaml") == {"cell-000", "cell-001"}, "origin/HEAD is `more`"


@pytest.mark.parametrize("name", ["a folder", "größer/ünter", "日本 語", "-dash", "[x]*", ":(top)"])
def test_a_folder_below_the_top_with_any_name(
    top: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    git = git_in(top)
    file = top / name / "cells of ours é.yaml"
    file.parent.mkdir(parents=True)
    file.write_text(ONE, "utf-8")
    git("add", "--", f"./{name}")
    git("commit", "-qm", "below")
    assert cells(file, "HEAD") == {"cell-000"}
    monkeypatch.chdir(file.parent)
    assert cells(Path(file.name), "HEAD") == {"cell-000"}
    assert cells(Path("..", file.parent.name, file.name), "HEAD") == {"cell-000"}


def test_an_inventory_that_was_not_there_yet_is_none(top: Path) -> None:
    assert read_design_at(top / "cells.yaml", "empty") is None
    (top / "new").mkdir()
    assert read_design_at(top / "new" / "cells.yaml", "main") is None


def test_a_mistake_of_a_revision_names_it(top: Path) -> None:
    git = git_in(top)
    (top / "cells.yaml").write_bytes(b"version: 1\nrings: [\xe9]\n")
    git("commit", "-qam", "no UTF-8")
    with pytest.raises(InventoryError, match=r"cells\.yaml@HEAD:2:9: F100 not UTF-8"):
        read_design_at(top / "cells.yaml", "HEAD")


@pytest.mark.parametrize("revision", ["nowhere", "-q", "", "HEAD~99", "main..more", "main:"])
def test_an_unknown_revision_is_told(top: Path, revision: str) -> None:
    with pytest.raises(UsageError, match="git knows no commit") as caught:
        read_design_at(top / "cells.yaml", revision)
    assert repr(revision) in str(caught.value)
    assert "shallow" not in str(caught.value)


def test_a_shallow_clone_says_what_it_lacks(top: Path, tmp_path: Path) -> None:
    git_in(tmp_path)("clone", "-q", "--depth", "1", "--no-single-branch", f"file://{top}", "s")
    file = tmp_path / "s" / "cells.yaml"
    assert cells(file, "origin/main") == {"cell-000"}
    git_in(file.parent)("checkout", "-q", "main")
    git_in(file.parent)("remote", "set-head", "origin", "more")
    for revision in (None, "HEAD~1"):
        with pytest.raises(UsageError, match="shallow clone") as caught:
            read_design_at(file, revision)
        assert "git fetch --unshallow" in str(caught.value)


def test_a_repository_without_a_default_branch_asks_for_a_revision(top: Path) -> None:
    git_in(top)("branch", "-qm", "main", "trunk")
    with pytest.raises(UsageError, match="name a revision instead"):
        read_design_at(top / "cells.yaml")


def test_a_folder_that_is_no_repository_is_told(tmp_path: Path) -> None:
    (tmp_path / "cells.yaml").write_text(ONE, "utf-8")
    with pytest.raises(UsageError, match="no Git repository"):
        read_design_at(tmp_path / "cells.yaml", "main")
    with pytest.raises(UsageError, match="no such folder"):
        read_design_at(tmp_path / "no" / "cells.yaml", "main")


def test_what_was_no_file_is_told(top: Path) -> None:
    git = git_in(top)
    (top / "link.yaml").symlink_to("cells.yaml")
    (top / "folder.yaml").mkdir()
    (top / "folder.yaml" / "file").touch()
    git("add", ".")
    git("commit", "-qm", "strange")
    for name, what in (("link", "a symbolic link"), ("folder", "a folder")):
        with pytest.raises(UsageError, match=f"{name}.yaml is {what} at HEAD"):
            read_design_at(top / f"{name}.yaml", "HEAD")


def test_a_hook_for_another_repository_does_not_lead_astray(
    top: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    monkeypatch.setenv("GIT_WORK_TREE", str(tmp_path))
    assert cells(top / "cells.yaml", "main") == {"cell-000"}


def test_without_git_it_says_so(top: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(top))
    with pytest.raises(UsageError, match="cannot run git"):
        read_design_at(top / "cells.yaml", "main")
