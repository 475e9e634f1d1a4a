"""What is applied of a mesh's ways, held against its step; and which step may come next."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cellfactory.addressing.lock_file import render_lock
from cellfactory.design import Design, Texts, make_design
from cellfactory.documents import load_data
from cellfactory.errors import InventoryError, UsageError
from cellfactory.facts.loader import load_facts
from cellfactory.inventory.interconnect import ROWS, STEPS, Interconnect
from cellfactory.inventory.schema import Inventory
from cellfactory.layers import StackId
from cellfactory.layers.edges import higher_peers, lower_peers, peered_hubs
from cellfactory.runs.migration import choose_meshes, stand_of, wanted_records, write_step
from cellfactory.runs.standing import Known
from cellfactory.runs.ways import require_ways
from cellfactory.terraform.record import Record
from cellfactory.terraform.registry import Registry
from cellfactory.terraform.store import FolderStore
from cellfactory.views.migration import render_stands
from cellfactory.views.style import Style
from tests.inventories import data, render

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
        digest="",
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
            record(StackId(cell, "transit"), attachment_ids=attached),
        ]
    return {one.stack: one for one in records}


def registry_of(folder: Path, records: dict[StackId, Record]) -> Registry:
    registry = Registry(FolderStore(folder))
    for one in records.values():
        registry.write(one)
    return registry


@pytest.mark.parametrize("before", STEPS)
@pytest.mark.parametrize("now", STEPS)
def test_nothing_is_given_up_that_an_applied_way_leads_over(
    tmp_path: Path, before: Interconnect, now: Interconnect
) -> None:
    design = design_at(now)
    registry = registry_of(tmp_path, applied(design.inventory, before))
    over = ROWS[before].routes
    loses = (not ROWS[now].peerings and over != "gateway") or (
        not ROWS[now].attached and over != "peering"
    )
    stays = not ROWS[now].gateway and ROWS[before].attached
    if loses or stays:
        with pytest.raises(InventoryError) as refused:
            require_ways(design, registry)
        found = {problem.finding.rule for problem in refused.value.problems}
        assert found <= {"F770", "F771"}
    else:
        require_ways(design, registry)


def test_one_cell_that_is_late_holds_all(tmp_path: Path) -> None:
    design = design_at("retire")
    records = applied(design.inventory, "soak")
    late = StackId("cell-002", "routes")
    records[late] = applied(design.inventory, "canary")[late]
    with pytest.raises(InventoryError) as refused:
        require_ways(design, registry_of(tmp_path, records))
    (problem,) = refused.value.problems
    assert problem.finding.message == (
        "mesh 'east' is at retire, and routes of 1 cell still lead over a peering: cell-002"
    )
    assert "write interconnect: soak again" in problem.finding.hint
    assert "--cell cell-002 --layer routes" in problem.finding.hint


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
def test_a_mesh_that_is_late_lacks_something_and_may_go_nowhere(step: Interconnect) -> None:
    design = design_at(step)
    late = STEPS[STEPS.index(step) - 1]
    stand = stand_of(design, "east", known(applied(design.inventory, late)))
    same = late in ("peering", "retire")  # what these make differs from nothing after them
    lacking = [cell.cell for cell in stand.cells if cell.lacks]
    assert bool(lacking) != same
    if lacking:
        assert all("not applied yet everywhere" in a.blocked[0] for a in stand.ahead)


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
    assert len(wanted_records(inventory, ["east"])) == 12
    with pytest.raises(UsageError, match="unknown mesh 'aest'; did you mean 'east'"):
        choose_meshes(inventory, ["aest"])
