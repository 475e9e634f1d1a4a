"""What one ring gets, a later one does not: a change of a shared type, with the real Terraform.

The stacks are those of an inventory, with the inputs and outputs that they have; what they hold is
Terraform's built-in `terraform_data`, so that no provider is needed.
"""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from cellfactory.addressing.lock_file import render_lock
from cellfactory.design import Design, Texts, make_design
from cellfactory.errors import Finding, TerraformError, UsageError
from cellfactory.facts.loader import load_facts
from cellfactory.layers import Stack, StackId, list_stacks
from cellfactory.runs import apply as applying
from cellfactory.runs import prepare as preparing
from cellfactory.runs import ring_choice
from cellfactory.runs.apply import apply_design
from cellfactory.runs.notices import NothingInRings, Resumable, RingHeld
from cellfactory.runs.request import Outcome, Request
from cellfactory.runs.rings import Turn
from cellfactory.terraform.engine import find_engine
from cellfactory.terraform.registry import Registry, open_registry
from cellfactory.terraform.selection import Selection
from cellfactory.terraform.workspace import Sources
from tests.inventories import cell, data, render
from tests.unit.runs.conftest import Watched

pytestmark = pytest.mark.terraform

FACTS = load_facts()
OLD, NEW = "1.33", "1.34"
EDGES = ("peering", "accept", "routes")
RINGS = {"a": "canary", "b": "first", "c": "rest"}


@dataclass
class Fleet:
    """Three cells of one type and mesh, in three rings, and where they are applied."""

    folder: Path
    rings: Mapping[str, str] = field(default_factory=lambda: dict(RINGS))
    version: str = OLD
    unwell: set[str] = field(default_factory=set)  # rings whose clusters do not do well
    asked: list[str] = field(default_factory=list)
    watcher: Watched = field(default_factory=Watched)

    @property
    def design(self) -> Design:
        made = data(0, kubernetes_version=self.version, quotas={"L-1216C47A": 5000})
        made["cell_types"]["plain"]["addons"]["kube-proxy"] = "v1.33.0-eksbuild.2"
        made["rings"] = ["canary", "first", "rest"]
        made["cells"] = {
            name: {**cell(number), "ring": ring}
            for number, (name, ring) in enumerate(self.rings.items())
        }
        texts = Texts(
            inventory=render(made), inventory_file="cells.yaml", lock=None, lock_file="lock"
        )
        lock = render_lock(make_design(texts, FACTS).lock)
        return make_design(replace(texts, lock=lock), FACTS)

    def apply(self, *rings: str, resume: str | None = None, **more: Any) -> Outcome:
        request = Request(
            mode="sandbox", home=self.folder, rings=rings, output=self.folder / "none", **more
        )
        self.watcher = Watched()
        return apply_design(self.design, request, self.watcher, resume=resume)

    def check(self, turn: Turn) -> Sequence[Finding]:
        self.asked.append(turn.ring)
        unwell = turn.ring in self.unwell
        return [Finding(rule="F661", message=f"ring {turn.ring}")] if unwell else []

    @property
    def registry(self) -> Registry:
        folder = self.folder / ".cellfactory" / "sandbox" / "registry"
        return open_registry(str(folder), "us-east-1", None)

    def versions(self) -> dict[str, str]:
        """What the state of each cluster holds."""
        told = {}
        for name in self.rings:
            state = json.loads(self.states()[f"{name}-cluster"])
            told[name] = state["resources"][0]["instances"][0]["attributes"]["input"]["value"]
        return told

    def states(self) -> dict[str, bytes]:
        """The state of each stack, byte for byte."""
        states = self.folder / ".cellfactory" / "sandbox" / "state" / "cells"
        found = states.glob("*/*.tfstate")
        return {f"{file.parent.name}-{file.stem}": file.read_bytes() for file in found}


def document(stack: Stack, design: Design) -> dict[str, Any]:
    """The Terraform of a stack: as many inputs and outputs, and a version where it is a cluster."""
    inventory, owner = design.inventory, stack.id.owner
    peers = inventory.peers_of(owner) if stack.id.layer in EDGES else ("zone",)
    held = " ".join(peers)
    if stack.id.layer == "cluster":
        held = inventory.type_of(owner).kubernetes_version
    maps = dict.fromkeys(peers, "${terraform_data.held.id}")
    values = {"string": "${terraform_data.held.id}", "map(string)": maps}
    parts = {
        "variable": {name: {"type": given.type} for name, given in stack.inputs.items()},
        "resource": {"terraform_data": {"held": {"input": held}}},
        "output": {name: {"value": values[kind]} for name, kind in stack.outputs.items()},
    }
    return {name: part for name, part in parts.items() if part}


@pytest.fixture
def fleet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Fleet]:
    try:
        find_engine(os.environ, tmp_path)
    except TerraformError as error:
        pytest.skip(str(error))
    made = Fleet(tmp_path)

    def sources(_: Request, design: Design, stacks: Sequence[Stack]) -> dict[StackId, Sources]:
        return {s.id: {"cdk.tf.json": json.dumps(document(s, design))} for s in stacks}

    def source(_: Path, stack: StackId) -> Sources:
        known = {one.id: one for one in list_stacks(made.design.inventory, FACTS)}
        return {"cdk.tf.json": json.dumps(document(known[stack], made.design))}

    monkeypatch.setattr(preparing, "sources_of", sources)
    monkeypatch.setattr(preparing, "require_recorded", lambda *_, **__: None)
    monkeypatch.setattr(ring_choice, "read_sources", source)
    monkeypatch.setattr(applying, "checks_of", lambda *_: made.check)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        endpoint = f"http://127.0.0.1:{listening.getsockname()[1]}"
        file = tmp_path / ".cellfactory" / "sandbox" / "server.json"
        file.parent.mkdir(parents=True)
        file.write_text(json.dumps({"id": "1", "pid": os.getpid(), "endpoint": endpoint}), "utf-8")
        yield made


def whole(outcome: Outcome) -> None:
    """Make sure that nothing went wrong."""
    assert not outcome.failed, [
        f"{r.stack.name} {r.status} {r.reason} {[d.detail for d in r.diagnostics]}"
        for r in outcome.results
        if r.broken
    ]


def statuses(outcome: Outcome) -> dict[str, str]:
    return {r.stack.name: r.status for r in outcome.results if r.status != "left-out"}


def test_a_new_version_goes_ring_by_ring_though_the_type_is_shared(fleet: Fleet) -> None:
    whole(fleet.apply())
    assert fleet.versions() == {"a": OLD, "b": OLD, "c": OLD}
    before = fleet.states()
    fleet.version = NEW

    whole(fleet.apply("canary"))
    assert fleet.versions() == {"a": NEW, "b": OLD, "c": OLD}
    moved = {name for name, text in fleet.states().items() if text != before[name]}
    assert {name.partition("-")[0] for name in moved} == {"a"}

    with pytest.raises(TerraformError, match=r"F660.*ring 'rest' would get ahead of ring 'first'"):
        fleet.apply("rest")
    assert fleet.versions() == {"a": NEW, "b": OLD, "c": OLD}

    whole(fleet.apply("first"))
    assert fleet.versions() == {"a": NEW, "b": NEW, "c": OLD}
    outcome = fleet.apply()
    whole(outcome)
    assert fleet.versions() == {"a": NEW, "b": NEW, "c": NEW}


def test_a_canary_that_does_not_do_well_keeps_the_others_as_they_are(fleet: Fleet) -> None:
    fleet.apply()
    before = fleet.states()
    fleet.version, fleet.unwell = NEW, {"canary"}

    outcome = fleet.apply()
    assert outcome.failed
    assert fleet.versions() == {"a": NEW, "b": OLD, "c": OLD}
    later = {name for name in before if not name.startswith("a-")}
    assert all(fleet.states()[name] == before[name] for name in later)
    assert {s for n, s in statuses(outcome).items() if not n.startswith("a-")} == {"skipped"}
    assert isinstance(fleet.watcher.notices[-1], RingHeld)
    assert isinstance(outcome.notices[-1], Resumable)

    fleet.unwell = set()
    again = fleet.apply(resume="last")
    whole(again)
    assert fleet.versions() == {"a": NEW, "b": NEW, "c": NEW}
    assert {s for n, s in statuses(again).items() if n.startswith("a-c")} == {"done-before"}


def test_a_newcomer_of_a_later_ring_leaves_the_canary_alone(fleet: Fleet) -> None:
    """Its edges are rows in states of the canary's, and belong to the newcomer's ring."""
    fleet.rings = {"a": "canary", "b": "first"}
    whole(fleet.apply())
    before = fleet.states()
    fleet.rings = {**fleet.rings, "c": "rest"}

    for ring in ("canary", "first"):
        outcome = fleet.apply(ring)
        whole(outcome)
        assert set(statuses(outcome).values()) <= {"no-change"}
        assert fleet.states() == before
    whole(fleet.apply("rest"))
    changed = {name for name, text in fleet.states().items() if text != before.get(name)}
    assert changed >= {"a-peering", "a-routes", "b-routes"}
    assert not any(name.startswith(("a-network", "a-cluster", "b-network")) for name in changed)


def test_a_new_canary_stands_before_it_is_joined_to_the_others(fleet: Fleet) -> None:
    """Its edges come with the later cells that they lead to."""
    fleet.rings = {"b": "first", "c": "rest"}
    whole(fleet.apply())
    fleet.rings = dict(RINGS)
    whole(fleet.apply("canary"))
    assert fleet.registry.read(StackId("a", "cluster")) is not None
    assert fleet.registry.read(StackId("a", "peering")) is None
    whole(fleet.apply("first"))
    whole(fleet.apply("rest"))
    assert fleet.registry.read(StackId("a", "peering")) is not None


def test_one_ring_of_a_fleet_that_is_not_there_yet_is_no_failure(fleet: Fleet) -> None:
    outcome = fleet.apply("canary")
    whole(outcome)
    assert statuses(outcome) == {"a-network": "applied", "a-cluster": "applied"}
    assert fleet.asked == ["canary"]


def test_a_ring_may_get_ahead_where_somebody_says_so(fleet: Fleet) -> None:
    fleet.apply()
    fleet.version = NEW
    whole(fleet.apply("first", ahead=True))
    assert fleet.versions() == {"a": OLD, "b": NEW, "c": OLD}


def test_rings_narrow_what_else_is_selected(fleet: Fleet) -> None:
    fleet.apply()
    outcome = fleet.apply("first", selection=Selection(cells=("a",)))
    assert (outcome.results, outcome.failed) == ((), False)
    assert NothingInRings(("first",)) in fleet.watcher.notices
    with pytest.raises(UsageError, match="unknown ring 'canari'; did you mean 'canary'"):
        fleet.apply("canari")


def test_a_bake_that_was_asked_for_is_waited_for_in_a_sandbox_too(fleet: Fleet) -> None:
    fleet.apply(bake=1.0)
    told = [ring for ring, seconds in fleet.watcher.baked if seconds]
    assert told == ["canary", "first"]


def test_cells_of_a_ring_go_one_after_the_other_where_it_says_so(fleet: Fleet) -> None:
    fleet.rings = dict.fromkeys("abc", "first")
    design = fleet.design
    inventory = design.inventory.model_copy(
        update={"rings": {"first": type(design.inventory.ring("first"))(cells_at_once=1)}}
    )
    request = Request(mode="sandbox", home=fleet.folder, output=fleet.folder / "none", parallel=4)
    watcher = Watched()
    outcome = apply_design(replace(design, inventory=inventory), request, watcher)
    whole(outcome)
    order = [r.stack.owner for r in watcher.results if r.stack.layer in ("network", "cluster")]
    assert order == ["a", "a", "b", "b", "c", "c"]
