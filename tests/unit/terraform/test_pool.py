"""Who starts when: each as soon as those it waits for are done."""

from __future__ import annotations

import threading
from graphlib import CycleError

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cellfactory.terraform.pool import run_when_ready

graphs = st.integers(1, 12).flatmap(
    lambda size: st.fixed_dictionaries(
        {
            i: st.sets(st.integers(0, i - 1), max_size=4) if i else st.just(set())
            for i in range(size)
        }
    )
)


@given(graphs, st.sets(st.integers(0, 11)), st.integers(1, 4))
def test_every_task_comes_after_what_it_waits_for_and_failures_spread_downwards_only(
    waits_for: dict[int, set[int]], failing: set[int], parallel: int
) -> None:
    lock = threading.Lock()
    done: list[int] = []
    running: list[int] = []
    most: list[int] = [0]

    def work(task: int) -> str:
        with lock:
            running.append(task)
            most.append(len(running))
            assert waits_for[task] <= set(done)
        with lock:
            running.remove(task)
            done.append(task)
        return "bad" if task in failing else "good"

    results = dict(
        run_when_ready(
            waits_for,
            work=work,
            skip=lambda _task, cause: f"needs {cause}",
            broken=lambda result: result != "good",
            stopping=lambda: False,
            parallel=parallel,
        )
    )
    assert set(results) == set(waits_for)
    assert max(most) <= parallel
    for task, waited in waits_for.items():
        lost = {w for w in waited if results[w] != "good"}
        own = "bad" if task in failing else "good"
        assert results[task] in ({f"needs {w}" for w in lost} or {own})


def test_ready_tasks_start_in_the_order_given() -> None:
    order: list[str] = []
    list(
        run_when_ready(
            {"c": [], "a": [], "b": []},
            work=order.append,
            skip=lambda *_: None,
            broken=lambda _: False,
            stopping=lambda: False,
            parallel=1,
        )
    )
    assert order == ["c", "a", "b"]


def test_what_is_waited_for_but_not_given_is_taken_to_be_done() -> None:
    results = run_when_ready(
        {"a": ["elsewhere"]},
        work=lambda _: "done",
        skip=lambda *_: "skipped",
        broken=lambda _: False,
        stopping=lambda: False,
        parallel=1,
    )
    assert list(results) == [("a", "done")]


def test_stopping_skips_the_rest_without_a_cause() -> None:
    started: list[str] = []

    def work(task: str) -> str:
        started.append(task)
        return "done"

    results = dict(
        run_when_ready(
            {"a": [], "b": [], "c": ["a"]},
            work=work,
            skip=lambda _, cause: f"skipped {cause}",
            broken=lambda result: result != "done",
            stopping=lambda: bool(started),
            parallel=1,
        )
    )
    assert results == {"a": "done", "b": "skipped None", "c": "skipped None"}


def test_a_bug_in_the_work_comes_out() -> None:
    def work(_: str) -> str:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        list(
            run_when_ready(
                {"a": []},
                work=work,
                skip=lambda *_: "",
                broken=lambda _: False,
                stopping=lambda: False,
                parallel=2,
            )
        )


def test_a_ring_is_a_bug() -> None:
    with pytest.raises(CycleError):
        list(
            run_when_ready(
                {"a": ["b"], "b": ["a"]},
                work=lambda _: "",
                skip=lambda *_: "",
                broken=lambda _: False,
                stopping=lambda: False,
                parallel=1,
            )
        )
