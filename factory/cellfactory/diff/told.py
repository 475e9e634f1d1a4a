"""What an edit does to cells, as sentences: the dangerous ones first, equal cells told once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from cellfactory.diff.impact_model import CellImpact, GroupImpact, Impact, MeshImpact, Room
from cellfactory.inventory.addon_rules import numbers
from cellfactory.inventory.version_step import next_version
from cellfactory.words import counted

Level = Literal["danger", "caution", "note"]
"""What cannot be had back or stops the work; what people notice; all else."""

_RANK: dict[Level, int] = {"danger": 0, "caution": 1, "note": 2}
MOST_NAMES = 6
MINUTES_PER_HOUR = 60
_HOURS_FROM = 90  # minutes from which a duration is told in hours


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One thing that becomes of some cells."""

    level: Level
    subject: str  # cells or a mesh; empty where it is about all
    text: str
    details: tuple[str, ...] = ()
    disrupts: bool = False  # pods have to leave nodes, or packets lose their way
    is_of_mesh: bool = False  # edges, which resources tell of, too
    is_rename: bool = False  # or looks like one: it tells how the rest is to be read

    def __str__(self) -> str:
        head = f"{self.subject}: {self.text}" if self.subject else self.text
        return "\n".join((head, *(f"    {line}" for line in self.details)))


def tell(impact: Impact) -> tuple[Told, ...]:
    """Say what becomes of cells; sorted by level, renames first, and by cell within it."""
    found: list[Told] = []
    for cells in _alike(impact.cells):
        subject = _subject(cells, impact.rings)
        found += [replace(told, subject=subject) for told in _cell(cells[0], len(cells))]
    for mesh in impact.meshes:
        found += _mesh(mesh)
    found += _in_all(impact)
    return tuple(sorted(found, key=lambda told: (_RANK[told.level], not told.is_rename)))


def duration(minutes: float) -> str:
    """Write a duration.

    >>> duration(45), duration(1), duration(195)
    ('45 minutes', '1 minute', '3.2 hours')
    """
    if minutes < _HOURS_FROM:
        return counted(max(1, round(minutes)), "minute")
    return f"{minutes / MINUTES_PER_HOUR:,.1f} hours"


def listed(names: Sequence[str]) -> str:
    """Write names, the first few of many.

    >>> listed(["a", "b"]), listed(list("abcdefgh"))
    ('a, b', 'a, b, c, d, e, f and 2 more')
    """
    more = len(names) - MOST_NAMES
    text = ", ".join(names[:MOST_NAMES])
    return f"{text} and {more:,} more" if more > 0 else text


def _alike(cells: Iterable[CellImpact]) -> Iterator[tuple[CellImpact, ...]]:
    """Put cells together of which the same becomes; one of many keeps what is its alone."""
    groups: dict[CellImpact, list[CellImpact]] = {}
    for cell in cells:
        is_alone = cell.action != "change" or cell.identity
        key = cell if is_alone else replace(cell, name="", account="", ring="")
        groups.setdefault(key, []).append(cell)
    yield from map(tuple, groups.values())


def _subject(cells: Sequence[CellImpact], order: Sequence[str]) -> str:
    """Name cells and their rings, in the order of rollout."""
    names = listed([cell.name for cell in cells])
    known = {cell.ring for cell in cells}
    rings = [*(ring for ring in order if ring in known), *sorted(known - {*order})]
    return f"{names} ({'ring' if len(rings) == 1 else 'rings'} {', '.join(rings)})"


def _cell(cell: CellImpact, count: int) -> Iterator[Told]:
    """Say what becomes of a cell, or of each of several that are alike."""
    each = " each" if count > 1 else ""
    if cell.action == "add":
        yield from _added(cell)
    elif cell.action == "remove":
        yield from _removed(cell)
    else:
        yield from _identity(cell)
        yield from _version(cell)
        yield from _nodes(cell, each)
        yield from _room(cell, each)
        yield from _addons(cell)
    if cell.dollars:
        sign = "+" if cell.dollars > 0 else "-"
        lacks = "" if cell.is_priced_whole else ", without what has no price"
        lacks += ", once it is destroyed" if cell.action == "remove" else ""
        yield _note(f"{sign}{abs(cell.dollars):,.2f} USD a month{each} at list prices{lacks}")


def _added(cell: CellImpact) -> Iterator[Told]:
    held = cell.after.pods if cell.after else 0
    if cell.renamed_from:
        told = _danger(
            f"takes the account of {cell.renamed_from} ({cell.account}): it is a new cell",
            f"the account holds the VPC and the cluster of {cell.renamed_from} until they are "
            "destroyed; no resource is renamed",
        )
        yield replace(told, is_rename=True)
    if cell.likely_from:
        old = cell.likely_from
        told = _danger(
            f"looks like {old} under another name, which no apply can give: it is a new cell",
            f"its name is part of every resource: {cell.name} is built anew, in account "
            f"{cell.account} and with other addresses, and {old} stands until: cellfactory "
            f"decommission {old}",
            f"to keep what stands, restore the name {old}",
        )
        yield replace(told, is_rename=True)
    yield _note(f"new cell, {counted(cell.added, 'node')}, {counted(held, 'pod')}")


def _removed(cell: CellImpact) -> Iterator[Told]:
    yield _danger(
        f"leaves the inventory with {counted(cell.removed, 'node')}",
        f"apply destroys nothing of it, and account {cell.account} stays",
        "to destroy it: the platform and the routes of its peers first, then its edges, cluster "
        "and network",
    )


def _identity(cell: CellImpact) -> Iterator[Told]:
    for step in cell.identity:
        yield _danger(f"{step}, which no apply can change", _WHY_NOT.get(step.what, ""))
    if cell.mesh:
        yield _caution(f"moves from mesh {cell.mesh.before} to mesh {cell.mesh.after}")


_LEFT = "the cell would be built anew, and what stands would be forgotten: in AWS, in no state"
_WHY_NOT = {
    "organization": "Terraform moves no account to another organization",
    "account": _LEFT,
    "e-mail address": "Terraform would create another account",
    "Region": _LEFT,
    "ip_family": "EKS sets it when it creates a cluster",
    "service_block": "EKS sets it when it creates a cluster",
    "state": _LEFT,
}


def _version(cell: CellImpact) -> Iterator[Told]:
    version = cell.version
    if version is None:
        return
    if version.refused == "skips":
        yield _danger(
            f"{version}: EKS refuses to skip a minor version",
            f"go to {next_version(version.before)} first, and apply it",
        )
    elif version.refused == "back":
        yield _danger(f"{version}: a plan never takes a control plane back")
    else:
        yield _caution(f"{version}: one way, no apply takes it back")


def _nodes(cell: CellImpact, each: str) -> Iterator[Told]:
    stood = cell.before.nodes if cell.before else 0
    if cell.zones_lost:
        zones = listed(cell.zones_lost)
        yield _danger(f"gives up zone {zones}: its nodes and subnets are destroyed")
    if cell.zones_gained:
        yield _note(f"gets zone {listed(cell.zones_gained)}")
    if cell.removed:
        shrunk = [
            f"{_name(g)}: {g.before:,} -> {g.after:,} nodes" for g in cell.groups if g.removed
        ]
        text = f"{cell.removed:,} of {counted(stood, 'node')}{each} drained and not replaced"
        yield replace(_danger(text, *shrunk), disrupts=True)
    if at_once := [g for g in cell.groups if g.replaced and g.at_once]:
        nodes = sum(group.replaced for group in at_once)
        told = _danger(
            f"{nodes:,} of {counted(stood, 'node')}{each} replaced all at once",
            *(f"{_name(group)}: {_reasons(group)}" for group in at_once),
            "EKS makes the group anew: max_unavailable holds no node back",
        )
        yield replace(told, disrupts=True)
    if rolled := [g for g in cell.groups if g.replaced and not g.at_once]:
        nodes = sum(group.replaced for group in rolled)
        told = _caution(
            f"{nodes:,} of {counted(stood, 'node')}{each} replaced, {_reasons(*rolled)}",
            *(f"{_name(group)}: {_waves(group)}" for group in rolled),
        )
        yield replace(told, disrupts=True)
    if cell.added:
        grown = [f"{_name(g)}: {g.before:,} -> {g.after:,} nodes" for g in cell.groups if g.added]
        yield _note(f"+{counted(cell.added, 'node')}{each}", *grown)


def _name(group: GroupImpact) -> str:
    return f"group {group.name}"


def _reasons(*groups: GroupImpact) -> str:
    steps = dict.fromkeys(str(step) for group in groups for step in group.why)
    return "; ".join(steps)


def _waves(group: GroupImpact) -> str:
    """Say how an update goes: of each EKS group some nodes at a time, the groups side by side."""
    each = counted(group.eks_groups, "EKS group")
    at_a_time = f"{counted(group.max_unavailable, 'node')} of each at a time"
    return (
        f"{each}, {at_a_time} (max_unavailable): {counted(group.waves, 'wave')}, at least "
        f"{duration(group.minutes)}; EKS gives up after {duration(group.most_minutes)}"
    )


def _room(cell: CellImpact, each: str) -> Iterator[Told]:
    before, after = cell.before, cell.after
    if before is None or after is None:
        return
    if cell.prefixes:
        lost = counted(cell.reservations_lost, "subnet reservation")
        pods = f"pods of a node {before.pods_per_node:,} -> {after.pods_per_node:,}"
        details = (f"{lost}{each} destroyed and made anew",) if cell.reservations_lost else ()
        yield _caution(f"{cell.prefixes}: {pods}", *details)
    if (before.nodes, before.pods, before.more_per_zone) == (
        after.nodes,
        after.pods,
        after.more_per_zone,
    ):
        return
    pods = f"room for {before.pods:,} -> {counted(after.pods, 'pod')}{each}"
    details = (f"fullest bound {_bound(before)} -> {_bound(after)}",)
    more = f"{counted(after.more_per_zone, 'more node')} in each zone"
    if after.more_per_zone < 0:
        yield _danger(f"{pods}; {-after.more_per_zone:,} nodes too many in each zone", *details)
    elif after.more_per_zone == 0 and before.more_per_zone > 0:
        yield _caution(f"{pods}; no room for more nodes", *details)
    else:
        yield _note(f"{pods}; room for {more}", *details)


def _bound(room: Room) -> str:
    return f"{room.share:.0%} ({room.bound or 'none'})"


def _addons(cell: CellImpact) -> Iterator[Told]:
    for step in cell.addons:
        is_back = "none" not in (step.before, step.after) and (
            numbers(step.before) > numbers(step.after)
        )
        if step.after == "none" or is_back:
            yield _caution(f"add-on {step}" + (", which goes back" if is_back else ""))
        else:
            yield _note(f"add-on {step}")


def _mesh(mesh: MeshImpact) -> Iterator[Told]:
    subject = f"mesh {mesh.name}"
    if mesh.step is not None:
        yield Told(level="note", subject=subject, text=str(mesh.step))
    moves = ((mesh.to_gateway, "the gateway"), (mesh.to_peering, "peerings again"))
    for edges, where in moves:
        if edges:
            text = _of_edges(edges, f"leads over {where}, in place", f"lead over {where}, in place")
            yield Told(level="caution", subject=subject, text=text)
    if mesh.retired:
        yield Told(
            level="danger",
            subject=subject,
            text=_of_edges(mesh.retired, "loses its way back", "lose their way back"),
            details=("connections are deleted: going back is asking for each of them again",),
        )
    yield from _gateway(mesh, subject)
    if mesh.reuses_pods:
        text = "cells share pod addresses from now on: there is no way back to peerings"
        yield Told(level="danger", subject=subject, text=text)
    ways: tuple[tuple[str, tuple[tuple[str, str], ...], Level], ...] = (
        ("loses", mesh.lost, "danger"),
        ("gains", mesh.gained, "note"),
    )
    for verb, edges, level in ways:
        if edges:
            yield Told(
                level=level,
                subject=subject,
                text=f"{verb} {counted(len(edges), 'edge')}: {_names(edges)}",
                disrupts=verb == "loses",
                is_of_mesh=True,
            )


def _of_edges(edges: Sequence[tuple[str, str]], one: str, several: str) -> str:
    """Say what becomes of edges, in words for one and for several of them."""
    says = one if len(edges) == 1 else several
    return f"{counted(len(edges), 'edge')} {says}: {_names(edges)}"


def _names(edges: Sequence[tuple[str, str]]) -> str:
    return listed(["--".join(edge) for edge in edges])


def _gateway(mesh: MeshImpact, subject: str) -> Iterator[Told]:
    if mesh.new_account is not None:
        yield Told(
            level="danger",
            subject=subject,
            text=str(mesh.new_account),
            details=("a gateway does not move: plan and apply refuse it where it stands (F781)",),
        )
    if mesh.regrouped:
        yield Told(
            level="danger",
            subject=subject,
            text=_of_edges(mesh.regrouped, "is interrupted", "are interrupted"),
            details=("an attachment is in no route table until it is in the other one",),
            disrupts=True,
        )


def _in_all(impact: Impact) -> Iterator[Told]:
    """Say what all cells together are in for, where there is more than one."""
    standing = [cell for cell in impact if cell.action == "change" and cell.drained]
    if len(standing) < 2:
        return
    drained = sum(cell.drained for cell in standing)
    text = f"{drained:,} of {counted(impact.standing, 'node')} drained in {len(standing):,} cells"
    rings = f", ring by ring: {', '.join(impact.rings)}" if len(impact.rings) > 1 else ""
    least = f"; at least {duration(impact.minutes)} in all" if impact.minutes else ""
    yield Told(level="caution", subject="", text=f"{text}{rings}{least}")


def _danger(text: str, *details: str) -> Told:
    return Told(level="danger", subject="", text=text, details=tuple(filter(None, details)))


def _caution(text: str, *details: str) -> Told:
    return Told(level="caution", subject="", text=text, details=tuple(filter(None, details)))


def _note(text: str, *details: str) -> Told:
    return Told(level="note", subject="", text=text, details=tuple(filter(None, details)))
