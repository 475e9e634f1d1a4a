"""The guard of a run: counted from plans and from what was applied, before anybody is asked."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any, cast

import pytest

from cellfactory.design import Design
from cellfactory.diff.guard import Override
from cellfactory.diff.model import Changes, ResourceChange, StackChange, ValueChange
from cellfactory.errors import GuardError
from cellfactory.layers import Layer, StackId
from cellfactory.runs.guarding import changes_of, guard_findings, recorded_of, require_within
from cellfactory.runs.notices import Guarded, Overridden
from cellfactory.runs.prepare import Prepared
from cellfactory.terraform.journal import Journal, read_finished
from cellfactory.terraform.reviewed import ReviewedStack, review_of
from tests.unit.diff.edits import design, running
from tests.unit.runs.conftest import Place, Watched

GROUPS = ("all-use1-az1", "all-use1-az2", "all-use1-az4")
CELLS = ("prod-1", "prod-2", "prod-3")
VERSION = ValueChange(path=("launch_template", 0, "version"), before="1", after="2")


def groups(nodes: int) -> dict[str, Any]:
    body = {"scaling_config": {"desired_size": nodes}}
    return {"resource": {"aws_eks_node_group": {f"group-{name}": body for name in GROUPS}}}


@pytest.fixture
def ready(place: Place) -> Prepared:
    """Three cells of 60 nodes each, that were applied."""
    layers: tuple[Layer, ...] = ("network", "cluster")
    ids = tuple(StackId(cell, layer) for cell in CELLS for layer in layers)
    for stack in ids:
        document = groups(20) if stack.layer == "cluster" else {}
        place.remember(stack.owner, stack.layer, document=document)
    return cast(
        "Prepared", SimpleNamespace(ids=ids, context=SimpleNamespace(registry=place.registry))
    )


def guarded(**limits: int) -> Design:
    made = running()
    made["guard"] = limits
    return design(made)


def rolled(*cells: str) -> Changes:
    resources = tuple(
        ResourceChange(
            address=f"aws_eks_node_group.group-{name}", action="update", values=(VERSION,)
        )
        for name in GROUPS
    )
    return Changes(
        stacks=tuple(
            StackChange(stack=StackId(cell, "cluster"), action="change", resources=resources)
            for cell in cells
        ),
        unchanged=3,
    )


def test_what_was_applied_tells_how_many_nodes_are_drained(ready: Prepared) -> None:
    (found,) = guard_findings(guarded(nodes_drained=100), ready, rolled("prod-1", "prod-2"))
    assert found.rule == "F713"
    assert "drains 120 nodes; the guard allows 100 (guard.nodes_drained)" in found.message


def test_a_share_is_of_the_nodes_that_stand(ready: Prepared) -> None:
    limits = guarded(nodes_drained_percentage=33)
    assert guard_findings(limits, ready, rolled("prod-1")) != ()
    assert guard_findings(guarded(nodes_drained_percentage=34), ready, rolled("prod-1")) == ()


def test_a_run_beyond_the_guard_is_refused_with_its_place(ready: Prepared) -> None:
    watched = Watched()
    with pytest.raises(GuardError) as caught:
        require_within(guarded(cells=1), ready, rolled(*CELLS), (), watched)
    (problem,) = caught.value.problems
    assert caught.value.exit_code == 9
    assert problem.finding.rule == "F710"
    assert problem.place.startswith("cells.yaml:")
    assert watched.notices == []


def test_an_override_is_told(ready: Prepared) -> None:
    watched = Watched()
    override = Override(what="cells", reason="CHG-1")
    require_within(guarded(cells=1), ready, rolled(*CELLS), (override,), watched)
    assert watched.notices == [Overridden("cells", "CHG-1")]


def test_an_override_that_nothing_needs_is_told_too(ready: Prepared) -> None:
    watched = Watched()
    override = Override(what="cels", reason="CHG-1")
    require_within(guarded(), ready, rolled("prod-1"), (override,), watched)
    guard, told = watched.notices
    assert isinstance(guard, Guarded)
    assert [found.rule for found in guard.findings] == ["F715"]
    assert told == Overridden("cels", "CHG-1")


def test_what_was_reviewed_in_a_file_is_guarded_alike(ready: Prepared) -> None:
    planned = rolled(*CELLS)
    reviewed = [
        ReviewedStack(
            stack=changed.stack,
            standing="planned",
            sources="",
            resources=tuple(map(review_of, changed.resources)),
        )
        for changed in planned.stacks
    ]
    limits = guarded(cells=1, nodes_drained=100)
    from_file = guard_findings(limits, ready, changes_of(reviewed, recorded_of(ready)))
    assert from_file == guard_findings(limits, ready, planned)
    assert [found.rule for found in from_file] == ["F710", "F713"]


def test_the_journal_keeps_why(place: Place) -> None:
    path = place.folder / "run.jsonl"
    journal = Journal(path, "apply")
    journal.overridden("cells", "CHG-1")
    _, line = path.read_text("utf-8").splitlines()
    assert json.loads(line) == {"event": "override", "what": "cells", "reason": "CHG-1"}
    assert read_finished(path) == {}
