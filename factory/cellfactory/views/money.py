"""Amounts of money, and tables of them, for people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import ROUND_HALF_UP, Decimal

from cellfactory.pricing.lines import Sum

CENT = Decimal("0.01")
MILLIONTH = Decimal("0.000001")
MORE = " +"
"""Behind a sum that lacks something."""


def money(dollars: Decimal) -> str:
    """Write an amount, rounded to cents.

    >>> money(Decimal("1695375.3600")), money(Decimal("0.005"))
    ('1,695,375.36', '0.01')
    """
    return f"{dollars.quantize(CENT, ROUND_HALF_UP):,}"


def plain(number: Decimal) -> str:
    """Write a number without a fraction that says nothing.

    >>> plain(Decimal("0.10")), plain(Decimal("120000000")), plain(Decimal("160000000.0"))
    ('0.1', '120,000,000', '160,000,000')
    """
    whole = number.to_integral_value()
    return f"{whole:,}" if number == whole else f"{number.normalize():,f}"


def exact(dollars: Decimal) -> str:
    """Write an amount for machines, to a millionth.

    >>> exact(Decimal("1600000.00000000008")), exact(Decimal("83.950")), exact(Decimal(100))
    ('1600000', '83.95', '100')
    """
    shown = f"{dollars.quantize(MILLIONTH, ROUND_HALF_UP):f}"
    return shown.rstrip("0").rstrip(".")


def summed(found: Sum, part: Decimal | None = None) -> str:
    """Write a sum, or a part of it, marked where something of it is not priced.

    >>> summed(Sum(fixed=Decimal(5)))
    '5.00  '
    """
    shown = money(found.dollars if part is None else part)
    return f"{shown}{' ' * len(MORE) if found.is_whole else MORE}"


def columns(rows: Sequence[Sequence[str]], texts: int = 1) -> Iterator[str]:
    """Lay rows out; the first columns are texts, the others numbers that end alike."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (
            text.ljust(width) if index < texts else text.rjust(width)
            for index, (text, width) in enumerate(zip(row, widths, strict=True))
        )
        yield "  ".join(cells).rstrip()


def markdown_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Write a table of Markdown, whose first column is text and the others are numbers."""
    yield _row(head)
    yield _row([":--", *("--:" for _ in head[1:])])
    yield from map(_row, rows)


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"
