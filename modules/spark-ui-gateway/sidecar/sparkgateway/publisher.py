"""Write changes to the route files: at once, but at most every 20 ms."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass

from sparkgateway.board import Batch, Board
from sparkgateway.metrics import Metrics
from sparkgateway.pages import (
    INDEX,
    JOBS,
    LINES,
    NAMES,
    render_index,
    render_jobs,
    render_lines,
    render_names,
)
from sparkgateway.store import Store

LOG = logging.getLogger(__name__)
_IDLE_SECONDS = 1.0
_RETRY_SECONDS = 1.0


@dataclass(slots=True, kw_only=True)
class Publisher:
    """The only thread that writes routes and pages."""

    board: Board
    store: Store
    metrics: Metrics
    stop: threading.Event
    pause_seconds: float  # least time between two batches
    page_seconds: float  # least time between two index pages
    is_synced: bool = False
    page_due: bool = True
    page_written: float = float("-inf")

    def run(self) -> None:
        """Publish until told to stop."""
        while not self.stop.is_set():
            self.metrics.beat(time.monotonic())
            batch = self.board.take(wait_seconds=_IDLE_SECONDS)
            try:
                self.publish(batch)
                self.stop.wait(self.pause_seconds if batch.changes else 0)
            except OSError as error:
                self.metrics.count("write_errors")
                LOG.warning("cannot write routes, trying again: %s", error)
                self.board.give_back(batch)
                self.stop.wait(_RETRY_SECONDS)

    def publish(self, batch: Batch) -> None:
        """Write one batch, then the marker and the pages if they are due.

        Raises:
            OSError: a file could not be written; what was written is confirmed.
        """
        for job, backend in sorted(batch.changes.items(), key=lambda item: item[1] is not None):
            self._write(job, backend)
            self.metrics.observe_latency(time.monotonic() - batch.heard[job])
        self.page_due |= bool(batch.heard)  # a name may change where the route does not
        if batch.is_complete and not self.is_synced:
            self.store.write_synced()
            self.is_synced = True
            LOG.info("all routes are in place")
        self._write_pages(time.monotonic())

    def _write(self, job: str, backend: str | None) -> None:
        if backend is None:
            self.store.remove_route(job)
            self.metrics.count("route_removals")
        else:
            self.store.write_route(job, backend)
            self.metrics.count("route_writes")
        self.board.confirm(job, backend)

    def _write_pages(self, now: float) -> None:
        if not self.page_due or not self.is_synced or now - self.page_written < self.page_seconds:
            return
        owners = self.board.owners()
        self.store.write_page(INDEX, render_index(owners))
        self.store.write_page(JOBS, render_jobs(owners))
        self.store.write_page(LINES, render_lines(owners))
        self.store.write_page(NAMES, render_names(owners))
        self.page_due, self.page_written = False, now
