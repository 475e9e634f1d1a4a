"""Every known driver, and which of them owns a job id and an address.

Pure and level-triggered: the owner follows from the set of drivers alone, in whatever order they
came. Each change costs the drivers that share an id or an address, never the whole set.

* A job id belongs to the OLDEST driver that claims it: nobody can take over a running job's page.
  A claim is what a pod was made with, so nobody older can claim the id of a job that came later.
* An address belongs to the driver that a node took LAST: the network gives an address to one pod at
  a time, so an earlier claim is a deletion that was never heard of. A pod that was made earlier may
  have waited for a node.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from sparkgateway.pods import Driver

Scope = str  # a namespace, or "" for all


class LimitReached(Exception):
    """The registry is full; the driver was not added."""


class Registry:
    """Drivers by uid, with their claims to job ids and addresses."""

    def __init__(self, *, limit: int) -> None:
        self._limit = limit
        self._drivers: dict[str, Driver] = {}
        self._scopes: dict[Scope, set[str]] = {}
        self._jobs: dict[str, tuple[str, ...]] = {}  # job id -> uids
        self._backends: dict[str, tuple[str, ...]] = {}  # address:port -> uids

    def __len__(self) -> int:
        return len(self._drivers)

    @property
    def jobs(self) -> Collection[str]:
        """Job ids that at least one driver claims."""
        return self._jobs.keys()

    @property
    def duplicates(self) -> int:
        """Drivers that wait behind an older one with the same id."""
        return len(self._drivers) - len(self._jobs)

    @property
    def is_roomy(self) -> bool:
        """Whether a tenth of the limit is free again."""
        return len(self._drivers) <= self._limit * 9 // 10

    def count(self, scope: Scope) -> int:
        """Count the drivers of one scope."""
        return len(self._scopes.get(scope, ()))

    def count_missing(self, scope: Scope, uids: Collection[str]) -> int:
        """Count the drivers of one scope that `uids` leaves out."""
        return sum(uid not in uids for uid in self._scopes.get(scope, ()))

    def owner(self, job: str) -> Driver | None:
        """Find the driver that a job's route must point to."""
        claims = [self._drivers[uid] for uid in self._jobs.get(job, ())]
        rightful = [driver for driver in claims if self._has_address(driver)]
        return min(rightful, key=_age, default=None)

    def owners(self) -> Iterable[Driver]:
        """Yield the owner of each job id that has one."""
        return (driver for driver in map(self.owner, list(self._jobs)) if driver is not None)

    def put(self, scope: Scope, driver: Driver) -> set[str]:
        """Add or replace a driver.

        Returns:
            Job ids whose owner may have changed.

        Raises:
            LimitReached: the driver is new and the registry is full.
        """
        before = self._drivers.get(driver.uid)
        if before == driver:
            return set()
        if before is None and len(self._drivers) >= self._limit:
            raise LimitReached
        touched = self.remove(driver.uid)
        self._drivers[driver.uid] = driver
        self._scopes.setdefault(scope, set()).add(driver.uid)
        self._jobs[driver.job] = (*self._jobs.get(driver.job, ()), driver.uid)
        self._backends[driver.backend] = (*self._backends.get(driver.backend, ()), driver.uid)
        return touched | self._sharing(driver)

    def remove(self, uid: str) -> set[str]:
        """Forget a driver; the ids whose owner may have changed are returned."""
        driver = self._drivers.get(uid)
        if driver is None:
            return set()
        touched = self._sharing(driver)
        del self._drivers[uid]
        for members in self._scopes.values():
            members.discard(uid)
        _withdraw(self._jobs, driver.job, uid)
        _withdraw(self._backends, driver.backend, uid)
        return touched

    def retain(self, scope: Scope, uids: Collection[str]) -> set[str]:
        """Forget the drivers of one scope that `uids` leaves out."""
        touched: set[str] = set()
        for uid in [uid for uid in self._scopes.get(scope, ()) if uid not in uids]:
            touched |= self.remove(uid)
        return touched

    def _has_address(self, driver: Driver) -> bool:
        claims = (self._drivers[uid] for uid in self._backends[driver.backend])
        return max(claims, key=_start).uid == driver.uid

    def _sharing(self, driver: Driver) -> set[str]:
        uids = self._backends.get(driver.backend, ())
        return {driver.job, *(self._drivers[uid].job for uid in uids)}


def _age(driver: Driver) -> tuple[str, str, str]:
    # Times are whole seconds, and ids are public: who copies one within the second starts later.
    return driver.created, driver.started, driver.uid


def _start(driver: Driver) -> tuple[str, str, str]:
    return driver.started, driver.created, driver.uid


def _withdraw(claims: dict[str, tuple[str, ...]], key: str, uid: str) -> None:
    left = tuple(other for other in claims[key] if other != uid)
    if left:
        claims[key] = left
    else:
        del claims[key]


def plan_changes(
    registry: Registry, jobs: Iterable[str], published: Mapping[str, str]
) -> dict[str, str | None]:
    """Compare what should be published with what is.

    Returns:
        The backend to write for each job id that differs; None where the route must go.
    """
    changes: dict[str, str | None] = {}
    for job in jobs:
        owner = registry.owner(job)
        wanted = owner.backend if owner else None
        if published.get(job) != wanted:
            changes[job] = wanted
    return changes
