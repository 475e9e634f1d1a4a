"""What is applied of a mesh's ways, held against its step; and which step may come next."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cellfactory.addressing.lock_file import render_lock
from cellfactory.design import Design, Texts, make_design
from cellfactory.documents import load_data
from cellfactory.errors import Finding, InventoryError, UsageError
from cellfactory.facts.loader import load_facts
from cellfactory.inventory.interconnect import ROWS, STEPS, Interconnect
from cellfactory.inventory.schema import Inventory
from cellfactory.layers import Layer, StackId, list_stacks, order_stacks
from cellfactory.layers.edges import higher_peers, lower_peers, peered_hubs
from cellfactory.runs.apply import apply_design
from cellfactory.runs.migration import choose_meshes, stand_of, wanted_records, write_step
from cellfactory.runs.plan import plan_design
from cellfactory.runs.request import Request
from cellfactory.runs.standing import Known
from cellfactory.runs.ways import require_ways
from cellfactory.terraform.record import Record
from cellfactory.terraform.registry import Registry
from cellfactory.terraform.selection import Selection
from cellfactory.terraform.store import FolderStore
from cellfactory.terraform.workspace import digest_sources
from cellfactory.views.migration import render_stands
from cellfactory.views.style import Style
from tests.inventories import data, render
from tests.unit.runs.conftest import Place, Watched

FACTS = load_facts()
HUB = {
    "account": "333333333333",
    "vpc": "vpc-0f00ba12",
    "region": "us-east-1",
    "blocks": ["10.0.0.0/16"],
    "attachments": {"east": "tgw-attach-0f00ba120f00ba120"},
}


def texts_at(step: Interconnect, **mesh: Any) -> str:
    made = data(3)
    made["cells"]["cell-001"]["ring"] = "canary"
    made["hubs"] = {"shared": HUB}
    gateway = {"account": "888888888888", "organization": "one"}
    made["meshes"]["east"] |= {
        "interconnect": step,
        "gateway": gateway,
        "hubs": ["shared"],
        **({"canary": ["cell-001"]} if step == "canary" else {}),
        **mesh,
    }
    return render(made)


def design_at(step: Interconnect, **mesh: Any) -> Design:
    text = texts_at(step, **mesh)
    first = make_design(
        Texts(inventory=text, inventory_file="cells.yaml", lock=None, lock_file="lock"), FACTS
    )
    return make_design(
        Texts(
            inventory=text,
            inventory_file="cells.yaml",
            lock=render_lock(first.lock),
            lock_file="lock",
        ),
        FACTS,
    )


def record(stack: StackId, *, complete: bool = True, **outputs: Any) -> Record:
    return Record(
        stack=stack,
        account="444444444444",
        region="us-east-1",
        complete=complete,
        digest=digest_sources({}),
        sources={},
        inputs={},
        outputs=outputs,
    )


def applied(inventory: Inventory, step: Interconnect) -> dict[StackId, Record]:
    """The records of a mesh that was applied at a step."""
    made = make_design(
        Texts(inventory=texts_at(step), inventory_file="cells.yaml", lock=None, lock_file="lock"),
        FACTS,
    ).inventory
    records: list[Record] = []
    has = ROWS[step].gateway
    for cell in inventory.members_of("east"):
        ways = {
            to: "gateway" if made.leads_over_gateway(cell, to) else "peering"
            for to in (*made.peers_of(cell), *made.hubs_of(cell))
        }
        told: dict[str, Any] = {"ways": ways} if ROWS[step].gateway else {}
        asked = dict.fromkeys((*higher_peers(made, cell), *peered_hubs(made, cell)), "pcx-1")
        took = dict.fromkeys(lower_peers(made, cell), "pcx-1")
        attached = {cell: "tgw-attach-1"} if ROWS[step].attached else {}
        records += [
            record(StackId(cell, "routes"), **told),
            record(StackId(cell, "peering"), connection_ids=asked),
            record(StackId(cell, "accept"), accepted_ids=took),
            *([record(StackId(cell, "transit"), attachment_ids=attached)] if has else []),
        ]
    if has:
        ends = (*inventory.members_of("east"), "shared") if ROWS[step].attached else ()
        shared = dict.fromkeys(inventory.members_of("east"), "tgw-1")
        records += [
            record(StackId("east", "gateway"), shared_ids=shared),
            record(StackId("east", "segments"), gateway_ids=dict.fromkeys(ends, "tgw-1")),
        ]
        owner = inventory.meshes["east"].gateway
        assert owner is not None
        records[-2:] = [replace(one, account=owner.account) for one in records[-2:]]
    return {one.stack: one for one in records}


def registry_of(folder: Path, records: dict[StackId, Record]) -> Registry:
    registry = Registry(FolderStore(folder))
    for one in records.values():
        registry.write(one)
    return registry


def refused_for(before: Interconnect, now: Interconnect) -> set[str]:
    """What stands in the way of a step where another one was applied, by the table of steps."""
    was, is_now = ROWS[before], ROWS[now]
    given_up = {
        "F770": not is_now.peerings and was.routes != "gateway",
        "F771": not is_now.attached
        and (was.routes != "peering" or (was.attached and not is_now.gateway)),
        "F773": now == "gateway" and was.peerings,
    }
    if any(given_up.values()):
        return {rule for rule, is_so in given_up.items() if is_so}
    forth = was.routes != is_now.routes and is_now.routes != "peering" and not was.attached
    back = was.routes != is_now.routes and is_now.routes != "gateway" and not was.peerings
    return {"F772"} if forth or back else set()


@pytest.mark.parametrize("before", STEPS)
@pytest.mark.parametrize("now", STEPS)
def test_nothing_is_given_up_that_an_applied_way_leads_over(
    tmp_path: Path, before: Interconnect, now: Interconnect
) -> None:
    design = design_at(now)
    found = refusals(design, registry_of(tmp_path, applied(design.inventory, before)))
    assert {finding.rule for finding in found} == refused_for(before, now)
    if abs(STEPS.index(before) - STEPS.index(now)) <= 1:
        assert found == [], "a step at a time is never refused"


def refusals(design: Design, registry: Registry) -> list[Finding]:
    try:
        require_ways(design, registry)
    except InventoryError as error:
        return [problem.finding for problem in error.problems]
    return []


@pytest.mark.parametrize("step", [step for step in STEPS if ROWS[step].gateway])
@pytest.mark.parametrize("complete", [True, False])
def test_a_gateway_stays_in_its_account(tmp_path: Path, step: Interconnect, complete: bool) -> None:
    design = design_at(step)
    records = applied(design.inventory, step)
    stack = StackId("east", "gateway")
    records[stack] = replace(records[stack], account="999999999999", complete=complete)
    (found,) = refusals(design, registry_of(tmp_path, records))
    assert (found.rule, found.path) == ("F781", ("meshes", "east", "gateway", "account"))
    assert found.hint.startswith('write account: "999999999999" again')


def test_a_cell_that_is_not_taken_up_holds_the_flip(tmp_path: Path) -> None:
    for step in ("canary", "soak"):
        design = design_at(step)
        records = applied(design.inventory, "both")
        stack = StackId("east", "segments")
        ends = {"cell-000": "tgw-1", "cell-001": "tgw-1", "shared": "tgw-1"}
        records[stack] = record(stack, gateway_ids=ends)
        (found,) = refusals(design, registry_of(tmp_path / step, records))
        assert found.rule == "F772"
        assert "would move to the gateway before both ends are there: east-segments" in (
            found.message
        )
        records[stack] = record(stack, complete=False, gateway_ids={**ends, "cell-002": "tgw-1"})
        (found,) = refusals(design, registry_of(tmp_path / f"{step} begun", records))
        assert found.rule == "F772", "who knows what an apply that did not end has done"


def test_a_connection_that_is_not_there_holds_the_way_back(tmp_path: Path) -> None:
    design = design_at("canary")
    records = applied(design.inventory, "soak")
    stack = StackId("cell-002", "accept")
    records[stack] = record(stack, accepted_ids={"cell-001": "pcx-1"})
    (found,) = refusals(design, registry_of(tmp_path, records))
    assert "would move to connections before both ends are there: cell-002-accept" in found.message


def test_a_hub_that_was_attached_since_holds_nothing(tmp_path: Path) -> None:
    """The gateway takes it up in the same run, and ways to it wait for that."""
    design = design_at("soak")
    records = applied(design.inventory, "soak")
    segments = StackId("east", "segments")
    ends: Any = records[segments].outputs["gateway_ids"]
    records[segments] = record(
        segments, gateway_ids={name: told for name, told in ends.items() if name != "shared"}
    )
    for stack in [stack for stack in records if stack.layer == "routes"]:
        told: Any = records[stack].outputs["ways"]
        records[stack] = record(stack, ways={**told, "shared": "peering"})
    assert refusals(design, registry_of(tmp_path, records)) == []


def test_a_new_cell_is_no_way_that_moves(tmp_path: Path) -> None:
    """It waits for its ends in the order of work."""
    design = design_at("soak")
    records = applied(design.inventory, "soak")
    segments = StackId("east", "segments")
    ends = {"cell-000": "tgw-1", "cell-001": "tgw-1", "shared": "tgw-1"}
    records[segments] = record(segments, gateway_ids=ends)
    for stack in list(records):
        if stack.owner == "cell-002":
            del records[stack]
        elif stack.layer == "routes":
            told: Any = records[stack].outputs["ways"]
            ways = {to: over for to, over in told.items() if to != "cell-002"}
            records[stack] = record(stack, ways=ways)
    assert refusals(design, registry_of(tmp_path, records)) == []


@pytest.mark.parametrize("layer", ["peering", "cluster"])
def test_no_run_is_so_narrow_that_it_is_not_asked(place: Place, layer: Layer) -> None:
    """Another cell's routes lead over what a run of one stack would delete."""
    design = design_at("retire")
    records = applied(design.inventory, "canary")
    for one in records.values():
        place.registry.write(one)
    asked = Request(
        mode="aws",
        registry=place.registry_folder,
        selection=Selection(cells=("cell-001",), layers=(layer,)),
    )
    for run in (plan_design, apply_design):
        with pytest.raises(InventoryError, match="F770"):
            run(replace(design, problems=()), asked, Watched())
    assert place.commands() == []


@pytest.mark.parametrize("step", STEPS)
def test_no_stack_waits_for_itself(step: Interconnect) -> None:
    design = design_at(step)
    stacks = list_stacks(design.inventory, FACTS)
    assert len(order_stacks(stacks)) == len(stacks)


def test_connections_that_no_state_would_hold_are_told(tmp_path: Path) -> None:
    design = design_at("gateway")
    records = applied(design.inventory, "retire")
    stack = StackId("cell-001", "peering")
    records[stack] = record(stack, complete=False, connection_ids={"cell-002": "pcx-1"})
    (found,) = refusals(design, registry_of(tmp_path, records))
    assert (found.rule, found.hint.partition(" again")[0]) == (
        "F773",
        "write interconnect: retire",
    )


@pytest.mark.parametrize(("begun", "rules"), [("gateway", set()), ("peering", {"F770"})])
def test_a_retirement_that_broke_off_is_taken_up(
    tmp_path: Path, begun: str, rules: set[str]
) -> None:
    """Its routes lead where they led; those of a step back that broke off may lead elsewhere."""
    design = design_at("retire")
    records = applied(design.inventory, "soak")
    stack = StackId("cell-000", "routes")
    rows = {"node-a 10.0.0.0/16": {"peer": "shared", "over": begun}}
    sources = {"cdk.tf.json": json.dumps({"locals": {"routes": rows}})}
    broken = record(stack, complete=False, ways=records[stack].outputs["ways"])
    records[stack] = replace(broken, sources=sources, digest=digest_sources(sources))
    found = refusals(design, registry_of(tmp_path, records))
    assert {one.rule for one in found} == rules


@pytest.mark.parametrize("step", STEPS)
def test_what_removes_something_comes_after_the_routes(step: Interconnect) -> None:
    """Of any run, however narrow: a stack waits for what it comes after, in the registry too."""
    design = design_at(step)
    stacks = {one.id: one for one in list_stacks(design.inventory, FACTS)}
    routes = {StackId(cell, "routes") for cell in design.inventory.members_of("east")}
    row = ROWS[step]
    for stack, one in stacks.items():
        if stack.layer == "peering":
            assert (set(one.after) == routes) is not row.peerings
        if stack.layer == "segments":
            assert (set(one.after) == routes) is not row.attached
        if stack.layer == "transit":
            assert (StackId("east", "segments") in one.after) is not row.attached


def test_one_cell_that_is_late_holds_all(tmp_path: Path) -> None:
    design = design_at("retire")
    records = applied(design.inventory, "soak")
    late = StackId("cell-002", "routes")
    records[late] = applied(design.inventory, "canary")[late]
    with pytest.raises(InventoryError) as refused:
        require_ways(design, registry_of(tmp_path, records))
    (problem,) = refused.value.problems
    assert problem.finding.message == (
        "mesh 'east' is at retire, and routes of cell-002 still lead over a peering"
    )
    assert "write interconnect: soak again" in problem.finding.hint
    assert "--cell cell-002" in problem.finding.hint


def test_an_apply_of_routes_that_broke_off_holds_all(tmp_path: Path) -> None:
    design = design_at("retire")
    records = applied(design.inventory, "soak")
    stack = StackId("cell-000", "routes")
    records[stack] = record(stack, complete=False, ways=records[stack].outputs["ways"])
    with pytest.raises(InventoryError, match="F770"):
        require_ways(design, registry_of(tmp_path, records))


def test_a_mesh_without_a_gateway_asks_nothing(tmp_path: Path) -> None:
    text = render(data(2))
    design = make_design(
        Texts(inventory=text, inventory_file="cells.yaml", lock=None, lock_file="lock"), FACTS
    )
    require_ways(design, registry_of(tmp_path, {}))


# -- where it stands, and what is next -------------------------------------------------------------


def known(records: dict[StackId, Record]) -> Known:
    return Known(is_known=True, records=records)


@pytest.mark.parametrize("step", STEPS)
def test_a_mesh_that_is_applied_lacks_nothing_and_may_go_both_ways(step: Interconnect) -> None:
    design = design_at(step)
    stand = stand_of(design, "east", known(applied(design.inventory, step)))
    assert [cell.lacks for cell in stand.cells] == [()] * 3
    assert [ahead.blocked for ahead in stand.ahead] == [()] * len(stand.ahead)
    index = STEPS.index(step)
    steps = {(ahead.step, ahead.forth) for ahead in stand.ahead}
    expected = {(STEPS[index + 1], True)} if index + 1 < len(STEPS) else set()
    expected |= {(STEPS[index - 1], False)} if index else set()
    assert steps == expected
    assert all(ahead.does for ahead in stand.ahead)
    shown = render_stands([stand], Style(width=80))
    assert all(len(line) <= 80 for line in shown.splitlines())


@pytest.mark.parametrize("step", STEPS[1:])
def test_a_mesh_that_is_late_lacks_something_and_goes_no_further(step: Interconnect) -> None:
    design = design_at(step)
    late = STEPS[STEPS.index(step) - 1]
    stand = stand_of(design, "east", known(applied(design.inventory, late)))
    same = late == "retire"  # what it makes differs from nothing after it
    assert bool(stand.to_apply) != same
    lacking = [cell.cell for cell in stand.cells if cell.lacks]
    assert bool(lacking) != same
    for ahead in stand.ahead if lacking else ():
        is_safe = not ahead.forth and ahead.step not in ("peering", "prepare")
        assert bool(ahead.blocked) is not is_safe, "whoever sees a canary fail goes back at once"
        assert is_safe or "not applied yet everywhere" in ahead.blocked[0]


def test_nothing_is_known_without_a_registry() -> None:
    design = design_at("both")
    stand = stand_of(design, "east", Known(is_known=False, why_not="no credentials"))
    assert all("no credentials" in ahead.blocked[0] for ahead in stand.ahead)
    assert "not known" in render_stands([stand])


def write(tmp_path: Path, step: Interconnect, *, forth: bool, canary: tuple[str, ...] = ()) -> Any:
    file = tmp_path / "cells.yaml"
    file.write_text(texts_at(step), "utf-8")
    design = design_at(step)
    stand = stand_of(design, "east", known(applied(design.inventory, step)))
    write_step(file, design, stand, forth=forth, canary=canary)
    return load_data(file.read_text("utf-8"))["meshes"]["east"]


def test_the_next_step_is_written(tmp_path: Path) -> None:
    assert write(tmp_path, "both", forth=True)["canary"] == ["cell-001"], "of the first ring"
    named = write(tmp_path, "both", forth=True, canary=("cell-002",))
    assert named["canary"] == ["cell-002"]
    soak = write(tmp_path, "canary", forth=True)
    assert soak["interconnect"] == "soak"
    assert "canary" not in soak
    assert write(tmp_path, "soak", forth=False)["interconnect"] == "canary"
    with pytest.raises(UsageError, match="is no cell of mesh 'east'"):
        write(tmp_path, "both", forth=True, canary=("cell-009",))
    with pytest.raises(UsageError, match="is at its end, the gateway"):
        write(tmp_path, "gateway", forth=True)


def test_what_would_not_be_sound_is_not_written(tmp_path: Path) -> None:
    file = tmp_path / "cells.yaml"
    design = design_at("gateway")
    file.write_text(texts_at("gateway", gateway=None), "utf-8")
    stand = stand_of(design, "east", known(applied(design.inventory, "gateway")))
    with pytest.raises(InventoryError, match="F760"):
        write_step(file, design, stand, forth=False, canary=())
    assert file.read_text("utf-8") == texts_at("gateway", gateway=None)


def test_a_canary_of_all_cells_is_none(tmp_path: Path) -> None:
    file = tmp_path / "cells.yaml"
    text = texts_at("both").replace("ring: canary", "ring: first")
    file.write_text(text, "utf-8")
    texts = Texts(inventory=text, inventory_file="cells.yaml", lock=None, lock_file="lock")
    lock = render_lock(make_design(texts, FACTS).lock)
    design = make_design(replace(texts, lock=lock), FACTS)
    stand = stand_of(design, "east", known(applied(design.inventory, "both")))
    write_step(file, design, stand, forth=True, canary=())
    told = load_data(file.read_text("utf-8"))["meshes"]["east"]
    assert told["canary"] == ["cell-000"]


def test_a_step_is_told_in_numbers() -> None:
    """Three cells in three zones, a hub with one block: nine ways of three routes each."""
    does = {}
    for step in STEPS:
        design = design_at(step)
        for ahead in stand_of(design, "east", known({})).ahead:
            does[step, ahead.step] = "; ".join(ahead.does)
    assert does["both", "canary"].startswith("15 routes of 3 cells change in place")
    assert does["canary", "soak"] == "12 routes of 2 cells change in place to the gateway"
    assert does["canary", "both"] == "15 routes of 3 cells change in place to peerings"
    assert does["soak", "retire"].startswith("6 connections are deleted")
    assert does["prepare", "both"] == "3 attachments are made"


def test_a_blocked_step_is_not_written(tmp_path: Path) -> None:
    file = tmp_path / "cells.yaml"
    file.write_text(texts_at("both"), "utf-8")
    design = design_at("both")
    stand = stand_of(design, "east", known(applied(design.inventory, "prepare")))
    with pytest.raises(UsageError, match="cannot go from both to canary yet"):
        write_step(file, design, stand, forth=True, canary=())
    assert file.read_text("utf-8") == texts_at("both")


def test_a_hub_that_is_not_attached_blocks_what_deletes_its_connection() -> None:
    attached = "    attachments:\n      east: tgw-attach-0f00ba120f00ba120\n"
    text = texts_at("soak").replace(attached, "")
    assert "tgw-attach" not in text
    texts = Texts(inventory=text, inventory_file="cells.yaml", lock=None, lock_file="lock")
    design = make_design(texts, FACTS)
    forth = next(a for a in stand_of(design, "east", known({})).ahead if a.forth)
    assert "hub shared is not attached (hubs.shared.attachments)" in forth.blocked


def test_meshes_are_chosen_by_name() -> None:
    inventory = design_at("both").inventory
    assert choose_meshes(inventory, []) == ("east",)
    assert len(wanted_records(inventory, ["east"])) == 14
    with pytest.raises(UsageError, match="unknown mesh 'aest'; did you mean 'east'"):
        choose_meshes(inventory, ["aest"])
