"""How full bounds would be with other numbers of nodes."""

from __future__ import annotations

from cellfactory.facts.loader import load_facts
from cellfactory.sizing.curves import MOST_CURVES, node_curves
from cellfactory.sizing.whatif import WhatIf, setting_of_what_if

SMALL = WhatIf(nodes=2, zones=2, instance="m5.large", level="maximum")


def test_curves_go_on_to_where_a_small_cell_is_full() -> None:
    drawn = node_curves(setting_of_what_if(SMALL, load_facts()))
    assert drawn.nodes[-1] >= 6, "pod prefixes are full at 6 nodes, thrice as many"
    assert {curve.bound: curve.crossing for curve in drawn.curves}["pod-prefixes"] == 6


def test_each_curve_has_a_share_at_each_number_and_the_fullest_comes_first() -> None:
    drawn = node_curves(setting_of_what_if(SMALL, load_facts()))
    assert 0 < len(drawn.curves) <= MOST_CURVES
    assert {len(curve.shares) for curve in drawn.curves} == {len(drawn.nodes)}
    last = [curve.shares[-1] for curve in drawn.curves]
    assert last == sorted(last, reverse=True)
