"""What stacks have in common, and what a builder may do with the rest."""

from __future__ import annotations

import dataclasses
import itertools
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cellfactory.addressing.lock import EMPTY_LOCK
from cellfactory.addressing.plan import plan_addresses
from cellfactory.facts.loader import load_facts
from cellfactory.layers import list_stacks
from cellfactory.specs.layers import AcceptSpec
from cellfactory.specs.parts import Parts
from cellfactory.specs.shape import LeafTouchedError, StandIn, hollow, shape_of
from cellfactory.specs.stack import StackSpec, describe_stack
from tests.inventories import data, inventory

FACTS = load_facts()
CHARTS = {"spark-namespaces": "a.tgz", "spark-history-server": "b.tgz", "spark-ui-gateway": "c.tgz"}


def specs_of(made: dict[str, Any]) -> dict[str, StackSpec]:
    cells = inventory(made)
    plan, _ = plan_addresses(cells, EMPTY_LOCK, FACTS)
    parts = Parts(inventory=cells, plan=plan, facts=FACTS, charts=CHARTS)
    return {s.id.name: describe_stack(parts, s) for s in list_stacks(cells, FACTS)}


def test_equal_cells_have_one_shape_in_each_layer_however_many_there_are() -> None:
    shapes: dict[str, set[str]] = {}
    for spec in specs_of(data(7)).values():
        shapes.setdefault(spec.layer, set()).add(shape_of(spec).key)
    assert {layer: len(found) for layer, found in shapes.items()} == dict.fromkeys(shapes, 1)
    assert len(shapes) == 6


def test_what_is_no_leaf_is_another_shape() -> None:
    small, large = (specs_of(data(1, nodes=n))["cell-000-cluster"] for n in (10, 11))
    assert shape_of(small).key != shape_of(large).key
    assert shape_of(small).fillings[0] == "cell-000-cluster"


def test_fillings_are_in_the_order_of_the_stand_ins() -> None:
    for spec in specs_of(data(3)).values():
        numbers = (f"<{n}>" for n in itertools.count())
        text = str(dataclasses.asdict(hollow(spec, numbers)))
        count = len(shape_of(spec).fillings)
        assert all(f"<{number}>" in text for number in range(count))
        assert f"<{count}>" not in text


@pytest.mark.parametrize("text", ['a"b', "a\\b", "é", "a%{b}", "line\nbreak", "<&>", "a'b"])
def test_a_text_that_another_document_writes_in_another_way_is_no_leaf(text: str) -> None:
    spec = specs_of(data(1))["cell-000-network"]
    odd = dataclasses.replace(spec, frame=dataclasses.replace(spec.frame, name=text))
    other = dataclasses.replace(spec, frame=dataclasses.replace(spec.frame, name=text + "x"))
    assert text not in shape_of(odd).fillings
    assert shape_of(odd).key != shape_of(other).key
    assert hollow(odd, iter(map(str, range(10_000)))).frame.name == text


@given(rows=st.dictionaries(st.text(), st.dictionaries(st.text(), st.text())))
def test_rows_are_filled_in_whole_whatever_they_hold(rows: dict[str, dict[str, str]]) -> None:
    spec = specs_of(data(2))["cell-001-accept"]
    made = dataclasses.replace(spec, content=AcceptSpec(edges=rows))
    assert shape_of(made).key == shape_of(spec).key
    assert rows in shape_of(made).fillings


LOOKS = [
    lambda leaf: leaf == "a",
    lambda leaf: leaf != "a",
    lambda leaf: leaf < "a",
    lambda leaf: bool(leaf),
    lambda leaf: len(leaf),
    lambda leaf: {leaf: 1},
    lambda leaf: leaf in {"a"},
    lambda leaf: "a" in leaf,
    lambda leaf: leaf[:3],
    lambda leaf: list(leaf),
    lambda leaf: sorted([leaf, leaf]),
    lambda leaf: leaf.startswith("$"),
    lambda leaf: leaf.replace("a", "b"),
    lambda leaf: leaf.split("/"),
    lambda leaf: leaf.encode(),
    lambda leaf: leaf or "b",
    lambda leaf: leaf * 2,
]


@pytest.mark.parametrize("look", LOOKS)
def test_a_builder_that_looks_at_a_leaf_is_stopped(look: Any) -> None:
    with pytest.raises(LeafTouchedError):
        look(StandIn("leaf0n00000z"))


def test_a_leaf_can_be_written() -> None:
    leaf = StandIn("leaf0n00000z")
    assert f"{leaf}-x" == "leaf0n00000z-x"
    assert json.dumps({"a": leaf}) == '{"a": "leaf0n00000z"}'
    assert json.dumps([leaf], indent=1) == '[\n "leaf0n00000z"\n]'
