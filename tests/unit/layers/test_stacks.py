"""Which stacks an inventory has, what each waits for, and how they get to their accounts."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cellfactory.facts.loader import load_facts
from cellfactory.inventory.schema import Inventory
from cellfactory.layers import LAYERS, ROWS, Stack, StackId, list_stacks
from tests.inventories import cell, data, inventory

FACTS = load_facts()
HUB = {
    "account": "333333333333",
    "vpc": "vpc-0f00ba12",
    "region": "us-east-1",
    "blocks": ["10.0.0.0/16"],
    "dns_resolution": True,
}


def cells(names: str, *, new: str = "", hub: bool = False, mesh: str = "full") -> Inventory:
    """An inventory of cells with one-letter names; the accounts of `new` ones are made."""
    made = data(0)
    made["cells"] = {name: cell(number) for number, name in enumerate(names)}
    for name in new:
        email = f"aws+{name}@example.com"
        made["cells"][name]["account"] = {"email": email, "ou": "ou-ab12-cdefgh34"}
    made["meshes"]["east"]["cell_to_cell"] = mesh
    if hub:
        made["hubs"] = {"shared": HUB}
        made["meshes"]["east"]["hubs"] = ["shared"]
    return inventory(made)


def by_name(of: Inventory) -> dict[str, Stack]:
    return {stack.id.name: stack for stack in list_stacks(of, FACTS)}


def layers_of(stacks: dict[str, Stack], owner: str) -> list[str]:
    return [stack.id.layer for stack in stacks.values() if stack.id.owner == owner]


def test_a_cell_that_is_alone_has_no_edges() -> None:
    assert [s.id.layer for s in list_stacks(cells("a"), FACTS)] == [
        "network",
        "cluster",
        "platform",
    ]


def test_the_lowest_asks_the_highest_accepts_and_each_keeps_its_own_routes() -> None:
    stacks = by_name(cells("abc"))
    edges = {"peering", "accept", "routes"}
    assert {c: edges & set(layers_of(stacks, c)) for c in "abc"} == {
        "a": {"peering", "routes"},
        "b": {"peering", "accept", "routes"},
        "c": {"accept", "routes"},
    }


def test_a_star_peers_with_its_hub_only() -> None:
    stacks = by_name(cells("ab", hub=True, mesh="none"))
    assert [layer for layer in layers_of(stacks, "b") if layer in ("peering", "accept")] == [
        "peering"
    ]
    assert stacks["b-routes"].waits_for == (StackId("b", "network"), StackId("b", "peering"))


def test_routes_take_each_connection_once_it_is_active() -> None:
    """The acceptance of the lower side is one's own, that of the higher side the peer's."""
    routes = by_name(cells("abc", hub=True))["b-routes"]
    sources = routes.inputs["connection_ids"].sources
    assert isinstance(sources, dict)
    assert {peer: (s.stack.name, s.output, s.key) for peer, s in sources.items()} == {
        "a": ("b-accept", "accepted_ids", "a"),
        "c": ("c-accept", "accepted_ids", "b"),
        "shared": ("b-peering", "connection_ids", "shared"),
    }


def test_the_highest_of_a_mesh_with_hubs_has_the_variables_of_the_others() -> None:
    """So that one more peer adds a key, and no variable."""
    stacks = by_name(cells("abc", hub=True))
    inputs = {c: set(stacks[f"{c}-peering"].inputs) for c in "abc"}
    assert inputs["a"] == inputs["b"] == inputs["c"]
    assert stacks["c-peering"].inputs["peer_vpc_ids"].all_sources() == ()


def test_the_account_of_a_new_peer_is_taken_from_its_stack() -> None:
    stacks = by_name(cells("abc", new="c"))
    ids = stacks["a-peering"].inputs["peer_account_ids"]
    assert [(s.stack.name, s.output) for s in ids.all_sources()] == [("c-account", "account_id")]
    for layer in ("network", "accept", "routes", "cluster", "platform"):
        assert StackId("c", "account") in stacks[f"c-{layer}"].waits_for, layer


def test_a_stack_works_in_its_cells_account_by_both_roles() -> None:
    (network, *_) = list_stacks(cells("a"), FACTS)
    assert network.access.account == "444444444444"
    assert network.access.roles == (
        "arn:aws:iam::111111111111:role/CellFactory",
        "arn:aws:iam::444444444444:role/OrganizationAccountAccessRole",
    )
    assert (network.access.region, network.access.sts_region) == ("us-east-1", "us-east-1")


def test_every_stack_of_a_cell_but_its_account_goes_the_same_way() -> None:
    stacks = by_name(cells("ab", new="b", hub=True))
    ways = {s.access for n, s in stacks.items() if s.id.owner == "b" and n != "b-account"}
    (way,) = ways
    assert way.account == "${var.account_id}"
    assert way.roles[1] == "arn:aws:iam::${var.account_id}:role/OrganizationAccountAccessRole"
    made = stacks["b-account"].access
    assert (made.account, made.roles) == (
        "111111111111",
        ("arn:aws:iam::111111111111:role/CellFactory",),
    )


def far(made: dict[str, Any]) -> dict[str, Any]:
    """The same inventory in a Region that an account has to enable first."""
    made = copy.deepcopy(made)
    made["meshes"]["east"]["region"] = "eu-south-2"
    made["cell_types"]["plain"]["zones"] = ["eus2-az1", "eus2-az2", "eus2-az3"]
    made["cell_types"]["plain"]["node_groups"]["all"]["instance_type"] = "m5.4xlarge"
    return made


def test_roles_are_assumed_where_every_account_has_them() -> None:
    made = far(data(1))
    made["cells"]["cell-000"]["account"] = {"email": "aws@example.com", "ou": "ou-ab12-cdefgh34"}
    stacks = by_name(inventory(made))
    member, management = stacks["cell-000-network"].access, stacks["cell-000-account"].access
    assert (member.region, member.sts_region) == ("eu-south-2", "us-east-1")
    assert (management.region, management.sts_region) == ("us-east-1", "us-east-1")


@given(
    names=st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=8, unique=True).map("".join),
    new=st.sets(st.sampled_from("abcdefgh")),
    hub=st.booleans(),
    mesh=st.sampled_from(["full", "none"]),
)
def test_every_source_is_an_output_of_a_stack_that_comes_before(
    names: str, new: set[str], hub: bool, mesh: str
) -> None:
    of = cells(names, new="".join(new & set(names)), hub=hub, mesh=mesh)
    stacks = list_stacks(of, FACTS)
    known = {stack.id: stack for stack in stacks}
    assert len(known) == len(stacks)
    seen: set[StackId] = set()
    for stack in stacks:
        for given_ in stack.inputs.values():
            for source in given_.all_sources():
                assert source.stack in seen, f"{stack.id} comes before {source.stack}"
                kind = known[source.stack].outputs[source.output]
                assert (kind == "map(string)") or source.key is None
        seen.add(stack.id)


def test_adding_a_cell_adds_keys_and_changes_no_variable_of_others() -> None:
    before, after = by_name(cells("acd", hub=True)), by_name(cells("abcd", hub=True))
    for name, stack in before.items():
        assert set(stack.inputs) == set(after[name].inputs), name
        for variable, given_ in stack.inputs.items():
            old, new = given_.sources, after[name].inputs[variable].sources
            if isinstance(old, dict) and isinstance(new, dict):
                assert old.items() <= new.items(), (name, variable)
            else:
                assert old == new, (name, variable)


@pytest.mark.parametrize("layer", LAYERS)
def test_a_layer_tells_whose_it_is(layer: Any) -> None:
    stack = StackId("x", layer)
    assert stack.row is ROWS[layer]
    assert (stack.cell == "x") == (ROWS[layer].owner == "cell")
    assert "-" not in layer


def test_the_platform_comes_after_the_routes_to_a_hub_and_takes_nothing_of_them() -> None:
    behind = by_name(cells("ab", hub=True))["a-platform"]
    assert StackId("a", "routes") in behind.waits_for
    assert behind.inputs == by_name(cells("ab"))["a-platform"].inputs
    assert StackId("a", "routes") not in by_name(cells("ab"))["a-platform"].waits_for
