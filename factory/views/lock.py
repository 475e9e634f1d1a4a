"""How a change of the address lock looks."""

from __future__ import annotations

from dataclasses import fields

from factory.addressing.births import Birth
from factory.addressing.lock import Lock


def _noted(name: str, before: Birth | None, after: Birth | None) -> list[str]:
    """Say what is known of a cell's birth that was not, or was otherwise."""
    if after is None or after == before:
        return []
    if before is None:
        return [f"noted  {name}  what it was born with"]
    facts = (f.name for f in fields(after) if getattr(before, f.name) != getattr(after, f.name))
    told = (f"{fact.replace('_', ' ')} {getattr(after, fact) or 'none'}" for fact in facts)
    return [f"noted  {name}  {', '.join(told)}"]


def describe_change(before: Lock, after: Lock) -> list[str]:
    """Say for each cell that is new, came back, left or was released what became of its blocks."""
    lines = []
    for name in sorted({*before.cells, *before.removed, *after.cells, *after.removed}):
        was = name in before.cells, name in before.removed
        now = name in after.cells, name in after.removed
        if was == now and before.cells.get(name) == after.cells.get(name):
            lines += _noted(name, before.births.get(name), after.births.get(name))
            continue
        kept = after.cells.get(name) or after.removed.get(name)
        blocks = " ".join(map(str, kept.blocks)) if kept else ""
        if now[0]:
            verb = "back  " if was[1] else "kept  " if was[0] else "new   "
        else:
            verb = "left  " if now[1] else "freed "
        lines.append(f"{verb} {name}  {blocks}".rstrip())
    return lines
