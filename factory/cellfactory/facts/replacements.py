"""What Terraform replaces to change it, attribute by attribute, as `replacements.yaml` has it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from cellfactory.facts.loader import read_table

Way = Literal["changed", "added", "removed"]
"""How a value of a resource becomes another: from one to another, from none, or to none."""

Outcome = Literal["replace", "in-place", "unknown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Replacements:
    """The table, and which provider it was measured on."""

    provider: str
    version: str
    checked: str  # day of the measurement
    types: Mapping[str, Mapping[str, Mapping[Way, Outcome]]]  # by type, dotted path and way

    def knows(self, resource_type: str, path: str) -> bool:
        """Whether there is a row for a dotted path, or for one above it."""
        rows = self.types.get(resource_type, {})
        return any(above in rows for above in _upwards(path))

    def outcome(self, resource_type: str, path: str, way: Way) -> Outcome:
        """Say what becomes of a resource.

        Args:
            resource_type: such as `aws_vpc`.
            path: dotted, without the positions of a list, such as `vpc_config.subnet_ids`.
            way: how the value becomes another.

        Returns:
            That of the path itself, or else of the nearest path above it. Of a block without a row
            of its own it is what all that it holds have in common.
        """
        rows = self.types.get(resource_type, {})
        own = _of_way(rows.get(path, {}), way)
        if own:
            return own
        below = {_of_way(rows[p], way) for p in rows if p.startswith(f"{path}.")}
        if below:
            return below.pop() or "unknown" if len(below) == 1 else "unknown"
        above = (_of_way(rows.get(p, {}), way) for p in _upwards(path))
        return next((told for told in above if told), "unknown")


@cache
def load_replacements() -> Replacements:
    """Read the table; the same object each time."""
    table = read_table("replacements")
    measured = table["measured"]
    types: dict[str, dict[str, Mapping[Way, Outcome]]] = {}
    for kind, rows in measured["types"].items():
        types[kind] = {path: _ways(told) for path, told in rows.items()}
    for kind, read in table["read"].items():
        rows = types.setdefault(kind, {})
        rows.update({path: _ways(told) for path, told in read["paths"].items()})
    return Replacements(
        provider=measured["provider"],
        version=measured["version"],
        checked=str(measured["checked"]),
        types=types,
    )


def _ways(told: Any) -> Mapping[Way, Outcome]:
    return {"changed": told} if isinstance(told, str) else dict(told)


def _of_way(row: Mapping[Way, Outcome], way: Way) -> Outcome | None:
    """Take the row of a way; one word stands for all three, a block is not changed as a whole."""
    return row.get(way) or row.get("changed")


def _upwards(path: str) -> list[str]:
    """List a dotted path and those above it, nearest first.

    >>> _upwards("vpc_config.subnet_ids")
    ['vpc_config.subnet_ids', 'vpc_config']
    """
    parts = path.split(".")
    return [".".join(parts[:count]) for count in range(len(parts), 0, -1)]
