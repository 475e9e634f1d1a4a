"""How it looks where meshes stand between peerings and a transit gateway."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from cellfactory.inventory.interconnect import ROWS, STEPS
from cellfactory.runs.migration import CellStand, MeshStand, StepAhead
from cellfactory.views.change_lines import say_names
from cellfactory.views.listing import table
from cellfactory.views.style import PLAIN, Style
from cellfactory.words import counted

_HEAD = ("CELL", "ATTACHED", "CONNECTIONS", "WAYS", "LACKS")


def render_stands(stands: Sequence[MeshStand], style: Style = PLAIN) -> str:
    """Render meshes one below the other."""
    return "\n\n".join("\n".join(_mesh(stand, style)) for stand in stands)


def _mesh(stand: MeshStand, style: Style) -> Iterator[str]:
    head = f"{stand.mesh}  {stand.region}  {counted(len(stand.cells), 'cell')}"
    yield style.paint("strong", head)
    yield from style.wrap(f"  {_track(stand)}")
    yield from style.wrap(f"  at {stand.step}: {ROWS[stand.step].meaning}")
    if stand.locked is not None and stand.locked != stand.step:
        yield style.paint("warning", f"  the lock says {stand.locked}: run cellfactory lock")
    yield ""
    yield from _cells(stand.cells, style)
    for lack in stand.lacks:
        yield from style.wrap(f"  the mesh lacks {lack}")
    if stand.to_apply:
        yield ""
        yield from style.wrap(f"  to apply: {say_names(stand.to_apply)}", " " * 12)
    for ahead in stand.ahead:
        yield ""
        yield from _ahead(stand, ahead, style)


def _track(stand: MeshStand) -> str:
    """The way from peerings to a gateway, with where the mesh is in brackets."""
    return " - ".join(f"[{step}]" if step == stand.step else step for step in STEPS)


def _cells(cells: Sequence[CellStand], style: Style) -> Iterator[str]:
    rows = [_HEAD, *map(_row, cells)]
    head, *lines = (f"  {line}" for line in table(rows))
    indent = head.index(_HEAD[-1])
    for line in (head, *lines):
        yield from style.wrap(line, " " * indent)


def _row(cell: CellStand) -> tuple[str, ...]:
    if cell.is_attached is None or cell.connections is None:
        return (cell.cell, "?", "?", "?", "not known")
    ways = ", ".join(f"{count:,} {way}" for way, count in sorted(cell.ways.items()))
    return (
        cell.cell,
        "yes" if cell.is_attached else "no",
        f"{cell.connections:,}",
        ways or "-",
        "; ".join(cell.lacks) or "nothing",
    )


def _ahead(stand: MeshStand, ahead: StepAhead, style: Style) -> Iterator[str]:
    word = "next" if ahead.forth else "back"
    yield from style.wrap(f"  {word}: {ahead.step}, {'; '.join(ahead.does)}", " " * 8)
    for line in ahead.blocked:
        for part in style.wrap(f"        not yet: {line}", " " * 10):
            yield style.paint("warning", part)
    if not ahead.blocked:
        back = "" if ahead.forth else " --back"
        yield f"        cellfactory migrate --next{back} --mesh {stand.mesh}"


def stands_json(stands: Sequence[MeshStand]) -> list[dict[str, Any]]:
    """Turn meshes into what a machine reads."""
    return [asdict(stand) for stand in stands]
