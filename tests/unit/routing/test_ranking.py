"""The choice is even by weight, the same everywhere, and moves no more than it must."""

from __future__ import annotations

from collections import Counter
from math import sqrt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cellfactory.routing.ranking import rank, score

NAMES = [f"moka-use1-{letter}" for letter in "abcdefgh"]
weights_of_cells = st.dictionaries(
    st.sampled_from(NAMES), st.integers(0, 100), min_size=1, max_size=len(NAMES)
)
keys = st.text(max_size=40)
KEYS = [f"etl-{number}" for number in range(4_000)]


def first(key: str, weights: dict[str, int]) -> str | None:
    return next(iter(rank(key, weights)), None)


@pytest.mark.parametrize(
    ("key", "name", "weight", "expected"),
    [
        ("etl-1", "moka-use1-a", 100, 107.36679862532776),
        ("etl-1", "moka-use1-b", 100, 63.331660344483105),
        ("etl-1", "moka-use1-c", 50, 499.638339111152),
    ],
)
def test_the_scores_that_the_page_on_routing_shows(
    key: str, name: str, weight: int, expected: float
) -> None:
    assert score(key, name, weight) == pytest.approx(expected, rel=1e-12)


@given(keys, weights_of_cells)
def test_who_may_be_chosen_is_ranked_once_and_nobody_else(
    key: str, weights: dict[str, int]
) -> None:
    assert sorted(rank(key, weights)) == sorted(n for n, w in weights.items() if w)


@given(keys, weights_of_cells)
def test_the_order_in_which_names_are_told_is_nothing(key: str, weights: dict[str, int]) -> None:
    assert rank(key, weights) == rank(key, dict(reversed(weights.items())))


@given(keys, weights_of_cells, st.sampled_from(NAMES))
def test_one_that_leaves_only_drops_out(key: str, weights: dict[str, int], gone: str) -> None:
    left = {name: weight for name, weight in weights.items() if name != gone}
    assert rank(key, left) == tuple(name for name in rank(key, weights) if name != gone)


@given(keys, weights_of_cells, st.sampled_from(NAMES), st.integers(1, 100))
def test_a_greater_weight_takes_jobs_and_gives_none_away(
    key: str, weights: dict[str, int], heavier: str, more: int
) -> None:
    raised = {**weights, heavier: weights.get(heavier, 0) + more}
    assert first(key, raised) in (first(key, weights), heavier)
    if first(key, weights) == heavier:
        assert first(key, raised) == heavier


@settings(max_examples=25, deadline=None)
@given(weights_of_cells.filter(lambda weights: sum(weights.values()) > 0))
def test_each_gets_its_share(weights: dict[str, int]) -> None:
    counted = Counter(first(key, weights) for key in KEYS)
    together = sum(weights.values())
    for name, weight in weights.items():
        share = weight / together
        # Six standard deviations of a fair draw; the keys are fixed, so it holds or it does not.
        slack = 6 * sqrt(share * (1 - share) * len(KEYS)) + 1e-9
        assert abs(counted[name] - share * len(KEYS)) <= slack, (name, counted)


def test_a_cell_that_comes_takes_its_share_from_all() -> None:
    before = dict.fromkeys(NAMES[:4], 100)
    after = dict.fromkeys(NAMES[:5], 100)
    moved = [(first(key, before), first(key, after)) for key in KEYS]
    changed = [(old, new) for old, new in moved if old != new]
    assert {new for _, new in changed} == {NAMES[4]}
    assert {old for old, _ in changed} == set(before)
    assert len(changed) == pytest.approx(len(KEYS) / 5, rel=0.15)
