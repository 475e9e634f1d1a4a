"""How often the History Server looks for new logs, and what that costs.

At each look it lists everything that is kept: a page of S3 for a thousand single logs, and a few
requests for each rolling one.
"""

from __future__ import annotations

from math import ceil

from cellfactory.facts.schema import Facts
from cellfactory.inventory.spark import SparkHistory

SECONDS_PER_MONTH = 30 * 24 * 3600
_PRICED = 1000  # requests that a price is for


def kept_logs(history: SparkHistory) -> int | None:
    """Count the logs that are kept (logs); None where nobody says how many there are."""
    per_day = history.logs_per_day
    return None if per_day is None else per_day * history.retention_days


def lists_per_scan(history: SparkHistory, facts: Facts) -> int:
    """Count the LIST requests of one scan (requests); 0 where the logs are not known."""
    kept = kept_logs(history) or 0
    pages = ceil(kept / facts.parameter("s3-objects-per-list"))
    if not history.rolling_logs:
        return pages
    return pages + ceil(kept * facts.parameter("history-lists-per-rolling-log"))


def scan_seconds(history: SparkHistory, facts: Facts) -> int:
    """Say how long to wait from one scan to the next, so that requests stay few (seconds)."""
    if kept_logs(history) is None:
        return int(facts.policy_value("history-scan-seconds-unknown"))
    wanted = ceil(lists_per_scan(history, facts) / facts.policy_value("history-lists-per-second"))
    least = int(facts.policy_value("history-scan-seconds-least"))
    return min(max(wanted, least), int(facts.policy_value("history-scan-seconds-most")))


def lists_per_second(history: SparkHistory, facts: Facts) -> float:
    """Say how many LIST requests all replicas make on average (requests per second)."""
    return lists_per_scan(history, facts) / scan_seconds(history, facts) * history.replicas


def list_usd_per_month(history: SparkHistory, region: str, facts: Facts) -> float | None:
    """Price the LIST requests of thirty days (USD); None where the Region has no known price."""
    price = facts.prices.find("s3-list-thousand", region)
    if price is None:
        return None
    requests = lists_per_second(history, facts) * SECONDS_PER_MONTH
    return requests / _PRICED * float(price.first)
