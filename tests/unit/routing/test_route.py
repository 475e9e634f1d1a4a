"""A job goes where it may, by weight; where it may not, each cell says why."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cellfactory.addressing.lock import EMPTY_LOCK
from cellfactory.addressing.plan import plan_addresses
from cellfactory.facts.loader import load_facts
from cellfactory.inventory.schema import Inventory
from cellfactory.routing.capacity import Capacity, cell_capacities
from cellfactory.routing.route import CellState, Decision, JobRequest, route_job
from cellfactory.sizing.ledger import size_cell
from tests import inventories

CELLS = 4
ROOM = Capacity(pods=1_000, cores=500)


def inventory_of(routing: dict[str, dict[str, Any]]) -> Inventory:
    made = inventories.data(cells=CELLS)
    for name, told in routing.items():
        made["cells"][name]["routing"] = told
    return inventories.inventory(made)


PLAIN = inventory_of({})
NAMES = sorted(PLAIN.cells)


def ask(
    job: JobRequest,
    states: dict[str, CellState] | None = None,
    inventory: Inventory = PLAIN,
    rooms: dict[str, Capacity] | None = None,
) -> Decision:
    return route_job(inventory, rooms or dict.fromkeys(NAMES, ROOM), job, states or {})


def codes(decision: Decision, cell: str) -> list[str]:
    return [r.code for c in decision.candidates if c.cell == cell for r in c.reasons]


def test_every_cell_is_told_of_once_the_chosen_one_first() -> None:
    decision = ask(JobRequest(key="etl-1"), {NAMES[0]: CellState(pods=1_000)})
    assert sorted(c.cell for c in decision.candidates) == NAMES
    assert decision.candidates[0].cell == decision.cell
    assert [c.rank for c in decision.candidates] == [1, 2, 3, None]
    assert decision.candidates[-1].cell == NAMES[0]
    assert sum(c.share for c in decision.candidates) == pytest.approx(1)


NEW = {"email": "aws+new@example.com", "ou": "ou-ab12-cdefgh34"}


@pytest.mark.parametrize(
    ("routing", "states", "takes"),
    [
        ({}, {}, False),
        ({"drain": False}, {}, False),
        ({"weight": 100}, {}, True),
        ({"weight": 10}, {}, True),
        ({}, {NAMES[0]: CellState()}, True),
        ({}, {NAMES[0]: CellState(pods=3)}, True),
        ({"weight": 0}, {NAMES[0]: CellState(pods=3)}, False),
    ],
)
def test_a_cell_whose_account_is_new_takes_jobs_once_something_speaks_for_it(
    routing: dict[str, Any], states: dict[str, CellState], takes: bool
) -> None:
    """It stands in the inventory long before it has a cluster."""
    made = inventories.data(cells=CELLS)
    made["cells"][NAMES[0]]["account"] = NEW
    made["cells"][NAMES[0]]["routing"] = routing
    decision = ask(JobRequest(key="etl-1"), states, inventories.inventory(made))
    assert any(c.cell == NAMES[0] and c.rank for c in decision.candidates) is takes
    if not takes:
        assert codes(decision, NAMES[0]) == (
            ["weight"] if routing.get("weight") == 0 else ["unbuilt"]
        )


def test_a_cell_with_room_for_just_this_job_takes_it() -> None:
    states = {name: CellState(pods=1_000) for name in NAMES}
    states[NAMES[2]] = CellState(pods=990)
    assert ask(JobRequest(key="k", pods=10), states).cell == NAMES[2]
    full = ask(JobRequest(key="k", pods=11), states)
    assert full.cell is None
    assert {code for name in NAMES for code in codes(full, name)} == {"pods"}


def test_cores_count_only_for_a_job_that_names_them() -> None:
    states = {name: CellState(pods=0, cores=499.5) for name in NAMES}
    assert ask(JobRequest(key="k"), states).cell
    assert ask(JobRequest(key="k", cores=0.5), states).cell
    assert ask(JobRequest(key="k", cores=0.6), states).cell is None


def test_a_drained_cell_takes_none_whoever_says_so() -> None:
    inventory = inventory_of({NAMES[0]: {"drain": True}, NAMES[1]: {"weight": 0}})
    for number in range(50):
        decision = ask(JobRequest(key=f"k{number}"), {NAMES[2]: CellState(drain=True)}, inventory)
        assert decision.cell == NAMES[3]
        assert codes(decision, NAMES[0]) == ["drain"]
        assert codes(decision, NAMES[1]) == ["weight"]
        assert codes(decision, NAMES[2]) == ["drain"]


def test_mesh_and_type_are_kept() -> None:
    made = inventories.data(cells=CELLS)
    made["meshes"]["other"] = {"region": "us-east-1"}
    made["cell_types"]["second"] = copy.deepcopy(made["cell_types"]["plain"])
    made["cells"][NAMES[1]]["mesh"] = "other"
    made["cells"][NAMES[2]]["type"] = "second"
    inventory = inventories.inventory(made)
    assert ask(JobRequest(key="k", mesh="other"), inventory=inventory).cell == NAMES[1]
    assert ask(JobRequest(key="k", cell_type="second"), inventory=inventory).cell == NAMES[2]
    both = ask(JobRequest(key="k", mesh="other", cell_type="second"), inventory=inventory)
    assert both.cell is None
    assert codes(both, NAMES[0]) == ["mesh", "type"]


def test_a_cell_that_nobody_told_of_counts_as_empty_and_is_named() -> None:
    decision = ask(JobRequest(key="k"), {NAMES[0]: CellState(pods=3)})
    assert sorted(decision.unknown) == NAMES[1:]
    assert ask(JobRequest(key="k", cores=1), {NAMES[0]: CellState(pods=3)}).unknown
    known = {name: CellState(pods=3) for name in NAMES}
    assert ask(JobRequest(key="k"), known).unknown == ()
    assert sorted(ask(JobRequest(key="k", cores=1), known).unknown) == NAMES


def test_more_in_use_than_there_is_room_for_is_shown_and_refused() -> None:
    decision = ask(JobRequest(key="k"), {NAMES[0]: CellState(pods=1_001)})
    (over,) = [c for c in decision.candidates if c.cell == NAMES[0]]
    assert over.free_pods == -1
    assert over.reasons[0].message == "has 0 of 1,000 pods free, fewer than 1"


cells = st.sampled_from(NAMES)
rooms = st.dictionaries(
    cells,
    st.builds(CellState, pods=st.none() | st.integers(0, 1_200), drain=st.booleans()),
)
jobs = st.builds(JobRequest, key=st.text(max_size=20), pods=st.integers(1, 1_200))


@settings(max_examples=200)
@given(jobs, rooms)
def test_the_chosen_cell_always_may_have_the_job(
    job: JobRequest, states: dict[str, CellState]
) -> None:
    decision = ask(job, states)
    able = {
        name
        for name in NAMES
        if not states.get(name, CellState()).drain
        and job.pods + (states.get(name, CellState()).pods or 0) <= ROOM.pods
    }
    assert {c.cell for c in decision.candidates if c.rank} == able
    assert (decision.cell is None) == (not able)
    assert all(c.reasons for c in decision.candidates if c.rank is None)


@settings(max_examples=200)
@given(jobs, rooms, cells)
def test_draining_a_cell_moves_only_its_own_jobs(
    job: JobRequest, states: dict[str, CellState], drained: str
) -> None:
    before = ask(job, states)
    after = ask(job, {**states, drained: CellState(drain=True)})
    assert after.cell != drained
    if before.cell != drained:
        assert after.cell == before.cell


def test_a_cell_holds_what_it_was_sized_for() -> None:
    facts = load_facts()
    plan, _ = plan_addresses(PLAIN, EMPTY_LOCK, facts)
    capacities = cell_capacities(PLAIN, plan, facts)
    assert capacities[NAMES[0]] == Capacity(pods=30 * 96, cores=30 * 16)
    for name, capacity in capacities.items():
        sized = size_cell(PLAIN, name, plan.cells[name], facts)
        (pods,) = [usage.used for usage in sized if usage.bound == "kubernetes-pods"]
        assert capacity.pods == pods
