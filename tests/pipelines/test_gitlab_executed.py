"""GitLab's file, executed: what is real and what stands in is told in `gitlab_run`.

`gitlab-ci-local` also holds the file against GitLab's own schema, which it brings.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.pipelines.gitlab_run import HOSTILE
from tests.pipelines.test_executed import ALONE

PROGRAM = os.environ.get("CELLFACTORY_GITLAB_CI_LOCAL", "")
PLAN, FIRST, SECOND = "cellfactory-plan", "cellfactory-apply-canary", "cellfactory-apply-first"
pytestmark = [
    pytest.mark.act,
    pytest.mark.timeout(900),
    pytest.mark.skipif(not PROGRAM, reason="CELLFACTORY_GITLAB_CI_LOCAL names no program"),
]


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory, project_root: Path) -> Any:
    """What was seen from a merge request to a merge, in a network with nobody in it."""
    assert shutil.which("rsync"), "gitlab-ci-local needs rsync"
    assert shutil.which("unshare"), "util-linux has it"
    module = (sys.executable, "-m", "tests.pipelines.gitlab_run")
    done = subprocess.run(
        [*ALONE, *module, str(tmp_path_factory.mktemp("gitlab")), PROGRAM],
        cwd=project_root,
        env={**os.environ, "PYTHONPATH": f"{project_root}:{project_root / 'factory'}"},
        capture_output=True,
        text=True,
        timeout=850,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def asked(run: Any) -> list[tuple[str, str]]:
    """Commands that were asked, each with the role that it had."""
    words = [line.split() for line in run["log"]]
    roles = [next(w for w in line if w.startswith("role=")).removeprefix("role=") for line in words]
    return [(line[1], role) for line, role in zip(words, roles, strict=True)]


CHECKED = [("check", ""), ("synth", ""), ("policy", ""), ("diff", "")]


def test_the_file_is_as_gitlabs_schema_has_it(seen: Any) -> None:
    assert all("json schema validated" in run["said"] for run in seen.values())


def test_a_fork_is_told_by_its_checks_alone(seen: Any) -> None:
    assert (seen["fork"]["code"], seen["fork"]["comments"]) == (0, [])
    assert asked(seen["fork"]) == CHECKED


def test_a_merge_request_is_told_once_and_is_nobody(seen: Any) -> None:
    for name in ("change", "again"):
        assert seen[name]["code"] == 0, seen[name]["said"]
        assert asked(seen[name]) == [*CHECKED, ("pipeline", "")]
    (body,) = seen["again"]["comments"]
    assert body.startswith("<!-- ")
    assert "expire.expiration.days: 30 -> 40" in body


def test_a_canary_that_fails_stops_every_later_ring(seen: Any) -> None:
    assert seen["broken"]["code"] == 1
    steps = [("synth", PLAN), ("plan", PLAN), ("synth", FIRST), ("apply", FIRST)]
    assert asked(seen["broken"]) == steps


def test_what_is_merged_goes_ring_by_ring_with_a_bake_in_between(seen: Any) -> None:
    assert seen["apply"]["code"] == 0, seen["apply"]["said"]
    assert [role for word, role in asked(seen["apply"]) if word != "synth"] == [
        *(PLAN, FIRST),
        *(PLAN, SECOND),
    ]
    first, second = [line for line in seen["apply"]["log"] if line.startswith("cellfactory apply")]
    assert "--ring canary --reviewed in/canary.json --unseen --bake 1s" in first
    assert "--ring first --reviewed in/first.json --unseen --no-bake" in second
    assert all("token=signed" in line for line in seen["apply"]["log"])


def test_what_a_person_says_is_handed_on_as_one_word_and_run_by_nobody(seen: Any) -> None:
    assert all(line.endswith(f" resume={HOSTILE}") for line in seen["asked"]["log"])
    assert (seen["asked"]["code"], seen["asked"]["hits"]) == (1, []), "there is no such run"
