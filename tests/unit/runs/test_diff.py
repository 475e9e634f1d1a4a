"""What an inventory is held against: commits, names and folders of real repositories."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from cellfactory.errors import UsageError
from cellfactory.runs.diff import diff_inventory
from cellfactory.stacks.synth import synth_stacks
from cellfactory.terraform.selection import Selection
from cellfactory.views.change_lines import shown
from tests.repositories import commit_all, git

CASE = Path(__file__).parents[2] / "cases" / "diff-of-a-resize"
ACCOUNT = Selection(layers=("account",))  # one stack: what is told of it is not the matter here


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A repository with a base on `main`, and an edit on a branch that is not committed."""
    for file in (CASE / "base").iterdir():
        shutil.copy(file, tmp_path)
    commit_all(tmp_path)
    git(tmp_path, "checkout", "-q", "-b", "edit")
    for name in ("cells.yaml", "cells.lock.yaml"):
        shutil.copy(CASE / name, tmp_path)
    return tmp_path


def told(inventory: Path, base: str | None = None) -> tuple[str, set[str]]:
    found = diff_inventory(inventory, base)
    return found.base, {changed.stack.name for changed in found.changes.stacks}


CHANGED = {"prod-1-cluster", "prod-2-cluster", "prod-3-cluster"}


def test_what_is_not_committed_counts_and_nothing_is_written(project: Path) -> None:
    before = git(project, "status", "--porcelain", "--ignored")
    sha = git(project, "rev-parse", "HEAD").strip()
    assert told(project / "cells.yaml") == (sha[:12], CHANGED)
    assert git(project, "status", "--porcelain", "--ignored") == before
    assert git(project, "rev-parse", "HEAD").strip() == sha


def test_later_commits_of_the_default_branch_do_not_matter(project: Path) -> None:
    commit_all(project, "edit")
    git(project, "checkout", "-q", "main")
    (project / "cells.yaml").write_text("nothing: yet\n", "utf-8")
    commit_all(project, "later")
    git(project, "checkout", "-q", "edit")
    assert told(project / "cells.yaml")[1] == CHANGED


def test_a_head_that_is_on_no_branch(project: Path) -> None:
    git(project, "checkout", "-q", "--detach")
    assert told(project / "cells.yaml")[1] == CHANGED


def test_an_inventory_in_a_folder_with_a_strange_name(tmp_path: Path) -> None:
    folder = tmp_path / "in fra ü"
    shutil.copytree(CASE / "base", folder)
    commit_all(tmp_path)
    shutil.copy(CASE / "cells.yaml", folder)
    assert told(folder / "cells.yaml")[1] == CHANGED


def test_a_file_that_was_renamed_since(project: Path) -> None:
    (project / "infra").mkdir()
    for name in ("cells.yaml", "cells.lock.yaml"):
        git(project, "mv", "-f", name, f"infra/{name.replace('cells', 'all', 1)}")
    base, stacks = told(project / "infra" / "all.yaml")
    assert base.endswith(" (as cells.yaml)")
    assert stacks == CHANGED


def test_a_shallow_clone_is_told_what_to_fetch(project: Path, tmp_path: Path) -> None:
    commit_all(project, "edit")
    git(project, "checkout", "-q", "main")
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "-q", "--depth", "1", "-b", "edit", f"file://{project}", str(clone))
    with pytest.raises(UsageError, match="fetch-depth: 0"):
        told(clone / "cells.yaml")


def test_what_synth_wrote_is_a_base_too(project: Path) -> None:
    found = diff_inventory(project / "cells.yaml", "main")
    before = found.before
    assert before is not None
    from cellfactory.layers import list_stacks

    stacks = list_stacks(before.inventory, before.facts)
    made = synth_stacks(before.inventory, before.plan, before.facts, stacks)
    for name, text in made.stacks.items():
        place = project / "out" / "stacks" / name
        place.mkdir(parents=True)
        (place / "cdk.tf.json").write_text(text, "utf-8")
    tree = diff_inventory(project / "cells.yaml", str(project / "out"))
    told_of = [(s.stack, s.resources) for s in found.changes.stacks]
    assert [(s.stack, s.resources) for s in tree.changes.stacks] == told_of
    assert tree.changes.unchanged == found.changes.unchanged
    narrow = diff_inventory(project / "cells.yaml", str(project / "out"), ACCOUNT)
    assert (narrow.changes.stacks, narrow.changes.unchanged) == ((), 1)


def test_a_tree_of_which_a_file_is_no_json(project: Path) -> None:
    place = project / "out" / "stacks" / "prod-1-cluster"
    place.mkdir(parents=True)
    (place / "cdk.tf.json").write_bytes(b"\xff{")
    with pytest.raises(Exception, match="F411") as refused:
        diff_inventory(project / "cells.yaml", str(project / "out"))
    assert "prod-1-cluster" in str(refused.value)


@pytest.mark.parametrize("text", ["::error::x", "a ::set-output name=x::y", "##[error]x"])
def test_a_value_is_no_command_to_a_workflow(text: str) -> None:
    assert "::" not in shown(text).split("name")[0][:4] or "##[" not in shown(text)
    assert not any(word.startswith(("::", "##[")) for word in shown(text).split())
    assert shown("arn:aws:iam::111111111111:role/x") == "arn:aws:iam::111111111111:role/x"
    assert json.loads(f'"{shown(text)}"') == text
