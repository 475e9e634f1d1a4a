"""What AWS charges: list prices by item and Region, each with its source and its day."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Any

from cellfactory.facts.rows import Provenance

EVERY_REGION = "*"
"""Stands for each Region of the partition `aws`, where AWS names none."""


@dataclass(frozen=True, slots=True)
class Tier:
    """What is charged for the next so many units of a month; the last tier has no end."""

    usd: Decimal
    units: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Price(Provenance):
    """What one item costs in one Region (USD, in `unit`).

    Attributes:
        id: the item and the Region, such as `nat-gateway-hour@us-east-1`.
        item: id of the item.
        region: name, or `*` for every one.
        tiers: one, unless AWS charges less for more.
    """

    id: str
    item: str
    title: str
    unit: str
    region: str
    tiers: tuple[Tier, ...]

    def of(self, quantity: Decimal) -> Decimal:
        """Say what so many units of a month cost (USD).

        >>> tiers = (Tier(Decimal("0.01"), Decimal(100)), Tier(Decimal("0.004")))
        >>> Price(id="a@*", item="a", title="a", unit="USD per GB", region="*", tiers=tiers,
        ...     source="", checked=date(2026, 1, 1)).of(Decimal(150))
        Decimal('1.200')
        """
        left, dollars = quantity, Decimal(0)
        for tier in self.tiers:
            taken = left if tier.units is None else min(left, tier.units)
            dollars += taken * tier.usd
            left -= taken
        return dollars

    @property
    def first(self) -> Decimal:
        """What the first unit costs (USD)."""
        return self.tiers[0].usd


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceItem:
    """Something that AWS charges for, whether or not its price is known anywhere."""

    id: str
    title: str
    unit: str


class InstancePrices(Mapping[str, Price]):
    """On-Demand prices by Region and type, such as `us-east-1 r6gd.8xlarge`; read when asked for.

    Args:
        read: gives the text: a Region, a type and an amount (USD per hour) on each line.
    """

    def __init__(self, read: Callable[[], str]) -> None:
        self._read = read

    @cached_property
    def _lines(self) -> dict[str, str]:
        lines = (line for line in self._text if not line.startswith("#"))
        return {key: amount for key, _, amount in (line.rpartition(" ") for line in lines)}

    @cached_property
    def _text(self) -> list[str]:
        return self._read().splitlines()

    @cached_property
    def _marks(self) -> dict[str, str]:
        heads = (line[2:] for line in self._text if line.startswith("# ") and ": " in line)
        return {key: value for key, _, value in (head.partition(": ") for head in heads)}

    def __getitem__(self, key: str) -> Price:
        region, _, kind = key.partition(" ")
        return Price(
            id=f"{kind}@{region}",
            item=kind,
            title=kind,
            unit="USD per hour",
            region=region,
            tiers=(Tier(Decimal(self._lines[key])),),
            source=self._marks["source"],
            checked=date.fromisoformat(self._marks["checked"]),
            copied=date.fromisoformat(self._marks["copied"]),
        )

    def __iter__(self) -> Iterator[str]:
        return iter(self._lines)

    def __len__(self) -> int:
        return len(self._lines)


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceTable:
    """Every price that is known."""

    items: Mapping[str, PriceItem]
    rows: Mapping[str, Price]  # by item and Region, as `nat-gateway-hour@us-east-1`
    instances: InstancePrices

    def find(self, item: str, region: str) -> Price | None:
        """Find what an item costs in a Region; None where nobody has read it.

        Raises:
            KeyError: when there is no such item: a typing mistake in our own code.
        """
        known = self.items[item].id
        return self.rows.get(f"{known}@{region}") or self.rows.get(f"{known}@{EVERY_REGION}")

    def instance(self, kind: str, region: str) -> Price | None:
        """Find what an On-Demand instance costs in a Region; None where nobody has read it."""
        return self.instances.get(f"{region} {kind}")


def map_items(told: Mapping[str, Mapping[str, Any]]) -> dict[str, PriceItem]:
    """Make a value of each item."""
    return {
        id_: PriceItem(id=id_, title=row["title"], unit=row["unit"]) for id_, row in told.items()
    }


def map_prices(told: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Make a row of each price of an item in a Region."""
    return {
        f"{id_}@{region}": {
            **{key: price[key] for key in price if key not in ("regions", "usd", "tiers")},
            "item": id_,
            "title": row["title"],
            "unit": row["unit"],
            "region": region,
            "tiers": tuple(_tiers(price)),
        }
        for id_, row in told.items()
        for price in row["prices"]
        for region in price["regions"]
    }


def _tiers(price: Mapping[str, Any]) -> Iterator[Tier]:
    for tier in price.get("tiers", (price,)):
        units = tier.get("gb")
        yield Tier(Decimal(tier["usd"]), None if units is None else Decimal(units))
