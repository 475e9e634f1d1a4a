"""A cell laid out as if it were alone has blocks of the sizes that the planner gives it."""

from __future__ import annotations

import pytest

from cellfactory.addressing.alone import addresses_alone
from cellfactory.addressing.lock import EMPTY_LOCK
from cellfactory.addressing.need import need_of
from cellfactory.addressing.plan import plan_addresses
from cellfactory.facts.loader import load_facts
from tests import inventories

FACTS = load_facts()


@pytest.mark.parametrize("nodes", [1, 20, 100, 433])
def test_alone_or_planned_blocks_have_the_same_sizes(nodes: int) -> None:
    inventory = inventories.inventory(inventories.data(1, nodes))
    (cell,) = inventory.cells
    planned = plan_addresses(inventory, EMPTY_LOCK, FACTS)[0].cells[cell]
    cell_type = inventory.type_of(cell)
    alone = addresses_alone(cell, cell_type, need_of(cell_type, FACTS), FACTS)
    assert [b.prefixlen for b in alone.blocks] == [b.prefixlen for b in planned.blocks]
    for zone, subnets in planned.zones.items():
        sizes = {kind: block.prefixlen for kind, block in subnets.items()}
        assert {kind: block.prefixlen for kind, block in alone.zones[zone].items()} == sizes
