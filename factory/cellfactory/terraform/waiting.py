"""Waiting within a run: a pause ends as soon as the run is to end."""

from __future__ import annotations

import time
from collections.abc import Callable

Stopping = Callable[[], bool]
"""Whether the run is to end."""

Tell = Callable[[str], None]
"""Tells people something of a stack, in a sentence."""

Rest = Callable[[float, Stopping], None]
"""Pauses for so many seconds, or until the run is to end."""

_SLICE_SECONDS = 0.2


def rest(seconds: float, stopping: Stopping) -> None:
    """Pause, or come back soon after the run is to end."""
    late = time.monotonic() + seconds
    while not stopping() and (left := late - time.monotonic()) > 0:
        time.sleep(min(left, _SLICE_SECONDS))
