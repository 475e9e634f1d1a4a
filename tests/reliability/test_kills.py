"""Runs that are killed at any time, with a real Terraform: the next ones put all right.

By default a few kills; `python3 dev.py kills 40` makes as many as it is told, and
`CELLFACTORY_KILLS_SEED` moves them. What Terraform itself loses when it is killed is counted and
not held against us: it is in no state, and `orphans` is there to find it.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from cellfactory.terraform.record import parse_record
from tests.reliability.worker import run

pytestmark = [pytest.mark.terraform, pytest.mark.timeout(3600)]
ROOT = Path(__file__).resolve().parents[2]
KILLS = int(os.environ.get("CELLFACTORY_KILLS", "3"))
SEED = os.environ.get("CELLFACTORY_KILLS_SEED", "1")
LONGEST_SECONDS = 6.0
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL)
VICTIMS = ("us", "terraform", "all")
QUIET_SECONDS = 120.0


def start(root: Path, verb: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.reliability.worker", str(root), verb],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )


def terraforms(root: Path) -> list[int]:
    """The processes whose work folder is one of this run's."""
    found = []
    for place in Path("/proc").glob("[0-9]*/cwd"):
        try:
            if place.readlink().is_relative_to(root / "sandbox" / "work"):
                found.append(int(place.parent.name))
        except OSError:
            continue
    return found


def kill(child: subprocess.Popen[bytes], root: Path, victim: str, number: signal.Signals) -> None:
    targets = terraforms(root) if victim in ("terraform", "all") else []
    targets += [child.pid] if victim in ("us", "all") else []
    for pid in targets:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            continue


def wait_for_quiet(root: Path) -> None:
    """Wait until every Terraform that outlived its run has come to its end."""
    late = time.monotonic() + QUIET_SECONDS
    while terraforms(root) and time.monotonic() < late:
        time.sleep(0.1)
    assert not terraforms(root)


def in_states(root: Path) -> set[str]:
    """The id of every resource that some state knows."""
    found = set()
    for state in (root / "sandbox" / "state").rglob("*.tfstate"):
        for resource in json.loads(state.read_text("utf-8"))["resources"]:
            found |= {f"{one['attributes']['id']}" for one in resource["instances"]}
    return found


def orphans(root: Path) -> list[str]:
    held = in_states(root)
    marks = (root / "ledger").iterdir() if (root / "ledger").exists() else ()
    return [m.name for m in marks if not any(m.name.endswith(h) for h in held)]


def require_whole(root: Path) -> None:
    """Records are whole, and nothing half-written lies beside them."""
    for path in (root / "sandbox").rglob("*.json"):
        if "registry" in path.parts:
            parse_record(path.read_text("utf-8"), str(path))
    assert not list((root / "sandbox" / "registry").rglob(".*"))


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="processes are found in /proc")
def test_after_any_kill_the_next_runs_put_all_right(tmp_path: Path) -> None:
    chance = random.Random(SEED)
    counts: Counter[str] = Counter()
    statuses: Counter[str] = Counter()
    for number in range(KILLS):
        root = tmp_path / str(number)
        root.mkdir()
        verb = chance.choice(["apply", "destroy"])
        if verb == "destroy":
            statuses.update(r.status for r in run(root, "apply"))
        victim, sent = chance.choice(VICTIMS), chance.choice(SIGNALS)
        what = f"kill {number} of {verb}: {victim} by {sent.name}"
        with start(root, verb) as child:
            time.sleep(chance.uniform(0.5, LONGEST_SECONDS))
            kill(child, root, victim, sent)
            _, err = child.communicate(timeout=QUIET_SECONDS)
        assert b"Traceback" not in err, f"{what}: {err.decode()}"
        require_whole(root)
        again = run(root, "resume")  # a Terraform that is still at work is waited for
        assert {r.status for r in again} <= {"applied", "no-change", "done-before"}, (
            f"{what}: {again}"
        )
        wait_for_quiet(root)
        planned = run(root, "plan")
        assert {r.status for r in planned} == {"no-change"}, f"{what}: {planned}"
        assert not list(root.rglob("*.tfplan")), what
        assert not list(root.rglob("errored.tfstate")), what
        counts[f"{verb} {victim} {sent.name}"] += 1
        counts["orphans of Terraform"] += len(orphans(root))
        if sent != signal.SIGKILL and victim == "us":
            assert not orphans(root), what
        destroyed = run(root, "destroy")
        assert {r.status for r in destroyed} == {"destroyed"}, f"{what}: {destroyed}"
    print(json.dumps(dict(sorted(counts.items())), indent=2))
