"""The arithmetic of the published design: 120 PB a month, one way and another."""

from __future__ import annotations

from decimal import Decimal

import pytest

from cellfactory.facts.loader import load_facts
from cellfactory.facts.prices import Price
from cellfactory.inventory.schema import Inventory
from cellfactory.pricing.costs import MeshCosts, price_inventory
from tests.unit.pricing.sample import PUBLISHED_GB, inventory

FACTS = load_facts()
BINARY_GB = 120 * 2**50 // 2**30
"""The same, were a petabyte 2^50 bytes and a gigabyte 2^30."""


def costs(made: Inventory) -> MeshCosts:
    (found,) = price_inventory(made, FACTS)
    return found


def transfer(made: MeshCosts, way: str) -> Decimal:
    ways = {w.id: w for w in (*made.interconnects, *made.egresses)}
    return round(ways[way].sum.transfer, 2)


def price(item: str) -> Price:
    found = FACTS.prices.find(item, "us-east-1")
    assert found is not None
    return found


def test_a_petabyte_is_decimal_where_nothing_is_said() -> None:
    assert PUBLISHED_GB == 120_000_000
    assert BINARY_GB == 125_829_120


@pytest.mark.parametrize(
    ("gigabytes", "dollars"), [(PUBLISHED_GB, "5400000.00"), (BINARY_GB, "5662310.40")]
)
def test_nat_gateways_would_cost_millions(gigabytes: int, dollars: str) -> None:
    made = costs(inventory(with_hubs_gb=gigabytes))
    host, gateways = made.pods
    assert host.sum.dollars == 0
    assert gateways.sum.transfer == Decimal(dollars)
    assert gateways.sum.fixed == Decimal("98.55")  # three, all hours


def test_a_transit_gateway_costs_by_the_gigabyte_wherever_it_goes() -> None:
    for percentage in (None, 0, 100):
        made = costs(inventory(with_hubs_gb=PUBLISHED_GB, same_zone_percentage=percentage))
        assert transfer(made, "gateway") == 2_400_000


def test_an_attachment_costs_every_hour_of_the_cell_and_of_the_hub() -> None:
    made = costs(inventory(with_hubs_gb=PUBLISHED_GB))
    (gateway,) = (way for way in made.interconnects if way.id == "gateway")
    assert gateway.sum.fixed == Decimal("36.5") * 2


@pytest.mark.parametrize(
    ("percentage", "dollars"), [(100, 0), (None, 1_600_000), (0, 2_400_000), (50, 1_200_000)]
)
def test_peering_costs_what_crosses_zones(percentage: int | None, dollars: int) -> None:
    made = costs(inventory(with_hubs_gb=PUBLISHED_GB, same_zone_percentage=percentage))
    assert transfer(made, "peering") == dollars
    assert next(w for w in made.interconnects if w.id == "peering").sum.fixed == 0


def test_lattice_and_endpoints() -> None:
    made = costs(inventory(with_hubs_gb=PUBLISHED_GB))
    assert transfer(made, "lattice") == 3_000_000
    assert price("interface-endpoint-gb").of(Decimal(PUBLISHED_GB)) == 494_000


def test_nat_gateways_behind_a_transit_gateway_cost_both() -> None:
    made = costs(inventory(to_internet_gb=PUBLISHED_GB))
    assert transfer(made, "central") == 7_800_000  # what the internet itself takes has no price
    assert transfer(made, "nat_gateway") == 5_400_000


def test_an_attachment_of_a_month() -> None:
    assert price("transit-gateway-attachment-hour").first * 730 == Decimal("36.50")
