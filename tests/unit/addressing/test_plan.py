"""Cells come, go, grow and change places; nobody's blocks move and none overlap."""

from __future__ import annotations

import random
import time
from ipaddress import IPv4Network
from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from cellfactory.addressing.blocks import AddressPlan
from cellfactory.addressing.lock import EMPTY_LOCK, Lock, release
from cellfactory.addressing.lock_file import parse_lock, render_lock
from cellfactory.addressing.need import need_of, nodes_held, usable_addresses
from cellfactory.addressing.plan import plan_addresses
from cellfactory.addressing.pools import connected_meshes
from cellfactory.errors import Finding
from cellfactory.facts.loader import load_facts
from cellfactory.inventory.schema import Inventory
from tests import inventories

FACTS = load_facts()
HUB = {"account": "333333333333", "vpc": "vpc-0f00ba12", "region": "us-east-1"}


def world(cells: dict[str, tuple[str, str]], **pools: list[str]) -> Inventory:
    """Make an inventory: four meshes, two of them joined by a hub, and types of some sizes.

    Args:
        cells: mesh and cell type of each cell, by name.
        pools: other address pools.
    """
    made = inventories.data(cells=0)
    made["hubs"] = {
        "shared": {**HUB, "blocks": ["10.0.0.0/16", "10.130.0.0/22"]},
        "lone": {**HUB, "vpc": "vpc-0f00ba13", "blocks": ["10.1.0.0/16"]},
    }
    made["address_pools"] = {
        "node": ["10.128.0.0/14", "10.136.0.0/16"],
        "pod": ["100.64.0.0/13"],
        "reserved": ["10.128.16.0/20", "100.65.0.0/17"],
        **pools,
    }
    made["meshes"] = {
        "east": {"region": "us-east-1", "hubs": ["shared"]},
        "west": {"region": "us-east-1", "hubs": ["shared", "lone"]},
        "north": {"region": "us-east-1"},
        "south": {"region": "us-east-1", "cell_to_cell": "none"},
    }
    plain = made["cell_types"]["plain"]
    for name, nodes in (
        ("tiny", 1),
        ("small", 20),
        ("mid", 200),
        ("large", 433),
        ("two-zones", 100),
    ):
        groups = {"all": {"instance_type": "r6i.4xlarge", "nodes_per_zone": nodes}}
        made["cell_types"][name] = {**plain, "node_groups": groups}
    made["cell_types"]["two-zones"]["zones"] = ["use1-az1", "use1-az6"]
    made["cells"] = {
        name: inventories.cell(ord(name[-1]), mesh, type_) for name, (mesh, type_) in cells.items()
    }
    return Inventory.model_validate(made)


NAMES = st.sampled_from([f"cell-{letter}" for letter in "abcdefghij"])
KINDS = st.tuples(
    st.sampled_from(["east", "west", "north", "south"]),
    st.sampled_from(["tiny", "small", "large", "two-zones", "plain"]),
)
CELLS = st.dictionaries(NAMES, KINDS, min_size=2, max_size=8)


def errors(plan: AddressPlan) -> list[Finding]:
    return [finding for finding in plan.findings if finding.severity == "error"]


def require_sound(inventory: Inventory, plan: AddressPlan, lock: Lock) -> None:
    """Hold everything against everything that the plan promises."""
    pools = inventory.address_pools
    fixed = [*pools.reserved, *(b for hub in inventory.hubs.values() for b in hub.blocks)]
    group = connected_meshes(inventory)
    for name, cell in plan.cells.items():
        assert lock.cells[name].blocks == cell.blocks
        assert any(cell.primary.subnet_of(pool) for pool in pools.node)
        assert all(any(b.subnet_of(pool) for pool in pools.pod) for b in cell.pod_blocks)
        assert all(16 <= block.prefixlen <= 28 for block in cell.blocks)
        assert not any(block.overlaps(other) for block in cell.blocks for other in fixed)
        assert list(cell.zones) == sorted(inventory.type_of(name).zones)
        require_disjoint([*cell.primary_subnets(), *cell.pod_subnets()])
        assert all(subnet.subnet_of(cell.primary) for subnet in cell.primary_subnets())
        assert all(any(s.subnet_of(b) for b in cell.pod_blocks) for s in cell.pod_subnets())
        need = need_of(inventory.type_of(name), FACTS)
        for zone in cell.zones.values():
            assert usable_addresses(zone["node"], FACTS) >= need.nodes
            assert usable_addresses(zone["endpoint"], FACTS) >= need.endpoints
            assert usable_addresses(zone["control_plane"], FACTS) >= 16
            assert nodes_held(zone["pod"].prefixlen, need.prefixes_per_node, 5) >= need.nodes
        assert len({zone["pod"].prefixlen for zone in cell.zones.values()}) == 1
    everybody = [*lock.cells.values(), *lock.removed.values()]
    require_disjoint([cell.primary for cell in everybody])
    for one in set(group.values()):
        near = [c for n, c in plan.cells.items() if group[inventory.cells[n].mesh] == one]
        require_disjoint([block for cell in near for block in cell.blocks])


def require_disjoint(blocks: list[IPv4Network]) -> None:
    ordered = sorted(blocks, key=lambda block: (block.network_address, block.prefixlen))
    assert not any(one.overlaps(other) for one, other in pairwise(ordered))


@given(st.lists(st.tuples(CELLS, st.booleans()), min_size=1, max_size=4), st.randoms())
def test_nobody_moves_whatever_comes_and_goes(
    changes: list[tuple[dict[str, tuple[str, str]], bool]], chance: random.Random
) -> None:
    lock = EMPTY_LOCK
    for cells, releases in changes:
        known = {**lock.removed, **lock.cells}
        kept = {n: _kind_of(lock, n, k) if n in known else k for n, k in cells.items()}
        names = list(kept)
        chance.shuffle(names)
        inventory = world({name: kept[name] for name in names})
        plan, after = plan_addresses(inventory, lock, FACTS)
        for name, cell in after.cells.items():
            if name in known:
                assert cell.primary == known[name].primary
                assert cell.pod_blocks[: len(known[name].pod_blocks)] == known[name].pod_blocks
                assert {z: cell.zones[z] for z in known[name].zones} == known[name].zones
        assert set(known) <= {*after.cells, *after.removed}
        if not errors(plan):
            require_sound(inventory, plan, after)
            new = [b for n, c in after.cells.items() if n not in known for b in c.blocks]
            old = [b for cell in after.removed.values() for b in cell.blocks]
            assert not any(block.overlaps(other) for block in new for other in old)
            assert set(plan.cells) == set(inventory.cells)
            assert plan_addresses(inventory, after, FACTS) == (plan, after)
            assert parse_lock(render_lock(after), "cells.lock.yaml", FACTS) == after
            lock = after
            for name in [*lock.removed] if releases else []:
                lock = release(lock, name)


def _kind_of(lock: Lock, name: str, kind: tuple[str, str]) -> tuple[str, str]:
    """Keep what a cell was born with: its mesh, and the zones, which tell which type it was."""
    is_two = "use1-az6" in {**lock.removed, **lock.cells}[name].zones
    type_ = "two-zones" if is_two else "plain" if kind[1] == "two-zones" else kind[1]
    return lock.births[name].mesh, type_


@given(CELLS, st.randoms())
def test_the_order_of_the_file_is_no_matter(
    cells: dict[str, tuple[str, str]], chance: random.Random
) -> None:
    names = list(cells)
    chance.shuffle(names)
    shuffled = world({name: cells[name] for name in names})
    assert (
        plan_addresses(world(cells), EMPTY_LOCK, FACTS)[1]
        == plan_addresses(shuffled, EMPTY_LOCK, FACTS)[1]
    )


@given(CELLS, NAMES, KINDS)
def test_one_more_cell_changes_nothing_else(
    cells: dict[str, tuple[str, str]], name: str, kind: tuple[str, str]
) -> None:
    before = {n: k for n, k in cells.items() if n != name}
    plan, lock = plan_addresses(world(before), EMPTY_LOCK, FACTS)
    more, locked = plan_addresses(world({**before, name: kind}), lock, FACTS)
    assert {n: c for n, c in more.cells.items() if n != name} == plan.cells
    less, left = plan_addresses(world(before), locked, FACTS)
    assert less.cells == plan.cells
    assert set(left.removed) == ({name} if name in locked.cells else set())
    again, back = plan_addresses(world({**before, name: kind}), left, FACTS)
    assert again.cells == more.cells
    assert back == locked


def test_a_released_block_is_given_to_the_next() -> None:
    both = {"cell-a": ("east", "small"), "cell-z": ("east", "tiny")}
    _, lock = plan_addresses(world(both), EMPTY_LOCK, FACTS)
    _, gone = plan_addresses(world({"cell-z": ("east", "tiny")}), lock, FACTS)
    other = world({"cell-b": ("east", "small"), "cell-z": ("east", "tiny")})
    beside, _ = plan_addresses(other, gone, FACTS)
    instead, _ = plan_addresses(other, release(gone, "cell-a"), FACTS)
    old = lock.cells["cell-a"]
    assert not beside.cells["cell-b"].primary.overlaps(old.primary)
    assert instead.cells["cell-b"].blocks == old.blocks


def findings(inventory: Inventory, lock: Lock = EMPTY_LOCK) -> list[tuple[str, str]]:
    return [(f.rule, f.message) for f in plan_addresses(inventory, lock, FACTS)[0].findings]


def test_a_pool_that_is_used_up_is_told_with_numbers() -> None:
    cells = {"cell-a": ("east", "large"), "cell-b": ("east", "large")}
    assert findings(world(cells, node=["10.128.0.0/20"], reserved=[], pod=["100.64.0.0/14"])) == [
        (
            "F202",
            "cell 'cell-b' needs /16 + /16 + /16 of the pod pool, where 1 free block of /16 is "
            "left",
        )
    ]
    assert findings(world(cells, node=["10.128.0.0/21"], reserved=[])) == [
        ("F202", "cell 'cell-b' needs /21 of the node pool, where 0 free blocks of /21 are left")
    ]


def test_meshes_that_are_apart_share_pod_blocks_only_when_they_must_and_are_told() -> None:
    cells = {"cell-a": ("north", "large"), "cell-b": ("south", "large")}
    assert findings(world(cells, pod=["100.64.0.0/13"], reserved=[])) == []
    shown = findings(world(cells, pod=["100.64.0.0/14"], reserved=[]))
    assert shown == [("F210", "cell 'cell-b' shares 100.64.0.0/16 with cell 'cell-a'")]
    joined = {"cell-a": ("east", "large"), "cell-b": ("west", "large")}
    assert [rule for rule, _ in findings(world(joined, pod=["100.64.0.0/14"], reserved=[]))] == [
        "F202"
    ]


def test_meshes_that_are_joined_later_are_told_what_they_share() -> None:
    pools: dict[str, list[str]] = {"pod": ["100.64.0.0/14"], "reserved": []}
    cells = {"cell-a": ("north", "large"), "cell-b": ("south", "large")}
    _, lock = plan_addresses(world(cells, **pools), EMPTY_LOCK, FACTS)
    moved = {"cell-a": ("north", "large"), "cell-b": ("north", "large")}
    (shown,) = {
        (rule, message.split(" overlaps")[0])
        for rule, message in findings(world(moved, **pools), lock)[:1]
    }
    assert shown == ("F209", "100.64.0.0/16 of cell 'cell-b'")


def test_a_cell_that_outgrows_its_blocks_is_told_what_fits() -> None:
    _, lock = plan_addresses(world({"cell-a": ("east", "small")}), EMPTY_LOCK, FACTS)
    shown = findings(world({"cell-a": ("east", "large")}), lock)
    assert shown == [
        (
            "F204",
            "cell 'cell-a' needs room for 443 addresses in use1-az1, but its node subnet "
            "10.128.0.192/27 holds 27",
        ),
        (
            "F204",
            "cell 'cell-a' needs room for 443 nodes in use1-az1, but its pod subnet "
            "100.64.0.0/20 holds 41",
        ),
    ]


def test_a_cell_may_fill_its_blocks_to_the_last_address() -> None:
    few = inventories.data(nodes=20)
    full = inventories.data(nodes=25)  # and two for the surge: all 27 of a /27
    over = inventories.data(nodes=26)
    _, lock = plan_addresses(inventories.inventory(few), EMPTY_LOCK, FACTS)
    assert findings(inventories.inventory(full), lock) == []
    assert [rule for rule, _ in findings(inventories.inventory(over), lock)] == ["F204"]


def changed_type(**changes: Any) -> Inventory:
    return inventories.inventory(inventories.data(**changes))


def test_a_zone_with_more_nodes_than_a_pod_subnet_holds() -> None:
    (finding,) = plan_addresses(changed_type(nodes=670), EMPTY_LOCK, FACTS)[0].findings
    assert (finding.rule, finding.path) == ("F203", ("cell_types", "plain", "node_groups"))
    assert finding.message == (
        "each zone has 684 nodes, 14 of them for surge during updates, but its pod subnet holds "
        "671 with 6 prefixes per node"
    )
    assert "spread the nodes over 4 zones" in finding.hint
    assert findings(changed_type(nodes=657)) == []


def test_a_cell_larger_than_the_largest_vpc() -> None:
    (finding,) = plan_addresses(changed_type(nodes=3900, prefixes_per_node=1), EMPTY_LOCK, FACTS)[
        0
    ].findings
    assert finding.rule == "F203"


def test_a_ceiling_below_what_is_declared() -> None:
    (finding,) = plan_addresses(changed_type(node_ceiling=29), EMPTY_LOCK, FACTS)[0].findings
    assert (finding.rule, finding.path) == ("F207", ("cell_types", "plain", "node_ceiling"))
    assert finding.message == "node_ceiling is 29, but 30 nodes are declared"
    assert finding.hint == "10 in each of 3 zones; raise it by 1"


def test_more_blocks_than_the_vpc_may_have_unless_they_were_raised() -> None:
    zones = [f"use1-az{number}" for number in (1, 2, 4, 5, 6)]
    asked: dict[str, Any] = {"nodes": 600, "zones": zones}
    (finding,) = plan_addresses(changed_type(**asked), EMPTY_LOCK, FACTS)[0].findings
    assert finding.rule == "F206"
    assert finding.message == (
        "cell 'cell-000' needs 6 blocks in its VPC, 5 of them for pods, but may have 5"
    )
    assert "L-83CA0A9D" in finding.hint
    assert findings(changed_type(**asked, quotas={"L-83CA0A9D": 6})) == []


def test_pools_hubs_and_reserved_blocks_may_not_be_put_over_a_cell() -> None:
    cells = {"cell-a": ("east", "small")}
    _, lock = plan_addresses(world(cells), EMPTY_LOCK, FACTS)
    assert findings(world(cells, reserved=["10.128.0.0/20"]), lock) == [
        (
            "F208",
            "10.128.0.0/20 of address_pools.reserved overlaps 10.128.0.0/23, which cell 'cell-a' "
            "holds",
        )
    ]
    assert findings(world(cells, node=["10.160.0.0/16"]), lock) == [
        ("F208", "cell 'cell-a' holds 10.128.0.0/23, which address_pools.node does not have")
    ]


def test_a_full_mesh_of_126_cells_is_planned_in_no_time() -> None:
    inventory = inventories.inventory(inventories.data(cells=126, nodes=20))
    plan_addresses(inventory, EMPTY_LOCK, FACTS)
    start = time.process_time()
    plan, lock = plan_addresses(inventory, EMPTY_LOCK, FACTS)
    spent = time.process_time() - start
    assert len(plan.cells) == 126
    require_sound(inventory, plan, lock)
    assert spent < 0.5  # a tenth of it is usual


def test_a_cell_may_not_hold_what_one_of_its_mesh_left_behind() -> None:
    """Not where they were apart: these may share pod addresses while both stand."""
    pools: dict[str, list[str]] = {"pod": ["100.64.0.0/14"], "reserved": []}
    for mesh, rules in (("south", []), ("north", ["F209"])):
        cells = {"cell-a": ("north", "large"), "cell-b": ("south", "large")}
        _, lock = plan_addresses(world(cells, **pools), EMPTY_LOCK, FACTS)
        _, gone = plan_addresses(world({"cell-b": ("south", "large")}, **pools), lock, FACTS)
        assert set(gone.removed) == {"cell-a"}
        after = world({"cell-b": (mesh, "large")}, **pools)
        found = [f for f in plan_addresses(after, gone, FACTS)[0].findings if f.severity == "error"]
        assert {f.rule for f in found} == set(rules)
        assert bool(found) == bool(rules)
        assert all("cell 'cell-a', which left" in f.message for f in found)
