"""Prices: none is made up, none is rounded, and what is charged for more is never less."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cellfactory.facts.loader import load_facts
from cellfactory.facts.prices import EVERY_REGION, Price
from tools import update_prices

PRICES = load_facts().prices
ROWS = [pytest.param(row, id=id_) for id_, row in PRICES.rows.items()]
amounts = st.decimals(min_value=0, max_value=10**12, places=3)


@pytest.mark.parametrize("row", ROWS)
def test_a_price_says_where_it_is_from(row: Price) -> None:
    assert row.source.startswith("https://")
    assert type(row.checked) is date
    assert row.unit.startswith("USD per ")
    assert row.region == EVERY_REGION or row.region in load_facts().regions
    assert row.confirmed or row.note


@pytest.mark.parametrize("row", ROWS)
def test_only_the_last_tier_has_no_end(row: Price) -> None:
    assert [tier.units is None for tier in row.tiers] == [False] * (len(row.tiers) - 1) + [True]
    assert all(tier.usd >= 0 for tier in row.tiers)


@given(one=amounts, other=amounts, row=st.sampled_from(list(PRICES.rows.values())))
def test_more_never_costs_less(one: Decimal, other: Decimal, row: Price) -> None:
    less, more = sorted((one, other))
    assert row.of(less) <= row.of(more)


@given(one=amounts, other=amounts, row=st.sampled_from(list(PRICES.rows.values())))
def test_an_untiered_price_is_linear(one: Decimal, other: Decimal, row: Price) -> None:
    if len(row.tiers) == 1:
        assert row.of(one) + row.of(other) == row.of(one + other)
    else:  # in one bill, more is cheaper
        assert row.of(one) + row.of(other) >= row.of(one + other)


def test_a_region_that_nobody_read_has_no_price() -> None:
    assert PRICES.find("nat-gateway-hour", "eu-west-1") is None
    assert PRICES.instance("r6gd.8xlarge", "eu-west-1") is None
    assert PRICES.find("cluster-hour", "eu-west-1") == PRICES.find("cluster-hour", "us-east-1")


def test_an_item_that_there_is_not_is_our_mistake() -> None:
    with pytest.raises(KeyError):
        PRICES.find("nat-gatway-hour", "us-east-1")


def test_an_instance_is_read_with_its_day() -> None:
    price = PRICES.instance("r6gd.8xlarge", "us-east-1")
    assert price is not None
    assert price.first == Decimal("1.8432")
    assert price.as_of == date(2026, 7, 20)


def test_the_tool_reads_what_aws_wrote() -> None:
    text = (
        "// generated at 2026-07-20T13:44:30Z for us-east-1\n"
        '\t"us-east-1": {\n\t\t// a1 family\n'
        '\t\t"a1.2xlarge": 0.204000, "c8i.metal-96xl": 17.992320,\n\t},\n'
    )
    prices = update_prices.read_prices(text)
    assert prices == {"us-east-1": {"a1.2xlarge": "0.204", "c8i.metal-96xl": "17.99232"}}
    made = update_prices.render(prices, update_prices.read_day(text))
    assert made.splitlines()[-1] == "us-east-1 c8i.metal-96xl 17.99232"
    assert "# copied: 2026-07-20" in made
