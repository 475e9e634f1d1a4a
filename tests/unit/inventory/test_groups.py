"""Splitting a pool into groups keeps every node and never changes an earlier group."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cellfactory.facts.loader import load_facts
from cellfactory.inventory.groups import (
    group_size,
    group_surge,
    name_groups,
    pool_surge,
    split_groups,
    update_minutes,
)
from cellfactory.inventory.schema import NodeGroup
from cellfactory.naming import node_group_name

FACTS = load_facts()


@pytest.mark.parametrize(
    ("nodes", "quota", "groups"),
    [
        (0, 450, ()),
        (1, 450, (1,)),
        (450, 450, (450,)),
        (451, 450, (450, 1)),
        (1300, 450, (450, 450, 400)),
    ],
)
def test_groups_are_filled_in_order(nodes: int, quota: int, groups: tuple[int, ...]) -> None:
    assert split_groups(nodes, quota) == groups


@given(nodes=st.integers(0, 20_000), quota=st.integers(1, 1000), more=st.integers(0, 500))
def test_growth_changes_the_last_group_only(nodes: int, quota: int, more: int) -> None:
    before, after = split_groups(nodes, quota), split_groups(nodes + more, quota)
    assert sum(before) == nodes
    assert all(0 < size <= quota for size in before)
    earlier = max(0, len(before) - 1)
    assert after[:earlier] == before[:earlier]
    assert not before or after[earlier] >= before[-1]


def test_names_do_not_change_when_a_pool_grows() -> None:
    names = [node_group_name("executor", "use1-az1", index) for index in range(3)]
    assert names == ["executor-use1-az1", "executor-use1-az1-2", "executor-use1-az1-3"]


@pytest.mark.parametrize(("nodes", "quota"), [(-1, 450), (10, 0)])
def test_nonsense_is_refused(nodes: int, quota: int) -> None:
    with pytest.raises(ValueError, match="cannot divide"):
        split_groups(nodes, quota)


def test_surge_of_an_update() -> None:
    # https://docs.aws.amazon.com/eks/latest/userguide/managed-node-update-behavior.html
    assert group_surge(450, max_unavailable=1, per_zone=2) == 2
    assert group_surge(450, max_unavailable=1, per_zone=2, zones=3) == 6
    assert group_surge(450, max_unavailable=100, per_zone=2, zones=3) == 100
    assert group_surge(7, max_unavailable=100, per_zone=2) == 7, "as the stack writes it"
    assert group_surge(1, max_unavailable=100, per_zone=2) == 2


def test_all_groups_of_a_pool_surge_at_once() -> None:
    assert pool_surge(0, 20, FACTS) == 0
    assert pool_surge(100, 1, FACTS) == 2
    assert pool_surge(101, 20, FACTS) == 22, "a group of one node grows by two at least"
    assert pool_surge(130, 100, FACTS) == 130


def test_groups_are_named_zone_by_zone_and_hold_every_node() -> None:
    pool = NodeGroup(instance_type="r6gd.8xlarge", nodes_per_zone=150)
    groups = name_groups("executor", pool, ["use1-az1", "use1-az2"], FACTS)
    assert groups == {
        "executor-use1-az1": ("use1-az1", 100),
        "executor-use1-az1-2": ("use1-az1", 50),
        "executor-use1-az2": ("use1-az2", 100),
        "executor-use1-az2-2": ("use1-az2", 50),
    }


def test_a_group_that_fails_is_a_small_part_of_a_cell() -> None:
    """One instance that EC2 lacks taints its group: a tenth of a cell of 1,300 nodes at most."""
    ceiling, size = FACTS.policy_value("node-ceiling"), group_size(FACTS)
    assert size <= ceiling / 10
    assert size <= FACTS.quota("nodes-per-node-group").default
    most = FACTS.quota("node-groups-per-cluster").default
    assert 3 * len(split_groups(round(ceiling / 3), size)) <= most / 2, "room for more pools"


@pytest.mark.parametrize("id_", ["nodes-per-node-group", "interface-endpoints-per-vpc"])
def test_what_a_cell_type_is_cut_by_is_the_same_in_every_region(id_: str) -> None:
    """A cell type has no Region: its groups and subnets may not depend on one."""
    assert FACTS.quota(id_).by_region == ()


def test_an_update_takes_a_batch_after_the_other() -> None:
    # 15 minutes to drain, 15 to join, 60 s to settle
    assert update_minutes(1, 1, FACTS) == 31
    assert update_minutes(100, 1, FACTS) == 3100, "more than two days"
    assert update_minutes(100, 20, FACTS) == 5 * 31
    assert update_minutes(101, 20, FACTS) == 6 * 31
    assert update_minutes(5, 100, FACTS) == 31
