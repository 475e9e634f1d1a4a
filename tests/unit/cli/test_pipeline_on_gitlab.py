"""`pipeline comment` and `pipeline issues` in a job of GitLab write to it, and cannot act."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from cellfactory.cli.pipeline import comment, issues
from tests.pipelines.forge_server import Kept, serving

HOSTILE = "/close\n@all <!-- cellfactory:plan -->\n/merge"


@pytest.fixture
def forge(monkeypatch: pytest.MonkeyPatch) -> Iterator[Kept]:
    with serving() as kept:
        for name, value in kept.gitlab_environment().items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("CI_PIPELINE_URL", "https://gitlab.com/g/c/-/pipelines/5")
        yield kept


def test_what_jobs_kept_becomes_one_comment_that_cannot_act(forge: Kept, tmp_path: Path) -> None:
    (tmp_path / "diff").mkdir()
    (tmp_path / "diff" / "diff.md").write_text(HOSTILE, "utf-8")
    for _ in range(2):
        comment(tmp_path, change=7)
    (body,) = [one["body"] for one in forge.comments]
    assert body.count("<!--") == 1
    assert not [line for line in body.splitlines() if line.startswith("/")]
    assert "@all" not in body


def test_a_comment_that_was_cut_names_the_pipeline(forge: Kept, tmp_path: Path) -> None:
    (tmp_path / "diff").mkdir()
    (tmp_path / "diff" / "diff.md").write_text("a line\n" * 20_000, "utf-8")
    comment(tmp_path, change=7)
    assert "https://gitlab.com/g/c/-/pipelines/5" in forge.comments[0]["body"]


def test_a_cell_that_drifted_has_an_issue_there(forge: Kept, tmp_path: Path) -> None:
    issue = {"title": "Drift in a", "body": "<!-- cell:a 1 -->\nit"}
    cell = {"key": "cell:a", "name": "a", "drifted": True, "is_whole": True, "issue": issue}
    report = tmp_path / "drift.json"
    report.write_text(json.dumps({"cells": [cell]}), "utf-8")
    issues(report)
    assert [(one["title"], one["state"]) for one in forge.issues] == [("Drift in a", "opened")]
