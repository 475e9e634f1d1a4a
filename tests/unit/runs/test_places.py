"""The inventory is found upward, and all that is kept lies beside it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from cellfactory.cli import main
from cellfactory.runs.context import folder_of
from cellfactory.runs.places import (
    find_inventory,
    find_repository,
    home_of,
    lock_file_of,
    output_of,
    provider_lock_of,
)
from cellfactory.runs.request import Request

FACTORY = Path(__file__).resolve().parents[3] / "factory" / "cellfactory"


def run(*words: str) -> int:
    with pytest.raises(SystemExit) as stop:
        main(words)
    return int(stop.value.code or 0)


@pytest.fixture
def repository(tmp_path: Path, project_root: Path) -> Path:
    """A repository whose inventory lies below its top, with a folder below that."""
    top = tmp_path / "repository"
    (top / ".git").mkdir(parents=True)
    (top / "infra" / "below" / "deep").mkdir(parents=True)
    for name in ("cells.yaml", "cells.lock.yaml"):
        shutil.copy(project_root / name, top / "infra" / name)
    return top


def test_it_is_found_in_the_nearest_folder_up_to_the_top_of_the_repository(
    repository: Path,
) -> None:
    infra = repository / "infra"
    assert find_inventory(infra) == Path("cells.yaml")
    assert find_inventory(infra / "below" / "deep") == Path("../../cells.yaml")
    (infra / "below" / "cells.yaml").write_text("")
    assert find_inventory(infra / "below" / "deep") == Path("../cells.yaml")
    (repository.parent / "cells.yaml").write_text("")  # of somebody else
    assert find_inventory(repository) is None


def test_a_worktree_has_a_file_for_its_top(tmp_path: Path) -> None:
    (tmp_path / "cells.yaml").write_text("")
    (tmp_path / "tree").mkdir()
    assert find_inventory(tmp_path / "tree") == Path("../cells.yaml")
    (tmp_path / "tree" / ".git").write_text("gitdir: elsewhere\n")
    assert find_inventory(tmp_path / "tree") is None
    assert find_repository(tmp_path / "tree" / "a" / ".." / "b") == tmp_path / "tree"


@pytest.mark.parametrize("words", [[], ["--inventory", "../cells.yaml"]])
def test_a_command_below_it_says_which_it_reads(
    words: list[str],
    repository: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(repository / "infra" / "below")
    assert run("check", *words) == 0
    shown = capsys.readouterr()
    assert shown.out.startswith("4 cells fit")
    assert shown.err == ("" if words else "using ../cells.yaml\n")
    assert run("--quiet", "check", *words) == 0
    assert capsys.readouterr().err == ""


def test_chdir_is_as_if_it_were_started_there(
    repository: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(repository)
    assert run("--chdir", "infra", "check") == 0
    assert capsys.readouterr().err == ""
    assert run("--chdir", "nowhere", "check") == 2
    assert capsys.readouterr().err == "--chdir nowhere: No such file or directory\n"


def test_standard_input_is_read_where_nothing_is_written_beside_it(
    repository: Path, project_root: Path
) -> None:
    text = (repository / "infra" / "cells.yaml").read_text("utf-8")

    def ask(command: str, text: str) -> tuple[int, str]:
        done = subprocess.run(
            [sys.executable, "-m", "cellfactory", command, "--inventory", "-"],
            cwd=repository / "infra",
            env={"PYTHONPATH": str(project_root), "PATH": "/bin"},
            input=text,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout

    code, shown = ask("check", text)
    assert (code, shown.splitlines()) == (0, shown.splitlines()[:1])
    assert "lock" not in shown, "the lock of the working directory is taken"
    code, shown = ask("check", f"{text}colour: red\n")
    assert code == 3
    assert shown.startswith("<stdin>:")
    code, shown = ask("synth", text)
    assert code == 2
    assert shown.startswith("synth: --inventory must be a file")


def test_an_annotation_is_named_from_the_top_of_the_repository(
    repository: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    file = repository / "infra" / "cells.yaml"
    file.write_text(f"{file.read_text('utf-8')}colour: red\n")
    monkeypatch.chdir(repository / "infra" / "below")
    assert run("check", "--format", "github") == 3
    assert "file=infra/cells.yaml,line=" in capsys.readouterr().out
    assert run("check", "--format", "json") == 3
    places = json.loads(capsys.readouterr().out)["problems"][0]["places"]
    assert places[0]["file"] == "../cells.yaml", "as a person would open it"


def test_all_that_is_kept_lies_beside_the_inventory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "infra").mkdir()
    monkeypatch.chdir(tmp_path)
    file = Path("infra/cells.yaml")
    assert lock_file_of(file) == Path("infra/cells.lock.yaml")
    assert provider_lock_of(file) == Path("infra/cells.providers.lock.hcl")
    assert output_of(file) == Path("infra/cdktf.out")
    assert output_of(file, Path("elsewhere")) == Path("elsewhere"), "as it was asked for"
    home = home_of(file)
    assert folder_of(home, "sandbox") == tmp_path / "infra" / ".cellfactory" / "sandbox"
    assert (tmp_path / "infra" / ".cellfactory" / ".gitignore").read_text() == "*\n"
    assert Request(mode="aws").home == tmp_path, "for who names no inventory"


def test_nothing_is_placed_by_the_working_directory() -> None:
    """`.cellfactory` and `cdktf.out` are named in one file; who asks for the cwd has a reason."""
    allowed = {
        "cli/__init__.py",  # --chdir
        "runs/doctor.py",  # any folder that exists
        "runs/emulator.py",  # where the emulator's own process runs
        "runs/places.py",
        "runs/request.py",  # tests that name no inventory
        "stacks/output.py",  # a folder that one stands in is not swapped
    }
    asking = {
        path.relative_to(FACTORY).as_posix()
        for path in FACTORY.rglob("*.py")
        if any(word in path.read_text("utf-8") for word in ("Path.cwd", "getcwd", "os.chdir"))
    }
    assert asking <= allowed
    made = [f'Path("{name}")' for name in (".cellfactory", "cdktf.out")]
    naming = {
        path.relative_to(FACTORY).as_posix()
        for path in FACTORY.rglob("*.py")
        if any(word in path.read_text("utf-8") for word in made)
    }
    assert naming == {"runs/places.py"}
