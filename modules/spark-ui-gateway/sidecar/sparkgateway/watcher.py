"""List, then watch, for one scope; for ever.

Whatever goes wrong, routes stay: only a complete list or an event removes one, never a failure.
"""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from urllib.parse import quote

from sparkgateway.api import Api, Rejected, TooLarge, Unanswered
from sparkgateway.backoff import Backoff, Breaker
from sparkgateway.board import Board
from sparkgateway.events import GONE, BadAnswer, Bookmark, Changed, Failed, parse_event, parse_page
from sparkgateway.metrics import Metrics
from sparkgateway.pods import ROLE_LABEL, Driver, PodPolicy, Refused, parse_pod

LOG = logging.getLogger(__name__)
_SHORTEST_WATCH = 1.0  # seconds; a watch that ends sooner and told nothing counts as a failure
_SOUND_WATCH = 10.0  # seconds; after one that lasted so long, what failed before it is forgotten


class Expired(Exception):
    """The resource version is too old, or was overtaken by a fault: list again."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchPolicy:
    """How to ask."""

    page_pods: int = 100
    shortest_seconds: int = 60  # of one watch
    longest_seconds: int = 120
    grace_seconds: int = 10  # a server that is so late with ending a watch is gone
    confirm_seconds: float = 5.0  # between a list that trips the breaker and the second one


@dataclass(slots=True, kw_only=True)
class Watcher:
    """The loop of one scope: a namespace, or all of them when empty."""

    scope: str
    api: Api
    board: Board
    metrics: Metrics
    pods: PodPolicy
    policy: WatchPolicy
    breaker: Breaker
    backoff: Backoff  # after failures; a list or an event resets it
    relist: Backoff  # before a new list; what a watch tells resets it, and one that lasts
    stop: threading.Event
    random: Callable[[], float]
    version: str = ""
    relist_reason: str = "start"
    page_pods: int = field(default=0)

    def run(self) -> None:
        """Follow the API server until told to stop."""
        while not self.stop.is_set():
            try:
                self._step()
            except Expired as expired:
                self.version, self.relist_reason = "", expired.reason
                self._wait(self.relist.next_seconds())
            except (Unanswered, BadAnswer) as error:
                self._note_failure(error)

    def _step(self) -> None:
        if not self.version:
            self.version = self._relist()
        self._follow()

    def _note_failure(self, error: Unanswered | BadAnswer) -> None:
        self.metrics.count("api_errors", f'kind="{type(error).__name__.lower()}"')
        LOG.warning("%s: %s; routes stay as they are", self.scope or "all namespaces", error)
        if isinstance(error, BadAnswer | TooLarge):
            self.version, self.relist_reason = "", "error"
        least = error.retry_after if isinstance(error, Rejected) else 0.0
        self._wait(max(least, self.backoff.next_seconds()))

    def _wait(self, seconds: float) -> None:
        self.stop.wait(seconds)

    # Listing

    def _relist(self) -> str:
        self.metrics.count("relists", f'reason="{self.relist_reason}"')
        version, drivers = self._list()
        lost, living = self.board.count_losses(self.scope, drivers)
        if self.breaker.trips(lost=lost, living=living):
            version, drivers = self._list_again(drivers, lost=lost, living=living)
        self._count_refused(self.board.replace(self.scope, drivers))
        self.metrics.set_breaker(self.scope, is_open=False)
        self.backoff.reset()
        LOG.info("%s: %d drivers listed", self.scope or "all namespaces", len(drivers))
        return version

    def _list_again(
        self, drivers: dict[str, Driver], *, lost: int, living: int
    ) -> tuple[str, dict[str, Driver]]:
        LOG.warning("a list lacks %d of %d routes; asking once more", lost, living)
        self.metrics.count("breaker_trips")
        self.metrics.set_breaker(self.scope, is_open=True)
        self._count_refused(self.board.merge(self.scope, drivers.values()))
        self._wait(self.policy.confirm_seconds * (0.75 + 0.5 * self.random()))
        self.metrics.count("relists", 'reason="breaker"')
        return self._list()

    def _list(self) -> tuple[str, dict[str, Driver]]:
        """Read all pages; each is reduced to its drivers before the next is read."""
        drivers: dict[str, Driver] = {}
        token = ""
        while True:
            page = parse_page(self._read_page(token))
            self.board.note_contact(self.scope)
            for pod in page.pods:
                driver = self._parse(pod)
                if driver is not None:
                    drivers[driver.uid] = driver
            token = page.next_page
            if not token:
                return page.version, drivers
            if self.stop.is_set():
                msg = "told to stop inside a list"
                raise Unanswered(msg)

    def _read_page(self, token: str) -> bytes:
        limit = self.page_pods or self.policy.page_pods
        query = {**self._selectors(), "limit": str(limit)}
        if token:
            query["continue"] = token
        try:
            return self.api.list_page(self._path(), query)
        except TooLarge:
            if limit == 1:
                raise
            self.page_pods = limit // 2
            return self._read_page(token)
        except Rejected as rejected:
            if rejected.status == GONE:
                reason = "expired"
                raise Expired(reason) from rejected
            raise

    # Watching

    def _follow(self) -> None:
        """Watch once. A regular end returns; the version has moved on by then.

        Raises:
            Expired: list again.
            Unanswered, BadAnswer: wait and go on from the same version.
        """
        span = self.policy.longest_seconds - self.policy.shortest_seconds
        seconds = self.policy.shortest_seconds + round(span * self.random())
        query = {
            **self._selectors(),
            "watch": "1",
            "allowWatchBookmarks": "true",
            "resourceVersion": self.version,
            "timeoutSeconds": str(seconds),
        }
        begun, accepted, told = time.monotonic(), math.inf, False
        try:
            silence = seconds + self.policy.grace_seconds
            with closing(self.api.watch(self._path(), query, silence_seconds=silence)) as lines:
                for line in lines:
                    accepted = min(accepted, time.monotonic())
                    self.board.note_contact(self.scope)
                    if line:
                        told = True
                        self._apply(line)
                    if self.stop.is_set():
                        return
        except Rejected as rejected:
            if rejected.status == GONE:
                reason = "expired"
                raise Expired(reason) from rejected
            raise
        finally:
            if time.monotonic() - accepted >= _SOUND_WATCH:
                self._forget_failures()
        self.metrics.count("watches")
        if not told and time.monotonic() - begun < _SHORTEST_WATCH:
            msg = "a watch ended at once"
            raise Unanswered(msg)
        self._forget_failures()

    def _forget_failures(self) -> None:
        self.backoff.reset()
        self.relist.reset()

    def _apply(self, line: bytes) -> None:
        event = parse_event(line)
        match event:
            case Failed():
                self.metrics.count("events", 'type="error"')
                raise Expired("expired" if event.code == GONE else "error")
            case Bookmark():
                self.metrics.count("events", 'type="bookmark"')
            case Changed():
                self.metrics.count(
                    "events", 'type="deleted"' if event.is_deleted else 'type="changed"'
                )
                self._apply_pod(event.pod, is_deleted=event.is_deleted)
        self.version = event.version
        self._forget_failures()
        if self.board.wants_list(self.scope):
            reason = "room"
            raise Expired(reason)

    def _apply_pod(self, pod: dict[str, object], *, is_deleted: bool) -> None:
        driver = None if is_deleted else self._parse(pod)
        if driver is None:
            metadata = pod.get("metadata")
            uid = metadata.get("uid") if isinstance(metadata, dict) else None
            self.board.remove(uid if isinstance(uid, str) else "")
        elif not self.board.put(self.scope, driver):
            self._count_refused(1)

    def _parse(self, pod: object) -> Driver | None:
        outcome = parse_pod(pod, self.pods)
        if isinstance(outcome, Refused):
            self.metrics.count("rejected", f'reason="{outcome.reason}"')
            LOG.info("refused a driver: %s: %s", outcome.reason, outcome.detail)
        return outcome if isinstance(outcome, Driver) else None

    def _count_refused(self, number: int) -> None:
        if number:
            self.metrics.count("rejected", 'reason="limit"', number)

    def _path(self) -> str:
        return (
            f"/api/v1/namespaces/{quote(self.scope, safe='')}/pods"
            if self.scope
            else "/api/v1/pods"
        )

    def _selectors(self) -> dict[str, str]:
        roles = ",".join(self.pods.roles)
        return {
            "labelSelector": f"{ROLE_LABEL} in ({roles})",
            "fieldSelector": "status.phase=Running",
        }
