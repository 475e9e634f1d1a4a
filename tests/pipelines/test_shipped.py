"""The workflows that ship: fresh, and clean by the linters of others."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from cellfactory.cli import main

PROGRAMS = Path(sys.executable).parent


def render(*words: str) -> int:
    with pytest.raises(SystemExit) as stop:
        main(["pipeline", "render", *words])
    return int(stop.value.code or 0)


@pytest.fixture
def folder(project_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The shipped inventory, alone."""
    shutil.copy(project_root / "cells.yaml", tmp_path)
    shutil.copy(project_root / "cells.lock.yaml", tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def lint(*words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(PROGRAMS / words[0]), *words[1:]],
        cwd=cwd,
        env={**os.environ, "PATH": f"{PROGRAMS}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_what_ships_is_what_the_shipped_inventory_makes(
    project_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project_root)
    assert render("--check") == 0


def test_a_security_linter_finds_nothing(project_root: Path) -> None:
    files = sorted(map(str, (project_root / "pipelines/github").glob("*.yml")))
    done = lint("zizmor", "--offline", "--min-severity", "medium", *files, cwd=project_root)
    assert done.returncode == 0, done.stdout


def test_a_security_linter_would_find_something(folder: Path) -> None:
    render("--output", ".github/workflows")
    plan = folder / ".github/workflows/plan.yml"
    plan.write_text(plan.read_text().replace("pull_request:", "pull_request_target:"), "utf-8")
    done = lint("zizmor", "--offline", "--min-severity", "medium", ".github", cwd=folder)
    assert done.returncode == 14, done.stdout


def test_a_linter_of_workflows_and_their_scripts_finds_nothing(folder: Path) -> None:
    render("--output", ".github/workflows")
    files = sorted(str(path) for path in (folder / ".github/workflows").iterdir())
    assert len(files) == 4
    done = lint("actionlint", "-shellcheck", "shellcheck", *files, cwd=folder)
    assert (done.returncode, done.stdout) == (0, "")


def test_check_names_each_file_that_is_not_as_it_would_be(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    render("--output", "out")
    out = folder / "out"
    (out / "apply.yml").unlink()
    (out / "plan.yml").write_text((out / "plan.yml").read_text("utf-8") + "#\n", "utf-8")
    shutil.copy(out / "drift.yml", out / "older.yml")
    (out / "mine.yml").write_text("name: mine\n", "utf-8")
    capsys.readouterr()
    assert render("--check", "--output", "out") == 3
    told = capsys.readouterr().err
    for name, why in [("apply", "is missing"), ("plan", "is not what"), ("older", "is left over")]:
        assert f"F738 out/{name}.yml {why}" in told
    assert "mine.yml" not in told
    assert render("--output", "out") == 0
    assert sorted(path.name for path in out.iterdir()) == [
        *("apply.yml", "drift.yml", "mine.yml", "plan.yml", "rebuild-drill.yml"),
    ]
    assert render("--check", "--output", "out") == 0


def test_a_file_of_somebody_else_is_never_replaced(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "out").mkdir()
    (folder / "out/plan.yml").write_text("name: mine\n", "utf-8")
    assert render("--output", "out") == 2
    assert "out/plan.yml was not made by cellfactory" in capsys.readouterr().err
    assert [path.name for path in (folder / "out").iterdir()] == ["plan.yml"]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("  github: {repository: example-org/cells}", "  gitlab: {project: a/b}"), "F737"),
        (("  session_hours: 12", "  version: 9.9.9"), "F735"),
    ],
)
def test_what_cannot_be_rendered_is_said(
    change: tuple[str, str], told: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (folder / "cells.yaml").read_text("utf-8")
    (folder / "cells.yaml").write_text(text.replace(*change), "utf-8")
    assert render() == 3
    assert told in capsys.readouterr().err
    assert not (folder / "pipelines").exists()


def test_a_lock_that_holds_the_version_is_enough(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    render()
    assert "F736 warning" in capsys.readouterr().err
    lock = folder / "pipelines/cellfactory.lock"
    lock.write_text("cellfactory[terraform]==0.1.0 \\\n    --hash=sha256:00\n", "utf-8")
    render()
    assert "F736" not in capsys.readouterr().err
