"""What the watchers know and what the publisher has written, under one lock.

Watchers put drivers in; the publisher takes out the ids that may have changed. An id that changes
a hundred times between two takings is one change. Times are seconds of a monotonic clock.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from sparkgateway.pods import Driver
from sparkgateway.registry import LimitReached, Registry, Scope, plan_changes


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Routes to write (backend) or to remove (None), and when each change was heard of."""

    changes: Mapping[str, str | None]
    heard: Mapping[str, float]
    is_complete: bool  # every scope was listed: what is published is the whole truth


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How much the board holds."""

    drivers: int
    duplicates: int
    routes: int
    unsynced: int  # scopes without a complete list so far


class Board:
    """The state that watchers and the publisher share."""

    def __init__(
        self,
        *,
        scopes: Sequence[Scope],
        limit: int,
        published: Mapping[str, str],
        clock: Callable[[], float],
    ) -> None:
        self._registry = Registry(limit=limit)
        self._published = dict(published)
        self._unsynced = set(scopes)
        self._contacts = dict.fromkeys(scopes, clock())
        self._clock = clock
        self._dirty: dict[str, float] = {}
        self._overflowed: set[Scope] = set()
        self._changed = threading.Condition()

    def put(self, scope: Scope, driver: Driver) -> bool:
        """Add or replace a driver; False when the registry is full."""
        with self._changed:
            return self._put(scope, driver)

    def remove(self, uid: str) -> None:
        """Forget a driver."""
        with self._changed:
            self._mark(self._registry.remove(uid))

    def merge(self, scope: Scope, drivers: Iterable[Driver]) -> int:
        """Add the drivers of a list and forget none; the number refused is returned.

        A route found on disk goes all the same when a driver has its address now.
        """
        with self._changed:
            refused = sum(not self._put(scope, driver) for driver in drivers)
            self._mark(self._find_robbed())
            return refused

    def replace(self, scope: Scope, drivers: Mapping[str, Driver]) -> int:
        """Make a scope hold these drivers (by uid) only; the number refused is returned."""
        with self._changed:
            self._overflowed.discard(scope)
            self._mark(self._registry.retain(scope, drivers.keys()))
            refused = sum(not self._put(scope, driver) for driver in drivers.values())
            self._unsynced.discard(scope)
            if not self._unsynced:
                self._mark(self._find_orphans(self._registry.jobs))
            self._changed.notify()
            return refused

    def count_losses(self, scope: Scope, drivers: Mapping[str, Driver]) -> tuple[int, int]:
        """Count the routes that a list would end, and the routes that live.

        A scope that was listed before is compared with its drivers. The last scope to be listed
        for the first time is compared with the routes found on disk at the start.
        """
        with self._changed:
            if scope not in self._unsynced:
                missing = self._registry.count_missing(scope, drivers.keys())
                return missing, self._registry.count(scope)
            if self._unsynced != {scope}:
                return 0, 0
            jobs = {*self._registry.jobs, *(driver.job for driver in drivers.values())}
            return len(self._find_orphans(jobs)), len(self._published)

    def note_contact(self, scope: Scope) -> None:
        """Remember that the API server has answered for a scope."""
        with self._changed:
            self._contacts[scope] = self._clock()

    def staleness(self) -> float:
        """Seconds since the scope that was silent longest has heard of the API server."""
        with self._changed:
            return self._clock() - min(self._contacts.values())

    def wants_list(self, scope: Scope) -> bool:
        """Say whether drivers were refused for want of room and there is room again."""
        with self._changed:
            return scope in self._overflowed and self._registry.is_roomy

    def counts(self) -> Counts:
        """Count what the board holds."""
        with self._changed:
            return Counts(
                drivers=len(self._registry),
                duplicates=self._registry.duplicates,
                routes=len(self._published),
                unsynced=len(self._unsynced),
            )

    def owners(self) -> list[Driver]:
        """List the driver that owns each job id."""
        with self._changed:
            return list(self._registry.owners())

    def take(self, *, wait_seconds: float) -> Batch:
        """Wait for a change and take all that is open; may be empty after the wait."""
        with self._changed:
            if not self._dirty:
                self._changed.wait(wait_seconds)
            heard, self._dirty = self._dirty, {}
            changes = plan_changes(self._registry, heard, self._published)
            return Batch(changes=changes, heard=heard, is_complete=not self._unsynced)

    def confirm(self, job: str, backend: str | None) -> None:
        """Remember that a route is written, or removed (None)."""
        with self._changed:
            if backend is None:
                self._published.pop(job, None)
            else:
                self._published[job] = backend

    def give_back(self, batch: Batch) -> None:
        """Open the changes of a batch again, after it could not be written."""
        with self._changed:
            self._dirty = {**self._dirty, **batch.heard}

    def _put(self, scope: Scope, driver: Driver) -> bool:
        try:
            self._mark(self._registry.put(scope, driver))
        except LimitReached:
            self._overflowed.add(scope)
            return False
        return True

    def _mark(self, jobs: Iterable[str]) -> None:
        now = self._clock()
        for job in jobs:
            self._dirty.setdefault(job, now)
        if self._dirty:
            self._changed.notify()

    def _find_robbed(self) -> set[str]:
        held = {driver.backend for driver in self._registry.owners()}
        return {
            job for job in self._find_orphans(self._registry.jobs) if self._published[job] in held
        }

    def _find_orphans(self, jobs: Iterable[str]) -> set[str]:
        return self._published.keys() - set(jobs)
