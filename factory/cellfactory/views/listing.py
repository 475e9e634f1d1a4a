"""How a list of cells, or of stacks, looks."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import asdict
from itertools import groupby
from typing import Any

from cellfactory.runs.listing import CellRow, StackRow
from cellfactory.runs.standing import Standing
from cellfactory.views.style import PLAIN, Style, Tone
from cellfactory.words import counted

_GAP = "  "
_TONES: dict[Standing, Tone] = {
    "applied": "good",
    "unfinished": "bad",
    "unreadable": "bad",
    "not-applied": "warning",
    "not-known": "quiet",
}


def render_cells(rows: Sequence[CellRow], style: Style = PLAIN) -> str:
    """Render cells mesh by mesh; one line each."""
    lines: list[str] = []
    for (mesh, region), group in groupby(rows, key=lambda row: (row.mesh, row.region)):
        cells = list(group)
        title = f"{mesh}  {region}  {counted(len(cells), 'cell')}"
        lines.append(style.paint("strong", title))
        lines += (f"  {line}" for line in table([_HEAD, *map(_cell, cells)], numbers={4}))
    nodes = sum(row.nodes for row in rows)
    return "\n".join([*lines, f"{counted(len(rows), 'cell')}, {counted(nodes, 'node')}"])


_HEAD = ("CELL", "ORGANIZATION", "ACCOUNT", "RING", "NODES", "K8S", "APPLIED")


def _cell(row: CellRow) -> tuple[str, ...]:
    account = row.account or "not made yet"
    if row.account is None and row.applied is None:
        account = "not known"
    return (
        *(row.name, row.organization, account, row.ring, f"{row.nodes:,}", row.kubernetes),
        applied_words(row),
    )


def applied_words(row: CellRow) -> str:
    """Say how much of a cell is applied."""
    if row.applied is None:
        return "?"
    told = f"{row.applied} of {row.stacks}"
    return f"{told}, {row.unfinished} unfinished" if row.unfinished else told


def render_stacks(rows: Sequence[StackRow], style: Style = PLAIN) -> str:
    """Render stacks in the order of work; one line each."""
    width = max((len(row.stack.name) for row in rows), default=0)
    lines = []
    for row in rows:
        standing = row.standing.replace("-", " ")
        waits = _waits(row)
        head = f"{row.stack.name:<{width}}{_GAP}{style.paint(_TONES[row.standing], standing)}"
        before = " " * (width + len(_GAP) + len(standing) + len(_GAP))
        first, *more = style.wrap(f"{before}{waits}", before) if waits else ("",)
        lines += [f"{head}{_GAP}{first.strip()}".rstrip(), *more]
    return "\n".join([*lines, _sums(rows)])


def _waits(row: StackRow) -> str:
    if row.standing == "applied" or not row.waits_for:
        return when(row).removeprefix(", ")
    return f"waits for {', '.join(stack.name for stack in row.waits_for)}"


def when(row: StackRow) -> str:
    """Say when a stack was applied last, as what follows its standing; empty where nobody noted it.

    >>> from cellfactory.layers import StackId
    >>> known = {"standing": "applied", "waits_for": (), "takes_from": ()}
    >>> stack = StackId("a", "network")
    >>> when(StackRow(stack=stack, applied_at="2026-11-28T15:08:16+00:00", **known))
    ', 2026-11-28 15:08 UTC'
    """
    if not row.applied_at:
        return ""
    said = "" if row.standing == "applied" else "last applied "
    day, _, time = row.applied_at.partition("T")
    return f", {said}{day} {time[:5]} UTC"


def _sums(rows: Sequence[StackRow]) -> str:
    numbers: dict[str, int] = {}
    for row in rows:
        numbers[row.standing] = numbers.get(row.standing, 0) + 1
    told = ", ".join(f"{n:,} {s.replace('-', ' ')}" for s, n in numbers.items())
    return f"{counted(len(rows), 'stack')}: {told}" if told else "0 stacks"


def cells_json(rows: Iterable[CellRow]) -> list[dict[str, Any]]:
    """Turn cells into what a machine reads."""
    return [asdict(row) for row in rows]


def stacks_json(rows: Iterable[StackRow]) -> list[dict[str, Any]]:
    """Turn stacks into what a machine reads."""
    return [
        {
            "stack": row.stack.name,
            "owner": {"kind": row.stack.kind, "name": row.stack.owner},
            "layer": row.stack.layer,
            "standing": row.standing,
            "waits_for": [stack.name for stack in row.waits_for],
            "takes_from": [stack.name for stack in row.takes_from],
            "applied_at": row.applied_at or None,
        }
        for row in rows
    ]


def table(rows: Sequence[Sequence[str]], numbers: Collection[int] = frozenset()) -> Iterator[str]:
    """Lay texts out in columns; those of numbers end alike."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (
            text.rjust(width) if index in numbers else text.ljust(width)
            for index, (text, width) in enumerate(zip(row, widths, strict=True))
        )
        yield _GAP.join(cells).rstrip()
