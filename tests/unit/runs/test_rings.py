"""A rollout ring by ring, without Terraform: what is applied, waited for, asked and left alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from cellfactory.errors import Finding
from cellfactory.layers import Stack, StackId
from cellfactory.runs.notices import (
    RingBaking,
    RingBegun,
    RingHeld,
    RingPassed,
    RingPlan,
    RingStep,
)
from cellfactory.runs.rings import Rollout, Turn, ring_plan, roll_out
from cellfactory.terraform.journal import Journal, Rings, read_rings
from cellfactory.terraform.results import Result, Status
from cellfactory.terraform.waiting import Stopping
from tests.unit.runs.conftest import Watched
from tests.unit.terraform.scene import cluster, network

UNWELL = Finding(rule="F661", stack="a-cluster", message="node group all of a is DEGRADED")
RINGS = {"a-network": "canary", "a-cluster": "canary", "b-network": "first", "c-network": "rest"}


@dataclass
class World:
    """What happens to a rollout, and what came of it."""

    folder: Path
    statuses: dict[str, Status] = field(default_factory=dict)  # by stack; applied where unsaid
    unwell: list[Sequence[Finding]] = field(default_factory=list)  # what checks find, in turn
    before: Rings = field(default_factory=Rings)
    stops_at: float | None = None  # an interrupt comes so long after the beginning (s)
    clock: float = 1_000_000.0
    began: float = 1_000_000.0
    watcher: Watched = field(default_factory=Watched)
    applied: list[str] = field(default_factory=list)
    checked: list[str] = field(default_factory=list)

    def run(self, *turns: Turn) -> tuple[dict[str, str], tuple[Finding, ...]]:
        """What became of each stack, and what was found."""
        results, findings = roll_out(
            Rollout(
                turns=turns,
                apply=self._apply,
                failed=lambda own: any(result.broken for result in own),
                check=self._check,
                watcher=self.watcher,
                skipped=self.watcher.finished,
                journal=Journal(self.journal, "apply"),
                stopping=self.stopping,
                before=self.before,
                rest=self._rest,
                now=lambda: self.clock,
            )
        )
        return {r.stack.name: f"{r.status} {r.reason}".strip() for r in results}, findings

    @property
    def journal(self) -> Path:
        return self.folder / "run.jsonl"

    def stopping(self) -> bool:
        return self.stops_at is not None and self.clock - self.began >= self.stops_at

    def _apply(self, stacks: Sequence[Stack]) -> tuple[Result, ...]:
        self.applied += [stack.id.name for stack in stacks]
        journal = Journal(self.journal, "apply")
        results = [
            Result(stack=s.id, status=self.statuses.get(s.id.name, "applied")) for s in stacks
        ]
        for result in results:
            journal.finished(result, "key")
        return tuple(results)

    def _check(self, turn: Turn) -> Sequence[Finding]:
        self.checked.append(turn.ring)
        return self.unwell.pop(0) if self.unwell else ()

    def _rest(self, seconds: float, stopping: Stopping) -> None:
        late = self.clock + seconds
        if self.stops_at is not None:
            late = min(late, self.began + self.stops_at)
        self.clock = late
        assert self.stops_at is None or stopping() or self.clock == late


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


CANARY = Turn(
    ring="canary",
    stacks=(network("a"), cluster("a")),
    bake=1800,
    following="first",
    is_followed=True,
    touched=2,
)
FIRST = Turn(
    ring="first",
    stacks=(network("b"),),
    bake=60,
    following="rest",
    is_followed=True,
    touched=1,
)
REST = Turn(ring="rest", stacks=(network("c"),), bake=None, touched=1)
ALL_APPLIED = dict.fromkeys(("a-network", "a-cluster", "b-network", "c-network"), "applied")


def test_each_ring_bakes_and_is_asked_before_the_next_one(world: World) -> None:
    assert world.run(CANARY, FIRST, REST) == (ALL_APPLIED, ())
    assert world.clock - world.began == 1860
    assert world.checked == ["canary", "canary", "first", "first", "rest"]
    assert world.watcher.notices == [
        RingBegun("canary", 2),
        RingBaking("canary", 1800, "first"),
        RingPassed("canary", 1800),
        RingBegun("first", 1),
        RingBaking("first", 60, "rest"),
        RingPassed("first", 60),
        RingBegun("rest", 1),
    ]
    assert world.watcher.baked == [("canary", 1800), ("canary", 0), ("first", 60), ("first", 0)]


def test_a_ring_that_failed_keeps_the_later_ones_as_they_are(world: World) -> None:
    world.statuses = {"b-network": "failed"}
    told, findings = world.run(CANARY, FIRST, REST)
    assert told == {**ALL_APPLIED, "b-network": "failed", "c-network": "skipped needs ring first"}
    assert (findings, "c-network" in world.applied) == ((), False)
    assert [str(r.stack) for r in world.watcher.results] == ["c-network"]


@pytest.mark.parametrize(("found", "baked"), [([[UNWELL]], 0), ([[], [UNWELL]], 1800)])
def test_a_ring_that_does_not_do_well_keeps_the_later_ones_as_they_are(
    world: World, found: list[Sequence[Finding]], baked: float
) -> None:
    world.unwell = found
    told, findings = world.run(CANARY, FIRST, REST)
    assert findings == (UNWELL,)
    assert told["b-network"] == told["c-network"] == "skipped ring canary did not pass"
    assert world.clock - world.began == baked
    assert world.watcher.notices[-1] == RingHeld("canary", (UNWELL,))


@pytest.mark.parametrize("status", ["no-change", "done-before"])
def test_a_ring_that_did_not_change_has_nothing_to_bake(world: World, status: Status) -> None:
    world.statuses = {"a-network": status, "a-cluster": status}
    world.run(replace(CANARY, touched=0), REST)
    assert (world.clock, world.checked) == (world.began, ["canary", "rest"])


def test_a_run_over_what_is_as_it_should_be_asks_nobody(world: World) -> None:
    world.statuses = dict.fromkeys(RINGS, "no-change")
    idle = {"following": None, "is_followed": False, "touched": 0}
    world.run(*(replace(turn, **idle) for turn in (CANARY, FIRST, REST)))  # type: ignore[arg-type]
    assert (world.checked, world.watcher.notices) == ([], [])


def test_an_interrupt_ends_a_bake_at_once(world: World) -> None:
    world.stops_at = 600
    told, findings = world.run(CANARY, FIRST)
    assert world.clock - world.began == 600
    assert told["b-network"] == "skipped interrupted"
    (finding,) = findings
    assert finding.rule == "F663"
    assert "20 minutes left" in finding.message
    assert world.watcher.baked[-1] == ("canary", 0)


def resumed(world: World, later: float) -> World:
    """Go on where a run ended, so much later; what it did is done."""
    before = read_rings(world.journal, RINGS)
    return World(
        world.folder,
        statuses={"a-network": "done-before", "a-cluster": "done-before"},
        before=before,
        clock=world.clock + later,
        began=world.clock + later,
    )


def test_a_bake_that_was_interrupted_goes_on_for_the_rest_of_its_time(world: World) -> None:
    world.stops_at = 600
    world.run(CANARY, FIRST)
    again = resumed(world, later=300)
    assert again.run(CANARY, FIRST)[0]["b-network"] == "applied"
    assert again.clock - again.began == 1800 - 600 - 300 + 60


def test_what_has_baked_does_not_bake_again(world: World) -> None:
    world.statuses = {"b-network": "failed"}
    world.run(CANARY, FIRST)
    again = resumed(world, later=5)
    again.run(CANARY, replace(FIRST, bake=None))
    assert (again.clock, again.applied[-1]) == (again.began, "b-network")


def test_what_failed_after_its_bake_is_asked_again_and_bakes_no_second_time(world: World) -> None:
    world.unwell = [[], [UNWELL]]
    world.run(CANARY, FIRST)
    again = resumed(world, later=5)
    again.run(CANARY, replace(FIRST, bake=None))
    assert (again.clock, again.applied[-1]) == (again.began, "b-network")


def test_what_changes_once_more_bakes_anew(world: World) -> None:
    world.stops_at = 600
    world.run(CANARY, FIRST)
    again = resumed(world, later=300)
    again.statuses["a-cluster"] = "applied"
    again.run(CANARY, replace(FIRST, bake=None))
    assert again.clock - again.began == 1800


def test_only_so_many_cells_go_at_a_time_and_one_that_fails_holds_the_others(world: World) -> None:
    world.statuses = {"b-network": "failed"}
    ring = replace(FIRST, stacks=(network("a"), network("b"), network("c")), cells_at_once=1)
    told, _ = world.run(ring, replace(REST, stacks=(network("d"),)))
    assert told == {
        "a-network": "applied",
        "b-network": "failed",
        "c-network": "skipped needs the cells before it in its ring",
        "d-network": "skipped needs ring first",
    }


def test_a_run_of_one_ring_has_no_order_to_tell() -> None:
    assert ring_plan([REST]) is None
    assert ring_plan([replace(CANARY, touched=0), REST]) is None
    assert ring_plan([CANARY, REST]) == RingPlan(
        (RingStep("canary", 2, 1800), RingStep("rest", 1, None))
    )


def test_a_journal_that_is_cut_off_counts_as_not_finished(world: World) -> None:
    world.run(CANARY, REST)
    lines = world.journal.read_text("utf-8").splitlines()
    passed = next(i for i, line in enumerate(lines) if '"passed"' in line)
    world.journal.write_text("\n".join([*lines[:passed], lines[passed][:20]]), "utf-8")
    told = read_rings(world.journal, RINGS)
    assert told.changed == {"a-network", "a-cluster"}
    assert told.baking == {"canary": world.began}


def test_a_stack_of_another_ring_says_nothing_of_a_bake(world: World) -> None:
    journal = Journal(world.journal, "apply")
    journal.ring("canary", "baking", 5.0)
    journal.finished(Result(stack=StackId("b", "network"), status="applied"), "key")
    assert read_rings(world.journal, RINGS).baking == {"canary": 5.0}
