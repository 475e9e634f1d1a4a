"""A release can be built again by anybody, to the byte."""

from __future__ import annotations

import io
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest

from tools import dist

pytestmark = [pytest.mark.synth, pytest.mark.timeout(300)]


def test_two_machines_build_the_same_files(project_root: Path) -> None:
    if not (project_root / ".git").exists() or not shutil.which("git"):
        pytest.skip("no git: nothing is committed here")
    files = dist.build_twice(dist.committed())
    assert {name.rpartition(".")[2] for name in files} == {"whl", "gz"}
    assert all(len(content) > 100_000 for content in files.values())


def archive(**files: str) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for name, text in files.items():
            member = tarfile.TarInfo(name.replace("__", "."))
            member.size = len(text)
            tar.addfile(member, io.BytesIO(text.encode()))
    return packed.getvalue()


PYPROJECT = """
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"
[project]
name = "x"
version = "1"
[tool.hatch.build.targets.wheel]
packages = ["x"]
[tool.hatch.build.hooks.custom]
"""
HOOK = """
import os
from hatchling.builders.hooks.plugin.interface import BuildHookInterface
class Hook(BuildHookInterface):
    def initialize(self, version, build_data):
        open(os.path.join(self.root, "made.py"), "w").write(os.environ["TZ"])
"""


def test_what_a_machine_leaves_in_a_file_is_noticed() -> None:
    """Here a hook of the build writes the time zone into a file."""
    tree = archive(pyproject__toml=PYPROJECT, hatch_build__py=HOOK, x__py="")
    with pytest.raises(ValueError, match=r"not the same: x-1\.tar\.gz"):
        dist.build_twice(tree)


def test_a_tag_of_another_version_is_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["dist", "--tag", "v99.0.0"])
    assert dist.main() == 1
    assert "v99.0.0: the program is version" in capsys.readouterr().err


def test_a_failed_build_is_an_error() -> None:
    with pytest.raises(subprocess.CalledProcessError):
        dist.build_twice(archive(pyproject__toml="[project]"))
