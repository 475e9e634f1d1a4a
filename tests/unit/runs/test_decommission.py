"""A cell leaves: its peers let go of it first, and whatever ended a run, the next one goes on."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from typing import Any

import pytest

from cellfactory.design import Design
from cellfactory.errors import InventoryError, TerraformError, UsageError
from cellfactory.layers import StackId
from cellfactory.routing.route import CellState
from cellfactory.runs import decommission as module
from cellfactory.runs.decommission import decommission
from cellfactory.runs.departure import Departed, Departure, Leaving, require_ready
from cellfactory.runs.request import Request
from cellfactory.terraform.kept_parts import KeptParts
from cellfactory.terraform.leaving import Course
from cellfactory.terraform.results import Result
from tests.unit.runs.conftest import Place, Watched
from tests.unit.runs.meshes import CELLS, designs, remember_all, script, take

REASON = "they were moved by hand"
LAYERS = ("network", "peering", "accept", "routes")


class StoppedHereError(Exception):
    """Stands for a process that was killed after so many stacks."""


class Stopping(Watched):
    """A watcher that ends the run after so many stacks."""

    def __init__(self, after: int) -> None:
        super().__init__()
        self.after = after

    def finished(self, result: Result) -> None:
        super().finished(result)
        if result.status in ("applied", "destroyed", "no-change"):
            self.after -= 1
        if self.after == 0:
            raise StoppedHereError


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "sources_of", take)


def run(
    place: Place, after: Design, *cells: str, watcher: Watched | None = None, **more: Any
) -> tuple[Departed, list[Departure]]:
    shown: list[Departure] = []
    more.setdefault("ignore_jobs", REASON)
    departed = decommission(
        after,
        Request(mode="aws", registry=place.registry_folder, parallel=1),
        Leaving(cells=cells, **more),
        watcher or Watched(),
        shown.append,
    )
    return departed, shown


def mesh(place: Place, *gone: str, cells: int = 3) -> Design:
    before, after = designs(*gone, cells=cells)
    remember_all(place, before, without=("platform",))
    script(place, after, *gone)
    return after


def work(place: Place) -> list[tuple[str, str]]:
    """What was applied or destroyed, in order."""
    return [(s, c) for s, c in place.commands() if c in ("apply", "destroy")]


def is_safe(done: list[tuple[str, str]], gone: str, cells: tuple[str, ...]) -> Iterator[bool]:
    """Whether every route to a connection went before the connection itself."""
    places = {stack: index for index, (stack, _) in enumerate(done)}
    for low in cells:
        for high in cells:
            if low < high and gone in (low, high) and f"{low}-peering" in places:
                cut = places[f"{low}-peering"]
                yield places[f"{low}-routes"] < cut
                yield places[f"{high}-routes"] < cut
                yield places[f"{high}-accept"] < cut


@pytest.mark.parametrize("gone", CELLS)
def test_routes_go_first_and_the_network_last(place: Place, gone: str) -> None:
    after = mesh(place, gone)
    departed, shown = run(place, after, gone)
    assert not departed.outcome.failed
    done = work(place)
    assert all(is_safe(done, gone, CELLS))
    assert done[-1] == (f"{gone}-network", "destroy")
    assert {s for s, c in done if c == "apply"} == set(map(str, shown[0].course.peers))
    assert not any(s.startswith(gone) for s, c in done if c == "apply")
    assert {stack.owner for stack in place.registry.stacks()} == set(CELLS) - {gone}


@pytest.mark.parametrize(
    ("gone", "after_stacks"),
    [*(("cell-001", n) for n in range(1, 10)), ("cell-000", 3), ("cell-002", 6)],
)
def test_a_run_that_was_killed_is_taken_up_by_the_same_command(
    place: Place, gone: str, after_stacks: int
) -> None:
    after = mesh(place, gone)
    with contextlib.suppress(StoppedHereError):
        run(place, after, gone, watcher=Stopping(after_stacks))
    departed, shown = run(place, after, gone)
    assert not departed.outcome.failed
    done = work(place)
    assert all(is_safe(done, gone, CELLS))
    assert len(done) == len(set(done)), "something was done twice"
    assert {stack.owner for stack in place.registry.stacks()} == set(CELLS) - {gone}
    again, shown = run(place, after, gone)
    assert (again.outcome.results, shown[0].course.steps) == ((), ())


def test_the_last_neighbour_keeps_no_edge_stack(place: Place) -> None:
    after = mesh(place, "cell-001", cells=2)
    run(place, after, "cell-001")
    assert work(place) == [
        ("cell-000-routes", "destroy"),
        ("cell-001-cluster", "destroy"),
        ("cell-001-routes", "destroy"),
        ("cell-001-accept", "destroy"),
        ("cell-000-peering", "destroy"),
        ("cell-001-network", "destroy"),
    ]
    assert {str(stack) for stack in place.registry.stacks()} == {
        "cell-000-network",
        "cell-000-cluster",
    }


def test_cells_that_leave_together_are_named_together(place: Place) -> None:
    after = mesh(place, "cell-001", "cell-002")
    with pytest.raises(
        TerraformError, match="F645 cell-002 is not in the inventory either"
    ) as told:
        run(place, after, "cell-001")
    assert "cellfactory decommission cell-001 cell-002" in str(told.value)
    assert work(place) == []
    departed, _ = run(place, after, "cell-001", "cell-002")
    assert not departed.outcome.failed
    assert {stack.owner for stack in place.registry.stacks()} == {"cell-000"}


def test_a_peered_gateway_is_refused_before_anything_is_done() -> None:
    leaving, course = Leaving(cells=("a",)), Course(steps=(), peered=("east",))
    with pytest.raises(TerraformError, match="F687 mesh 'east' has no cell without a") as told:
        require_ready(leaving, (), course)
    assert "take the mesh out of gateway.peers" in str(told.value)


def test_a_cell_that_stands_in_the_inventory_is_refused_at_its_place(place: Place) -> None:
    after = mesh(place, "cell-001")
    with pytest.raises(InventoryError, match=r"cells.yaml:\d+:\d+: F645 cell 'cell-000' is still"):
        run(place, after, "cell-000")


def test_a_cell_that_nobody_knows_is_no_cell(place: Place) -> None:
    after = mesh(place, "cell-001")
    with pytest.raises(UsageError, match="no cell 'cell-011' has left; did you mean 'cell-001'"):
        run(place, after, "cell-011")


CHANGES = [
    {"action": "create", "address": "aws_route.new"},
    {"action": "update", "address": 'aws_vpc_peering_connection.peer["cell-001"]'},
    {"action": "replace", "address": 'aws_vpc_peering_connection.peer["cell-001"]'},
    {"action": "delete", "address": 'aws_vpc_peering_connection.peer["cell-002"]'},
    {"action": "delete", "address": 'aws_route.to-peer["node-use1-az1 10.9.0.0/16"]'},
    {"action": "delete", "address": 'aws_vpc.cell["cell-001"]'},
]


@pytest.mark.parametrize("change", CHANGES, ids=lambda c: f"{c['action']} {c['address']}")
def test_a_peer_that_would_do_more_than_let_go_stops_all(
    place: Place, change: dict[str, str]
) -> None:
    after = mesh(place, "cell-001")
    script(place, after, "cell-001", more={"cell-002-routes": [change]})
    watcher = Watched()
    departed, shown = run(place, after, "cell-001", watcher=watcher)
    assert departed.outcome.failed
    assert (shown, watcher.questions, work(place)) == ([], [], [])
    (refused,) = [r for r in departed.outcome.results if r.status == "refused"]
    assert str(refused.stack) == "cell-002-routes"
    assert "F643 its plan does more" in refused.reason
    assert f"{change['action']} {change['address']}" in refused.reason


@pytest.mark.parametrize(
    ("usage", "words"),
    [
        ({}, "nobody says whether jobs still run"),
        ({"cell-001": CellState(jobs=3)}, "3 jobs still run in cell 'cell-001'"),
        ({"cell-001": CellState(jobs=1)}, "1 job still runs"),
        ({"cell-001": CellState(pods=7)}, "does not say how many jobs run"),
        ({"cell-000": CellState(jobs=0)}, "nobody says"),
    ],
)
def test_jobs_keep_a_cell(place: Place, usage: dict[str, CellState], words: str) -> None:
    after = mesh(place, "cell-001")
    with pytest.raises(TerraformError, match=f"F644 .*{words}"):
        run(place, after, "cell-001", usage=usage, ignore_jobs="")
    assert place.commands() == []


@pytest.mark.parametrize("state", [CellState(jobs=0), CellState(pods=0), CellState(jobs=0, pods=9)])
def test_a_drained_cell_goes(place: Place, state: CellState) -> None:
    after = mesh(place, "cell-001")
    departed, _ = run(place, after, "cell-001", usage={"cell-001": state}, ignore_jobs="")
    assert not departed.outcome.failed


def test_why_jobs_were_ignored_is_in_the_journal(place: Place) -> None:
    after = mesh(place, "cell-001")
    run(place, after, "cell-001")
    (journal,) = (place.folder / ".cellfactory/aws/runs").glob("*.jsonl")
    lines = [json.loads(line) for line in journal.read_text("utf-8").splitlines()]
    assert lines[0] == {"event": "begun", "command": "decommission"}
    assert (lines[1]["cells"], lines[1]["ignore_jobs"]) == (["cell-001"], REASON)


def test_nothing_is_done_without_agreement(place: Place) -> None:
    after = mesh(place, "cell-001")
    with pytest.raises(UsageError, match="decommission: not confirmed"):
        run(place, after, "cell-001", watcher=Watched(agree=False))
    assert work(place) == []


HELD = (
    *("aws_vpc.cell", "aws_s3_bucket.logs", "aws_s3_bucket_policy.logs"),
    *("aws_s3_bucket_public_access_block.logs-private", "aws_kms_key.secrets-key"),
    "aws_kms_alias.secrets-alias",
)
BUCKETS = [address for address in HELD if "s3_bucket" in address]
KEYS = ["aws_kms_key.secrets-key"]


@pytest.mark.parametrize(
    ("parts", "kept"),
    [
        (KeptParts(), [*BUCKETS, *KEYS]),
        (KeptParts(keys=False), BUCKETS),
        (KeptParts(buckets=False, keys=False), []),
    ],
)
def test_what_is_kept_leaves_the_state_before_the_rest_is_destroyed(
    place: Place, parts: KeptParts, kept: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    emptied: list[str] = []
    monkeypatch.setattr(
        "cellfactory.runs.departing.empty_buckets", lambda _s, names, *_: emptied.extend(names)
    )
    monkeypatch.setattr("cellfactory.runs.departing.sessions", lambda *_: lambda _access: None)
    monkeypatch.setattr("cellfactory.runs.departing.tagged", lambda *_: ())
    after = mesh(place, "cell-001")
    place.does("cell-001-network", state={"prints": list(HELD)})
    run(place, after, "cell-001", parts=parts)
    asked = [(c, w) for s, c, w in place.asked() if s == "cell-001-network" and c != "init"]
    removed = [words for command, words in asked if command == "state" and words[0] == "rm"]
    assert removed == ([["rm", "-lock-timeout=60s", *kept]] if kept else [])
    assert asked[-1][0] == "destroy"
    assert emptied == ([] if parts.buckets else ["cell-001-logs"])


def test_a_stack_without_a_place_of_another_cell_is_left_alone(place: Place) -> None:
    after = mesh(place, "cell-001")
    place.remember("elsewhere", "network")
    departed, _ = run(place, after, "cell-001")
    assert not departed.outcome.failed
    assert StackId("elsewhere", "network") in place.registry.stacks()
