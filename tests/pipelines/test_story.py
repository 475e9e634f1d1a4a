"""A pull request, its comment and its merge, run by act with the real commands; see `rig`."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.pipelines.rig import BIN

pytestmark = [pytest.mark.synth, pytest.mark.sandbox, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def told(project_root: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    if not ((BIN / "act").exists() and shutil.which("unshare") and shutil.which("ip")):
        pytest.skip("needs act, unshare and ip")
    if os.getuid():
        pytest.skip("a network of its own is made by root")
    work = tmp_path_factory.mktemp("story") / "work"
    command = ["unshare", "-n", sys.executable, "-m", "tests.pipelines.story", str(work)]
    env = {**os.environ, "PYTHONPATH": f"{project_root}:{project_root / 'factory'}"}
    done = subprocess.run(
        command, cwd=project_root, env=env, capture_output=True, text=True, check=False, timeout=500
    )
    assert done.returncode == 0, done.stderr
    read: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return read


def test_a_fork_is_checked_and_gets_neither_role_nor_comment(told: dict[str, Any]) -> None:
    code, said = told["fork"]
    assert code == 0, said
    assert told["kept_by_fork"] == ["diff"]
    assert told["fork_comments"] == []
    assert "Log in to AWS" not in said


def test_a_pull_request_gets_one_comment_of_what_it_does(told: dict[str, Any]) -> None:
    code, said = told["pull_request"]
    assert code == 0, said
    (comment,) = told["comments"]
    assert comment["body"].startswith("<!-- cellfactory:plan -->\n")
    assert "### cellfactory diff" in comment["body"]
    assert "### cellfactory plan" in comment["body"]
    assert comment["body"].count("<!--") == 1


def test_hostile_titles_and_branches_do_nothing(told: dict[str, Any]) -> None:
    assert told["pwned"] == []


def test_a_canary_that_fails_keeps_the_next_ring_as_it_is(told: dict[str, Any]) -> None:
    code, said = told["failing"]
    assert code == 1
    assert "Apply canary] 🏁  Job failed" in said
    assert "Plan first" not in said
    assert "moka-use1-b-network apply" in told["failing_log"]
    assert not any(line.startswith("moka-usw2-a") for line in told["failing_log"])
