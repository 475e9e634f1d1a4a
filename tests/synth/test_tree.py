"""The shipped inventory, synthesized and read as one tree."""

from __future__ import annotations

import pytest

from cellfactory.tree.tree import Place, Tree, read_tree
from cellfactory.tree.values import decode_base64, decode_json
from tests.synth.conftest import Example

pytestmark = pytest.mark.synth


@pytest.fixture(scope="module")
def tree(example: Example) -> Tree:
    return read_tree(example.stacks, example.texts)


def test_every_reference_leads_to_a_resource_and_every_row_is_known(
    tree: Tree, example: Example
) -> None:
    assert tree.missing == ()
    assert [str(place) for place, r in tree.all_resources() if not r.rows_known] == []
    between = {
        (edge.source.stack, edge.target.place.stack)
        for edge in tree.edges()
        if edge.source.stack != edge.target.place.stack
    }
    waiting = {(stack.id.name, w.name) for stack in example.stacks for w in stack.waits_for}
    assert between <= waiting, "nothing is taken but through a variable"
    assert len(between) > 8


def test_a_route_to_a_peer_stands_on_both_vpcs(tree: Tree) -> None:
    routes = [place for place, resource in tree.all_resources() if resource.type == "aws_route"]
    vpcs = {place: vpcs_below(tree, place) for place in routes}
    assert any(len(found) == 2 for found in vpcs.values())
    assert {len(found) for found in vpcs.values()} <= {1, 2}, "own alone: to a hub or a gateway"


def vpcs_below(tree: Tree, place: Place) -> set[str]:
    return {at.stack for at in tree.stands_on(place) if at.address.startswith("aws_vpc.")}


def test_what_is_kept_as_text_can_be_looked_into(tree: Tree) -> None:
    seen = set()
    for place, resource in tree.all_resources():
        for name, look in (("policy", decode_json), ("configuration_values", decode_json)):
            if name in resource.body:
                assert isinstance(look(resource.body[name]), dict), place
                seen.add(name)
        if "user_data" in resource.body:
            assert "node.eks.aws" in str(decode_base64(resource.body["user_data"])), place
            seen.add("user_data")
    assert seen == {"policy", "configuration_values", "user_data"}
