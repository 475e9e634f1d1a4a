"""A cache that does not hold what was put there is filled again, or says where it lies."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.synth
ROOT = Path(__file__).resolve().parents[2]
SCRIPT = "from cellfactory.constructs import cdk; cdk.TerraformStack, cdk.Vpc; print('fine')"


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cache")
    folder.chmod(0o700)
    done = start(folder)
    assert done.stdout == "fine\n", done.stderr
    return folder


def start(cache: Path) -> subprocess.CompletedProcess[str]:
    """Start the bindings with a cache, in a process of their own, as a user does."""
    env = {**os.environ, "CELLFACTORY_CACHE": str(cache), "CELLFACTORY_CDK": "fast"}
    return subprocess.run(
        [sys.executable, "-c", SCRIPT],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )


def files(cache: Path, pattern: str) -> Iterator[Path]:
    found = [p for p in cache.glob(pattern) if p.is_file()]
    assert found, pattern
    yield from found


DAMAGES = {
    "a package that was emptied": "slim/*/_jsii/*.tgz",
    "its table that was emptied": "slim/*/cellfactory-digests.json",
    "bytecode that was cut": "bytecode/*",
    "a kernel that was emptied": "kernel/*/lib/program.js",
    "jsii's own copy of the core": "packages/cdktf/**/*",
}


@pytest.mark.parametrize("what", DAMAGES)
def test_what_a_loss_of_power_leaves_is_made_again(filled: Path, what: str) -> None:
    for path in files(filled, DAMAGES[what]):
        os.truncate(path, 0)
    done = start(filled)
    assert (done.returncode, done.stdout) == (0, "fine\n"), done.stderr
    assert "Traceback" not in done.stderr
    assert start(filled).stdout == "fine\n", "and is kept again"


def test_a_bit_that_turned_never_runs(filled: Path) -> None:
    for path in files(filled, "bytecode/*"):
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 0x10
        path.write_bytes(data)
    assert start(filled).stdout == "fine\n"


def test_what_only_node_reads_is_removed_and_named(filled: Path) -> None:
    for path in files(filled, "packages/@cdktf/**/*"):
        os.truncate(path, 0)
    done = start(filled)
    assert "F404" in done.stderr
    assert f"what was kept in {filled} is removed: try again" in done.stderr
    assert start(filled).stdout == "fine\n"


def test_without_the_cache_no_result_is_read_or_kept(tmp_path: Path) -> None:
    """What the bindings run on is kept like an installed package: no result depends on it."""
    tmp_path.chmod(0o700)
    done = subprocess.run(
        [sys.executable, "-m", "cellfactory", "policy", "--no-cache"],
        cwd=ROOT,
        env={**os.environ, "CELLFACTORY_CACHE": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert not {"stencils", "reports", "known"} & {path.name for path in tmp_path.iterdir()}
