"""Ring by ring: what belongs to which wave, and what a newcomer moves."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cellfactory.facts.loader import load_facts
from cellfactory.inventory.schema import Inventory
from cellfactory.layers import Access, Input, Source, Stack, StackId, list_stacks, list_waves
from cellfactory.layers.waves import Wave, batches, rings_of, shards, split
from tests.inventories import cell, data
from tests.unit.layers.test_stacks import HUB

FACTS = load_facts()
RINGS = ("canary", "first", "rest")


@dataclass(frozen=True)
class Member:
    """A cell of an inventory that is tried."""

    ring: str
    mesh: str = "east"
    is_new: bool = False


def fleet(*members: Member, hub: bool = False) -> Inventory:
    """Cells a, b, c, … in their rings and meshes."""
    made = data(0)
    made["rings"] = list(RINGS)
    made["meshes"] |= {"other": dict(made["meshes"]["east"])}
    if hub:
        made["hubs"] = {"shared": HUB}
        made["meshes"]["east"]["hubs"] = ["shared"]
    made["cells"] = {name(i): _cell(i, member) for i, member in enumerate(members)}
    return Inventory.model_validate(made)


def _cell(number: int, member: Member) -> dict[str, Any]:
    made = {**cell(number, member.mesh), "ring": member.ring}
    if member.is_new:
        made["account"] = {"email": f"aws+{name(number)}@example.com", "ou": "ou-ab12-cdefgh34"}
    return made


def name(number: int) -> str:
    return "abcdefgh"[number]


def waves(of: Inventory, **more: Any) -> tuple[Wave, ...]:
    return list_waves(of, list_stacks(of, FACTS), **more)


def named(told: Collection[Wave]) -> dict[str, list[str]]:
    return {f"{w.ring} {w.part}": sorted(stack.name for stack in w.ids) for w in told}


MEMBERS = st.builds(
    Member, st.sampled_from(RINGS), st.sampled_from(("east", "other")), st.booleans()
)
FLEETS = st.builds(
    lambda members, hub: fleet(*members, hub=hub),
    st.lists(MEMBERS, min_size=1, max_size=7),
    st.booleans(),
)


def test_an_edge_belongs_to_the_ring_of_its_later_cell() -> None:
    told = named(waves(fleet(Member("canary"), Member("first"), Member("canary", "other"))))
    assert told == {
        "canary cells": [
            *("a-cluster", "a-network", "a-platform"),
            *("c-cluster", "c-network", "c-platform"),
        ],
        "first cells": ["b-cluster", "b-network", "b-platform"],
        "first edges": ["a-peering", "a-routes", "b-accept", "b-routes"],
    }


def test_a_platform_waits_for_the_way_to_its_cluster_only_until_that_stands() -> None:
    of = fleet(Member("canary"), Member("rest"), hub=True)
    stacks = list_stacks(of, FACTS)
    platform = StackId("a", "platform")
    assert rings_of(of, stacks)[platform] == "canary"
    assert rings_of(of, stacks, lambda _: False)[platform] == "rest"


def test_rings_without_cells_have_no_wave() -> None:
    assert {wave.ring for wave in waves(fleet(Member("canary"), Member("rest", "other")))} == {
        "canary",
        "rest",
    }


def test_what_no_cell_owns_belongs_to_the_first_ring_that_needs_it() -> None:
    of = fleet(Member("first"), Member("rest", "other"))
    bootstrap = StackId("one", "bootstrap")
    base = list_stacks(of, FACTS)
    needy = [
        Stack(id=s.id, access=s.access, inputs={**s.inputs, **_taking(bootstrap)})
        if s.id.layer == "network"
        else s
        for s in base
    ]
    owner = Stack(id=bootstrap, access=_ACCESS, outputs={"bucket": "string"})
    assert rings_of(of, [owner, *needy])[bootstrap] == "first"
    assert rings_of(of, [owner, *base])[bootstrap] == "canary"


_ACCESS = Access(account="111111111111", roles=(), region="us-east-1", sts_region="us-east-1")


def _taking(stack: StackId) -> dict[str, Input]:
    return {"bucket": Input(type="string", sources=Source(stack=stack, output="bucket"))}


@given(FLEETS)
def test_every_stack_is_in_exactly_one_wave(of: Inventory) -> None:
    told = [stack for wave in waves(of) for stack in wave.ids]
    assert sorted(told) == sorted(stack.id for stack in list_stacks(of, FACTS))


@given(FLEETS)
def test_no_stack_comes_before_what_it_takes_values_from(of: Inventory) -> None:
    """Nor, where nothing stands yet, before what it comes after."""
    for stands, waits in ((True, "takes_from"), (False, "waits_for")):
        seen: set[StackId] = set()
        for wave in waves(of, stands=lambda _, stands=stands: stands):
            for stack in wave.stacks:
                assert set(getattr(stack, waits)) <= seen
                seen.add(stack.id)


@given(FLEETS)
def test_a_stack_is_never_in_a_ring_before_that_of_its_cell(of: Inventory) -> None:
    """A cell's own stacks are in its ring, and an edge in that of the later of its cells."""
    for wave in waves(of):
        for stack in wave.ids:
            own = RINGS.index(of.cells[stack.owner].ring)
            ranks = [RINGS.index(of.cells[p].ring) for p in of.peers_of(stack.owner)]
            if stack.layer in ("peering", "accept", "routes"):
                assert own <= RINGS.index(wave.ring) <= max([own, *ranks])
            else:
                assert RINGS.index(wave.ring) == own


@given(FLEETS)
def test_the_routes_of_an_edge_are_in_the_ring_of_its_later_cell(of: Inventory) -> None:
    """All edges of a mesh go with its latest cell: each state holds rows of all peers."""
    rings = {stack: wave.ring for wave in waves(of) for stack in wave.ids}
    for owner in of.cells:
        peers = of.peers_of(owner)
        if peers:
            latest = max(RINGS.index(of.cells[p].ring) for p in (owner, *peers))
            assert rings[StackId(owner, "routes")] == RINGS[latest]


@given(st.lists(MEMBERS, min_size=1, max_size=6), MEMBERS, st.booleans())
def test_a_newcomer_of_a_later_ring_brings_an_earlier_one_nothing(
    members: list[Member], newcomer: Member, hub: bool
) -> None:
    """What an earlier ring keeps is the same, stack by stack; edges leave it for the newcomer's."""
    before, after = fleet(*members, hub=hub), fleet(*members, newcomer, hub=hub)
    place, joined = RINGS.index(newcomer.ring), name(len(members))
    was = {s.id: (w.ring, s) for w in waves(before) for s in w.stacks}
    now = {s.id: (w.ring, s) for w in waves(after) for s in w.stacks}
    for stack, (ring, held) in now.items():
        if RINGS.index(ring) < place:
            assert was[stack] == (ring, held)
    moved = {stack for stack in was if was[stack][0] != now[stack][0]}
    assert all(now[stack][0] == newcomer.ring for stack in moved)
    assert all(joined in after.peers_of(stack.owner) for stack in moved)
    assert {stack.layer for stack in moved} <= {"peering", "accept", "routes"}


@given(FLEETS, st.integers(1, 5))
def test_shards_of_a_wave_do_not_wait_for_each_other(of: Inventory, most: int) -> None:
    for wave in waves(of):
        parts = shards(wave.stacks, most)
        assert 1 <= len(parts) <= most
        assert sorted(s.id for part in parts for s in part) == sorted(wave.ids)
        for part in parts:
            ids = {stack.id for stack in part}
            assert all(set(s.waits_for) & set(wave.ids) <= ids for s in part)


@given(FLEETS, st.integers(1, 4))
def test_only_so_many_cells_are_changed_at_a_time(of: Inventory, at_once: int) -> None:
    for ring in RINGS:
        own = [stack for wave in waves(of) if wave.ring == ring for stack in wave.stacks]
        seen: set[StackId] = set()
        _, (_, edges) = split(own)
        for batch in batches(own, at_once):
            assert batch == edges or len({stack.id.owner for stack in batch}) <= at_once
            for stack in batch:
                assert {w for w in stack.takes_from if w in {s.id for s in own}} <= seen
                seen.add(stack.id)
        assert seen == {stack.id for stack in own}


def test_without_a_number_all_of_a_ring_is_one_batch() -> None:
    own = list(_all(waves(fleet(Member("first"), Member("first")))))
    assert list(batches(own, None)) == [tuple(own)]


def _all(told: Collection[Wave]) -> Iterator[Stack]:
    return (stack for wave in told for stack in wave.stacks)


@pytest.mark.parametrize("chosen", [[], ["a-network"], ["a-cluster", "b-routes"]])
def test_waves_of_some_stacks_are_those_of_all_without_the_others(chosen: list[str]) -> None:
    of = fleet(Member("canary"), Member("rest"))
    ids = {stack.id for stack in list_stacks(of, FACTS) if stack.id.name in chosen}
    rings = {stack: wave.ring for wave in waves(of) for stack in wave.ids}
    some = {stack: wave.ring for wave in waves(of, chosen=ids) for stack in wave.ids}
    assert some == {stack: rings[stack] for stack in ids}
