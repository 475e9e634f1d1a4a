"""What is installed from a wheel: whole, ours alone, and run in a folder that knows nothing of us.

The wheel is built from the source distribution, as an index would have it, and unpacked into a
folder of its own, which comes before everything else on Python's path. What it depends on is
what the tests run with.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tarfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

pytestmark = [pytest.mark.synth, pytest.mark.timeout(600)]

RIVAL = 'raise SystemExit("somebody else\'s code was run")\n'


@dataclass(frozen=True, slots=True)
class Installed:
    """An installation, and a folder of a user's to run it in."""

    site: Path
    folder: Path

    def start(self, *words: str) -> subprocess.Popen[str]:
        """Start a command in the user's folder."""
        env = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
        env |= {
            "PYTHONPATH": str(self.site),
            "CELLFACTORY_CACHE": str(self.folder.parent / "cache"),
        }
        program = "import sys; sys.path.remove(''); from cellfactory.__main__ import main; main()"
        return subprocess.Popen(
            [sys.executable, "-c", program, *words],
            cwd=self.folder,
            env={**env, "CELLFACTORY_CDK": "fast"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *words: str) -> tuple[int, str, str]:
        """Run a command to its end."""
        child = self.start(*words)
        told, said = child.communicate(timeout=300)
        return child.returncode, told, said


def build(source: Path, target: str, folder: Path) -> Path:
    """Build a distribution, without a network."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", target, "-d", str(folder)]
    subprocess.run(command, cwd=source, check=True, capture_output=True)
    (made,) = folder.glob("*.whl" if target == "wheel" else "*.tar.gz")
    return made


@pytest.fixture(scope="module")
def sdist(project_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(project_root, "sdist", tmp_path_factory.mktemp("sdist"))


@pytest.fixture(scope="module")
def unpacked(sdist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("unpacked")
    with tarfile.open(sdist) as archive:
        archive.extractall(folder, filter="data")
    (inner,) = folder.iterdir()
    return inner


@pytest.fixture(scope="module")
def wheel(unpacked: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(unpacked, "wheel", tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def installed(
    wheel: Path, project_root: Path, tmp_path_factory: pytest.TempPathFactory
) -> Installed:
    """The wheel beside another package that owns `factory`, run where there is a third one."""
    site, folder = tmp_path_factory.mktemp("site"), tmp_path_factory.mktemp("user") / "here"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    for place in (site, folder):
        (place / "factory").mkdir(parents=True)
        (place / "factory" / "__init__.py").write_text(RIVAL, "utf-8")
    for name in ("cellfactory.py", "moto.py", "yaml.py", "jsii.py"):
        (folder / name).write_text(RIVAL, "utf-8")
    for name in ("cells.yaml", "cells.lock.yaml"):
        (folder / name).write_bytes((project_root / name).read_bytes())
    return Installed(site=site, folder=folder)


def test_one_name_is_ours_and_all_that_the_code_reads_is_below_it(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    assert {name.split("/")[0].partition("-")[0] for name in names} == {"cellfactory"}
    held = {name.removeprefix("cellfactory/") for name in names}
    assert {"py.typed", "facts/quotas.yaml", "facts/instances.jsonl"} <= held
    assert {"modules/spark-ui-gateway/chart/Chart.yaml", "constructs/_preload.js"} <= held
    assert not [name for name in names if "__pycache__" in name or name.endswith(".pyc")]


def test_the_wheel_is_the_same_from_the_tree_and_from_the_source_distribution(
    project_root: Path, wheel: Path, tmp_path: Path
) -> None:
    ours = build(project_root, "wheel", tmp_path)
    with zipfile.ZipFile(wheel) as one, zipfile.ZipFile(ours) as other:
        assert sorted(one.namelist()) == sorted(other.namelist())
        for name in one.namelist():
            assert one.read(name) == other.read(name), name


def test_a_source_distribution_is_the_project(unpacked: Path) -> None:
    for name in (
        *("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md", "LICENSE", "dev.py"),
        *("cells.yaml", "cells.lock.yaml", "cells.schema.json", "cdktf.json", "conftest.py"),
        *("requirements/run.lock", "tests/conftest.py", "tools/made_file.py", "docs/cli.md"),
        *("modules/spark-namespaces/Chart.yaml", "benchmarks/measure.py"),
    ):
        assert (unpacked / name).is_file(), name


@pytest.mark.parametrize(
    "words", [("--version",), ("check",), ("explain", "F302"), ("size", "moka-use1-a"), ("schema",)]
)
def test_what_needs_no_node_works(installed: Installed, words: tuple[str, ...]) -> None:
    code, told, said = installed.run(*words)
    assert (code, bool(told)) == (0, True), said


def test_it_is_the_installed_one_that_synthesizes(installed: Installed) -> None:
    code, _, said = installed.run("synth")
    assert code == 0, said
    made = installed.folder / "cdktf.out" / "stacks" / "moka-use1-b-platform" / "charts"
    assert len(list(made.iterdir())) == 3
    where = "import cellfactory; print(cellfactory.__file__)"
    shown = subprocess.run(
        [sys.executable, "-P", "-c", where],
        env={"PYTHONPATH": str(installed.site)},
        cwd=installed.folder,
        capture_output=True,
        text=True,
        check=True,
    )
    assert Path(shown.stdout.strip()).is_relative_to(installed.site)


def test_the_sandbox_starts_from_it(installed: Installed) -> None:
    child = installed.start("sandbox", "--format", "json")
    try:
        assert child.stdout is not None
        first = ""
        while '"endpoint"' not in first:
            line = child.stdout.readline()
            assert line, child.communicate()[1]
            first += line
    finally:
        child.send_signal(signal.SIGINT)
        _, said = child.communicate(timeout=60)
    assert child.returncode == 0, said
    assert "Traceback" not in said
    assert json.dumps("endpoint") in first
