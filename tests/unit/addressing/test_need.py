"""What a zone needs, held against the numbers that can be worked out by hand."""

from __future__ import annotations

from ipaddress import IPv4Network
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cellfactory.addressing.blocks import PRIMARY_KINDS
from cellfactory.addressing.need import (
    block_length,
    free_slice_length,
    need_of,
    nodes_held,
    pod_block_lengths,
    pod_length,
    pod_reservations,
    primary_length,
    reserved_addresses,
    usable_addresses,
    zone_nodes,
    zone_surge,
)
from cellfactory.addressing.space import BITS
from cellfactory.facts.loader import load_facts
from cellfactory.inventory.endpoints import endpoint_services
from cellfactory.inventory.schema import CellType
from tests import inventories

FACTS = load_facts()
KEPT = reserved_addresses(FACTS)
LENGTHS = st.integers(16, 28)
PREFIXES = st.integers(1, 49)


def cell_type(nodes: int = 10, **changes: Any) -> CellType:
    made = inventories.data(nodes=nodes, **changes)
    return inventories.inventory(made).cell_types["plain"]


def pools(*sizes: tuple[int, int]) -> dict[str, dict[str, Any]]:
    """Make node groups of nodes per zone and `max_unavailable`."""
    return {
        f"pool-{number}": {
            "instance_type": "r6i.4xlarge",
            "nodes_per_zone": nodes,
            "max_unavailable": most,
        }
        for number, (nodes, most) in enumerate(sizes)
    }


def surge(ceiling: int | None, *sizes: tuple[int, int]) -> int:
    made = inventories.data()
    made["cell_types"]["plain"]["node_groups"] = pools(*sizes)
    made["cell_types"]["plain"]["node_ceiling"] = ceiling
    return zone_surge(inventories.inventory(made).cell_types["plain"], FACTS)


@pytest.mark.parametrize(
    ("length", "nodes"), [(16, 671), (17, 335), (18, 167), (24, 2), (27, 0), (28, 0)]
)
def test_nodes_that_a_pod_subnet_holds_with_six_prefixes(length: int, nodes: int) -> None:
    assert nodes_held(length, 6, KEPT) == nodes


def test_a_pod_subnet_of_the_largest_size_leaves_its_first_22_to_single_addresses() -> None:
    reserved = [str(b) for b in pod_reservations(IPv4Network("100.64.0.0/16"), 6, reserved=5)]
    assert reserved == [
        "100.64.4.0/22",
        "100.64.8.0/21",
        "100.64.16.0/20",
        "100.64.32.0/19",
        "100.64.64.0/18",
        "100.64.128.0/17",
    ]


@given(LENGTHS, PREFIXES)
def test_reservations_are_all_of_the_subnet_but_its_first_slice(length: int, prefixes: int) -> None:
    pod = IPv4Network((int(IPv4Network("100.64.0.0/16").network_address), length))
    reserved = pod_reservations(pod, prefixes, reserved=5)
    free = IPv4Network((int(pod.network_address), free_slice_length(length, prefixes, KEPT)))
    assert free.prefixlen <= 28
    assert sum(b.num_addresses for b in reserved) + free.num_addresses == pod.num_addresses
    assert not any(a.overlaps(b) for a in (free, *reserved) for b in reserved if a is not b)
    assert all(block.subnet_of(pod) and block.prefixlen <= 28 for block in reserved)


@given(LENGTHS, PREFIXES)
def test_what_a_pod_subnet_holds_really_fits(length: int, prefixes: int) -> None:
    nodes = nodes_held(length, prefixes, KEPT)
    slice_length = free_slice_length(length, prefixes, KEPT)
    blocks = (1 << (28 - length)) - (1 << (28 - slice_length))
    assert nodes * prefixes <= max(0, blocks - 1)  # the last /28 is never delegated
    assert nodes <= (1 << (BITS - slice_length)) - KEPT or nodes == 0


@given(st.integers(16, 27), PREFIXES)
def test_a_smaller_slice_would_not_hold_the_interfaces(length: int, prefixes: int) -> None:
    slice_length = free_slice_length(length, prefixes, KEPT)
    if length < slice_length < 28:
        smaller = (1 << (BITS - slice_length - 1)) - KEPT
        blocks = (1 << (28 - length)) - (1 << (28 - slice_length - 1)) - 1
        assert smaller < blocks // prefixes


@given(st.integers(17, 28), PREFIXES)
def test_a_larger_subnet_never_holds_fewer_nodes(length: int, prefixes: int) -> None:
    assert nodes_held(length - 1, prefixes, KEPT) >= nodes_held(length, prefixes, KEPT)


@given(st.integers(1, 700), PREFIXES)
def test_the_pod_subnet_is_the_smallest_that_holds_the_nodes(nodes: int, prefixes: int) -> None:
    length = pod_length(nodes, prefixes, FACTS)
    if length is None:
        assert nodes_held(16, prefixes, KEPT) < nodes
    else:
        assert nodes_held(length, prefixes, KEPT) >= nodes
        assert length == 28 or nodes_held(length + 1, prefixes, KEPT) < nodes


@given(st.integers(1, 6), LENGTHS)
def test_pod_blocks_hold_every_zone_in_as_few_blocks_as_can_be(zones: int, length: int) -> None:
    blocks = pod_block_lengths(zones, length, FACTS)
    held = sum(1 << (length - block) for block in blocks)
    assert held >= zones
    assert all(16 <= block <= length for block in blocks)
    assert len(blocks) == -(-zones // (1 << (length - 16)))
    if blocks[-1] < length:  # half of the last block would be too little
        assert held - (1 << (length - blocks[-1] - 1)) < zones


@pytest.mark.parametrize(
    ("zones", "length", "blocks"),
    [(3, 16, (16, 16, 16)), (3, 17, (16, 17)), (3, 18, (16,)), (3, 19, (17,)), (2, 20, (19,))],
)
def test_pod_blocks_of_common_cells(zones: int, length: int, blocks: tuple[int, ...]) -> None:
    assert pod_block_lengths(zones, length, FACTS) == blocks


@given(st.integers(1, 1 << 16))
def test_a_block_is_the_smallest_that_holds_the_addresses(addresses: int) -> None:
    size = 1 << (BITS - block_length(addresses))
    assert size >= addresses > size // 2


@pytest.mark.parametrize(
    ("ceiling", "sizes", "nodes"),
    [
        (None, [(10, 1)], 2),  # one group, two nodes at least
        (None, [(10, 7)], 7),  # or as many as may be unavailable
        (None, [(10, 1), (10, 20)], 12),  # both pools at once
        (None, [(451, 5)], 25),  # five groups of our policy's size at most
        (33, [(10, 5)], 7),  # eleven a zone: the one not declared is a pool of its own
        (302, [(99, 100)], 102),  # 101 a zone: one group more, whose single node grows by two
        (30, [(10, 5)], 5),
    ],
)
def test_surge_of_one_zone(ceiling: int | None, sizes: list[tuple[int, int]], nodes: int) -> None:
    assert surge(ceiling, *sizes) == nodes


def test_the_ceiling_decides_and_is_rounded_up_for_each_zone() -> None:
    assert zone_nodes(cell_type(10)) == 10
    assert zone_nodes(cell_type(10, node_ceiling=31)) == 11
    assert zone_nodes(cell_type(10, node_ceiling=30)) == 10


def test_need_of_a_large_private_cell() -> None:
    need = need_of(cell_type(433, egress="none"), FACTS)
    assert (need.nodes, need.surge, need.endpoints, need.pod_length) == (443, 10, 7, 16)
    assert need.lengths == {
        "node": 23,
        "endpoint": 26,
        "control_plane": 27,
        "public": 28,
        "transit": 28,
    }
    assert primary_length(need, zones=3) == 21


def test_one_more_endpoint_never_needs_a_larger_subnet() -> None:
    few = need_of(cell_type(egress="none"), FACTS)
    more = need_of(cell_type(egress="none", endpoints=["glue", "kms", "ssm"]), FACTS)
    assert more.endpoints == few.endpoints + 3
    assert more.lengths == few.lengths


def test_a_cell_with_a_way_out_has_only_the_endpoints_it_names() -> None:
    assert endpoint_services(cell_type(egress="nat_gateway"), FACTS) == ()
    assert endpoint_services(cell_type(egress="nat_gateway", endpoints=["kms"]), FACTS) == ("kms",)
    private = endpoint_services(cell_type(egress="none", endpoints=["kms", "sts"]), FACTS)
    assert private == ("ec2", "ecr.api", "ecr.dkr", "eks-auth", "kms", "logs", "sts")


@given(st.integers(1, 660), st.integers(1, 12))
def test_every_subnet_holds_what_its_zone_needs(nodes: int, prefixes: int) -> None:
    need = need_of(cell_type(nodes, prefixes_per_node=prefixes), FACTS)
    node = IPv4Network((0, need.lengths["node"]))
    assert usable_addresses(node, FACTS) >= need.nodes == nodes + need.surge
    assert all(16 <= length <= 28 for length in need.lengths.values())


def test_every_kind_of_subnet_has_a_length() -> None:
    cell_type = inventories.inventory(inventories.data()).cell_types["plain"]
    assert tuple(need_of(cell_type, FACTS).lengths) == PRIMARY_KINDS
