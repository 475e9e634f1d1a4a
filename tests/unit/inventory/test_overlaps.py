"""The quick search for overlaps against the slow one that looks at every pair."""

from __future__ import annotations

from ipaddress import IPv4Network
from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from cellfactory.inventory.overlaps import Owned, crossing, overlapping

START = int(IPv4Network("10.0.0.0").network_address)


@st.composite
def owned(draw: st.DrawFn) -> Owned:
    """Draw a block out of a few addresses, so that many overlap."""
    length = draw(st.integers(26, 32))
    block = IPv4Network((START + draw(st.integers(0, 63)), length), strict=False)
    return block, ("blocks", draw(st.integers(0, 1000))), "somebody"


@given(st.lists(owned(), max_size=12))
def test_every_block_that_overlaps_an_earlier_one_is_found_once(blocks: list[Owned]) -> None:
    found = list(overlapping(blocks))
    assert all(one[0].overlaps(other[0]) for one, other in found)
    clusters = [b for b in blocks if not any(b[0] != a[0] and b[0].subnet_of(a[0]) for a in blocks)]
    apart = {block for block, _, _ in clusters}
    assert len(found) == len(blocks) - len(apart)


@given(st.lists(owned(), max_size=8), st.lists(owned(), max_size=8))
def test_blocks_of_two_sides_cross_when_any_pair_does(
    ours: list[Owned], theirs: list[Owned]
) -> None:
    found = list(crossing(ours, theirs))
    assert all(one in ours and other in theirs for one, other in found)
    assert all(one[0].overlaps(other[0]) for one, other in found)
    pairs = [(one, other) for one in ours for other in theirs if one[0].overlaps(other[0])]
    assert bool(found) == bool(pairs)
    inner = {max(pair, key=lambda owned: owned[0].prefixlen)[0] for pair in pairs}
    assert inner <= {block for pair in found for block, _, _ in pair}


def test_the_smaller_one_inside_a_larger_one_is_blamed() -> None:
    large = (IPv4Network("10.0.0.0/24"), ("a",), "one")
    small = (IPv4Network("10.0.0.0/26"), ("b",), "two")
    last = (IPv4Network("10.0.0.128/26"), ("c",), "three")
    assert list(overlapping([last, small, large])) == [(large, small), (large, last)]
    assert all(not a[0].overlaps(b[0]) for a, b in combinations([small, last], 2))
