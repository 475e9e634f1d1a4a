"""The rendered workflows, executed: what is real and what stands in is told in `act_run`."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.pipelines.act_run import CANARY, HOSTILE

ACT = Path(sys.executable).parent / "act"
ALONE = ("unshare", "--map-root-user", "--net", "bash", "-c", 'ip link set lo up && exec "$@"', "-")
RESTORED = r"cache restore (cellfactory-\w+-\w+-\w*-)[0-9a-f]{40} or \1"
PLAN, FIRST, SECOND = "cellfactory-plan", "cellfactory-apply-canary", "cellfactory-apply-first"
pytestmark = [
    pytest.mark.act,
    pytest.mark.timeout(900),
]


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory, project_root: Path) -> Any:
    """What was seen from a pull request to an issue, in a network with nobody in it."""
    assert ACT.exists(), "requirements/dev.lock has it"
    if not shutil.which("unshare") or subprocess.run([*ALONE, "true"], check=False).returncode != 0:
        pytest.skip("no network of its own can be made here")
    module = (sys.executable, "-m", "tests.pipelines.act_run")
    done = subprocess.run(
        [*ALONE, *module, str(tmp_path_factory.mktemp("act")), str(ACT)],
        cwd=project_root,
        env={**os.environ, "PYTHONPATH": f"{project_root}:{project_root / 'factory'}"},
        capture_output=True,
        text=True,
        timeout=850,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def commands(run: Any, word: str) -> list[str]:
    return [line for line in run["log"] if line.startswith(f"cellfactory {word}")]


def test_a_fork_is_told_by_its_checks_alone(seen: Any) -> None:
    assert seen["fork"]["code"] == 0
    assert seen["fork"]["roles"] == seen["fork"]["comments"] == []
    asked = [line.split()[1] for line in seen["fork"]["log"] if line.startswith("cellfactory")]
    assert asked == ["check", "synth", "policy", "diff", "waves"]


def test_a_pull_request_is_planned_where_it_changes_something_and_told_once(seen: Any) -> None:
    assert (seen["pull"]["code"], seen["again"]["code"]) == (0, 0)
    assert seen["pull"]["roles"] == [PLAN]
    (planned,) = commands(seen["pull"], "plan")
    assert f" stacks={CANARY}-network " in planned
    (body,) = seen["again"]["comments"]
    assert body.startswith("<!-- ")
    assert "expire.expiration.days: 30 -> 40" in body
    assert f"+ {CANARY}: 1 resource in network" in body


def test_a_change_begins_with_what_the_default_branch_has_worked_out(seen: Any) -> None:
    for name in ("fork", "pull"):
        asked = [line for line in seen[name]["log"] if line.startswith("cache ")]
        assert len(asked) == (1 if name == "fork" else 2)
        assert all(re.fullmatch(RESTORED, line) for line in asked)
    (kept,) = (line for line in seen["apply"]["log"] if line.startswith("cache "))
    assert re.fullmatch(r"cache save cellfactory-\w+-\w+-\w*-[0-9a-f]{40}", kept)


def test_a_canary_that_fails_stops_every_later_ring(seen: Any) -> None:
    assert seen["broken"]["code"] == 1
    assert seen["broken"]["roles"] == [PLAN, FIRST]
    assert len(commands(seen["broken"], "apply")) == 1


def test_what_is_merged_goes_ring_by_ring_with_a_bake_in_between(seen: Any) -> None:
    assert seen["apply"]["code"] == 0
    assert seen["apply"]["roles"] == [PLAN, FIRST, PLAN, SECOND]
    first, second = commands(seen["apply"], "apply")
    assert "--ring canary --reviewed in/canary.json --unseen --bake 1s" in first
    assert "--ring first --reviewed in/first.json --unseen --no-bake" in second


def test_what_a_person_says_is_handed_on_as_one_word_and_run_by_nobody(seen: Any) -> None:
    first = commands(seen["asked"], "apply")[0]
    assert first.endswith(f" resume={HOSTILE}")
    assert seen["asked"]["hits"] == []
    assert seen["asked"]["code"] == 1, "there is no such run"


def test_drift_opens_one_issue_which_stays_and_then_closes_by_itself(seen: Any) -> None:
    for name in ("drift", "same", "mended"):
        assert seen[name]["code"] == 0
        assert seen[name]["roles"] == [PLAN]
        assert len(seen[name]["issues"]) == 1
    assert seen["drift"]["issues"] == seen["same"]["issues"]
    state, title, body = seen["drift"]["issues"][0]
    assert (state, title) == ("open", f"Drift in {CANARY}: 1 put back by the next apply")
    assert "by hand" in body
    assert seen["mended"]["issues"][0][0] == "closed"
    writes = [method for method, path in seen["requests"] if "/issues" in path and method != "GET"]
    assert writes == ["POST", "POST", "POST", "PATCH"], "a comment, an issue, its end with a note"
