"""Two trees held against each other, resource by resource."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings

from cellfactory.diff import compare as module
from cellfactory.diff.compare import compare_stack, compare_trees
from cellfactory.diff.folding import all_folds, count_actions, fold
from cellfactory.diff.model import ABSENT, Changes, ResourceChange
from cellfactory.layers import StackId
from cellfactory.tree.document import DocumentError
from tests.unit.diff.trees import TREES, routes, single, tree

STACK = StackId("x", "network")
MIRROR = {"create": "delete", "delete": "create"}


def one(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[ResourceChange, ...]:
    """Compare two documents of one stack."""
    found = compare_stack(STACK, json.dumps(before), json.dumps(after))
    return found.resources if found else ()


@given(TREES)
def test_a_tree_is_not_different_from_itself(before: Mapping[StackId, str]) -> None:
    again = {stack: json.dumps(json.loads(text), indent=2) for stack, text in before.items()}
    assert compare_trees(before, again) == Changes(stacks=(), unchanged=len(before))


@given(TREES, TREES)
@settings(max_examples=60)
def test_the_way_back_is_the_mirror(
    before: Mapping[StackId, str], after: Mapping[StackId, str]
) -> None:
    there, back = compare_trees(before, after), compare_trees(after, before)
    assert there.unchanged == back.unchanged
    assert [s.stack for s in there.stacks] == [s.stack for s in back.stacks]
    for left, right in zip(there.stacks, back.stacks, strict=True):
        assert [r.address for r in left.resources] == [r.address for r in right.resources]
        for one_way, other in zip(left.resources, right.resources, strict=True):
            if one_way.action in MIRROR:
                assert other.action == MIRROR[one_way.action]
            assert {(v.path, repr(v.before), repr(v.after)) for v in one_way.values} == {
                (v.path, repr(v.after), repr(v.before)) for v in other.values
            }


@given(TREES, TREES)
@settings(max_examples=60)
def test_what_is_told_of_addresses_makes_one_tree_of_the_other(
    before: Mapping[StackId, str], after: Mapping[StackId, str]
) -> None:
    changes = compare_trees(before, after)
    found = {(s, a) for s, text in before.items() for a in addresses(s, text)}
    for stack, change in changes:
        if change.action == "create":
            found.add((stack, change.address))
        elif change.action == "delete":
            found.remove((stack, change.address))
    assert found == {(s, a) for s, text in after.items() for a in addresses(s, text)}


def addresses(stack: StackId, text: str) -> set[str]:
    return set(module._items(stack, json.loads(text)))


@given(TREES, TREES)
@settings(max_examples=60)
def test_folding_loses_no_address(
    before: Mapping[StackId, str], after: Mapping[StackId, str]
) -> None:
    changes = compare_trees(before, after)
    folded = [(stack, change.address) for stack, change in all_folds(fold(changes))]
    assert sorted(folded) == sorted((stack, change.address) for stack, change in changes)


@given(TREES, TREES)
@settings(max_examples=60)
def test_rows_that_are_left_out_change_nothing(
    before: Mapping[StackId, str], after: Mapping[StackId, str]
) -> None:
    quick = compare_trees(before, after)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "trim", lambda old, new, _: (old, new))
        assert compare_trees(before, after) == quick


def test_a_peer_more_is_a_row_more() -> None:
    (change,) = one(routes("a", "b"), routes("a", "b", "c"))
    assert (change.action, change.address) == ("create", 'aws_route.to-peer["az1 10.2.0.0/16"]')
    peer = next(v.after for v in change.values if v.path == ("vpc_peering_connection_id",))
    assert peer.text == '${var.connection_ids["c"]}'


def test_a_local_that_more_than_rows_takes_is_looked_at_whole() -> None:
    before, after = routes("a"), routes("a", "b")
    for document in (before, after):
        document["output"]["of"]["value"] = "${length(local.routes)}"
    assert [c.address for c in one(before, after)] == ['aws_route.to-peer["az1 10.1.0.0/16"]']


def test_a_vpc_whose_block_is_another_is_likely_made_anew() -> None:
    before = single("x", aws_vpc__cell={"cidr_block": "10.0.0.0/16", "tags": {"a": "b"}})
    after = single("x", aws_vpc__cell={"cidr_block": "10.1.0.0/16", "tags": {"a": "c"}})
    (change,) = one(before, after)
    assert (change.action, change.is_likely, change.is_destructive) == ("replace", True, True)
    assert [(v.path, v.replaces) for v in change.values] == [
        (("cidr_block",), True),
        (("tags", "a"), False),
    ]


def test_what_moved_is_no_other_resource() -> None:
    before = single("x", aws_vpc__old={"cidr_block": "10.0.0.0/16"})
    after = single("x", aws_vpc__new={"cidr_block": "10.0.0.0/16"})
    assert [c.action for c in one(before, after)] == ["create", "delete"]
    after["moved"] = [{"from": "aws_vpc.old", "to": "aws_vpc.new"}]
    (moved,) = one(before, after)
    assert (moved.action, moved.address, moved.moved_from) == ("move", "aws_vpc.new", "aws_vpc.old")
    after["resource"]["aws_vpc"]["new"]["tags"] = {"a": "b"}
    (changed,) = one(before, after)
    assert (changed.action, changed.moved_from) == ("update", "aws_vpc.old")


@pytest.mark.parametrize("written", ["${aws_vpc.old}", "aws_vpc.old"])
def test_a_move_of_nothing_says_nothing(written: str) -> None:
    before = single("x", aws_vpc__new={})
    after = {**before, "moved": {"from": written, "to": "aws_vpc.new"}}
    assert one(before, after) == ()


def test_outputs_providers_and_the_backend_are_told_and_are_no_resources() -> None:
    before = routes("a", cell="x")
    after = routes("a", cell="y")
    after["terraform"] = {"backend": {"s3": {"bucket": "b"}}, "required_version": ">= 1.10"}
    changes = one(before, after)
    assert [(c.action, c.address) for c in changes] == [
        ("create", "backend.s3"),
        ("update", "output.of"),
        ("update", "provider.aws"),
        ("update", "terraform.settings"),
    ]
    assert not any(change.is_resource or change.is_destructive for change in changes)


def test_a_guard_that_goes_is_told() -> None:
    before = single("x", aws_vpc__cell={"lifecycle": {"prevent_destroy": True}})
    (change,) = one(before, single("x", aws_vpc__cell={}))
    assert change.values[0].path == ("lifecycle",)
    assert change.values[0].after is ABSENT


def test_stacks_come_and_go_whole() -> None:
    before = tree(a__network=single("a", aws_vpc__cell={}), b__network=single("b"))
    after = tree(b__network=single("b"), c__network=single("c", aws_vpc__cell={}))
    changes = compare_trees(before, after)
    assert [(s.stack.name, s.action) for s in changes.stacks] == [
        ("a-network", "remove"),
        ("c-network", "add"),
    ]
    assert changes.unchanged == 1
    assert count_actions(changes) == {"delete": 1, "create": 1}


@pytest.mark.parametrize("text", ["", "{", "[]", '{"resource": 3}', "\x00", '"x"'])
def test_what_is_no_document_is_refused_by_its_name(text: str) -> None:
    with pytest.raises(DocumentError, match="x-network"):
        compare_stack(STACK, "{}", text)


@pytest.mark.parametrize("written", [None, '${"a" == "b" ? var.x : null}'])
def test_an_argument_that_is_null_is_none(written: Any) -> None:
    without = single("x", aws_route__to={"route_table_id": "rtb-1"})
    body = {"route_table_id": "rtb-1", "transit_gateway_id": written}
    with_null = single("x", aws_route__to=body)
    assert one(without, with_null) == one(with_null, without) == ()


def test_a_default_of_null_is_one() -> None:
    assert one({"variable": {"a": {}}}, {"variable": {"a": {"default": None}}})


WAITING = (
    "${{ for key, row in local.rows : key => row if contains(keys(var.ids), key) }}",
    "${{ for key, row in local.rows : key => row if contains(keys(var.ids), row.peer) }}",
    '${{ for key, row in local.rows : key => row if row.over == "gateway" || '
    "contains(keys(var.ids), row.peer) }}",
)


@pytest.mark.parametrize("rows", WAITING)
def test_rows_that_wait_for_another_stack_are_told_one_by_one(rows: str) -> None:
    def hub(*peers: str) -> dict[str, Any]:
        made = single("h", aws_route__back={"for_each": rows, "table": "${each.value.peer}"})
        return {**made, "locals": {"rows": {peer: {"peer": peer} for peer in peers}}}

    (found,) = one(hub("a", "b"), hub("a"))
    assert (found.action, found.address) == ("delete", 'aws_route.back["b"]')
    (found,) = one(hub(), hub("a"))
    assert (found.action, found.address) == ("create", 'aws_route.back["a"]')
    assert one(hub("a"), hub("a")) == ()
