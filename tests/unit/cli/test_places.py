"""Places that cannot be used, and settings of a person's shell: a sentence, or no matter."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from cellfactory.cli import main
from cellfactory.terraform.engine import find_engine
from tests.unit.terraform.scene import FAKE

ROOT = Path(__file__).resolve().parents[3]


def test_a_working_directory_that_is_gone_is_a_sentence(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    script = (
        f"import os; os.rmdir({str(gone)!r}); from cellfactory.cli import main; main(['validate'])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=gone,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is closed to root")
def test_a_folder_of_somebody_else_is_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    tmp_path.chmod(0o500)
    with pytest.raises(SystemExit) as ended:
        main(["lock-providers", "--inventory", str(ROOT / "cells.yaml")])
    tmp_path.chmod(0o700)
    assert ended.value.code == 2
    assert "cannot" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words", [["sandbox", "--run", "apply '"], ["plan", "--registry", "http://[::1"]]
)
def test_words_that_are_none_are_a_sentence(
    words: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name in ("cells.yaml", "cells.lock.yaml"):
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    (tmp_path / "cells.providers.lock.hcl").touch()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TERRAFORM", fake(tmp_path))
    monkeypatch.setenv("FAKE_SCRIPT", str(tmp_path / "none"))
    monkeypatch.delenv("TF_PLUGIN_MIRROR", raising=False)
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 2, capsys.readouterr().err


def fake(folder: Path, check: str = "") -> str:
    """Write a program that answers as Terraform does, once a check of its environment holds."""
    program = folder / "terraform"
    program.write_text(f'#!/bin/sh\n{check}\nexec {sys.executable} {FAKE} "$@"\n', "utf-8")
    program.chmod(0o755)
    return str(program)


@pytest.mark.parametrize(
    "name",
    ["TF_CLI_ARGS", "TF_CLI_ARGS_version", "TF_LOG", "TF_WORKSPACE", "AWS_PROFILE"],
)
def test_terraform_is_asked_for_its_version_without_the_settings_of_a_shell(
    name: str, tmp_path: Path
) -> None:
    program = fake(tmp_path, f'[ -z "${{{name}}}" ] || exit 1')
    environ = {"TERRAFORM": program, "PATH": "/bin:/usr/bin", name: "-input=false"}
    assert find_engine(environ, tmp_path).version == "1.11.4"
