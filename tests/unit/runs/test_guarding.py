"""The guard of a run: counted from plans and from what was applied, before anybody is asked."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any, cast

import pytest

from cellfactory.design import Design
from cellfactory.diff.guard import Override
from cellfactory.diff.model import Action, Changes, ResourceChange, StackChange, ValueChange
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


def stands(*cells: str, action: Action, address: str = "aws_subnet.pod") -> list[StackChange]:
    """What was edited of stacks that stand and cannot be planned yet."""
    resources = (ResourceChange(address=address, action=action),)
    return [
        StackChange(stack=StackId(cell, "cluster"), action="change", resources=resources)
        for cell in cells
    ]


NONE = Changes(stacks=(), unchanged=0)


@pytest.mark.parametrize(
    ("limits", "unplanned", "rule", "told"),
    [
        ({"cells": 1}, stands("prod-1", "prod-2", action="create"), "F710", "touches 2 cells"),
        ({"destroyed": 0}, stands("prod-1", action="delete"), "F711", "destroys 1 resource"),
        ({"replaced": 0}, stands("prod-1", action="replace"), "F712", "replaces 1 resource"),
        (
            {"nodes_drained": 19, "destroyed": 9},
            stands("prod-1", action="delete", address=f"aws_eks_node_group.group-{GROUPS[0]}"),
            "F713",
            "drains 20 nodes",
        ),
    ],
)
def test_what_stands_and_cannot_be_planned_is_counted_as_its_files_say(
    ready: Prepared, limits: dict[str, int], unplanned: list[StackChange], rule: str, told: str
) -> None:
    assert guard_findings(guarded(**limits), ready, NONE) == ()
    (found,) = guard_findings(guarded(**limits), ready, NONE, (), unplanned)
    assert (found.rule, told in found.message) == (rule, True)
    assert "cannot be planned yet, and is counted as the files say" in found.hint


def test_how_much_is_not_planned_is_told_beside_what_is(ready: Prepared) -> None:
    unplanned = stands("prod-2", "prod-3", action="update")
    (found,) = guard_findings(guarded(cells=1), ready, rolled("prod-1", "prod-2"), (), unplanned)
    assert "touches 3 cells" in found.message
    assert "1 of it cannot be planned yet" in found.hint
    override = Override(what="prod-3", reason="CHG-1")
    (found,) = guard_findings(
        guarded(cells=1), ready, rolled("prod-1", "prod-2"), (override,), unplanned
    )
    assert "planned yet" not in found.hint


def test_the_journal_keeps_why(place: Place) -> None:
    path = place.folder / "run.jsonl"
    journal = Journal(path, "apply")
    journal.overridden("cells", "CHG-1")
    _, line = path.read_text("utf-8").splitlines()
    assert json.loads(line) == {"event": "override", "what": "cells", "reason": "CHG-1"}
    assert read_finished(path) == {}
