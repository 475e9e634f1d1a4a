"""One line of a bill: how much of what, at which price; and sums that say what they lack."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal, get_args

from cellfactory.facts.prices import Price
from cellfactory.facts.schema import Facts

Group = Literal[
    "nodes", "volumes", "control plane", "endpoints", "load balancer", "egress", "mesh", "logs"
]
GROUPS: tuple[Group, ...] = get_args(Group)
Unit = Literal["h", "GB", "GiB", "k"]
"""Hours, gigabytes of a month, gibibytes kept for a month, or thousands of requests."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """So much of one item in a month.

    Attributes:
        owner: the cell that pays; a mesh for what its cells share.
        item: id of the item among the prices, or the type of an instance.
        title: what it is, for people.
        quantity: how much in a month (`unit`); None where nobody declared it.
        price: None where none is known in the Region.
        asks_for: what would have to be declared, where it is not.
        is_transfer: whether it grows with traffic.
    """

    owner: str
    group: Group
    item: str
    title: str
    region: str
    unit: Unit
    quantity: Decimal | None
    price: Price | None
    asks_for: str = ""
    is_transfer: bool = False

    @property
    def dollars(self) -> Decimal | None:
        """What it costs in a month (USD); None where that is not known, and never nothing."""
        if self.quantity is None or self.price is None:
            return None
        return self.price.of(self.quantity)

    @property
    def why_not(self) -> str:
        """Say why it is not priced; empty where it is."""
        if self.price is None:
            return f"no price in {self.region}"
        return f"{self.asks_for} is not declared" if self.quantity is None else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sum:
    """What several lines cost together, as far as it is known (USD per month)."""

    fixed: Decimal = Decimal(0)
    transfer: Decimal = Decimal(0)
    lacking: tuple[Line, ...] = ()  # lines that are not priced

    @property
    def dollars(self) -> Decimal:
        """Everything that is priced."""
        return self.fixed + self.transfer

    @property
    def unpriced(self) -> tuple[str, ...]:
        """Name what has no known price, each once."""
        return tuple(dict.fromkeys(line.title for line in self.lacking if line.price is None))

    @property
    def undeclared(self) -> tuple[str, ...]:
        """Name what has a price, and nobody says how much of it there is."""
        return tuple(sorted({line.asks_for for line in self.lacking if line.price is not None}))

    @property
    def is_whole(self) -> bool:
        """Tell whether every line is priced."""
        return not self.lacking


def add(lines: Iterable[Line]) -> Sum:
    """Add lines up, those of traffic apart."""
    fixed = transfer = Decimal(0)
    lacking = []
    for line in lines:
        dollars = line.dollars
        if dollars is None:
            lacking.append(line)
        elif line.is_transfer:
            transfer += dollars
        else:
            fixed += dollars
    return Sum(fixed=fixed, transfer=transfer, lacking=tuple(lacking))


@dataclass(frozen=True, slots=True)
class Pen:
    """Writes the lines of one owner in one Region."""

    owner: str
    region: str
    facts: Facts

    @property
    def hours(self) -> Decimal:
        """Hours of a month."""
        return Decimal(self.facts.policy_value("hours-per-month"))

    def hourly(self, group: Group, item: str, count: int, title: str = "") -> Line:
        """Write what so many of an item cost that are charged by the hour."""
        name = title or self.facts.prices.items[item].title
        return Line(
            owner=self.owner,
            group=group,
            item=item,
            title=name,
            region=self.region,
            unit="h",
            quantity=count * self.hours,
            price=self.facts.prices.find(item, self.region),
        )

    def moved(
        self, group: Group, item: str, gigabytes: Decimal | None, asks_for: str, title: str = ""
    ) -> Line:
        """Write what traffic costs; None where it is not declared."""
        return Line(
            owner=self.owner,
            group=group,
            item=item,
            title=title or self.facts.prices.items[item].title,
            region=self.region,
            unit="GB",
            quantity=gigabytes,
            price=self.facts.prices.find(item, self.region),
            asks_for=asks_for,
            is_transfer=True,
        )

    def unknown(self, group: Group, item: str, title: str) -> Line:
        """Write what is paid for, and has no price that we know in any Region."""
        return Line(
            owner=self.owner,
            group=group,
            item=item,
            title=title,
            region=self.region,
            unit="h",
            quantity=None,
            price=None,
        )


def oldest(lines: Iterable[Line]) -> date | None:
    """Find the day up to which every price of some lines is known to hold; None without any."""
    return min((line.price.as_of for line in lines if line.price), default=None)


def unconfirmed(lines: Iterable[Line]) -> tuple[str, ...]:
    """List the items whose price no source of weight settles, sorted."""
    prices = (line.price for line in lines if line.price and line.dollars is not None)
    return tuple(sorted({price.title for price in prices if not price.confirmed}))
