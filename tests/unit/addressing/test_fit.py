"""The room that a new cell is said to have: so many nodes fit its blocks, and one more does not."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from cellfactory.addressing.fit import zone_room
from cellfactory.addressing.lock import EMPTY_LOCK
from cellfactory.addressing.plan import plan_addresses
from cellfactory.facts.loader import load_facts
from cellfactory.inventory.schema import Inventory
from tests import inventories

FACTS = load_facts()


def with_nodes(nodes: int, **changes: Any) -> Inventory:
    return inventories.inventory(inventories.data(1, nodes, **changes))


@pytest.mark.parametrize("seed", range(20))
def test_as_many_nodes_as_there_is_room_for_fit(seed: int) -> None:
    random = Random(seed)
    nodes, prefixes = random.randint(1, 200), random.randint(1, 9)
    ceiling = random.choice([None, 3 * nodes, 3 * nodes + 100])
    small = with_nodes(nodes, prefixes_per_node=prefixes, node_ceiling=ceiling)
    plan, lock = plan_addresses(small, EMPTY_LOCK, FACTS)
    room = zone_room(plan.cells["cell-000"], small.cell_types["plain"], FACTS)
    assert room >= max(nodes, -(-(ceiling or 0) // 3))

    def refused(grown: int) -> list[str]:
        larger = with_nodes(grown, prefixes_per_node=prefixes)
        return [f.rule for f in plan_addresses(larger, lock, FACTS)[0].findings]

    assert refused(room) == []
    assert set(refused(room + 1)) <= {"F203", "F204"}
    # Nodes that come may make a group of their own, with a surge of its own: room is kept for it.
    assert refused(room + 3)
