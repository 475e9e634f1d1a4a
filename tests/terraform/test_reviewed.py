"""What was reviewed and what is applied: real Terraform, its own `terraform_data`, no provider."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from cellfactory.errors import TerraformError
from cellfactory.layers import StackId
from cellfactory.runs.prepare import Prepared
from cellfactory.runs.review import Review
from cellfactory.runs.reviewing import make_review, reviewed_stacks
from cellfactory.terraform.engine import find_engine
from cellfactory.terraform.guard import NOTHING, Allowed
from cellfactory.terraform.journal import Journal, read_finished
from cellfactory.terraform.leave import Agreed
from cellfactory.terraform.planning import Kept
from cellfactory.terraform.results import Result
from cellfactory.terraform.reviewed_file import ReviewedPlan, parse_reviewed, render_reviewed
from cellfactory.terraform.reviewing import remove_kept, review_stacks
from cellfactory.terraform.runner import apply_stacks
from cellfactory.terraform.running import RunContext
from cellfactory.terraform.selection import EVERYTHING
from cellfactory.terraform.workspace import Sources
from tests.terraform.test_real_terraform import (
    ACCEPT,
    CREATED,
    NETWORK,
    PEERING,
    QUIET,
    STACKS,
    data,
    make_context,
    peering_document,
    sources,
)

pytestmark = pytest.mark.terraform
ADDED, UNTOUCHED = "applied +1 ~0 -0", "no-change +0 ~0 -0"


def network(block: str = "10.0.0.0/16", **rows: str) -> dict[str, Any]:
    """A network that hands its id on, with other rows beside it."""
    return {"resource": data({"vpc": block, **rows}), "output": CREATED}


@dataclass
class World:
    """A folder in which stacks are reviewed and applied."""

    root: Path
    context: RunContext
    runs: int = 0

    def ready(self, files: Mapping[StackId, Sources]) -> Prepared:
        return Prepared(context=self.context, stacks=STACKS, sources=files, left_out=())

    def review(
        self,
        files: Mapping[StackId, Sources],
        *,
        allowed: Allowed = NOTHING,
        finished: Mapping[str, str] | None = None,
    ) -> tuple[Review, dict[StackId, Kept]]:
        results, kept = review_stacks(
            *(self.context, STACKS, files, QUIET),
            parallel=2,
            finished=finished or {},
            allowed=allowed,
        )
        return make_review(self.ready(files), results), kept

    def agree(
        self, files: Mapping[StackId, Sources], *, allowed: Allowed = NOTHING, keeps: bool = True
    ) -> Agreed:
        review, kept = self.review(files, allowed=allowed)
        if not keeps:
            remove_kept(kept)
        reviewed = reviewed_stacks(self.ready(files), review)
        return Agreed(reviewed=reviewed, kept=kept if keeps else {})

    def apply(
        self,
        files: Mapping[StackId, Sources],
        agreed: Agreed | None = None,
        *,
        allowed: Allowed = NOTHING,
        finished: Mapping[str, str] | None = None,
    ) -> dict[str, Result]:
        self.runs += 1
        results = apply_stacks(
            *(self.context, STACKS, files, QUIET),
            parallel=2,
            journal=Journal(self.journal, "apply"),
            finished=finished or {},
            allowed=allowed,
            agreed=agreed,
        )
        assert not list(self.root.rglob("*.tfplan")), "a plan holds the state"
        return {result.stack.name: result for result in results}

    @property
    def journal(self) -> Path:
        return self.context.target.runs_folder / f"run-{self.runs}.jsonl"


@pytest.fixture
def world(tmp_path: Path) -> World:
    try:
        engine = find_engine(dict(os.environ), tmp_path)
    except TerraformError as error:
        pytest.skip(str(error))
    return World(root=tmp_path, context=make_context(engine, tmp_path))


def told(results: Mapping[str, Result]) -> dict[str, str]:
    return {name: f"{result.status} {result.counts}" for name, result in results.items()}


def test_what_was_seen_is_applied_and_what_was_deferred_does_what_was_foreseen(
    world: World,
) -> None:
    agreed = world.agree(sources())
    statuses = {stack.name: one.standing for stack, one in agreed.reviewed.items()}
    assert statuses == {"a-network": "planned", "a-peering": "deferred", "b-accept": "deferred"}
    foreseen = [one.address for one in agreed.reviewed[PEERING].resources]
    assert foreseen == ['terraform_data.row["b"]']
    assert told(world.apply(sources(), agreed)) == {
        "a-network": ADDED,
        "a-peering": ADDED,
        "b-accept": ADDED,
    }


def test_nothing_to_do_is_seen_and_needs_no_second_look(world: World) -> None:
    world.apply(sources())
    review, kept = world.review(sources())
    assert review.is_idle
    assert review.changes.unchanged == 3
    assert not list(world.root.rglob("*.tfplan"))
    log = world.context.target.logs_folder / "a-network" / "plan.log"
    before = log.stat().st_mtime_ns
    agreed = Agreed(reviewed=reviewed_stacks(world.ready(sources()), review), kept=kept)
    assert set(told(world.apply(sources(), agreed)).values()) == {UNTOUCHED}
    assert log.stat().st_mtime_ns == before, "it was planned a second time"


def test_a_plan_that_goes_beyond_what_was_reviewed_is_refused_by_name(world: World) -> None:
    world.apply(sources())
    agreed = world.agree(sources(network=network(more="1")), keeps=False)
    after = sources(network=network("10.9.0.0/16", more="2", other="3"))
    result = world.apply(after, agreed)["a-network"]
    assert (result.status, result.finding and result.finding.rule) == ("refused", "F653")
    for named in (
        'create terraform_data.row["more"] (other values: input)',
        'create terraform_data.row["other"]',
        'update terraform_data.row["vpc"]',
    ):
        assert named in result.reason
    assert told(world.apply(sources()))["a-network"] == UNTOUCHED, "something was done"


def test_a_state_that_moved_is_planned_again_and_held_against_what_was_seen(world: World) -> None:
    world.apply(sources())
    wanted = sources(network=network(one="1", two="2"))
    agreed = world.agree(wanted)
    world.apply(sources(network=network(one="1")))  # somebody else, meanwhile
    results = world.apply(wanted, agreed)
    assert told(results)["a-network"] == ADDED, "one of two was there already"
    record = world.context.registry.read(NETWORK)
    assert record is not None
    assert record.complete


def test_a_plan_that_is_stale_is_not_applied_where_the_state_moved_beneath_it(
    world: World,
) -> None:
    world.apply(sources())
    wanted = sources(network=network(one="1"))
    agreed = world.agree(wanted)
    plan = agreed.kept[NETWORK]
    saved = plan.file.read_bytes()
    world.apply(sources(network=network("10.5.0.0/16")))
    plan.file.write_bytes(saved)  # another run has left it, or put it back
    result = world.apply(wanted, agreed)["a-network"]
    assert result.status == "refused"
    assert 'update terraform_data.row["vpc"]' in result.reason
    record = world.context.registry.read(NETWORK)
    assert record is not None
    assert record.complete, "nothing was done to it"


def test_another_runs_plan_in_the_same_folder_is_not_applied(world: World) -> None:
    world.apply(sources())
    wanted = sources(network=network(one="1"))
    agreed = world.agree(wanted)
    agreed.kept[NETWORK].file.write_bytes(b"a plan of somebody else's")
    assert told(world.apply(wanted, agreed))["a-network"] == ADDED


def test_less_than_was_reviewed_is_done_and_said(world: World) -> None:
    world.apply(sources())
    wanted = sources(network=network(one="1", two="2"))
    agreed = world.agree(wanted, keeps=False)
    world.apply(sources(network=network(one="1")))
    result = world.apply(wanted, agreed)["a-network"]
    assert (result.status, result.less) == ("applied", 1)


def test_a_deferred_stack_that_would_destroy_is_refused(world: World) -> None:
    world.apply(sources(peering=peering_document("b", "c")))
    record = world.context.registry.read(NETWORK)
    assert record is not None
    world.context.registry.remove(NETWORK)  # its outputs are not known any more
    agreed = world.agree(sources(), keeps=False)
    assert agreed.reviewed[PEERING].standing == "deferred"
    world.context.registry.write(record)
    result = world.apply(sources(), agreed)["a-peering"]
    assert result.status == "refused"
    assert result.finding is not None
    assert result.finding.rule == "F607", "the guard speaks first"
    allowed = Allowed.of(["peering"])
    assert world.apply(sources(), agreed, allowed=allowed)["a-peering"].status == "applied"


def test_a_deferred_stack_that_would_do_what_its_files_did_not_say_is_refused(
    world: World,
) -> None:
    agreed = world.agree(sources(), keeps=False)
    more = sources(peering=peering_document("b", "c"))
    result = world.apply(more, agreed)["a-peering"]
    assert result.status == "refused"
    assert 'create terraform_data.row["c"]' in result.reason
    assert 'terraform_data.row["b"]' not in result.reason


def test_of_a_stack_that_was_applied_before_only_what_is_new_is_foreseen(world: World) -> None:
    world.apply(sources())
    grown = sources(peering=peering_document("b", "c"))
    record = world.context.registry.read(NETWORK)
    assert record is not None
    world.context.registry.remove(NETWORK)
    agreed = world.agree(grown, keeps=False)
    assert [one.address for one in agreed.reviewed[PEERING].resources] == [
        'terraform_data.row["c"]'
    ]
    world.context.registry.write(record)
    assert told(world.apply(grown, agreed))["a-peering"] == ADDED


def test_a_run_that_broke_off_is_resumed_within_what_was_reviewed(world: World) -> None:
    broken = sources(peering={**peering_document("b"), "resource": data({"b": "${file('x')}"})})
    results = world.apply(broken)
    assert told(results)["a-peering"].startswith("failed")
    finished = read_finished(world.journal)
    review, kept = world.review(sources(), finished=finished)
    standing = {result.stack: result.status for result in review.results}
    assert standing == {NETWORK: "done-before", PEERING: "planned", ACCEPT: "deferred"}
    agreed = Agreed(reviewed=reviewed_stacks(world.ready(sources()), review), kept=kept)
    assert told(world.apply(sources(), agreed, finished=finished)) == {
        "a-network": "done-before +0 ~0 -0",
        "a-peering": ADDED,
        "b-accept": ADDED,
    }


def test_what_was_made_meanwhile_makes_known_what_was_not(world: World) -> None:
    """A run that broke off half-way: the file of the review still covers the rest."""
    document = network()
    document["resource"]["terraform_data"]["after"] = {
        "input": '${terraform_data.row["vpc"].id}',
        "triggers_replace": ["x"],
    }
    wanted = sources(network=document)
    agreed = world.agree(wanted, keeps=False)
    held = agreed.reviewed[NETWORK]
    assert {one.address: one.unknown for one in held.resources}["terraform_data.after"] == {"input"}
    world.apply(sources())  # the first half
    assert told(world.apply(wanted, agreed))["a-network"] == ADDED


def test_no_secret_and_no_value_is_in_the_file(world: World) -> None:
    document = network("10.77.0.0/16")
    document["resource"]["terraform_data"]["key"] = {"input": '${sensitive("hunter2")}'}
    agreed = world.agree(sources(network=document), keeps=False)
    plan = ReviewedPlan(
        inventory="sha256:x",
        commit="",
        mode="sandbox",
        place="sandbox",
        selection=EVERYTHING,
        stacks=tuple(agreed.reviewed.values()),
    )
    text = render_reviewed(plan)
    assert "hunter2" not in text
    assert "10.77.0.0" not in text
    assert {one.stack: one for one in parse_reviewed(text, "f").stacks} == agreed.reviewed
    results = world.apply(sources(network=document), agreed)
    assert told(results)["a-network"] == "applied +2 ~0 -0"
    assert "hunter2" not in json.dumps([repr(result) for result in results.values()])
    logs = [path for path in world.context.target.logs_folder.rglob("*") if path.is_file()]
    assert logs
    assert [path for path in logs if "hunter2" in path.read_text("utf-8")] == []


def test_what_was_half_made_is_made_whole_by_the_same_review(world: World) -> None:
    document = network()
    flag = world.root / "flag"
    document["resource"]["terraform_data"]["slow"] = {
        "input": "x",
        "provisioner": [{"local-exec": {"command": f"test -e {flag}"}}],
    }
    wanted = sources(network=document)
    agreed = world.agree(wanted, keeps=False)
    assert world.apply(wanted, agreed)["a-network"].status == "failed"
    flag.touch()
    result = world.apply(wanted, agreed)["a-network"]
    assert (result.status, str(result.counts)) == ("applied", "+0 ~0 -0 ±1"), result.reason


def test_what_was_edited_of_a_deferred_stack_that_stands_is_told_and_not_done(
    world: World,
) -> None:
    """Nobody has seen a plan of it; the guard counts what its files say all the same."""
    world.apply(sources(peering=peering_document("b", "c")))
    record = world.context.registry.read(NETWORK)
    assert record is not None
    world.context.registry.remove(NETWORK)
    less = sources(peering=peering_document("b"))
    review, kept = world.review(less)
    (changed,) = (one for one in review.unplanned if one.stack == PEERING)
    assert 'terraform_data.row["c"]' in {
        one.address for one in changed.resources if one.action == "delete"
    }
    remove_kept(kept)
    agreed = Agreed(reviewed=reviewed_stacks(world.ready(less), review))
    world.context.registry.write(record)
    result = world.apply(less, agreed, allowed=Allowed.of(["network"]))["a-peering"]
    assert result.status == "refused"
