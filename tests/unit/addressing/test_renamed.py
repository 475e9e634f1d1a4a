"""A cell that is gone and one that came, alike in all but name: whoever renames is told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cellfactory.addressing.lock_file import render_lock
from cellfactory.addressing.renamed import likely_renames
from tests.inventories import changed
from tests.unit.diff.edits import Data, design, running

SIDE = st.dictionaries(st.text("ab-1", min_size=1, max_size=4), st.integers(0, 2), max_size=6)


def rename(made: Data, old: str, new: str, **more: Any) -> Data:
    cell = made["cells"].pop(old)
    account = {"email": f"{new}@example.com", "ou": "ou-ab12-cdefgh34"}
    made["cells"][new] = {**cell, "account": account, **more}
    return made


def told(edit: Callable[[Data], object]) -> list[str]:
    """What is said of names after an edit; the lock is that of before."""
    lock = render_lock(design(running()).lock)
    made = changed(running(), ("version",), lambda *_: None)
    edit(made)
    found = design(made, lock).problems
    return [p.finding.message for p in found if p.finding.rule == "F225"]


@pytest.mark.parametrize(
    ("edit", "pairs"),
    [
        (lambda made: rename(made, "prod-3", "live-3"), [("live-3", "prod-3")]),
        (lambda made: rename(made, "prod-3", "live-3", ring="canary"), [("live-3", "prod-3")]),
        (
            lambda made: [rename(made, f"prod-{n}", f"live-{n}") for n in (1, 2)],
            [("live-1", "prod-1"), ("live-2", "prod-2")],
        ),
        (lambda made: rename(made, "prod-3", "live-3", mesh="other"), []),
        (lambda made: rename(made, "prod-3", "live-3", organization="two"), []),
        (lambda made: made["cells"].pop("prod-3"), []),
        (lambda _made: None, []),
    ],
    ids=["name", "ring-too", "two", "other-mesh", "other-organization", "gone", "nothing"],
)
def test_a_cell_that_looks_renamed_is_told(
    edit: Callable[[Data], object], pairs: list[tuple[str, str]]
) -> None:
    found = told(edit)
    assert [tuple(message.split("'")[1:4:2]) for message in found] == pairs


def test_a_cell_that_came_beside_one_that_stays_is_new() -> None:
    def add(made: Data) -> None:
        rename(made, "prod-3", "live-3")
        made["cells"]["live-4"] = {**made["cells"]["live-3"], "account": {"id": "555555555555"}}

    assert told(add) == [], "one went and two came: nobody knows which of them it is"


@given(SIDE, SIDE)
def test_each_cell_is_at_most_one_other_of_its_kind(
    came: dict[str, int], went: dict[str, int]
) -> None:
    found = likely_renames(came, went)
    assert len(set(found.values())) == len(found)
    assert all(came[new] == went[old] for new, old in found.items())
    for kind in {*came.values(), *went.values()}:
        numbers = [sum(k == kind for k in side.values()) for side in (came, went)]
        paired = sum(came[new] == kind for new in found)
        assert paired == (numbers[0] if numbers[0] == numbers[1] else 0)
