"""What somebody is told of an edit to a running inventory, in words of cells, nodes and edges."""

from __future__ import annotations

from pathlib import Path

import pytest

from cellfactory.design import Design
from cellfactory.diff.impact import Impact, impact
from cellfactory.diff.told import tell
from cellfactory.errors import InventoryError
from tests.unit.diff.edits import EDITS, MORE, design, edited, group, kind, running, side_by_side

GOLDEN = Path(__file__).with_name("told.txt")
REFUSED = {
    "20 to 26 nodes a zone": "F204",
    "rename a cell": "F218",
    "organization of a made account": "F212",
    "account": "F213",
    "3 to 2 zones": "F216",
}
"""Edits that the lock refuses, where there is one: nobody is shown what would become of them."""

ALL = {**EDITS, **MORE}


def told(before: Design, after: Design) -> str:
    return "\n".join(f"[{one.level}] {one}" for one in tell(impact(before, after)))


def of_edit(name: str) -> tuple[Design, Design]:
    return side_by_side(ALL[name]) if name in REFUSED else edited(ALL[name])


def test_what_is_told_of_every_edit(request: pytest.FixtureRequest) -> None:
    text = "\n\n".join(f"# {name}\n{told(*of_edit(name))}".rstrip() for name in ALL) + "\n"
    if request.config.getoption("--update-cases"):
        GOLDEN.write_text(text, "utf-8")
    assert text == GOLDEN.read_text("utf-8")


@pytest.mark.parametrize("name", REFUSED)
def test_what_a_lock_refuses_is_a_problem_of_the_inventory(name: str) -> None:
    with pytest.raises(InventoryError) as caught:
        edited_with_lock(name)
    assert REFUSED[name] in {problem.finding.rule for problem in caught.value.problems}


def edited_with_lock(name: str) -> None:
    from cellfactory.addressing.lock_file import render_lock
    from tests import inventories

    base = running()
    changed = inventories.changed(base, ("version",), lambda *_: None)
    ALL[name](changed)
    design(changed, render_lock(design(base).lock))


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("20 to 25 nodes a zone", ["+15 nodes each", "no room for more nodes", "81%", "100%"]),
        ("20 to 5 nodes a zone", ["[danger]", "45 of 60 nodes each drained and not replaced"]),
        ("Kubernetes 1.34 to 1.35", ["one way", "60 of 60 nodes each replaced", "ring by ring"]),
        ("Kubernetes 1.34 to 1.36", ["EKS refuses to skip", "go to 1.35 first"]),
        ("instance type", ["r6i.4xlarge -> r6i.8xlarge", "20 waves", "45 minutes"]),
        ("6 to 8 prefixes", ["60 of 60 nodes each replaced", "96 -> 128"]),
        ("6 to 3 prefixes", ["96 -> 48", "subnet reservations"]),
        ("rename a cell", ["it is a new cell", "444444444446", "prod-2"]),
        ("remove a cell", ["leaves the inventory", "loses 2 edges"]),
        ("organization of a given account", ["Terraform moves no account"]),
        ("organization of a made account", ["Terraform moves no account"]),
        ("account", ["444444444446 -> 999999999999", "built anew"]),
        ("mesh", ["loses 2 edges: prod-1--prod-2, prod-2--prod-3", "mesh other"]),
        ("3 to 2 zones", ["gives up zone use1-az4", "20 of 60 nodes each drained"]),
        ("rename a node group", ["replaced all at once", "name all -> other"]),
        ("tier", ["+5,037.00 USD a month each at list prices"]),
        ("a cell more", ["new cell, 60 nodes", "gains 3 edges"]),
        ("spot", ["replaced all at once"]),
        ("max_unavailable with an image", ["5 waves"]),
    ],
)
def test_each_edit_says_what_it_must(name: str, words: list[str]) -> None:
    text = told(*of_edit(name))
    assert [word for word in words if word not in text] == []


@pytest.mark.parametrize("name", ["groups of one node less a time", "ring"])
def test_what_moves_no_node_is_not_told(name: str) -> None:
    assert not impact(*edited(ALL[name]))


def test_nothing_becomes_of_nothing() -> None:
    one = design(running())
    assert impact(one, one) == Impact()
    assert not impact(one, design(running()))


@pytest.mark.parametrize("name", ALL)
def test_an_edit_taken_back_is_its_mirror_image(name: str) -> None:
    before, after = side_by_side(ALL[name])
    there, back = impact(before, after), impact(after, before)
    assert [c.name for c in there] == [c.name for c in back]
    for one, two in zip(there, back, strict=True):
        assert (one.added, one.removed) == (two.removed, two.added)
        assert one.replaced == two.replaced
        assert (one.before, one.after) == (two.after, two.before)
        assert one.dollars == -two.dollars
        assert (one.zones_lost, one.zones_gained) == (two.zones_gained, two.zones_lost)
    edges = [(m.name, m.gained, m.lost) for m in there.meshes]
    assert edges == [(m.name, m.lost, m.gained) for m in back.meshes]


@pytest.mark.parametrize("name", ALL)
def test_nodes_add_up(name: str) -> None:
    for cell in impact(*side_by_side(ALL[name])):
        for one in cell.groups:
            assert one.before - one.removed == one.after - one.added
            assert one.replaced <= min(one.before, one.after)
            assert bool(one.waves) == bool(one.minutes) == bool(one.replaced and not one.at_once)


def test_without_anything_before_every_cell_is_new() -> None:
    made = impact(None, design(running()))
    assert {cell.action for cell in made} == {"add"}
    assert [len(mesh.gained) for mesh in made.meshes] == [3]
    assert made.standing == 0


def test_groups_that_eks_splits_are_updated_side_by_side() -> None:
    base = running()
    group(base)["nodes_per_zone"] = 250
    before, after = side_by_side(lambda d: kind(d).update(node_image="v20251103"), base)
    (one,) = impact(before, after).cells[0].groups
    assert (one.eks_groups, one.waves, one.replaced) == (9, 100, 750)
