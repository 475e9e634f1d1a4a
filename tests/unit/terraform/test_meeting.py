"""Two runs beside one registry: one waits or is told, and none crosses."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cellfactory.errors import FactoryError, StoppedError, TerraformError
from cellfactory.layers import StackId
from cellfactory.processes import identity
from cellfactory.terraform.holder import Holder, this_machine
from cellfactory.terraform.meeting import Meeting, Pace
from cellfactory.terraform.run_files import (
    head_key,
    lock_key,
    read_journal,
    read_lock,
    read_locks,
    read_run,
    render_head,
)
from cellfactory.terraform.store import FolderStore, Store

NETWORK, CLUSTER = StackId("a", "network"), StackId("a", "cluster")
PACE = Pace(beat_seconds=30, silent_seconds=300, patience_seconds=0.3, poll_seconds=0.02)


def holder(run: str, machine: str = "there", process: str = "7 7") -> Holder:
    return Holder(
        run=run,
        command="apply",
        owner="ann@there",
        machine=machine,
        process=process,
        job="https://ci/7",
        began="2026-11-28T10:00:00+00:00",
        version="1",
    )


def meet(store: Store, run: str, *, pace: Pace = PACE, **who: str) -> Meeting:
    meeting = Meeting(store=store, holder=holder(run, **who), pace=pace, mode="aws")
    meeting.open()
    return meeting


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path / "registry")


def hold(
    meeting: Meeting,
    stack: StackId,
    *uses: StackId,
    told: list[str] | None = None,
    destroys: bool = False,
) -> AbstractContextManager[None]:
    tell: Callable[[str], None] = (told if told is not None else []).append
    return meeting.hold(stack, uses, tell, lambda: False, destroys=destroys)


def age(store: FolderStore, key: str, seconds: float) -> None:
    """Make a file older than it is."""
    path = store.folder / key
    then = path.stat().st_mtime - seconds
    os.utime(path, (then, then))


def test_one_run_at_a_time_works_on_a_stack_and_the_other_is_told_whose_it_is(
    store: FolderStore,
) -> None:
    one, two, told = meet(store, "1"), meet(store, "2"), list[str]()
    with hold(one, NETWORK):
        with pytest.raises(TerraformError) as refused, hold(two, NETWORK, told=told):
            pass
        finding = refused.value.problems[0].finding
        assert (finding.rule, finding.stack) == ("F665", "a-network")
        assert "apply of ann@there (run 1, https://ci/7)" in finding.message
        assert "--lock-timeout" in finding.hint
        assert len(told) == 1
        with hold(two, StackId("b", "network")):
            pass
    with hold(two, NETWORK):
        pass
    assert not list(store.below("locks/"))


def test_it_waits_for_as_long_as_it_is_patient(store: FolderStore) -> None:
    one, two = meet(store, "1"), meet(store, "2", pace=replace(PACE, patience_seconds=20))
    entered = threading.Event()

    def work() -> float:
        with hold(one, NETWORK):
            entered.set()
            time.sleep(0.3)
            return time.monotonic()

    with ThreadPoolExecutor(1) as pool:
        ended = pool.submit(work)
        entered.wait()
        with hold(two, NETWORK):
            assert time.monotonic() >= ended.result()


def test_a_run_that_is_interrupted_waits_no_longer(store: FolderStore) -> None:
    one, two = meet(store, "1"), meet(store, "2", pace=replace(PACE, patience_seconds=60))
    with (
        hold(one, NETWORK),
        pytest.raises(StoppedError),
        two.hold(NETWORK, (), lambda _: None, lambda: True),
    ):
        pass


def test_what_takes_values_waits_for_what_makes_them(store: FolderStore) -> None:
    one, two = meet(store, "1"), meet(store, "2")
    with hold(one, NETWORK):
        with pytest.raises(TerraformError, match="F665"), hold(two, CLUSTER, NETWORK):
            pass
        assert read_lock(store, lock_key(CLUSTER)) is None  # it was taken back


def test_nothing_is_destroyed_while_another_run_takes_values_from_it(store: FolderStore) -> None:
    one, two = meet(store, "1"), meet(store, "2")
    with hold(one, CLUSTER, NETWORK):
        with pytest.raises(TerraformError, match="F665"), hold(two, NETWORK, destroys=True):
            pass
        with hold(two, StackId("b", "network"), destroys=True):
            pass
        with hold(one, NETWORK, destroys=True):  # its own run knows the order
            pass


def test_a_silent_run_is_named_with_the_way_to_release_it(store: FolderStore) -> None:
    one, two = meet(store, "1"), meet(store, "2")
    with hold(one, NETWORK):
        age(store, head_key("1"), 3 * 3600)
        began = time.monotonic()
        with pytest.raises(TerraformError) as refused, hold(two, NETWORK):
            pass
        assert time.monotonic() - began < 0.25, "nobody waits for the dead"
    finding = refused.value.problems[0].finding
    assert finding.rule == "F666"
    assert "last sign of life 3 h 0 min ago" in finding.message
    assert "cellfactory unlock 1" in finding.hint


def test_a_run_whose_process_is_gone_here_holds_nothing(store: FolderStore) -> None:
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    process, machine = identity(child.pid), this_machine()
    dead, other = meet(store, "1", machine=machine, process=process), meet(store, "2")
    other.machine = machine
    lock = dead.hold(NETWORK, (), lambda _: None, lambda: False)
    lock.__enter__()
    with pytest.raises(TerraformError, match="F665"), hold(other, NETWORK):
        pass
    child.communicate(b"\n")
    with hold(other, NETWORK):
        lock.__exit__(None, None, None)  # a lock that is another one's by now stays
        seen = read_lock(store, lock_key(NETWORK))
        assert seen is not None
        assert seen.lock.holder.run == "2"


def test_a_run_that_has_ended_holds_nothing(store: FolderStore) -> None:
    one, two = meet(store, "1"), meet(store, "2")
    lock = hold(one, NETWORK)
    lock.__enter__()
    one.close("failed", {"failed": 1})
    with hold(two, NETWORK):
        lock.__exit__(None, None, None)
        assert read_lock(store, lock_key(NETWORK)) is not None


def test_a_run_is_taken_up_by_one_alone_and_only_once_it_has_ended(store: FolderStore) -> None:
    one = meet(store, "1")
    with pytest.raises(TerraformError, match="F667 run 1 has not ended"):
        meet(store, "1", machine="elsewhere")
    one.tell({"event": "finished", "stack": "a-network"})
    one.close("interrupted", {"applied": 1, "interrupted": 1})
    two = meet(store, "1", machine="elsewhere")
    two.tell({"event": "finished", "stack": "a-cluster"})
    with pytest.raises(TerraformError, match="F667"):
        meet(store, "1")
    lines = [json.loads(line)["stack"] for line in read_journal(store, "1").splitlines()]
    assert lines == ["a-network", "a-cluster"]


def test_of_many_that_take_a_run_up_one_has_it(store: FolderStore) -> None:
    meet(store, "1").close("interrupted", {})
    barrier = threading.Barrier(8)

    def race(number: int) -> bool:
        barrier.wait()
        try:
            meet(store, "1", machine=f"m{number}")
        except TerraformError as error:
            return "F667" not in str(error)
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(race, range(8))) == 1


def test_signs_of_life_come_and_one_that_was_released_hears_of_it(store: FolderStore) -> None:
    lost = threading.Event()
    meeting = Meeting(
        store=store,
        holder=holder("1"),
        pace=replace(PACE, beat_seconds=0.05),
        mode="aws",
        on_lost=lost.set,
    )
    meeting.open()
    first = read_run(store, "1")
    assert first is not None
    time.sleep(0.3)
    seen = read_run(store, "1")
    assert seen is not None
    assert seen.head.beat > first.head.beat
    while True:  # as unlock does
        seen = read_run(store, "1")
        assert seen is not None
        released = replace(seen.head, state="released")
        if store.replace_if(head_key("1"), render_head(released), seen.mark):
            break
    assert lost.wait(5)
    with pytest.raises(StoppedError, match="released"), hold(meeting, NETWORK):
        pass
    meeting.close("done", {})
    after = read_run(store, "1")
    assert after is not None
    assert after.head.state == "released"


NO_ANSWER = "no answer"


class Flaky(FolderStore):
    """A place that takes a text and does not say so, or cannot be had."""

    fails: str = ""

    def replace_if(self, key: str, text: str, mark: str) -> str | None:
        done = super().replace_if(key, text, mark) if self.fails != "before" else None
        if self.fails:
            self.fails = ""
            raise TerraformError(NO_ANSWER)
        return done

    def create(self, key: str, text: str) -> str | None:
        if self.fails == "create":
            self.fails = ""
            raise TerraformError(NO_ANSWER)
        return super().create(key, text)


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_sign_of_life_whose_answer_was_lost_is_no_release(tmp_path: Path, when: str) -> None:
    store = Flaky(tmp_path)
    meeting = meet(store, "1")
    store.fails = when
    meeting._sign("running", {})
    meeting._sign("running", {})
    assert not meeting.lost
    meeting.close("done", {"applied": 2})
    seen = read_run(store, "1")
    assert seen is not None
    assert (seen.head.state, seen.head.counts) == ("done", {"applied": 2})


def test_lines_that_could_not_be_written_come_with_the_next_ones(tmp_path: Path) -> None:
    store = Flaky(tmp_path)
    meeting = meet(store, "1")
    store.fails = "create"
    meeting.tell({"event": "finished", "stack": "a"})
    assert read_journal(store, "1") == ""
    meeting.tell({"event": "started", "stack": "b"})
    meeting.tell({"event": "finished", "stack": "b"})
    told = [json.loads(line) for line in read_journal(store, "1").splitlines()]
    assert [(line["event"], line["stack"]) for line in told] == [
        ("finished", "a"),
        ("started", "b"),
        ("finished", "b"),
    ]
    assert len([key for key in store.below("runs/1/") if key.endswith("jsonl")]) == 1


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"version": 2}', '{"version": 1}', "1"])
def test_what_is_not_ours_is_refused_and_not_taken_for_nothing(
    store: FolderStore, text: str
) -> None:
    store.write(lock_key(NETWORK), text)
    store.write(head_key("9"), text)
    with pytest.raises(FactoryError, match="F680"), hold(meet(store, "1"), NETWORK):
        pass
    with pytest.raises(FactoryError, match="F680"):
        list(read_locks(store))
    with pytest.raises(FactoryError, match="F680"):
        read_run(store, "9")


@given(
    st.lists(
        st.tuples(st.integers(0, 2), st.sampled_from(["apply", "destroy"]), st.integers(0, 2)),
        min_size=2,
        max_size=5,
    )
)
def test_no_two_runs_are_ever_in_each_others_way(
    tmp_path_factory: pytest.TempPathFactory, jobs: list[tuple[int, str, int]]
) -> None:
    """Three runs, a chain of three stacks: what is worked on at once never depends on another."""
    store = FolderStore(tmp_path_factory.mktemp("chain"))
    chain = [StackId("a", layer) for layer in ("account", "network", "cluster")]
    runs = [meet(store, str(n), pace=replace(PACE, patience_seconds=20)) for n in range(3)]
    inside: set[tuple[int, str, int]] = set()
    guard, wrong = threading.Lock(), list[str]()

    def work(job: tuple[int, str, int]) -> None:
        run, verb, at = job
        uses = chain[max(0, at - 1) : at]
        with hold(runs[run], chain[at], *uses, destroys=verb == "destroy"):
            with guard:
                for other, does, where in inside:
                    crosses = where == at or (does == "destroy" and where == at - 1)
                    crosses = crosses or (verb == "destroy" and where == at + 1)
                    if other != run and crosses:
                        wrong.append(f"{job} beside {(other, does, where)}")
                inside.add(job)
            time.sleep(0.002)
            with guard:
                inside.discard(job)

    with ThreadPoolExecutor(len(jobs)) as pool:
        # one thread of a run on a stack, as the runner sees to
        list(pool.map(work, {(run, at): (run, verb, at) for run, verb, at in jobs}.values()))
    assert wrong == []
    assert not list(store.below("locks/"))
