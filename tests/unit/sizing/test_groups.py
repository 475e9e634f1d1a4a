"""Splitting a pool into groups keeps every node and never changes an earlier group."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factory.sizing.groups import group_name, split_groups


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
    names = [group_name("executor", "use1-az1", index) for index in range(3)]
    assert names == ["executor-use1-az1", "executor-use1-az1-2", "executor-use1-az1-3"]


@pytest.mark.parametrize(("nodes", "quota"), [(-1, 450), (10, 0)])
def test_nonsense_is_refused(nodes: int, quota: int) -> None:
    with pytest.raises(ValueError, match="cannot divide"):
        split_groups(nodes, quota)
