"""What files say of a stack without a plan: what it will create, and what was edited of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from cellfactory.layers import Input, Source, Stack, StackId
from cellfactory.terraform.foreseen import foresee, read_foreseen, unplanned
from cellfactory.terraform.intent import edited, recorded_tree
from cellfactory.terraform.record import Record
from cellfactory.terraform.workspace import digest_sources
from tests.unit.terraform.scene import ACCESS

ROUTES = StackId("a", "routes")


def stack(*peers: str) -> Stack:
    sources = {p: Source(stack=StackId(p, "accept"), output="ids", key="a") for p in peers}
    return Stack(
        id=ROUTES, access=ACCESS, inputs={"pcx": Input(type="map(string)", sources=sources)}
    )


def document(**more: Any) -> dict[str, Any]:
    route = {"for_each": "${var.pcx}", "vpc_peering_connection_id": "${each.value}", **more}
    return {
        "variable": {"pcx": {"type": "map(string)"}},
        "data": {"aws_ami": {"arm": {}}},
        "resource": {"aws_route": {"to": route}, "aws_eip": {"one": {"domain": "vpc"}}},
    }


def record(peers: Mapping[str, str], said: dict[str, Any], *, complete: bool = True) -> Record:
    sources = {"cdk.tf.json": json.dumps(said)}
    return Record(
        stack=ROUTES,
        account="444444444444",
        region="us-east-1",
        complete=complete,
        digest=digest_sources(sources),
        sources=sources,
        inputs={"pcx": dict(peers)},
        outputs={},
    )


def foreseen(of: Stack, said: dict[str, Any], before: Record | None = None) -> tuple[str, ...]:
    tree = read_foreseen([of], {of.id: {"cdk.tf.json": json.dumps(said)}})
    return foresee(tree, of, before)


def test_a_new_stack_creates_each_row_and_reads_nothing() -> None:
    rows = ('aws_route.to["b"]', 'aws_route.to["c"]')
    assert foreseen(stack("b", "c"), document()) == ("aws_eip.one", *rows)


def test_of_what_stands_only_what_is_new_is_created() -> None:
    before = record({"b": "pcx-1"}, document())
    assert foreseen(stack("b", "c"), document(), before) == ('aws_route.to["c"]',)


def test_where_an_apply_broke_off_all_may_be_created() -> None:
    before = record({"b": "pcx-1"}, document(), complete=False)
    assert len(foreseen(stack("b", "c"), document(), before)) == 3


def test_rows_that_are_not_known_are_one_address() -> None:
    said = {"resource": {"aws_route": {"to": {"for_each": "${toset(data.aws_x.y.ids)}"}}}}
    assert foreseen(stack(), said) == ("aws_route.to[*]",)


@pytest.mark.parametrize(
    ("peers", "said", "found"),
    [
        (("b",), document(), set()),
        (("b", "c"), document(), {'aws_route.to["c"]'}),
        ((), document(), {'aws_route.to["b"]'}),
        (("b",), document(timeouts={"create": "5m"}), {'aws_route.to["b"]'}),
        (("b",), document(lifecycle={"prevent_destroy": True}), {'aws_route.to["b"]'}),
        (("b",), {"resource": {"aws_eip": {"one": {"domain": "vpc"}}}}, {'aws_route.to["b"]'}),
    ],
    ids=["nothing", "row", "row-gone", "value", "lifecycle", "block-gone"],
)
def test_what_was_edited_is_told_by_address(
    peers: tuple[str, ...], said: dict[str, Any], found: set[str]
) -> None:
    of = stack(*peers)
    before = recorded_tree(of, record({"b": "pcx-1"}, document()))
    after = read_foreseen([of], {of.id: {"cdk.tf.json": json.dumps(said)}})
    assert edited(before, after, of.id) == found


BEFORE = record({"b": "pcx-1"}, document())
NEW_ZONE = {"resource": {"aws_eip": {"one": {"domain": "vpc"}, "two": {"domain": "vpc"}}}}


@pytest.mark.parametrize(
    ("before", "said", "found"),
    [
        (BEFORE, document(), None),
        (None, NEW_ZONE, None),
        (record({}, document(), complete=False), NEW_ZONE, None),
        (BEFORE, {"resource": {}}, {"aws_eip.one": "delete", "aws_route.to[*]": "delete"}),
        (BEFORE, document(timeouts={"create": "5m"}), {"aws_route.to[*]": "update"}),
    ],
    ids=["as-applied", "new", "broke-off", "destroyed", "changed"],
)
def test_of_what_stands_it_is_told_what_was_edited(
    before: Record | None, said: dict[str, Any], found: dict[str, str] | None
) -> None:
    told = unplanned(ROUTES, {"cdk.tf.json": json.dumps(said)}, before)
    actions = None if told is None else {r.address: r.action for r in told.resources}
    if found is not None and actions is not None:
        assert found.items() <= actions.items()
    else:
        assert actions == found
