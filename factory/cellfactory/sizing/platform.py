"""Bounds of what the platform layer runs: submissions of jobs, and looks at their logs."""

from __future__ import annotations

from collections.abc import Iterator

from cellfactory.inventory.spark import SparkHistory, SparkOperator
from cellfactory.sizing.entry import CellEntries
from cellfactory.sizing.history import kept_logs, list_usd_per_month, lists_per_second, scan_seconds
from cellfactory.sizing.quotas import policy_limit
from cellfactory.sizing.usage import Limit, Usage
from cellfactory.words import counted


def size_platform(entries: CellEntries) -> Iterator[Usage]:
    """Size what a cell type says about its jobs; what it does not say has no bound."""
    spark = entries.shape.spark
    if spark is None:
        return
    if spark.operator.jobs_per_minute is not None:
        yield _submissions(entries, spark.operator, spark.operator.jobs_per_minute)
    if spark.history is not None and spark.history.logs_per_day is not None:
        yield _lists(entries, spark.history)


def _submissions(entries: CellEntries, operator: SparkOperator, wanted: int) -> Usage:
    releases = 1 + len(operator.shards)
    per_core = entries.facts.parameter("operator-jobs-per-core-minute")
    source = entries.facts.parameters["operator-jobs-per-core-minute"].source
    return entries.usage(
        "operator-submissions",
        wanted,
        Limit(value=releases * operator.cpu * per_core, source=source),
        path=(*entries.shape.type_path, "spark", "operator", "jobs_per_minute"),
        detail=f"{per_core:g} a minute for each of {operator.cpu} vCPUs in "
        f"{counted(releases, 'release')}",
    )


def _lists(entries: CellEntries, history: SparkHistory) -> Usage:
    facts = entries.facts
    dollars = list_usd_per_month(history, entries.shape.region, facts)
    told = "" if dollars is None else f", for {dollars:,.0f} USD a month"
    return entries.usage(
        "history-lists",
        lists_per_second(history, facts),
        policy_limit(facts, "history-lists-per-second"),
        path=(*entries.shape.type_path, "spark", "history", "logs_per_day"),
        detail=f"{kept_logs(history):,} logs are kept and listed every "
        f"{scan_seconds(history, facts)} s{told}",
    )
