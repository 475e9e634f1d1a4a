"""The page of limits: complete, and well-formed Markdown."""

from __future__ import annotations

import re

import pytest

from cellfactory.facts.loader import load_facts
from tools.limits_page import render_limits

FACTS = load_facts()
PAGE = render_limits(FACTS)


@pytest.mark.parametrize("table", ["quotas", "nau", "parameters", "policy"])
def test_every_row_is_on_the_page(table: str) -> None:
    for id_ in getattr(FACTS, table):
        assert f"(`{id_}`)" in PAGE


def test_every_bucket_and_call_is_on_the_page() -> None:
    for bucket in FACTS.buckets.values():
        assert f"| `{bucket.action}` | {bucket.category} | {bucket.counts} |" in PAGE
    assert "n-1 AssignPrivateIpAddresses" in PAGE
    assert "| at-once | before 1.15.4 |" in PAGE


def test_each_table_has_rows_as_wide_as_its_head() -> None:
    tables = re.findall(r"(?:^\|.*\n)+", PAGE, re.MULTILINE)
    assert len(tables) == 10
    for table in tables:
        widths = {len(re.findall(r"(?<!\\)\|", line)) for line in table.splitlines()}
        assert len(widths) == 1


def test_what_is_unconfirmed_is_marked() -> None:
    line = next(line for line in PAGE.splitlines() if "`nau-per-pd-pod`" in line)
    assert "**unconfirmed**" in line


def test_what_nothing_reckons_with_is_marked() -> None:
    rows = {**FACTS.quotas, **FACTS.parameters, **FACTS.nau}
    for id_, row in rows.items():
        line = next(line for line in PAGE.splitlines() if f"(`{id_}`)" in line)
        assert ("**informs only**: " in line) == bool(row.informs)


def test_every_endpoint_is_on_the_page() -> None:
    for id_, row in FACTS.endpoints.items():
        assert f"| `{id_}` | {row.reason} |" in PAGE


def test_every_price_is_on_the_page_and_so_is_what_has_none() -> None:
    for item in FACTS.prices.items:
        assert f"(`{item}`)" in PAGE
    assert "(`internet-gb`) | not known |" in PAGE
    assert "0.01 (the next 1,000,000), 0.006 (the next 4,000,000), 0.004 |" in PAGE


def test_a_quota_shows_its_numbers() -> None:
    line = next(line for line in PAGE.splitlines() if "`peered-nau`" in line)
    assert "| 128,000 | 512,000 | NAU | peered-vpcs | quota | vpc L-CD17FD4B |" in line
    routes = next(line for line in PAGE.splitlines() if "`routes-per-route-table`" in line)
    assert "disputed: 50" in routes
    storage = next(line for line in PAGE.splitlines() if "`gp3-storage`" in line)
    assert "300 in af-south-1, ap-east-1" in storage
