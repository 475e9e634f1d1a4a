"""A mesh takes one step at a time, and goes back as long as its pod blocks let it."""

from __future__ import annotations

from typing import Any

import pytest

from cellfactory.addressing.lock import check_locked
from cellfactory.addressing.lock_file import parse_lock, render_lock
from cellfactory.design import Texts, make_design
from cellfactory.errors import InventoryError
from cellfactory.facts.loader import load_facts
from cellfactory.inventory.interconnect import STEPS, Interconnect, next_step, step_back
from tests.inventories import cell, data, render

FACTS = load_facts()


def mesh_at(step: str, cells: int = 2, **gateway: Any) -> dict[str, Any]:
    """Make an inventory whose mesh is at a step."""
    made = data(cells)
    made["meshes"]["east"]["interconnect"] = step
    made["meshes"]["east"]["gateway"] = {
        "account": "888888888888",
        "organization": "one",
        **gateway,
    }
    if step == "canary":
        made["meshes"]["east"]["canary"] = ["cell-000"]
    return made


def locked(made: dict[str, Any], lock: str | None = None) -> str:
    texts = Texts(inventory=render(made), inventory_file="cells.yaml", lock=lock, lock_file="lock")
    return render_lock(make_design(texts, FACTS).lock)


def refused(made: dict[str, Any], lock: str) -> list[str]:
    try:
        locked(made, lock)
    except InventoryError as error:
        return [
            str(problem.finding)
            for problem in error.problems
            if problem.finding.severity == "error"
        ]
    return []


@pytest.mark.parametrize("there", STEPS)
@pytest.mark.parametrize("here", STEPS)
def test_one_step_at_a_time_there_and_back(here: Interconnect, there: Interconnect) -> None:
    lock = locked(mesh_at(here))
    found = refused(mesh_at(there), lock)
    if abs(STEPS.index(here) - STEPS.index(there)) <= 1:
        assert not found
        return
    (line,) = found
    forth = STEPS.index(there) > STEPS.index(here)
    following = next_step(here) if forth else step_back(here)
    assert line.startswith(f"F764 mesh 'east' goes from {here} to {there}, and skips {following}")
    assert f"write interconnect: {following} and apply it first" in line


def test_a_mesh_that_has_no_cell_yet_begins_at_any_step() -> None:
    lock = locked(data(1))
    made = mesh_at("gateway", 1)
    made["meshes"] = {"east": data(1)["meshes"]["east"], "other": made["meshes"]["east"]}
    made["cells"]["cell-001"] = cell(1, mesh="other")
    assert not refused(made, lock)


def test_the_lock_keeps_the_step_and_reads_it_again() -> None:
    text = locked(mesh_at("both"))
    assert "\nmeshes:  #" in text
    lock = parse_lock(text, "lock", FACTS)
    assert lock.steps == {"east": "both"}
    assert render_lock(lock) == text
    assert "meshes:" not in locked(mesh_at("peering")).replace("# joined", "")


def test_a_step_that_was_not_locked_makes_the_lock_stale() -> None:
    lock = locked(mesh_at("both"))
    texts = Texts(
        inventory=render(mesh_at("prepare")), inventory_file="a", lock=lock, lock_file="b"
    )
    design = make_design(texts, FACTS)
    assert design.lock.steps == {"east": "prepare"}
    (found,) = check_locked(parse_lock(lock, "b", FACTS), design.lock)
    assert "other interconnect: east both -> prepare" in found.message


def reusing(cells: int) -> dict[str, Any]:
    """Make a mesh whose pool has room for the pods of four cells alone."""
    made = mesh_at("gateway", cells, pod_blocks="reusable")
    made["address_pools"]["pod"] = ["100.64.0.0/17"]
    return made


def test_pod_blocks_are_used_again_once_there_are_no_others() -> None:
    lock = parse_lock(locked(reusing(8)), "lock", FACTS)
    blocks = [cell.pod_blocks for cell in lock.cells.values()]
    unlike = len(set(blocks))
    assert 1 < unlike < len(blocks)
    assert len(set(blocks[:unlike])) == unlike, "none is used again as long as there are others"


def test_what_is_used_again_is_no_way_back() -> None:
    made = reusing(8)
    lock = locked(made)
    back = reusing(8)
    back["meshes"]["east"] |= {"interconnect": "retire"}
    back["meshes"]["east"]["gateway"]["pod_blocks"] = "unique"
    found = refused(back, lock)
    assert found
    assert all(
        line.startswith("F765 mesh 'east' cannot leave gateway for retire: ") for line in found
    )
    assert len({line.partition(" both ")[0] for line in found}) == len(found), "a pair is told once"


@pytest.mark.parametrize(
    ("step", "way"),
    [("peering", "join the mesh by a gateway"), ("gateway", "set meshes.east.gateway.pod_blocks")],
)
def test_where_the_pool_is_used_up_the_way_on_has_its_price(step: Interconnect, way: str) -> None:
    made = mesh_at(step, 8)
    made["address_pools"]["pod"] = ["100.64.0.0/17"]
    with pytest.raises(InventoryError) as error:
        locked(made)
    found = [problem.finding for problem in error.value.problems]
    assert {one.rule for one in found} == {"F202"}
    assert all(f"or {way}" in one.hint for one in found)
    assert all(one.hint.endswith("; there is no way back to peerings then") for one in found)


def test_what_is_not_used_again_is_a_way_back() -> None:
    lock = locked(mesh_at("gateway", 3, pod_blocks="reusable"))
    assert not refused(mesh_at("retire", 3), lock)


def test_unique_blocks_run_out_behind_a_gateway_too() -> None:
    made = reusing(8)
    made["meshes"]["east"]["gateway"]["pod_blocks"] = "unique"
    assert any(line.startswith("F202") for line in refused(made, locked(reusing(1))))
