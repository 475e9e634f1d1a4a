"""Who owns a job id, whatever order things are heard in."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sparkgateway.pods import Driver
from sparkgateway.registry import LimitReached, Registry, plan_changes


def make(
    uid: str, job: str = "j", backend: str = "b", created: int = 0, started: int | None = None
) -> Driver:
    return Driver(
        uid=uid, job=job, backend=backend, created=f"2026-11-22T08:00:{created:02d}Z",
        started=f"2026-11-22T08:00:{created if started is None else started:02d}Z",
        namespace="n", name="a",
    )  # fmt: skip


def owners(registry: Registry) -> dict[str, str]:
    return {driver.job: driver.uid for driver in registry.owners()}


def test_the_oldest_keeps_a_job_id_and_the_next_inherits_it() -> None:
    for order in itertools.permutations([("a", 1), ("b", 2), ("c", 3)]):
        registry = Registry(limit=9)
        for uid, created in order:
            registry.put("", make(uid, backend=uid, created=created))
        assert owners(registry) == {"j": "a"}
        assert registry.duplicates == 2
        registry.remove("a")
        assert owners(registry) == {"j": "b"}


def test_a_copy_made_within_the_same_second_does_not_take_a_page_over() -> None:
    registry = Registry(limit=9)
    registry.put("", make("a-copy", backend="x", created=1, started=3))
    registry.put("", make("the-job", backend="y", created=1, started=2))
    assert owners(registry) == {"j": "the-job"}


def test_the_newest_has_an_address() -> None:
    for order in itertools.permutations([("a", 1), ("b", 2)]):
        registry = Registry(limit=9)
        for uid, created in order:
            registry.put("", make(uid, job=uid, backend="same", created=created))
        assert owners(registry) == {"b": "b"}
        registry.remove("b")
        assert owners(registry) == {"a": "a"}


def test_an_address_is_the_one_that_a_node_took_last_however_old_the_pod() -> None:
    """A pod waited an hour for a node and got the address of a younger one that ended unheard."""
    for order in itertools.permutations(["waited", "ended"]):
        registry = Registry(limit=9)
        made = {
            "waited": make("waited", job="new", backend="same", created=1, started=30),
            "ended": make("ended", job="old", backend="same", created=20, started=21),
        }
        for name in order:
            registry.put("", made[name])
        assert owners(registry) == {"new": "waited"}


def test_an_owner_that_lost_its_address_loses_its_id() -> None:
    registry = Registry(limit=9)
    registry.put("", make("old", job="j", backend="x", created=1))
    registry.put("", make("young", job="j", backend="y", created=2))
    assert owners(registry) == {"j": "old"}
    changed = registry.put("", make("thief", job="k", backend="x", created=3))
    assert changed == {"j", "k"}
    assert owners(registry) == {"j": "young", "k": "thief"}


def test_the_limit_holds_for_new_drivers_only() -> None:
    registry = Registry(limit=2)
    registry.put("", make("a", "1", "a"))
    registry.put("", make("b", "2", "b"))
    registry.put("", make("a", "1", "c"))
    with pytest.raises(LimitReached):
        registry.put("", make("d", "4", "d"))
    assert len(registry) == 2
    assert not registry.is_roomy


def test_a_scope_loses_only_its_own() -> None:
    registry = Registry(limit=9)
    registry.put("x", make("a", "1", "a"))
    registry.put("y", make("b", "2", "b"))
    assert registry.count_missing("x", set()) == 1
    assert registry.retain("x", set()) == {"1"}
    assert owners(registry) == {"2": "b"}


drivers = st.builds(
    make,
    uid=st.sampled_from("abcdef"),
    job=st.sampled_from("123"),
    backend=st.sampled_from("xyz"),
    created=st.integers(0, 3),
)
steps = st.lists(
    st.one_of(
        drivers,
        st.sampled_from("abcdef"),
        st.lists(drivers, max_size=4).map(lambda some: {driver.uid: driver for driver in some}),
    ),
    max_size=20,
)


def rightful(known: dict[str, Driver]) -> dict[str, str]:
    """The rule, written as slowly as it is said."""

    def age(driver: Driver) -> tuple[str, str]:
        return driver.created, driver.uid

    found = {}
    for job in {driver.job for driver in known.values()}:
        claims = [driver for driver in known.values() if driver.job == job]
        for driver in sorted(claims, key=age):
            same = [other for other in known.values() if other.backend == driver.backend]
            if max(same, key=age) is driver:
                found[job] = driver.backend
                break
    return found


@given(steps)
def test_changes_told_are_changes_made(
    script: list[Driver | str | dict[str, Driver]],
) -> None:
    """Publishing only what is told as changed ends where publishing everything would."""
    registry, known, published = Registry(limit=99), dict[str, Driver](), dict[str, str]()
    for step in script:
        if isinstance(step, Driver):
            known[step.uid] = step
            touched = registry.put("", step)
        elif isinstance(step, str):
            known.pop(step, None)
            touched = registry.remove(step)
        else:
            known = dict(step)
            touched = registry.retain("", step.keys())
            for driver in step.values():
                touched |= registry.put("", driver)
        for job, backend in plan_changes(registry, touched, published).items():
            if backend is None:
                del published[job]
            else:
                published[job] = backend
        assert published == rightful(known)
        assert len(registry) == len(known)
