"""Two machines, one bucket: real Terraform, its real S3 backend, an emulated S3."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from cellfactory.terraform.bucket_store import BucketStore
from cellfactory.terraform.record import parse_record
from tests.sandbox.emulators import WORLD, Emulator, start, stop
from tests.terraform.meeting_worker import BUCKET

pytestmark = [pytest.mark.terraform, pytest.mark.sandbox]
ROOT = Path(__file__).resolve().parents[2]
STACKS = ("a-network", "a-cluster", "b-network", "b-cluster")
INVENTORY = f"version: 1\nstate: {{bucket: {BUCKET}, region: us-east-1}}\n"


class Machines:
    """Two folders that share nothing but a bucket, and the ledger of what was made."""

    def __init__(self, folder: Path, emulator: Emulator) -> None:
        self.folder = folder
        self.s3 = emulator.outside("s3")
        self.env = {
            **os.environ,
            **{"PYTHONPATH": str(ROOT), "AWS_ENDPOINT_URL": emulator.endpoint},
            **{"AWS_ACCESS_KEY_ID": "sandbox", "AWS_SECRET_ACCESS_KEY": "sandbox"},
            "AWS_REGION": "us-east-1",
        }
        (folder / "ledger").mkdir()
        self.s3.create_bucket(Bucket=BUCKET)
        self.s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})

    def start(
        self, machine: str, verb: str, *, patience: float = 60, resume: str = "", step: float = 1
    ) -> subprocess.Popen[str]:
        root = self.folder / machine
        root.mkdir(exist_ok=True)
        words = ["-m", "tests.terraform.meeting_worker", str(root), machine, verb, str(patience)]
        return subprocess.Popen(
            [sys.executable, *words, resume],
            cwd=ROOT,
            env={**self.env, "STEP_SECONDS": str(step)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def cli(self, *words: str) -> tuple[int, str]:
        """Run our own command on a third machine."""
        home = self.folder / "third"
        home.mkdir(exist_ok=True)
        (home / "cells.yaml").write_text(INVENTORY, "utf-8")
        done = subprocess.run(
            [sys.executable, "-m", "cellfactory", *words],
            cwd=home,
            env=self.env,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr

    def listed(self, prefix: str = "") -> list[str]:
        page = self.s3.list_objects_v2(Bucket=BUCKET, Prefix=prefix)
        return [row["Key"] for row in page.get("Contents", ())]

    def text(self, key: str) -> str:
        body: bytes = self.s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()
        return body.decode("utf-8")

    def require_once(self) -> None:
        """Everything is in a state, in the registry and in the account, and exactly once."""
        made = {path.name for path in (self.folder / "ledger").iterdir()}
        held = set()
        for key in self.listed("cells/"):
            assert key.endswith(".tfstate"), f"{key} was left"
            for resource in json.loads(self.text(key))["resources"]:
                _, cell, layer = key.removesuffix(".tfstate").split("/")
                held |= {f"{cell}-{layer}-{i['attributes']['id']}" for i in resource["instances"]}
        assert made == held
        assert len(made) == len(STACKS)
        for stack in STACKS:
            cell, layer = stack.split("-")
            key = f"registry/cells/{cell}/{layer}.json"
            record = parse_record(self.text(key), key)
            assert record.complete
            if layer == "cluster":
                vpc = record.inputs["vpc_id"]
                assert f"{cell}-network-{vpc}" in made
        assert self.listed("registry/locks/") == []


@pytest.fixture
def machines(tmp_path: Path) -> Iterator[Machines]:
    place = tmp_path / "emulator"
    place.mkdir()
    process, emulator = start(place, WORLD)
    yield Machines(tmp_path, emulator)
    stop(process)


def told(child: subprocess.Popen[str]) -> tuple[dict[str, Any], str]:
    out, err = child.communicate(timeout=240)
    assert "Traceback" not in err, err
    last = out.strip().splitlines()[-1]
    return json.loads(last), out


def wait_for(child: subprocess.Popen[str], words: str) -> None:
    assert child.stdout is not None
    for line in child.stdout:
        if words in line:
            return
    pytest.fail(f"it never said {words!r}")


def test_two_runs_at_once_wait_for_each_other_and_nothing_is_made_twice(
    machines: Machines,
) -> None:
    both = [machines.start(name, "apply") for name in ("one", "two")]
    with ThreadPoolExecutor(2) as pool:
        (first, out_1), (second, out_2) = pool.map(told, both)
    for stack in STACKS:
        assert {first[stack][0], second[stack][0]} <= {"applied", "no-change"}, (first, second)
        assert [first[stack][0], second[stack][0]].count("applied") == 1, (first, second)
    assert "waiting" in out_1 + out_2
    assert "last sign of life" in out_1 + out_2
    machines.require_once()
    assert machines.cli("runs")[1].count(" done ") == 2


def test_one_that_is_not_patient_is_told_who_it_is(machines: Machines) -> None:
    with machines.start("one", "apply", step=20) as first:
        wait_for(first, "started a-network")
        second, _ = told(machines.start("two", "apply", patience=0))
        assert second["a-network"][0] == "failed"
        assert "F665" in second["a-network"][1]
        assert "apply of" in second["a-network"][1]
        result, _ = told(first)
    assert {result[stack][0] for stack in STACKS} == {"applied"}
    machines.require_once()


def test_a_killed_run_is_released_and_taken_up_on_the_other_machine(machines: Machines) -> None:
    first = machines.start("one", "apply", step=4)
    wait_for(first, "started a-cluster")
    wait_for_apply(machines, "cells/a/cluster.tfstate.tflock")
    kill_all(first, machines.folder / "one")
    (run,) = {key.split("/")[2] for key in machines.listed("registry/runs/")}
    assert machines.listed("registry/locks/")

    code, said = machines.cli("unlock", run, "--yes")
    assert code == 6, said
    assert "F669" in said
    time.sleep(3.5)  # silent, as the other machine's pace has it
    second, _ = told(machines.start("two", "apply"))
    broken = [reason for status, reason in second.values() if status == "failed"]
    assert any("F666" in reason and f"cellfactory unlock {run}" in reason for reason in broken)

    code, said = machines.cli("unlock", run, "--yes", "--force")
    assert code == 2
    assert "--reason" in said
    code, said = machines.cli("unlock", run, "--yes", "--force", "--reason", "its machine is off")
    assert code == 0, said
    assert f"released run {run}" in said
    assert "Terraform's lock" in said
    assert [key for key in machines.listed() if key.endswith((".tflock", ".lock"))] == []
    code, said = machines.cli("runs")
    assert "released" in said
    assert "its machine is off" in said

    third, _ = told(machines.start("two", "apply", resume=run))
    assert {third[stack][0] for stack in STACKS} <= {"applied", "no-change", "done-before"}, third
    adopt_or_drop_lost(machines)
    machines.require_once()
    assert machines.cli("unlock", run, "--yes")[0] == 2


def test_apply_and_destroy_at_once_end_in_one_of_both(machines: Machines) -> None:
    told(machines.start("one", "apply"))
    children = [machines.start("one", "apply"), machines.start("two", "destroy")]
    with ThreadPoolExecutor(2) as pool:
        applied, destroyed = (found for found, _ in pool.map(told, children))
    told(machines.start("one", "apply"))
    machines.require_once()
    assert applied
    assert destroyed


def wait_for_apply(machines: Machines, lock: str) -> None:
    """Wait until Terraform holds a state to change it; the lock of its plan comes and goes."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        if machines.listed(lock):
            try:
                if "OperationTypeApply" in machines.text(lock):
                    return
            except machines.s3.exceptions.NoSuchKey:
                pass
        time.sleep(0.05)
    pytest.fail(f"nobody ever held {lock} to apply")


def kill_all(child: subprocess.Popen[str], root: Path) -> None:
    """Kill a run with all that it has started, as a machine that loses its power."""
    victims = [child.pid]
    for place in Path("/proc").glob("[0-9]*/cwd"):
        try:
            if place.readlink().is_relative_to(root):
                victims.append(int(place.parent.name))
        except OSError:
            continue
    for pid in victims:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
    child.communicate(timeout=60)


def adopt_or_drop_lost(machines: Machines) -> None:
    """What a killed Terraform had made and not written down is in no state: it goes by hand."""
    held = {
        instance["attributes"]["id"]
        for key in machines.listed("cells/")
        for resource in json.loads(machines.text(key))["resources"]
        for instance in resource["instances"]
    }
    lost = [p for p in (machines.folder / "ledger").iterdir() if p.name[-36:] not in held]
    assert len(lost) <= 2, "no more than what was in flight"
    for path in lost:
        path.unlink()


@pytest.mark.parametrize("seed", range(3))
def test_of_many_that_want_a_lock_in_s3_one_has_it(machines: Machines, seed: int) -> None:
    stores = [BucketStore(lambda: machines.s3, BUCKET, "race") for _ in range(16)]
    barrier = threading.Barrier(len(stores))

    def race(number: int) -> str | None:
        barrier.wait()
        return stores[number].create(f"{seed}.lock", f"of {number}")

    def take_over(number: int) -> str | None:
        barrier.wait()
        return stores[number].replace_if(f"{seed}.lock", f"again of {number}", mark)

    with ThreadPoolExecutor(len(stores)) as pool:
        (mark,) = filter(None, pool.map(race, range(len(stores))))
        assert len(list(filter(None, pool.map(take_over, range(len(stores)))))) == 1
