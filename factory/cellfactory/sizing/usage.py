"""A usage: how much of one limit one scope takes; and the ledger of all of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from math import ceil, floor, inf
from typing import Literal

from cellfactory.errors import KeyPath, Severity

ScopeKind = Literal["cell", "zone", "pool", "vpc", "account", "mesh", "inventory"]

Gate = Severity | Literal["note"]
"""What an exceeded bound means: an `error` stops the work, a `warning` is shown, and a `note`
stands in the ledger only."""


Scenario = Literal[
    "designed",
    "misconfigured",
    "reset",
    "pods-counted",
    "interfaces-full",
    "custom-networking-off",
    "shared-throttle",
]
"""What is taken to happen; the bounds of a scenario stop the work."""


@dataclass(frozen=True, slots=True, order=True)
class Scope:
    """What a limit is counted for; `owner` is the cell, hub or mesh it belongs to."""

    owner: str
    kind: ScopeKind
    name: str

    def __str__(self) -> str:
        return self.owner if self.name == self.owner else f"{self.owner}/{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """How much of one thing may be used, and who could change that."""

    value: float  # what holds now
    default: float | None = None  # what a new account has; None where it is no quota
    code: str = ""  # Service Quotas code, empty where there is none
    maximum: float | None = None  # the most that AWS documents; None where no page names one
    adjustable: bool = False  # AWS raises it on request
    raised: bool = False  # the account has another value than the default
    source: str = ""  # page, or decision, that the number is from


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What one scope takes of one limit; `used` and `limit` are in `unit`."""

    bound: str  # id of a row of cellfactory.sizing.bounds
    scope: Scope
    used: float
    allowed: Limit
    unit: str
    gate: Gate
    path: KeyPath  # what a person would change first
    per_node: float = 0  # what one more node adds (unit); 0 where nodes do not matter
    removable: float = inf  # nodes of the scope that could go and leave one in each zone (nodes)
    in_zone: bool = False  # counted for the nodes of one zone, all zones being alike
    remedy: str = ""  # what mends it, in numbers; its bound says so in general
    assumption: str = ""  # what makes the number true, and the knob that changes it
    binding: bool = False  # the fullest bound of its owner that grows and stops the work

    @property
    def limit(self) -> float:
        """The most that may be used (unit)."""
        return self.allowed.value

    @property
    def code(self) -> str:
        """Service Quotas code; empty where there is none."""
        return self.allowed.code

    @property
    def source(self) -> str:
        """Page that the limit is from."""
        return self.allowed.source

    @property
    def headroom(self) -> float:
        """What is left (unit); negative where it does not fit."""
        return self.limit - self.used

    @property
    def share(self) -> float:
        """Used by limit; infinite where nothing is allowed and something is used."""
        if self.limit > 0:
            return self.used / self.limit if self.limit < inf else 0.0
        return inf if self.used > 0 else 0.0

    @property
    def fits(self) -> bool:
        """Tell whether the limit is kept."""
        return self.used <= self.limit

    @property
    def excess_nodes(self) -> int:
        """Nodes of the scope to remove so that it fits (nodes); 0 where that is no way out."""
        if self.fits or not self.per_node:
            return 0
        excess = ceil(-self.headroom / self.per_node)
        return excess if excess <= self.removable else 0

    @property
    def more_nodes(self) -> int | None:
        """Nodes that the scope could still take (nodes); None where nodes do not matter."""
        if not self.per_node or self.limit == inf:
            return None
        return floor(self.headroom / self.per_node)


@dataclass(frozen=True, slots=True)
class Ledger:
    """Every usage of an inventory, in the order of bounds within each owner."""

    usages: tuple[Usage, ...]

    def __iter__(self) -> Iterator[Usage]:
        return iter(self.usages)

    def of(self, owner: str) -> tuple[Usage, ...]:
        """List the usages of one cell, hub or mesh."""
        return tuple(u for u in self.usages if u.scope.owner == owner)

    def owners(self) -> tuple[str, ...]:
        """List the cells, hubs and pools, in the ledger's order."""
        return tuple(dict.fromkeys(usage.scope.owner for usage in self.usages))

    def binding(self, owner: str) -> Usage | None:
        """Return the usage that binds a cell, hub or mesh, if one does."""
        return next((u for u in self.of(owner) if u.binding), None)

    @property
    def fits(self) -> bool:
        """Tell whether every bound that stops the work is kept."""
        return all(u.fits for u in self.usages if u.gate == "error")


def mark_binding(usages: tuple[Usage, ...]) -> tuple[Usage, ...]:
    """Mark, for each owner, the fullest usage among those that grow and stop the work.

    A bound that no node fills (such as prefixes per interface) never binds the size of a cell.
    The first of equally full ones is marked; marks of before are wiped.
    """
    binding: dict[str, int] = {}
    for index, usage in enumerate(usages):
        if usage.gate != "error" or not usage.per_node:
            continue
        best = binding.get(usage.scope.owner)
        if best is None or usage.share > usages[best].share:
            binding[usage.scope.owner] = index
    marked = set(binding.values())
    return tuple(
        u if u.binding == (i in marked) else replace(u, binding=i in marked)
        for i, u in enumerate(usages)
    )


def fullest(usages: Iterable[Usage]) -> tuple[Usage, ...]:
    """Keep the fullest usage of each bound: of three equal zones, the first."""
    best: dict[str, Usage] = {}
    for usage in usages:
        known = best.get(usage.bound)
        if known is None or usage.share > known.share or usage.binding:
            best[usage.bound] = usage
    return tuple(best.values())
