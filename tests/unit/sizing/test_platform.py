"""Jobs per minute against the operator's processors, and looks at logs against their price."""

from __future__ import annotations

from typing import Any

import pytest

from cellfactory.facts.loader import load_facts
from cellfactory.inventory.spark import SparkHistory
from cellfactory.sizing.history import kept_logs, list_usd_per_month, lists_per_scan, scan_seconds
from cellfactory.sizing.ledger import size_cell, size_inventory
from cellfactory.sizing.rules import check_ledger
from cellfactory.sizing.usage import Usage
from tests.unit.sizing.sample import addresses, inventory, plan

FACTS = load_facts()


def sized(**spark: Any) -> dict[str, Usage]:
    operator = {"chart_version": "2.5.2", **spark.pop("operator", {})}
    declared = inventory(spark={"namespaces": ["etl", "ads"], "operator": operator, **spark})
    return {u.bound: u for u in size_cell(declared, "cell-a", addresses("cell-a"), FACTS)}


def history(**more: Any) -> SparkHistory:
    return SparkHistory(image="r.example.com/spark:4", **more)


def test_who_says_nothing_of_jobs_gets_no_bound() -> None:
    found = sized(history={"image": "r.example.com/spark:4"})
    assert {"operator-submissions", "history-lists"}.isdisjoint(found)


def test_processors_bound_the_submissions_and_shards_add_theirs() -> None:
    found = sized(operator={"cpu": 36, "jobs_per_minute": 130})["operator-submissions"]
    assert found.used == 130
    assert found.limit == pytest.approx(130, rel=0.01), "the benchmark itself"
    asked = {"cpu": 10, "jobs_per_minute": 100}
    alone = sized(operator=asked)["operator-submissions"]
    shared = sized(operator={**asked, "shards": {"ads": ["ads"]}})["operator-submissions"]
    assert (alone.limit, shared.limit) == (36, 72)
    more = sized(operator={**asked, "replicas": 5})["operator-submissions"]
    assert more.limit == 36, "only the leader works"


def test_too_many_jobs_are_told_with_what_mends_it() -> None:
    operator = {"chart_version": "2.5.2", "cpu": 2, "jobs_per_minute": 2400}
    declared = inventory(spark={"namespaces": ["jobs"], "operator": operator})
    ledger = size_inventory(declared, plan(declared), FACTS)
    (told,) = [finding for finding in check_ledger(ledger) if finding.rule == "F380"]
    assert told.severity == "warning"
    assert told.path[-3:] == ("spark", "operator", "jobs_per_minute")
    assert "spark.operator.cpu" in str(told.hint)


@pytest.mark.parametrize(
    ("asked", "lists", "seconds"),
    [
        ({}, 0, 60),  # nobody knows: a minute
        ({"logs_per_day": 10}, 1, 5),  # 300 logs are one page
        ({"logs_per_day": 1000}, 30, 6),  # 30,000 single logs are 30 pages
        ({"logs_per_day": 10, "rolling_logs": True}, 601, 121),  # 300 folders, twice each
        ({"logs_per_day": 1000, "rolling_logs": True}, 60_030, 600),  # the longest there is
    ],
)
def test_the_interval_follows_from_the_logs_that_are_kept(
    asked: dict[str, Any], lists: int, seconds: int
) -> None:
    assert lists_per_scan(history(**asked), FACTS) == lists
    assert scan_seconds(history(**asked), FACTS) == seconds


def test_a_price_by_hand() -> None:
    """10,000 rolling logs at one list each and 5 s were 26,000 USD; here two lists and 600 s."""
    asked = history(logs_per_day=1000, retention_days=10, rolling_logs=True)
    assert kept_logs(asked) == 10_000
    per_month = 20_010 / 600 * 30 * 86_400
    assert list_usd_per_month(asked, "us-east-1", FACTS) == pytest.approx(per_month / 1000 * 0.005)
    assert list_usd_per_month(asked, "eu-west-1", FACTS) is None


def test_too_many_rolling_logs_are_told_with_their_price() -> None:
    found = sized(
        history={
            "image": "r.example.com/spark:4",
            "logs_per_day": 1000,
            "rolling_logs": True,
            "replicas": 2,
        }
    )["history-lists"]
    assert not found.fits
    assert found.used == pytest.approx(2 * 60_030 / 600)
    assert "30,000 logs are kept" in found.assumption
    assert "USD a month" in found.assumption
    single = sized(history={"image": "r.example.com/spark:4", "logs_per_day": 1000})
    assert single["history-lists"].fits
