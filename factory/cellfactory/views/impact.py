"""How it reads what an edit does to cells: nodes, room, versions, edges."""

from __future__ import annotations

from collections.abc import Iterator

from cellfactory.diff.impact import CellImpact, GroupImpact, Impact, Room
from cellfactory.views.change_lines import say_names, shown
from cellfactory.words import counted

_HOUR = 60
_LONG = 120  # minutes that are told in hours from


def impact_lines(found: Impact) -> Iterator[str]:
    """Write a line or more for each cell, those first that lose nodes; alike ones together."""
    for cells in _alike(found):
        yield from _cell_lines(cells)


def danger_lines(found: Impact) -> Iterator[str]:
    """Write what of it a person has to agree to, a line for each."""
    for cells in _alike(found):
        first, names = cells[0], say_names([cell.name for cell in cells])
        if first.version is not None and first.version.refused:
            yield f"{names}: EKS refuses {_step(first.version)}: {_refusal(first.version.refused)}"
        if first.drained:
            total = sum(cell.drained for cell in cells)
            standing = sum(cell.before.nodes for cell in cells if cell.before)
            of = f" of {standing:,}" if standing else ""
            minutes = max(cell.minutes for cell in cells)
            yield f"{names}: {counted(total, 'node')}{of} drained{_for(minutes)}"
        for step in first.identity:
            yield f"{names}: {_step(step)}: Terraform cannot change it of a cell that stands"
        if first.zones_lost:
            yield f"{names}: zone {', '.join(first.zones_lost)} goes, with all that is in it"


def minutes_words(minutes: float) -> str:
    """Write how long something takes.

    >>> minutes_words(14.2), minutes_words(315)
    ('15 minutes', '5 h 15 min')
    """
    whole = int(-(-minutes // 1))
    if whole < _LONG:
        return counted(whole, "minute")
    return f"{whole // _HOUR:,} h {whole % _HOUR:02} min"


def _alike(found: Impact) -> list[list[CellImpact]]:
    groups: dict[object, list[CellImpact]] = {}
    for cell in found.cells:
        same = (cell.action, cell.groups, cell.before, cell.after, cell.version, cell.addons)
        more = (cell.identity, cell.zones_lost, cell.zones_gained)
        alone = cell.name if cell.action != "change" or cell.renamed_from else ""
        groups.setdefault(repr((same, more, alone)), []).append(cell)
    return sorted(groups.values(), key=lambda cells: (-cells[0].drained, cells[0].name))


def _cell_lines(cells: list[CellImpact]) -> Iterator[str]:
    first, names = cells[0], say_names([cell.name for cell in cells])
    sign = {"add": "+", "remove": "-", "change": "~"}[first.action]
    if first.action == "add":
        room = first.after
        was = f", was {shown(first.renamed_from)}: a new cell in the same account" * bool(
            first.renamed_from
        )
        yield f"{sign} {names}, ring {first.ring}, account {shown(first.account)}{was}"
        if room is not None:
            size = f"{counted(room.nodes, 'node')} in {counted(room.zones, 'zone')}"
            yield f"    {size}; {_bound(room)}"
        return
    if first.action == "remove":
        nodes = f": {counted(first.before.nodes, 'node')} go" if first.before else ""
        yield f"{sign} {names}, account {shown(first.account)}{nodes}"
        return
    rings = ", ".join(dict.fromkeys(cell.ring for cell in cells))
    yield f"{sign} {names} (ring {rings})"
    yield from (f"    {line}" for line in _details(first))


def _details(cell: CellImpact) -> Iterator[str]:
    if cell.version is not None:
        refused = f": EKS refuses it, {_refusal(cell.version.refused)}" * bool(cell.version.refused)
        yield f"{_step(cell.version)}, one way{refused}"
    yield from map(_step, cell.identity)
    if cell.zones_gained:
        yield f"zone {', '.join(cell.zones_gained)} comes"
    for group in cell.groups:
        yield from _group_lines(group)
    if cell.addons:
        yield f"add-ons: {', '.join(map(_step, cell.addons))}"
    if cell.before is not None and cell.after is not None and cell.before != cell.after:
        yield from _room_lines(cell.before, cell.after)


def _group_lines(group: GroupImpact) -> Iterator[str]:
    was = f" (was {shown(group.renamed_from)})" if group.renamed_from else ""
    number = f"{group.before:,} nodes"
    if group.before != group.after:
        number = f"{group.before:,} -> {group.after:,} nodes"
    told = []
    if group.replaced:
        at_once = ", all at once" if group.at_once else ""
        told.append(f"{group.replaced:,} replaced{at_once}")
    if group.removed:
        told.append(f"{group.removed:,} drained for good")
    if group.added:
        told.append(f"{group.added:,} more")
    yield (
        f"{shown(group.name)}{was}: {number}; {', '.join(told)}"
        if told
        else (f"{shown(group.name)}{was}: {number}")
    )
    if group.why:
        yield f"  because {', '.join(_step(step) for step in group.why)}"
    if group.minutes:
        waves = f"{counted(group.waves, 'batch')}".replace("batchs", "batches")
        yield (
            f"  {waves}, max_unavailable {group.max_unavailable:,}: at least "
            f"{minutes_words(group.minutes)}"
        )


def _room_lines(before: Room, after: Room) -> Iterator[str]:
    if before.pods != after.pods:
        yield f"pods: {before.pods:,} -> {after.pods:,} ({after.pods_per_node:,} a node)"
    if _bound(before) != _bound(after):
        yield f"room: {_bound(before)} -> {_bound(after)}"


def _bound(room: Room) -> str:
    more = room.more_per_zone
    left = f"{more:,} more nodes a zone" if more >= 0 else "does not fit"
    return f"{room.bound} {room.share:.0%}, {left}"


def _step(step: object) -> str:
    return shown(str(step).replace("→", "->"))


def _for(minutes: float) -> str:
    return f", at least {minutes_words(minutes)} a cell" if minutes else ""


def _refusal(word: str) -> str:
    return {"back": "a control plane does not go back", "skips": "one minor version at a time"}.get(
        word, word
    )
