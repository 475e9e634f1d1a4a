"""Which stacks a mesh has at each step between peerings and a transit gateway, and their order."""

from __future__ import annotations

from typing import Any

import pytest

from cellfactory.facts.loader import load_facts
from cellfactory.inventory.interconnect import ROWS, STEPS, Interconnect
from cellfactory.inventory.schema import Inventory
from cellfactory.layers import Stack, list_stacks, list_waves
from tests.inventories import data, inventory

FACTS = load_facts()
HUB = {
    "account": "333333333333",
    "vpc": "vpc-0f00ba12",
    "region": "us-east-1",
    "blocks": ["10.0.0.0/16"],
    "attachments": {"east": "tgw-attach-0f00ba120f00ba120"},
}


def at(step: Interconnect, cells: int = 3, *, hub: bool = False, **mesh: Any) -> Inventory:
    made = data(cells)
    gateway = {"account": "888888888888", "organization": "one", **mesh.pop("gateway", {})}
    made["meshes"]["east"] |= {"interconnect": step, "gateway": gateway, **mesh}
    if step == "canary":
        made["meshes"]["east"]["canary"] = ["cell-001"]
    if hub:
        made["hubs"] = {"shared": HUB}
        made["meshes"]["east"]["hubs"] = ["shared"]
    return inventory(made)


def stacks(of: Inventory) -> dict[str, Stack]:
    return {stack.id.name: stack for stack in list_stacks(of, FACTS)}


def place(found: dict[str, Stack], name: str) -> int:
    return list(found).index(name)


@pytest.mark.parametrize("step", STEPS)
def test_which_layers_there_are_at_each_step(step: Interconnect) -> None:
    layers = {stack.id.layer for stack in stacks(at(step)).values()}
    assert ("gateway" in layers) == ROWS[step].gateway
    assert ("transit" in layers) == ROWS[step].gateway, "empty before, so that the way back is one"
    assert ("peering" in layers) == (step != "gateway")
    assert "routes" in layers


@pytest.mark.parametrize("step", STEPS)
def test_each_way_is_over_one_of_the_two_and_both_ends_agree(step: Interconnect) -> None:
    of = at(step, hub=True)
    for cell in of.cells:
        for peer in of.peers_of(cell):
            assert of.leads_over_gateway(cell, peer) == of.leads_over_gateway(peer, cell)
    moved = {(c, p) for c in of.cells for p in of.peers_of(c) if of.leads_over_gateway(c, p)}
    if ROWS[step].routes == "canary":
        assert moved
        assert all("cell-001" in pair for pair in moved)
    else:
        assert bool(moved) == (ROWS[step].routes == "gateway")


def test_a_route_moves_once_both_of_its_ends_are_attached() -> None:
    found = stacks(at("canary"))
    routes = found["cell-000-routes"]
    sources = routes.inputs["gateway_ids"].sources
    assert set(sources) == {"cell-000", "cell-001"}  # type: ignore[arg-type]
    assert place(found, "east-segments") < place(found, "cell-000-routes")
    assert place(found, "cell-001-transit") < place(found, "east-segments")
    assert place(found, "east-gateway") < place(found, "cell-001-transit")


def test_connections_are_deleted_after_every_route_has_left_them() -> None:
    found = stacks(at("retire", hub=True))
    for cell in ("cell-000", "cell-001", "cell-002"):
        for other in ("cell-000", "cell-001", "cell-002"):
            assert place(found, f"{other}-routes") < place(found, f"{cell}-peering")


def test_on_the_way_back_a_cell_is_let_go_of_before_its_attachment_is_removed() -> None:
    found = stacks(at("prepare"))
    assert place(found, "east-segments") < place(found, "cell-000-transit")
    assert not found["east-segments"].inputs["attachment_ids"].sources


def test_a_hub_that_is_not_attached_stays_on_its_peering() -> None:
    made = at("soak", hub=True)
    assert made.leads_over_gateway("cell-000", "shared")
    hub = made.hubs["shared"].model_copy(update={"attachments": {}})
    apart = made.model_copy(update={"hubs": {"shared": hub}})
    assert not apart.leads_over_gateway("cell-000", "shared")
    assert apart.leads_over_gateway("cell-000", "cell-001")


def test_the_gateway_comes_with_the_first_ring_that_needs_it() -> None:
    made = at("both")
    names = {s.name: w.ring for w in list_waves(made, list_stacks(made, FACTS)) for s in w.ids}
    assert names["east-gateway"] == names["cell-000-transit"]


@pytest.mark.parametrize("sharing", [True, False])
def test_who_takes_up_the_share(sharing: bool) -> None:
    made = at("both")
    one = made.organizations["one"].model_copy(update={"resource_sharing": sharing})
    of = made.model_copy(update={"organizations": {"one": one}})
    assert ("share_arn" in stacks(of)["cell-000-transit"].inputs) != sharing


def test_the_management_account_is_worked_in_by_the_provisioning_role_itself() -> None:
    management = data(1)["organizations"]["one"]["management_account"]
    for account, roles in ((management, 1), ("888888888888", 2)):
        found = stacks(at("both", gateway={"account": account}))
        assert len(found["east-gateway"].access.roles) == roles
        assert found["east-gateway"].access.account == account
