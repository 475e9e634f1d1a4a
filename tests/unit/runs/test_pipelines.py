"""What is missing, stale or left over is named; what others wrote stays."""

from __future__ import annotations

from pathlib import Path

import pytest

from cellfactory.facts.loader import load_facts
from cellfactory.inventory.reader import parse_inventory
from cellfactory.runs.pipelines import (
    MADE,
    Rendered,
    check_lock,
    check_pipelines,
    render_pipelines,
    write_pipelines,
)


@pytest.fixture
def rendered(project_root: Path, tmp_path: Path) -> Rendered:
    text = (project_root / "cells.yaml").read_text("utf-8")
    facts = load_facts()
    inventory = parse_inventory(text, "cells.yaml", facts)[0]
    return render_pipelines(inventory, facts, tmp_path / "pipelines", tmp_path)


def test_each_file_that_is_not_as_it_would_be_is_named(rendered: Rendered, tmp_path: Path) -> None:
    write_pipelines(rendered)
    assert list(check_pipelines(rendered)) == []
    github = tmp_path / "pipelines" / "github"
    (github / "plan.yml").unlink()
    (github / "apply.yml").write_text(f"{MADE}\n# by hand\n", "utf-8")
    (github / "old.yml").write_text(f"{MADE}\n", "utf-8")
    (tmp_path / ".github" / "workflows" / "theirs.yml").write_text("on: push\n", "utf-8")
    said = [finding.message for finding in check_pipelines(rendered)]
    assert [line.rpartition("github/")[2].split(":")[0] for line in said] == [
        "plan.yml is missing",
        "apply.yml is stale",
        "old.yml is left over",
    ]
    _, removed = write_pipelines(rendered)
    assert [path.name for path in removed] == ["old.yml"]
    assert (tmp_path / ".github" / "workflows" / "theirs.yml").exists()
    assert list(check_pipelines(rendered)) == []


def test_the_lock_of_another_release_is_an_error(rendered: Rendered) -> None:
    write_pipelines(rendered)
    assert [f.severity for f in check_lock(rendered)] == ["warning"]
    rendered.lock.write_text("cellfactory[terraform]==9.9.9 \\\n    --hash=sha256:0\n", "utf-8")
    assert [f.severity for f in check_lock(rendered)] == ["error"]
    line = f"cellfactory[terraform]=={rendered.release} \\\n    --hash=sha256:0\n"
    rendered.lock.write_text(line, "utf-8")
    assert list(check_lock(rendered)) == []
