"""Traffic that has no way is warned of; what fits is not."""

from __future__ import annotations

from typing import Any

import pytest

from cellfactory.facts.loader import load_facts
from cellfactory.inventory.traffic_rules import check_traffic, mean_gbps
from tests import inventories
from tests.unit.pricing import sample

FACTS = load_facts()


def rules(made: dict[str, Any]) -> set[str]:
    return {finding.rule for finding in check_traffic(inventories.inventory(made), FACTS)}


def of(traffic: dict[str, Any], cells: int = 1, **changes: Any) -> set[str]:
    made = sample.data(cells)
    made["cell_types"]["plain"] |= {"traffic": traffic, **changes}
    return rules(made)


@pytest.mark.parametrize(
    ("traffic", "cells", "changes", "found"),
    [
        ({"to_cells_gb": 1}, 1, {}, {"F157"}),
        ({"to_cells_gb": 1}, 2, {}, set()),
        ({"to_cells_gb": 0, "with_hubs_gb": 1}, 1, {}, set()),
        ({"to_internet_gb": 1}, 1, {"egress": "none"}, {"F161"}),
        ({"from_internet_gb": 1}, 1, {"egress": "none"}, {"F161"}),
        ({"from_internet_gb": 1}, 1, {}, set()),
        ({"endpoints_gb": 1}, 1, {}, {"F162"}),
        ({"endpoints_gb": 1}, 1, {"endpoints": ["kms"]}, set()),
        ({"same_zone_percentage": 0}, 1, {}, {"F165"}),
        ({"same_zone_percentage": 0, "with_hubs_gb": 0}, 1, {}, {"F165"}),
        ({"same_zone_percentage": 0, "with_hubs_gb": 1}, 1, {}, set()),
    ],
)
def test_traffic_needs_a_way(
    traffic: dict[str, Any], cells: int, changes: dict[str, Any], found: set[str]
) -> None:
    assert of(traffic, cells, **changes) == found


def test_traffic_with_hubs_needs_a_hub() -> None:
    made = sample.data(with_hubs_gb=1)
    made["meshes"]["east"]["hubs"] = []
    assert rules(made) == {"F159"}


def test_the_traffic_of_a_cell_takes_the_place_of_that_of_its_type() -> None:
    made = sample.data(1, to_cells_gb=1)
    assert rules(made) == {"F157"}
    made["cells"]["cell-000"]["traffic"] = {"with_hubs_gb": 5}
    assert rules(made) == set()
    assert inventories.inventory(made).traffic_of("cell-000").to_cells_gb is None


def test_the_published_rate() -> None:
    assert round(mean_gbps(sample.PUBLISHED_GB, FACTS)) == 365
