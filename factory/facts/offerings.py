"""Which zones offer which instance type; the only reader of the file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pkgutil import get_data

FILE = "offerings.txt"


@dataclass(frozen=True, slots=True, kw_only=True)
class Offerings:
    """What AWS answered to DescribeInstanceTypeOfferings, on one day, in each Region of the list.

    Attributes:
        zones: by instance type, the zone ids that offer it.
        known: every zone id that offers anything: of others it is not known what they offer.
        checked: the day.
    """

    zones: Mapping[str, frozenset[str]]
    known: frozenset[str]
    checked: str

    def lacks(self, instance_type: str, zone: str) -> bool:
        """Whether a zone is known not to offer a type; False where nobody asked the zone."""
        offered = self.zones.get(instance_type)
        return offered is not None and zone in self.known and zone not in offered

    def beside(self, instance_type: str, zone: str) -> tuple[str, ...]:
        """List the zones of the same Region that offer a type, sorted."""
        stem = zone.rpartition("-")[0]
        return tuple(sorted(z for z in self.zones[instance_type] if z.rpartition("-")[0] == stem))


@cache
def load_offerings() -> Offerings:
    """Read the offerings that ship with the package; the same object each time."""
    data = get_data(__package__, FILE)
    if data is None:
        raise FileNotFoundError(FILE)
    lines = data.decode("utf-8").splitlines()
    head = [line for line in lines if line.startswith("#")]
    rows = (line.split() for line in lines[len(head) :])
    zones = {kind: frozenset(_unpacked(told)) for kind, *told in rows}
    (checked,) = (line.rpartition(" ")[2] for line in head if line.startswith("# checked:"))
    return Offerings(zones=zones, known=frozenset().union(*zones.values()), checked=checked)


def _unpacked(told: list[str]) -> list[str]:
    """Read zone ids as the file has them.

    >>> _unpacked(["euw2:2", "use1:14"])
    ['euw2-az2', 'use1-az1', 'use1-az4']
    """
    split = (row.partition(":") for row in told)
    return [f"{stem}-az{number}" for stem, _, numbers in split for number in numbers]
