"""A cell of a mesh is taken down and made again, and its peers reach it after all."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest

from cellfactory.design import Design, Texts, make_design
from cellfactory.errors import Finding, SizingError, SynthError
from cellfactory.facts.loader import load_facts
from cellfactory.layers import Stack, list_stacks
from cellfactory.runs import decommission, prepare, rebuild
from cellfactory.runs.departure import Departure
from cellfactory.runs.rebuild import build_again, joined_stacks, take_down
from cellfactory.runs.request import Outcome, Request
from cellfactory.terraform.leaving import EDGE_LAYERS
from tests.inventories import data, render
from tests.unit.runs.conftest import Place, Watched
from tests.unit.runs.meshes import (
    CELLS,
    ROWS,
    designs,
    outputs_of,
    remember_all,
    script,
    sources_of,
    take,
)

MIDDLE = "cell-001"
ENOUGH = {"L-1216C47A": 2_000}
OWN = ("network", "peering", "accept", "routes", "cluster", "platform")


@pytest.fixture(autouse=True)
def imported(monkeypatch: pytest.MonkeyPatch, place: Place) -> list[tuple[str, int]]:
    """The stacks that are looked for in AWS, and how much was done before."""
    asked: list[tuple[str, int]] = []

    def found(_: Design, __: Request, stacks: list[object], ___: Watched) -> Outcome:
        asked.extend((str(stack), len(done(place))) for stack in stacks)
        return Outcome(results=())

    for module in (decommission, prepare, rebuild):
        monkeypatch.setattr(module, "sources_of", take)
    monkeypatch.setattr(rebuild, "import_found", found)
    return asked


def meshes(cell: str) -> tuple[Design, Design]:
    """A mesh that fits and is locked, and the same one without a cell."""
    whole, without = designs(cell, quotas=ENOUGH)
    return replace(whole, texts=replace(whole.texts, lock=without.texts.lock)), without


def request(place: Place) -> Request:
    return Request(mode="aws", registry=place.registry_folder, parallel=1, bake=0.0)


def down(place: Place, design: Design, cell: str) -> tuple[Outcome, list[Departure]]:
    shown: list[Departure] = []
    told = take_down(design, request(place), cell, Watched(), shown.append, buckets=True)
    return told, shown


def again(place: Place, design: Design, cell: str) -> Outcome:
    """Make it again: whatever is applied adds something, and hands on what the whole mesh has."""
    for stack in list_stacks(design.inventory, design.facts):
        outputs = outputs_of(design, stack)
        rows = {"changes": [*added(design, stack, cell)]}
        told = {**rows, "outputs": outputs}
        place.does(stack.id.name, plan=rows, apply=told, output={"outputs": outputs})
    return build_again(design, request(place), cell, Watched(), buckets=True)


def added(design: Design, stack: Stack, cell: str) -> Iterator[dict[str, str]]:
    """What an apply makes that comes after the peers let go of a cell."""
    if stack.id.owner == cell and stack.id.layer == "network":
        yield {"action": "create", "address": "aws_vpc.cell"}
    table = "routes" if stack.id.layer == "routes" else "edges"
    text = sources_of(design, stack)["cdk.tf.json"]
    ends = {cell, str(design.plan.cells[cell].primary)}
    for key in json.loads(text)["locals"].get(table, ()):
        if stack.id.owner == cell or key.split(" ")[-1] in ends:
            yield {"action": "create", "address": f'{ROWS[stack.id.layer]}["{key}"]'}


def done(place: Place) -> list[tuple[str, str]]:
    return [(stack, what) for stack, what in place.commands() if what in ("apply", "destroy")]


@pytest.mark.parametrize("cell", CELLS)
def test_a_cell_of_a_mesh_goes_and_comes_back(
    place: Place, imported: list[tuple[str, int]], cell: str
) -> None:
    whole, without = meshes(cell)
    remember_all(place, whole, without=("platform",))
    script(place, without, cell)
    outcome, shown = down(place, whole, cell)
    assert not outcome.failed
    taken = done(place)
    assert taken[-1] == (f"{cell}-network", "destroy")
    assert {stack for stack, what in taken if what == "apply"} == {
        str(stack) for stack in shown[0].course.peers
    }
    assert {stack.owner for stack in place.registry.stacks()} == {*CELLS} - {cell}

    outcome = again(place, whole, cell)
    assert [str(r.stack) + r.reason for r in outcome.results if r.broken or r.waits_for] == []
    made = done(place)[len(taken) :]
    assert {what for _, what in made} == {"apply"}
    assert imported == [(f"{cell}-network", len(taken))]  # whose bucket was left in AWS
    order = [stack for stack, _ in made]
    assert order[0] == f"{cell}-network"
    assert {s for s, what in taken if what == "apply"} <= {*order}
    records = place.registry.read_all()
    assert {stack.owner for stack in records} == {*CELLS}
    assert all(record.complete for record in records.values())


def test_what_was_taken_down_is_not_taken_down_again(place: Place) -> None:
    """So the same command goes on where it was interrupted."""
    whole, without = meshes(MIDDLE)
    remember_all(place, whole, without=("platform",))
    script(place, without, MIDDLE)
    down(place, whole, MIDDLE)
    before = done(place)
    outcome, shown = down(place, whole, MIDDLE)
    assert (outcome.results, shown[0].course.steps) == ((), ())
    assert done(place) == before


def test_a_peer_that_waits_for_another_change_holds_it_up(place: Place) -> None:
    whole, without = meshes(MIDDLE)
    remember_all(place, whole)
    other = {"action": "create", "address": "aws_route.elsewhere"}
    script(place, without, MIDDLE, more={"cell-000-routes": [other]})
    outcome, _ = down(place, whole, MIDDLE)
    assert outcome.failed
    assert [r.finding.rule for r in outcome.results if r.finding] == ["F643"]
    assert done(place) == []


def test_what_would_not_be_made_again_is_not_taken_down(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    unfit, without = designs(MIDDLE)
    unfit = replace(unfit, texts=replace(unfit.texts, lock=without.texts.lock))
    remember_all(place, unfit)
    with pytest.raises(SizingError):
        down(place, unfit, MIDDLE)
    whole, _ = meshes(MIDDLE)

    def stale(*_: object) -> None:
        raise SynthError(Finding(rule="F405", message="cdktf.out is out of date"))

    monkeypatch.setattr(rebuild, "sources_of", stale)
    with pytest.raises(SynthError, match="F405"):
        down(place, whole, MIDDLE)
    assert done(place) == []


@pytest.mark.parametrize("cell", CELLS)
def test_a_design_without_a_cell_is_that_of_the_inventory_without_it(cell: str) -> None:
    whole, without = designs(cell)
    made = whole.without(cell)
    assert made.inventory == without.inventory
    assert made.plan == without.plan
    assert made.lock == without.lock
    assert list_stacks(made.inventory, made.facts) == list_stacks(without.inventory, without.facts)
    assert cell in whole.inventory.cells


def test_without_a_cell_that_is_none_nothing_is_another() -> None:
    whole, _ = designs()
    assert whole.without("cell-999").plan == whole.plan


def test_of_others_only_what_joins_them_is_applied_with_it() -> None:
    whole, _ = designs()
    found = [stack.id for stack in joined_stacks(whole, MIDDLE)]
    assert {stack.layer for stack in found if stack.owner == MIDDLE} == {*OWN}
    assert {stack.layer for stack in found if stack.owner != MIDDLE} <= {*EDGE_LAYERS}
    assert {stack.owner for stack in found} == {*CELLS}


def test_a_cell_that_nobody_is_joined_to_is_applied_alone() -> None:
    whole, _ = designs(cells=1)
    found = [stack.id for stack in joined_stacks(whole, "cell-000")]
    assert {stack.layer for stack in found} == {"network", "cluster", "platform"}


def test_gateways_elsewhere_that_lead_to_a_cell_are_applied_with_it() -> None:
    made = data(4)
    gateway = {"account": "888888888888", "organization": "one"}
    meshes = {"east": "us-east-1", "west": "us-east-1", "alone": "us-east-1"}
    made["meshes"] = {
        name: {"region": region, "interconnect": "gateway", "gateway": {**gateway, "asn": asn}}
        for asn, (name, region) in enumerate(meshes.items(), start=64_512)
    }
    made["meshes"]["west"]["gateway"]["peers"] = ["east"]
    for name, mesh in (("cell-002", "west"), ("cell-003", "alone")):
        made["cells"][name]["mesh"] = mesh
    texts = Texts(inventory=render(made), inventory_file="i", lock=None, lock_file="l")
    design = make_design(texts, load_facts())
    found = {str(stack.id) for stack in joined_stacks(design, "cell-000")}
    assert {"east-segments", "west-segments", "cell-001-routes", "cell-002-routes"} <= found
    assert not any(name.startswith(("alone", "cell-003")) for name in found)
    assert "cell-002-transit" not in found
