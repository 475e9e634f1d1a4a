"""The README's two commands on a bare machine: a fresh clone, an empty home, only a Python.

What is tested is the last commit, not the work tree. Both commands share one clone, as they do
for a newcomer, so the second one adds to what the first one installed. The packages come from
the package index; where none can be reached, these tests are skipped and say so.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

pytestmark = [pytest.mark.readme, pytest.mark.timeout(1200)]

# How this machine reaches a package index; all else in the environment is left behind.
WAYS_TO_THE_INDEX = (
    *("HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY", "https_proxy", "http_proxy", "no_proxy"),
    *("PIP_CERT", "PIP_EXTRA_INDEX_URL", "PIP_INDEX_URL", "PIP_TRUSTED_HOST", "SSL_CERT_FILE"),
    *("REQUESTS_CA_BUNDLE", "PIP_DEFAULT_TIMEOUT"),
)


@dataclass(frozen=True, slots=True)
class BareMachine:
    """A clone and an environment in which `python3` is the only program."""

    clone: Path
    environment: dict[str, str]

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a command in the clone, as somebody who has just cloned it would."""
        return subprocess.run(
            command,
            cwd=self.clone,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=900,
        )


@pytest.fixture(scope="module")
def machine(project_root: Path, tmp_path_factory: pytest.TempPathFactory) -> BareMachine:
    """Make the bare machine, or skip when it could not be furnished."""
    git = shutil.which("git")
    if git is None or not (project_root / ".git").exists():
        pytest.skip("this is no git clone, so it cannot be cloned")
    folder = tmp_path_factory.mktemp("bare")
    (folder / "home").mkdir()
    (folder / "bin").mkdir()
    python = Path(getattr(sys, "_base_executable", sys.executable)).resolve()
    (folder / "bin" / "python3").symlink_to(python)
    ways = {name: os.environ[name] for name in WAYS_TO_THE_INDEX if name in os.environ}
    environment = {"PATH": str(folder / "bin"), "HOME": str(folder / "home"), **ways}
    _require_index(python, folder / "probe", environment)
    clone = folder / "a clone"  # a space, as in many a home folder
    cloning = [git, "clone", "--quiet", "--no-hardlinks", str(project_root), str(clone)]
    subprocess.run(cloning, check=True, capture_output=True)
    return BareMachine(clone, environment)


def _require_index(python: Path, folder: Path, environment: dict[str, str]) -> None:
    """Skip unless pip can fetch one small package; the commands themselves may never skip."""
    pip = [str(python), "-I", "-m", "pip", "download", "--quiet", "--no-deps", "--retries", "1"]
    asked = [*pip, "--dest", str(folder), "publication==0.0.3"]
    done = subprocess.run(asked, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["no word why"])[-1]
        pytest.skip(f"pip reaches no package index: {reason}")


def test_demo_checks_and_synthesizes_the_shipped_cells(machine: BareMachine) -> None:
    done = machine.run("python3", "dev.py", "demo")
    assert done.returncode == 0, done.stdout + done.stderr
    stacks = list((machine.clone / "cdktf.out" / "stacks").glob("*/cdk.tf.json"))
    assert stacks, done.stdout + done.stderr

    again = machine.run("python3", "dev.py", "demo")
    assert again.returncode == 0, again.stdout + again.stderr
    assert "packages of" not in again.stdout, "the second run installs nothing"


def test_test_sets_up_and_passes(machine: BareMachine) -> None:
    """One folder of tests stands for all: the whole suite would run this test again."""
    done = machine.run("python3", "dev.py", "test", "--", "tests/unit/facts", "-q")
    assert done.returncode == 0, done.stdout + done.stderr
    assert " passed" in done.stdout


def test_a_failing_test_fails_the_command(machine: BareMachine) -> None:
    broken = machine.clone / "tests" / "test_broken.py"
    broken.write_text('"""Broken."""\n\n\ndef test_broken() -> None:\n    assert False\n', "utf-8")
    done = machine.run("python3", "dev.py", "test", "--", str(broken), "-q")
    broken.unlink()
    assert done.returncode == 1, done.stdout + done.stderr


def test_an_unfinished_environment_is_made_again(machine: BareMachine) -> None:
    (machine.clone / ".venv").mkdir(exist_ok=True)
    (machine.clone / ".venv" / "cellfactory.json").unlink(missing_ok=True)
    done = machine.run("python3", "dev.py", "demo")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "not finished" in done.stdout
