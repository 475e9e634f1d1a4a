"""A hub that a role accepts for: its stack, what waits for it, its rings and its rights."""

from __future__ import annotations

from typing import Any

import pytest

from cellfactory.errors import FactoryError
from cellfactory.facts.loader import load_facts
from cellfactory.inventory.schema import Inventory
from cellfactory.layers import StackId, list_stacks, list_waves, rings_of
from cellfactory.layers.edges import asks_in_rounds
from cellfactory.layers.hub_rights import hub_roles, hub_statements
from cellfactory.terraform.record import Deferred, Record, resolve_inputs
from tests.inventories import cell, data, inventory

FACTS = load_facts()
ROLE = "arn:aws:iam::333333333333:role/accept"
HUB: dict[str, Any] = {
    "account": "333333333333",
    "vpc": "vpc-0f00ba12",
    "region": "us-east-1",
    "blocks": ["10.0.0.0/16"],
    "dns_resolution": True,
    "accept": {"role": ROLE, "via": "one"},
    "route_tables": ["rtb-0f00ba12"],
}
SHARED = StackId("shared", "hub")


def joined(mesh: str = "none", rings: str = "", quota: int = 25, **hub: Any) -> Inventory:
    """Cells a, b, c and one hub; `rings` gives each cell's first letter of its ring."""
    made = data(0, quotas={"L-DC9F7029": quota})
    made["cells"] = {name: cell(number) for number, name in enumerate("abc")}
    made["rings"] = ["canary", "first", "rest"]
    for name, letter in zip("abc", rings, strict=False):
        made["cells"][name]["ring"] = {"c": "canary", "f": "first", "r": "rest"}[letter]
    made["hubs"] = {"shared": {**HUB, **hub}}
    made["meshes"]["east"] |= {"hubs": ["shared"], "cell_to_cell": mesh}
    return inventory(made)


def test_a_hub_by_hand_has_no_stack_and_one_by_a_role_has_one() -> None:
    by_hand = joined(accept="manual", route_tables=[])
    assert SHARED not in {stack.id for stack in list_stacks(by_hand, FACTS)}
    assert SHARED in {stack.id for stack in list_stacks(joined(), FACTS)}


def test_a_hub_that_no_cell_is_joined_to_has_none() -> None:
    made = data(1)
    made["hubs"] = {"shared": HUB}
    assert SHARED not in {stack.id for stack in list_stacks(inventory(made), FACTS)}


def test_it_works_in_the_account_of_the_hub_by_its_role() -> None:
    (stack,) = [s for s in list_stacks(joined(), FACTS) if s.id == SHARED]
    assert stack.access.account == "333333333333"
    assert stack.access.roles == ("arn:aws:iam::111111111111:role/CellFactory", ROLE)
    (stack,) = [s for s in list_stacks(joined(accept={"role": ROLE}), FACTS) if s.id == SHARED]
    assert stack.access.roles == (ROLE,)


def test_routes_of_a_cell_wait_for_the_acceptance_and_its_platform_for_no_more() -> None:
    stacks = {stack.id: stack for stack in list_stacks(joined(), FACTS)}
    assert SHARED in stacks[StackId("a", "routes")].waits_for
    assert SHARED not in stacks[StackId("a", "platform")].waits_for
    assert stacks[SHARED].waits_for == tuple(StackId(name, "peering") for name in "abc")


def waves(of: Inventory) -> dict[str, list[str]]:
    told = list_waves(of, list_stacks(of, FACTS))
    return {f"{w.ring} {w.part}": sorted(str(s) for s in w.ids) for w in told}


def test_a_star_goes_ring_by_ring_and_its_hub_takes_part_in_each() -> None:
    told = waves(joined(rings="cfr"))
    for ring, name in (("canary", "a"), ("first", "b"), ("rest", "c")):
        assert told[f"{ring} edges"] == [f"{name}-platform", f"{name}-routes", "shared-hub"]
    first = rings_of(joined(rings="cfr"), list_stacks(joined(rings="cfr"), FACTS))
    assert first[SHARED] == "canary"


def test_a_full_mesh_has_all_its_edges_in_its_last_ring_and_the_hub_with_them() -> None:
    told = waves(joined("full", rings="cfr"))
    assert [wave for wave, stacks in told.items() if "shared-hub" in stacks] == ["rest edges"]


def record(name: str, **outputs: Any) -> Record:
    return Record(
        stack=StackId(name, "peering"),
        account="444444444444",
        region="us-east-1",
        complete=outputs.pop("complete", True),
        digest="",
        sources={},
        inputs={},
        outputs=outputs,
    )


def hub_inputs(*records: Record, coming: tuple[str, ...] = ()) -> Any:
    (stack,) = [s for s in list_stacks(joined(), FACTS) if s.id == SHARED]
    named = [StackId(name, "peering") for name in coming]
    return resolve_inputs(stack, {r.stack: r for r in records}, coming=named)


def test_a_row_of_a_cell_that_has_not_asked_is_left_out() -> None:
    asked = record("a", connection_ids={"shared": "pcx-a"})
    assert hub_inputs(asked) == {"connection_ids": {"a": "pcx-a"}}
    assert hub_inputs() == {"connection_ids": {}}


def test_whoever_only_looks_waits_for_what_the_run_is_to_make() -> None:
    asked = record("a", connection_ids={"shared": "pcx-a"})
    told = hub_inputs(asked, coming=("a", "b"))
    assert told == Deferred((StackId("b", "peering"),))


def test_a_cell_whose_last_apply_broke_off_keeps_its_row() -> None:
    """The row goes with its way back, which nothing else leads over."""
    broken = record("a", connection_ids={"shared": "pcx-a"}, complete=False)
    assert hub_inputs(broken) == {"connection_ids": {"a": "pcx-a"}}


def accepting(**outputs: Any) -> Any:
    of = joined("full", quota=2)
    (stack,) = [s for s in list_stacks(of, FACTS) if s.id == StackId("c", "accept")]
    records = [record(name, connection_ids=ids) for name, ids in outputs.items()]
    return resolve_inputs(stack, {r.stack: r for r in records})


def test_only_a_cell_that_asks_more_than_may_wait_asks_in_rounds() -> None:
    of = joined("full", quota=2)
    assert [asks_in_rounds(of, FACTS, name) for name in "abc"] == [True, False, False]
    assert not asks_in_rounds(joined("full"), FACTS, "a")
    assert not asks_in_rounds(joined("none", quota=0), FACTS, "a")


def test_a_peer_accepts_what_is_asked_by_now_and_waits_for_who_has_not_heard_of_it() -> None:
    assert accepting(a={"c": ""}, b={"c": "pcx-b"}) == {"connection_ids": {"b": "pcx-b"}}
    assert accepting(a={}, b={"c": "pcx-b"}) == Deferred((StackId("a", "peering"),))
    assert accepting(a={"c": ""}) == Deferred((StackId("b", "peering"),))


def test_in_a_small_mesh_an_entry_that_is_empty_is_waited_for() -> None:
    (stack,) = [s for s in list_stacks(joined("full"), FACTS) if s.id == StackId("c", "accept")]
    told = {r.stack: r for r in (record("a", connection_ids={"c": ""}),)}
    assert isinstance(resolve_inputs(stack, told), Deferred)


def test_the_role_of_a_hub_reaches_its_vpc_and_its_tables_alone() -> None:
    hub = joined().hubs["shared"]
    made = {one.sid: one for one in hub_statements(hub)}
    here = "arn:aws:ec2:us-east-1:333333333333"
    assert made["HubRoutes"].resources == (f"{here}:route-table/rtb-0f00ba12",)
    assert set(made["HubRoutes"].actions) == {
        *("ec2:CreateRoute", "ec2:DeleteRoute", "ec2:ReplaceRoute"),
    }
    assert set(made["HubAccept"].actions) == {
        *("ec2:AcceptVpcPeeringConnection", "ec2:ModifyVpcPeeringConnectionOptions"),
    }
    assert f"{here}:vpc/vpc-0f00ba12" in made["HubAccept"].resources
    assert all(one.resources != ("*",) for sid, one in made.items() if sid != "HubLook")


def test_a_hub_asks_for_no_more_than_it_does() -> None:
    plain = joined(dns_resolution=False, route_tables=[]).hubs["shared"]
    made = {one.sid: one for one in hub_statements(plain)}
    assert made["HubAccept"].actions == ("ec2:AcceptVpcPeeringConnection",)
    assert "HubRoutes" not in made
    assert [one.sid for one in hub_statements(plain, reads=True)] == ["HubLook"]


def test_each_way_leads_to_the_roles_that_name_it() -> None:
    assert hub_roles(joined(), "one") == (ROLE,)
    assert hub_roles(joined(), "one", reads=True) == (f"{ROLE}Read",)
    assert hub_roles(joined(), None) == ()
    assert hub_roles(joined(accept={"role": ROLE}), None) == (ROLE,)


def test_a_role_of_another_account_is_refused() -> None:
    with pytest.raises(FactoryError, match="F167"):
        joined(accept={"role": "arn:aws:iam::444444444444:role/accept"})
