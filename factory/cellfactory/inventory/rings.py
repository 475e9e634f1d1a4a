"""Rings, which order a rollout, as `cells.yaml` says them: by name, or with what each asks for."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, Discriminator, Field, Tag

from cellfactory.inventory import patterns
from cellfactory.inventory.values import Model, Name

UNIT_SECONDS = {"s": 1, "m": 60, "h": 3600}
MOST_SECONDS = 24 * UNIT_SECONDS["h"]  # a run waits for as long as it bakes, and no longer


def seconds_of(duration: str) -> int:
    """Read a duration (s); `ValueError` where it is none, or longer than a run may wait.

    >>> seconds_of("90s"), seconds_of("30m"), seconds_of("0m")
    (90, 1800, 0)
    """
    number, unit = duration[:-1], duration[-1:]
    if unit not in UNIT_SECONDS or not (number.isascii() and number.isdigit()):
        msg = f"{duration!r} is not {patterns.WORDS[patterns.DURATION]}"
        raise ValueError(msg)
    seconds = int(number) * UNIT_SECONDS[unit]
    if seconds > MOST_SECONDS:
        msg = f"{duration} is longer than a day, the most that a run waits: 24h"
        raise ValueError(msg)
    return seconds


def write_duration(seconds: float) -> str:
    """Write a duration in the largest unit that it is a whole number of.

    >>> write_duration(5400), write_duration(7200), write_duration(0)
    ('90m', '2h', '0s')
    """
    whole = round(seconds)
    for unit in ("h", "m"):
        if whole and whole % UNIT_SECONDS[unit] == 0:
            return f"{whole // UNIT_SECONDS[unit]}{unit}"
    return f"{whole}s"


def _checked(duration: str) -> str:
    seconds_of(duration)
    return duration


Duration = Annotated[str, Field(pattern=patterns.DURATION, max_length=6), AfterValidator(_checked)]


class Ring(Model):
    """A step of every rollout."""

    bake: Duration | None = Field(
        default=None,
        description="Time that its cells must do well before the next ring is touched, such as "
        "30m; our policy ring-bake-minutes when unset, in the sandbox none.",
    )
    cells_at_once: int | None = Field(
        default=None,
        ge=1,
        le=1000,
        description="Cells that are changed at a time; all of the ring when unset (cells).",
    )

    @property
    def bake_seconds(self) -> int | None:
        """Time to bake (s); None leaves it to the policy."""
        return None if self.bake is None else seconds_of(self.bake)


def _kind_of_rings(value: Any) -> str:
    return RING_MAPPING if isinstance(value, dict) else RING_LIST


RING_LIST, RING_MAPPING = "rings:list", "rings:mapping"
Rings = Annotated[
    Annotated[list[Name], Field(min_length=1, max_length=100), Tag(RING_LIST)]
    | Annotated[dict[Name, Ring], Field(min_length=1, max_length=100), Tag(RING_MAPPING)],
    Discriminator(_kind_of_rings),
]
