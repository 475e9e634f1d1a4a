"""How costs look: a bill, each other way beside the one that is chosen, and what is not priced."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal, get_args

from cellfactory.pricing.costs import MeshCosts, Way
from cellfactory.pricing.lines import GROUPS, Line, Sum, add, oldest, unconfirmed
from cellfactory.views.money import columns, exact, markdown_table, money, plain, summed
from cellfactory.views.style import PLAIN, Style
from cellfactory.words import counted

What = Literal["bill", "interconnect", "egress", "pods"]
EVERYTHING: tuple[What, ...] = get_args(What)
TITLES: dict[What, str] = {
    "bill": "as declared",
    "interconnect": "joining the VPCs",
    "egress": "the way out",
    "pods": "pods' traffic with cells and hubs",
}
UNIT = "USD a month"


@dataclass(frozen=True, slots=True)
class Row:
    """Lines of several owners that are of one kind."""

    lines: tuple[Line, ...]

    @property
    def first(self) -> Line:
        """One of them."""
        return self.lines[0]

    @property
    def quantity(self) -> Decimal | None:
        """How much of it; None where that is not declared."""
        known = [line.quantity for line in self.lines if line.quantity is not None]
        return sum(known, Decimal(0)) if known else None

    @property
    def cells(self) -> tuple[str, str, str, str]:
        """Title, quantity, price and dollars, for people."""
        price = self.first.price
        return (
            self.first.title,
            "-" if self.quantity is None else f"{round(self.quantity):,} {self.first.unit}",
            "-" if price is None else plain(price.first) + ("..." if price.tiers[1:] else ""),
            "not priced" if self.first.why_not else money(add(self.lines).dollars),
        )


def rows_of(lines: Iterable[Line]) -> list[Row]:
    """Put lines together that differ by their owner alone."""
    alike: dict[tuple[object, ...], list[Line]] = {}
    for line in lines:
        key = (line.group, line.item, line.title, line.region, line.why_not)
        alike.setdefault(key, []).append(line)
    rows = [Row(tuple(found)) for found in alike.values()]
    return sorted(rows, key=lambda row: GROUPS.index(row.first.group))


def render_costs(
    costs: Sequence[MeshCosts], what: Collection[What] = EVERYTHING, style: Style = PLAIN
) -> str:
    """Render costs for a terminal of 80 columns."""
    told: list[str] = []
    for mesh in costs:
        told += [style.paint("strong", _title(mesh)), ""]
        if "bill" in what:
            told += [*_bill(mesh), ""]
        for title, ways in chosen_ways(mesh, what):
            told += [*_ways(title, ways), ""]
        told += [line for note in _notes(mesh, what) for line in style.wrap(note, "    ")]
        told.append("")
    told += style.wrap(_foot(costs), "    ")
    return "\n".join(told)


def chosen_ways(mesh: MeshCosts, what: Collection[What]) -> Iterator[tuple[str, tuple[Way, ...]]]:
    """Yield each comparison that is asked for, with its title."""
    known: tuple[tuple[What, tuple[Way, ...]], ...] = (
        ("interconnect", mesh.interconnects),
        ("egress", mesh.egresses),
        ("pods", mesh.pods),
    )
    yield from ((TITLES[key], ways) for key, ways in known if key in what)


def _title(mesh: MeshCosts) -> str:
    return f"{mesh.mesh}  {mesh.region}  {counted(len(mesh.cells), 'cell')}"


def _bill(mesh: MeshCosts) -> Iterator[str]:
    head = (TITLES["bill"], "quantity", "price", UNIT)
    rows = [row.cells for row in rows_of(mesh.bill)]
    last = (
        "together, at least" if mesh.sum.lacking else "together",
        "",
        "",
        money(mesh.sum.dollars),
    )
    yield from (f"  {line}" for line in columns([head, *rows, last]))
    if len(mesh.cells) > 1:
        yield ""
        by_cell = [(cell, summed(mesh.of(cell))) for cell in mesh.cells]
        if mesh.shared != Sum():
            by_cell.append(("shared by all", summed(mesh.shared)))
        yield from (f"  {line}" for line in columns([("by cell", f"{UNIT}  "), *by_cell]))


def _ways(title: str, ways: Sequence[Way]) -> Iterator[str]:
    rows = [(title, "fixed  ", "transfer  ", f"{UNIT}  "), *map(_way, ways)]
    yield from (f"  {line}" for line in columns(rows))


def _way(way: Way) -> tuple[str, str, str, str]:
    found = way.sum
    mark = "* " if way.is_chosen else "  "
    if found.lacking and not found.dollars:
        return f"{mark}{way.title}", "", "", "not priced  "
    fixed = add(line for line in way.lines if not line.is_transfer)
    moved = add(line for line in way.lines if line.is_transfer)
    return f"{mark}{way.title}", summed(fixed), summed(moved), summed(found)


def _notes(mesh: MeshCosts, what: Collection[What]) -> Iterator[str]:
    shown = list(_shown(mesh, what))
    lacking = add(shown).lacking
    unknown = dict.fromkeys(line.title for line in lacking if line.price is None)
    undeclared = dict.fromkeys(line.asks_for for line in lacking if line.price is not None)
    if unknown:
        yield f"  no price in {mesh.region}: {'; '.join(unknown)}"
    if undeclared:
        yield f"  not declared: {', '.join(undeclared)}"
    if doubted := unconfirmed(shown):
        yield f"  unconfirmed prices: {', '.join(doubted)}"
    if lacking:
        yield "  + and what is not priced"


def _shown(mesh: MeshCosts, what: Collection[What]) -> Iterator[Line]:
    if "bill" in what:
        yield from mesh.bill
    for _, ways in chosen_ways(mesh, what):
        for way in ways:
            yield from way.lines


def _foot(costs: Sequence[MeshCosts]) -> str:
    total = add(line for mesh in costs for line in mesh.bill)
    day = oldest(line for mesh in costs for line in mesh.bill)
    least = "at least " if total.lacking else ""
    lacks = f", {counted(len(total.lacking), 'line')} not priced" if total.lacking else ""
    age = f", the oldest of {day}" if day else ""
    return (
        f"cost: {least}{money(total.dollars)} {UNIT} as declared{lacks}; list prices{age}, "
        "without any discount"
    )


def render_costs_markdown(costs: Sequence[MeshCosts], what: Collection[What] = EVERYTHING) -> str:
    """Render costs as Markdown, for a comment or a page."""
    told: list[str] = []
    for mesh in costs:
        told += [f"### {_title(mesh)}", ""]
        if "bill" in what:
            head = (TITLES["bill"], "quantity", "price", UNIT)
            rows = [row.cells for row in rows_of(mesh.bill)]
            last = ("**together**", "", "", summed(mesh.sum).strip())
            told += [*markdown_table(head, [*rows, last]), ""]
        for title, ways in chosen_ways(mesh, what):
            head = (title, "fixed", "transfer", UNIT)
            shown = [[cell.strip() for cell in _way(way)] for way in ways]
            told += [*markdown_table(head, shown), ""]
        told += [f"{_escaped(note.strip())}\n" for note in _notes(mesh, what)]
    return "\n".join([*told, _foot(costs)])


def _escaped(note: str) -> str:
    """Keep a plus at the start of a line from making a list."""
    return f"`+`{note[1:]}" if note.startswith("+") else note


def costs_json(costs: Sequence[MeshCosts], what: Collection[What] = EVERYTHING) -> dict[str, Any]:
    """Turn costs into what a machine reads; amounts are texts, to a millionth."""
    return {
        "unit": "USD per month",
        "meshes": [_mesh_json(mesh, what) for mesh in costs],
        "total": _sum_json(add(line for mesh in costs for line in mesh.bill)),
    }


def _mesh_json(mesh: MeshCosts, what: Collection[What]) -> dict[str, Any]:
    told: dict[str, Any] = {"mesh": mesh.mesh, "region": mesh.region, "cells": list(mesh.cells)}
    if "bill" in what:
        told["bill"] = {
            "lines": [line_json(line) for line in mesh.bill],
            "by_cell": {cell: _sum_json(mesh.of(cell)) for cell in mesh.cells},
            "shared": _sum_json(mesh.shared),
            **_sum_json(mesh.sum),
        }
    ways: tuple[tuple[What, tuple[Way, ...]], ...] = (
        ("interconnect", mesh.interconnects),
        ("egress", mesh.egresses),
        ("pods", mesh.pods),
    )
    told |= {key: [_way_json(way) for way in found] for key, found in ways if key in what}
    return told


def _way_json(way: Way) -> dict[str, Any]:
    return {
        "id": way.id,
        "title": way.title,
        "chosen": way.is_chosen,
        **_sum_json(way.sum),
        "lines": [line_json(line) for line in way.lines],
    }


def _sum_json(found: Sum) -> dict[str, Any]:
    return {
        "fixed": exact(found.fixed),
        "transfer": exact(found.transfer),
        "dollars": exact(found.dollars),
        "is_whole": found.is_whole,
        "not_priced": len(found.lacking),
    }


def line_json(line: Line) -> dict[str, Any]:
    """Turn a line into what a machine reads."""
    price = line.price
    return {
        "owner": line.owner,
        "group": line.group,
        "item": line.item,
        "title": line.title,
        "region": line.region,
        "quantity": None if line.quantity is None else exact(line.quantity),
        "unit": line.unit,
        "is_transfer": line.is_transfer,
        "dollars": None if line.dollars is None else exact(line.dollars),
        "not_priced": line.why_not or None,
        "price": None
        if price is None
        else {
            "usd": [f"{tier.usd:f}" for tier in price.tiers],
            "unit": price.unit,
            "source": price.source,
            "as_of": price.as_of.isoformat(),
            "confirmed": price.confirmed,
        },
    }
