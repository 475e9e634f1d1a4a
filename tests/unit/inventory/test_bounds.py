"""What `what-if` may be asked is no more than what an inventory may declare."""

from __future__ import annotations

from typing import Any

import pytest

from factory.inventory.schema import CellType, Hub, NodeGroup
from factory.sizing.whatif import MOST_PER_ZONE, RANGES


@pytest.mark.parametrize(
    ("kind", "key", "asked"),
    [
        (CellType, "max_pods", RANGES["max_pods"]),
        (CellType, "prefixes_per_node", RANGES["prefixes"]),
        (Hub, "nau", RANGES["hub_nau"]),
        (NodeGroup, "max_unavailable", RANGES["max_unavailable"]),
        (NodeGroup, "nodes_per_zone", (1, MOST_PER_ZONE)),
        (NodeGroup, "root_volume_gib", RANGES["root_volume_gib"]),
    ],
)
def test_an_inventory_takes_what_may_be_asked(
    kind: type[CellType | Hub | NodeGroup], key: str, asked: tuple[int, int]
) -> None:
    bounds: list[Any] = kind.model_fields[key].metadata
    (least,) = (bound.ge for bound in bounds if hasattr(bound, "ge"))
    (most,) = (bound.le for bound in bounds if hasattr(bound, "le"))
    assert least <= asked[0]
    assert asked[1] <= most
