"""How a change of the address lock looks."""

from __future__ import annotations

from factory.addressing.lock import Lock


def describe_change(before: Lock, after: Lock) -> list[str]:
    """Say for each cell that is new, came back, left or was released what became of its blocks."""
    lines = []
    for name in sorted({*before.cells, *before.removed, *after.cells, *after.removed}):
        was = name in before.cells, name in before.removed
        now = name in after.cells, name in after.removed
        if was == now and before.cells.get(name) == after.cells.get(name):
            continue
        kept = after.cells.get(name) or after.removed.get(name)
        blocks = " ".join(map(str, kept.blocks)) if kept else ""
        if now[0]:
            verb = "back  " if was[1] else "kept  " if was[0] else "new   "
        else:
            verb = "left  " if now[1] else "freed "
        lines.append(f"{verb} {name}  {blocks}".rstrip())
    return lines
