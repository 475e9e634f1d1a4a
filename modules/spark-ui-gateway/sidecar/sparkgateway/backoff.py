"""How long to wait after a failure, and when a loss is too big to believe at once. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


class Backoff:
    """Doubling delays with full jitter, so that replicas do not come back together.

    >>> backoff = Backoff(first=0.5, last=2.0, random=lambda: 1.0)
    >>> [backoff.next_seconds() for _ in range(4)]
    [0.5, 1.0, 2.0, 2.0]
    """

    def __init__(self, *, first: float, last: float, random: Callable[[], float]) -> None:
        self._first = first  # seconds
        self._last = last  # seconds
        self._random = random  # 0..1
        self._failures = 0

    def reset(self) -> None:
        """Forget the failures: something worked."""
        self._failures = 0

    def next_seconds(self) -> float:
        """Count one more failure; between half and all of its delay."""
        delay = min(self._last, self._first * 2.0 ** min(self._failures, 32))
        self._failures += 1
        return delay * (0.5 + 0.5 * self._random())


@dataclass(frozen=True, slots=True, kw_only=True)
class Breaker:
    """When a fresh list must be confirmed by a second one before routes go.

    A watch tells of deletions one by one and is believed. A list that suddenly lacks most of the
    drivers may also be a server that has lost its data, or one that filters wrongly.
    """

    share: float  # of the living routes, 0..1; more than this trips
    minimum: int  # fewer lost routes than this never trip

    def trips(self, *, lost: int, living: int) -> bool:
        """Say whether losing `lost` of `living` routes needs a second list.

        >>> Breaker(share=0.5, minimum=5).trips(lost=6, living=10)
        True
        >>> Breaker(share=0.5, minimum=5).trips(lost=5, living=10)
        False
        """
        return lost >= self.minimum and lost > living * self.share
