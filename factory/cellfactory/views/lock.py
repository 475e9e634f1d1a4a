"""How a change of the address lock looks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields

from cellfactory.addressing.births import Birth
from cellfactory.addressing.fit import zone_room
from cellfactory.addressing.lock import Lock
from cellfactory.design import Design
from cellfactory.words import counted


def _noted(name: str, before: Birth | None, after: Birth | None) -> list[str]:
    """Say what is known of a cell's birth that was not, or was otherwise."""
    if after is None or after == before:
        return []
    if before is None:
        return [f"noted  {name}  what it was born with"]
    facts = (f.name for f in fields(after) if getattr(before, f.name) != getattr(after, f.name))
    told = (f"{fact.replace('_', ' ')} {getattr(after, fact) or 'none'}" for fact in facts)
    return [f"noted  {name}  {', '.join(told)}"]


def describe_room(design: Design) -> dict[str, str]:
    """Say how many nodes the blocks of each new cell have room for, by cell name."""
    rooms = {}
    for name in design.lock.cells.keys() - design.before.cells.keys():
        cell, cell_type = design.lock.cells[name], design.inventory.type_of(name)
        ceiling = cell_type.node_ceiling
        reason = f"node_ceiling {ceiling:,}" if ceiling else "node_ceiling not set"
        nodes = zone_room(cell, cell_type, design.facts)
        rooms[name] = f"room for {counted(nodes, 'node')} a zone ({reason})"
    return rooms


def describe_change(before: Lock, after: Lock, rooms: Mapping[str, str]) -> list[str]:
    """Say for each cell that is new, came back, left or was released what became of its blocks.

    Args:
        before: what the lock said.
        after: what it says now.
        rooms: how many nodes the blocks of a cell have room for, by cell name; told of new ones.
    """
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
        is_new = now[0] and was == (False, False)
        room = f"  {rooms[name]}" if is_new and name in rooms else ""
        lines.append(f"{verb} {name}  {blocks}{room}".rstrip())
    return lines
