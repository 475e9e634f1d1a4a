"""Bounds that two places must agree on, where one cannot read the other."""

from __future__ import annotations

import json
from pathlib import Path

from cellfactory.inventory.schema import CellType, Hub, NodeGroup
from cellfactory.inventory.spark_rules import MOST_WATCHED_NAMESPACES
from cellfactory.inventory.values import bounds_of
from cellfactory.sizing.whatif import MOST_PER_ZONE, RANGES

GATEWAY = Path(__file__).parents[3] / "modules" / "spark-ui-gateway" / "chart"


def test_the_neighbours_of_what_may_be_asked_may_be_declared() -> None:
    least, most = bounds_of(Hub, "nau")
    assert least <= RANGES["hub_nau"][0]
    assert RANGES["hub_nau"][1] <= most


def test_what_may_be_asked_of_a_cell_is_what_may_be_declared() -> None:
    assert bounds_of(NodeGroup, "nodes_per_zone") == (1, MOST_PER_ZONE)
    assert bounds_of(CellType, "prefixes_per_node") == RANGES["prefixes"] == (1, 49)


def test_the_gateway_watches_as_many_namespaces_as_its_chart_takes() -> None:
    schema = json.loads((GATEWAY / "values.schema.json").read_text("utf-8"))
    assert schema["properties"]["jobNamespaces"]["maxItems"] == MOST_WATCHED_NAMESPACES
