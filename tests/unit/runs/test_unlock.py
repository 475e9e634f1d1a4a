"""`unlock` and `runs` as a person types them, beside a registry in a folder."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from dataclasses import replace
from typing import Any

import pytest

from cellfactory.cli import main
from cellfactory.layers import StackId
from cellfactory.processes import identity
from cellfactory.terraform.holder import Holder, this_machine
from cellfactory.terraform.meeting import Meeting, Pace
from cellfactory.terraform.run_files import head_key, lock_key, read_journal, read_run
from cellfactory.terraform.store import FolderStore
from cellfactory.terraform.turns import note_worker, worker_file
from tests.unit.runs.conftest import Place, recorded

STATE = "version: 1\nstate: {bucket: example-cells-tfstate, region: us-east-1}\n"
STACK = StackId("a", "network")
INFO = {"ID": "1f0c3a52", "Who": "ann@there", "Operation": "OperationTypeApply"}
PACE = Pace(beat_seconds=60, silent_seconds=300, patience_seconds=0.1, poll_seconds=0.02)


KEPT: list[object] = []  # a lock that nobody knows any more is given back


@pytest.fixture
def states(place: Place, monkeypatch: pytest.MonkeyPatch) -> FolderStore:
    found = FolderStore(place.folder / "states")
    monkeypatch.setattr("cellfactory.runs.unlock.open_states", lambda *_: found)
    (place.folder / "cells.yaml").write_text(STATE, "utf-8")
    return found


def run(place: Place, words: str) -> int:
    first, *more = shlex.split(words)
    with pytest.raises(SystemExit) as stop:
        main([first, "--registry", place.registry_folder, *more])
    return int(stop.value.code or 0)


def begun(place: Place, run: str = "r1", **who: str) -> tuple[Meeting, FolderStore]:
    """A run that holds a stack, and says nothing more."""
    store = FolderStore(place.folder / "registry")
    told = {"machine": "there", "process": "7 7", "job": "https://ci/7", **who}
    holder = Holder(
        run=run, command="apply", owner="ann@there", began="2026-11-28", version="1", **told
    )
    meeting = Meeting(store=store, holder=holder, pace=PACE, mode="aws")
    meeting.open()
    lock = meeting.hold(STACK, (), lambda _: None, lambda: False)
    lock.__enter__()
    KEPT.append(lock)
    return meeting, store


def age(store: FolderStore, key: str, seconds: float = 600) -> None:
    path = store.folder / key
    then = path.stat().st_mtime - seconds
    os.utime(path, (then, then))


def leave_state_lock(states: FolderStore) -> str:
    key = "cells/a/network.tfstate.tflock"
    states.write(key, json.dumps(INFO))
    return key


def test_a_silent_run_is_released_with_terraforms_lock(
    place: Place, states: FolderStore, capsys: pytest.CaptureFixture[str]
) -> None:
    _, store = begun(place)
    key = leave_state_lock(states)
    age(store, head_key("r1"))
    assert run(place, "unlock r1 --yes") == 0
    out, err = capsys.readouterr()
    assert "Terraform's lock 1f0c3a52 of the state of a-network" in err
    assert "look there first" in err
    assert out.splitlines() == [
        "released run r1",
        "released a-network",
        "released the state of a-network (1f0c3a52)",
    ]
    assert states.read(key) is None
    assert store.read(lock_key(STACK)) is None
    seen = read_run(store, "r1")
    assert seen is not None
    assert seen.head.state == "released"
    assert run(place, "unlock r1 --yes") == 2
    assert "nothing is locked under r1" in capsys.readouterr().err


def test_one_stack_of_a_run_is_released_alone(place: Place, states: FolderStore) -> None:
    _, store = begun(place)
    leave_state_lock(states)
    age(store, head_key("r1"))
    assert run(place, "unlock a-network --yes") == 0
    assert store.read(lock_key(STACK)) is None
    seen = read_run(store, "r1")
    assert seen is not None
    assert seen.head.state == "running"


def test_a_fresh_run_is_released_for_a_reason_alone(
    place: Place, states: FolderStore, capsys: pytest.CaptureFixture[str]
) -> None:
    begun(place)
    key = leave_state_lock(states)
    assert run(place, "unlock r1 --yes") == 6
    assert "F669" in capsys.readouterr().err
    assert run(place, "unlock r1 --yes --force") == 2
    assert "--reason" in capsys.readouterr().err
    assert run(place, "unlock r1 --yes --force --reason ' '") == 2
    assert states.read(key) is not None
    assert run(place, "unlock r1 --yes --force --reason 'its runner is gone'") == 0
    assert states.read(key) is None
    capsys.readouterr()
    assert run(place, "runs") == 0
    assert "its runner is gone" in capsys.readouterr().out


@pytest.mark.usefixtures("states")
def test_what_is_alive_here_is_never_released(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    _, store = begun(place, machine=this_machine(), process=identity(os.getpid()))
    age(store, head_key("r1"), 10 * 3600)
    assert run(place, "unlock r1 --yes --force --reason x") == 6
    assert f"process {os.getpid()} on this machine" in capsys.readouterr().err
    assert store.read(lock_key(STACK)) is not None


@pytest.mark.usefixtures("states")
def test_nor_is_a_terraform_that_outlives_its_run_here(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    _, store = begun(place)
    age(store, head_key("r1"))
    locks = place.folder / ".cellfactory/aws/locks"
    note_worker(worker_file(locks, STACK), os.getpid())
    assert run(place, "unlock r1 --yes") == 6
    assert "a Terraform is still at work on a-network" in capsys.readouterr().err


@pytest.mark.usefixtures("states")
def test_what_is_known_to_be_dead_is_released_at_once(place: Place) -> None:
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    process = identity(child.pid)
    child.communicate(b"\n")
    _, store = begun(place, machine=this_machine(), process=process)
    assert run(place, "unlock r1 --yes") == 0
    assert store.read(lock_key(STACK)) is None


def test_terraforms_lock_alone_is_released_once_it_is_old(
    place: Place, states: FolderStore, capsys: pytest.CaptureFixture[str]
) -> None:
    key = leave_state_lock(states)
    assert run(place, "unlock a-network --yes") == 6
    assert "Terraform itself holds its state" in capsys.readouterr().err
    age(states, key)
    assert run(place, "unlock a-network --yes") == 0
    assert states.read(key) is None


@pytest.mark.usefixtures("states")
def test_nobody_is_asked_where_nobody_can_answer(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    _, store = begun(place)
    age(store, head_key("r1"))
    assert run(place, "unlock r1") == 2
    assert "--yes" in capsys.readouterr().err
    assert store.read(lock_key(STACK)) is not None


@pytest.mark.usefixtures("states")
def test_a_lock_that_another_run_has_taken_meanwhile_stays(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    meeting, store = begun(place)
    age(store, head_key("r1"))

    def between(*_: Any) -> bool:
        store.write(lock_key(STACK), "of another")
        return True

    monkeypatch.setattr("cellfactory.cli.watching.Terminal.confirms", between)
    assert run(place, "unlock r1") == 0
    assert store.read(lock_key(STACK)) == "of another"
    assert meeting.holder.run == "r1"


@pytest.mark.usefixtures("states")
def test_a_run_that_gives_a_sign_of_life_meanwhile_is_not_released(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    meeting, store = begun(place)
    age(store, head_key("r1"))

    def between(*_: Any) -> bool:
        meeting._sign("running", {})
        return True

    monkeypatch.setattr("cellfactory.cli.watching.Terminal.confirms", between)
    assert run(place, "unlock r1") == 6
    assert store.read(lock_key(STACK)) is not None


@pytest.mark.usefixtures("states")
def test_runs_are_listed_with_what_they_hold(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    meeting, store = begun(place)
    other = replace(meeting.holder, run="r2")
    done = Meeting(store=store, holder=other, pace=PACE, mode="aws")
    done.open()
    done.close("failed", {"applied": 3, "failed": 1})
    assert run(place, "runs --format json") == 0
    rows = {row["run"]: row for row in json.loads(capsys.readouterr().out)["runs"]}
    assert rows["r1"]["state"] == "running"
    assert rows["r1"]["holds"] == ["a-network"]
    assert rows["r2"]["counts"] == {"applied": 3, "failed": 1}
    age(store, head_key("r1"))
    assert run(place, "runs") == 0
    told = capsys.readouterr().out
    assert "silent" in told
    assert "10 min ago" in told
    assert "https://ci/7" in told


@pytest.mark.usefixtures("states")
def test_a_destroy_is_a_run_with_a_journal_and_waits_for_others(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    place.remember("a")
    meeting, store = begun(place)
    assert run(place, "destroy --yes --cell a --lock-timeout 0s") == 6
    assert "F665 another run is at work on a-network: apply of ann@there" in capsys.readouterr().err
    assert place.commands() == []
    meeting.close("done", {})
    assert run(place, "destroy --yes --cell a --lock-timeout 0s") == 0
    runs = [name for name in store.folders("runs/") if name != "r1"]
    assert len(runs) == 2
    lines = [json.loads(line) for line in read_journal(store, runs[-1]).splitlines()]
    assert [line["event"] for line in lines] == ["begun", "finished"]
    assert lines[1]["status"] == "destroyed"


@pytest.mark.parametrize("time", ["", "5", "m", "1d", "-1s", "5m3", "9999999999s"])
@pytest.mark.usefixtures("states")
def test_a_length_of_time_that_is_none_is_refused(
    place: Place, time: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(place, f"destroy --yes --lock-timeout '{time}'") == 2
    assert "such as 90s or 5m" in capsys.readouterr().err


@pytest.mark.usefixtures("states")
def test_what_changes_a_state_waits_for_others_and_what_reads_does_not(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    place.registry.write(recorded("a"))
    begun(place)
    words = "terraform --cell a --layer network --lock-timeout 0s --"
    assert run(place, f"{words} state rm x") == 6
    assert "F665" in capsys.readouterr().err
    assert run(place, f"{words} state list") == 0
    assert [c for _, c in place.commands()] == ["state"]
