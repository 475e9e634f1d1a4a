"""The step of a mesh is edited in its text; nothing else of the file changes."""

from __future__ import annotations

import difflib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cellfactory.documents import load_data
from cellfactory.errors import UsageError
from cellfactory.inventory.interconnect import STEPS
from cellfactory.inventory.mesh_edit import edit_step

BLOCK = """\
version: 1  # of the format
meshes:
  east:  # the large one
    region: us-east-1
    interconnect: both  # since May
    cell_to_cell: full
  west: {region: us-west-2, hubs: []}
cells: {}
"""
FORMS = {
    "block": BLOCK,
    "block, the last key": BLOCK.replace("    cell_to_cell: full\n", ""),
    "block, no key yet": BLOCK.replace("    interconnect: both  # since May\n", ""),
    "quoted": BLOCK.replace("interconnect: both ", 'interconnect: "both" '),
    "flow": BLOCK.replace(
        "  east:  # the large one\n    region: us-east-1\n    interconnect: both  # since May\n"
        "    cell_to_cell: full\n",
        "  east: {region: us-east-1, interconnect: both, cell_to_cell: full}\n",
    ),
    "flow, the last key": BLOCK.replace(
        "  east:  # the large one\n    region: us-east-1\n    interconnect: both  # since May\n"
        "    cell_to_cell: full\n",
        "  east: {region: us-east-1, interconnect: both}\n",
    ),
    "flow, no key yet": BLOCK.replace(
        "  east:  # the large one\n    region: us-east-1\n    interconnect: both  # since May\n"
        "    cell_to_cell: full\n",
        "  east: {region: us-east-1}\n",
    ),
}


def changed(before: str, after: str) -> list[str]:
    lines = difflib.ndiff(before.splitlines(), after.splitlines())
    return [line for line in lines if line[0] in "+-"]


@pytest.mark.parametrize("form", FORMS)
def test_a_step_is_written_where_it_stands(form: str) -> None:
    text = FORMS[form]
    after = edit_step(text, "east", "prepare")
    assert load_data(after)["meshes"]["east"]["interconnect"] == "prepare"
    assert len(changed(text, after)) <= 2
    assert after.count("#") == text.count("#"), "comments stay"


@pytest.mark.parametrize("form", FORMS)
def test_a_canary_comes_and_goes(form: str) -> None:
    text = FORMS[form]
    there = edit_step(text, "east", "canary", ["a", "b"])
    assert load_data(there)["meshes"]["east"]["canary"] == ["a", "b"]
    back = edit_step(there, "east", "both")
    assert "canary" not in load_data(back)["meshes"]["east"]
    if "interconnect" in text and '"both"' not in text:
        assert back == text


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("form", FORMS)
def test_lines_end_as_they_did(form: str, newline: str) -> None:
    text = FORMS[form].replace("\n", newline)
    there = edit_step(text, "east", "canary", ["a", "b"])
    assert edit_step(FORMS[form], "east", "canary", ["a", "b"]).replace("\n", newline) == there
    back = edit_step(there, "east", "soak")
    assert back.count("\n") == back.count(newline)


@pytest.mark.parametrize(
    "written",
    [
        "    canary: [a,\n      b]\n",
        "    canary:\n      - a\n      - b  # the last\n",
        "    canary: [a]\n",
    ],
)
def test_a_canary_is_removed_however_it_is_written(written: str) -> None:
    text = BLOCK.replace("    cell_to_cell", f"{written}    cell_to_cell").replace("both", "canary")
    after = edit_step(text, "east", "soak")
    assert "canary" not in load_data(after)["meshes"]["east"]
    assert after.endswith(
        "    cell_to_cell: full\n  west: {region: us-west-2, hubs: []}\ncells: {}\n"
    )


def test_what_cannot_be_edited_is_left_and_said() -> None:
    text = BLOCK.replace("interconnect: both ", "? interconnect\n    : |-\n      both\n    #")
    with pytest.raises(UsageError, match="write it by hand: interconnect: soak"):
        edit_step(text, "east", "soak")


@given(
    form=st.sampled_from(sorted(FORMS)),
    steps=st.lists(st.sampled_from(STEPS), min_size=1, max_size=6),
)
def test_any_way_leads_to_what_was_asked_for(form: str, steps: list[str]) -> None:
    text = FORMS[form]
    others = {**load_data(text), "meshes": {"west": load_data(text)["meshes"]["west"]}}
    for step in steps:
        text = edit_step(text, "east", step, ["a"] if step == "canary" else [])
        told = load_data(text)
        assert told["meshes"]["east"]["interconnect"] == step
        assert ("canary" in told["meshes"]["east"]) == (step == "canary")
        assert {**told, "meshes": {"west": told["meshes"]["west"]}} == others
