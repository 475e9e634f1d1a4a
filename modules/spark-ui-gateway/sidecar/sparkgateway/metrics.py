"""Counters, and their text for Prometheus.

Names and labels are a fixed set: no pod can make a new series.

Source:
    https://prometheus.io/docs/instrumenting/exposition_formats/
"""

from __future__ import annotations

import bisect
import resource
import threading
from collections.abc import Iterator
from pathlib import Path

from sparkgateway.board import Board

PREFIX = "spark_ui_gateway"
# Seconds. A route is late for people from about 0.1 s on.
LATENCY_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)

_COUNTERS = {
    "api_requests": "Requests to the API server; all of them read",
    "api_errors": "Requests to the API server that failed",
    "relists": "Complete lists, by reason",
    "watches": "Watches that lived until their end",
    "events": "Watch events",
    "rejected": "Times a running driver was refused a route, by reason",
    "breaker_trips": "Lists that lost too many routes to be believed at once",
    "route_writes": "Routes written",
    "route_removals": "Routes removed",
    "write_errors": "Batches of routes that could not be written at once",
    "history_errors": "Times the History Server's name could not be resolved",
}


class Metrics:
    """All counters of the process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: dict[tuple[str, str], int] = {(name, ""): 0 for name in _COUNTERS}
        self._buckets = [0] * (len(LATENCY_BUCKETS) + 1)
        self._latency_sum = 0.0
        self._open_breakers: set[str] = set()
        self._beat = 0.0

    def count(self, name: str, label: str = "", by: int = 1) -> None:
        """Add to a counter; `label` is `key="value"`."""
        with self._lock:
            self._counts[name, label] = self._counts.get((name, label), 0) + by

    def observe_latency(self, seconds: float) -> None:
        """Add one route's time from event to file."""
        with self._lock:
            self._buckets[bisect.bisect_left(LATENCY_BUCKETS, seconds)] += 1
            self._latency_sum += seconds

    def set_breaker(self, scope: str, *, is_open: bool) -> None:
        """Remember whether a scope waits for its second list."""
        with self._lock:
            (self._open_breakers.add if is_open else self._open_breakers.discard)(scope)

    def beat(self, now: float) -> None:
        """Remember that the publisher is alive (monotonic seconds)."""
        self._beat = now

    def seconds_since_beat(self, now: float) -> float:
        """Seconds since the publisher was last seen alive."""
        return now - self._beat

    def render(self, board: Board) -> str:
        """Render all metrics."""
        with self._lock:
            counters = sorted(self._counts.items())
            latency = list(_render_latency(self._buckets, self._latency_sum))
            is_open = len(self._open_breakers)
        lines = [*_render_gauges(board, is_open), *latency]
        for name, text in _COUNTERS.items():
            series = {label: value for (key, label), value in counters if key == name}
            if len(series) > 1:
                del series[""]
            lines += [
                f"# HELP {PREFIX}_{name}_total {text}.",
                f"# TYPE {PREFIX}_{name}_total counter",
            ]
            for label, value in series.items():
                labels = f"{{{label}}}" if label else ""
                lines.append(f"{PREFIX}_{name}_total{labels} {value}")
        return "\n".join(lines) + "\n"


def resident_bytes() -> int:
    """Measure the resident memory of this process (bytes); 0 where there is no /proc."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except FileNotFoundError:
        return 0
    return pages * resource.getpagesize()


def _render_gauges(board: Board, open_breakers: int) -> Iterator[str]:
    counts = board.counts()
    gauges: dict[str, tuple[str, float]] = {
        f"{PREFIX}_routes": ("Routes that NGINX can use", counts.routes),
        f"{PREFIX}_drivers": ("Running drivers known", counts.drivers),
        f"{PREFIX}_duplicates": ("Drivers behind an older one of the same id", counts.duplicates),
        f"{PREFIX}_synced": ("Whether every scope was listed", int(counts.unsynced == 0)),
        f"{PREFIX}_staleness_seconds": ("Time since the API server spoke", board.staleness()),
        f"{PREFIX}_breaker_open": ("Scopes that wait for a second list", open_breakers),
        "process_resident_memory_bytes": ("Resident memory size in bytes", resident_bytes()),
    }
    for name, (text, value) in gauges.items():
        yield f"# HELP {name} {text}."
        yield f"# TYPE {name} gauge"
        yield f"{name} {round(value, 3)}"


def _render_latency(buckets: list[int], total_seconds: float) -> Iterator[str]:
    name = f"{PREFIX}_publish_latency_seconds"
    yield f"# HELP {name} Time from a pod event to its route file."
    yield f"# TYPE {name} histogram"
    seen = 0
    for bound, count in zip((*map(str, LATENCY_BUCKETS), "+Inf"), buckets, strict=True):
        seen += count
        yield f'{name}_bucket{{le="{bound}"}} {seen}'
    yield f"{name}_sum {total_seconds:.6f}"
    yield f"{name}_count {seen}"
