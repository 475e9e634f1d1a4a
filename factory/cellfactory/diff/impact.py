"""What an edit does to cells that stand, in words of this domain: nodes, room, versions, edges."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from decimal import Decimal
from typing import TypedDict

from cellfactory.addressing.births import Birth
from cellfactory.addressing.need import pod_reservations, reserved_addresses
from cellfactory.addressing.renamed import likely_renames
from cellfactory.addressing.steps import pod_sharers
from cellfactory.design import Design
from cellfactory.diff.impact_model import (
    CellImpact,
    GroupImpact,
    Impact,
    MeshImpact,
    Room,
    ValueStep,
    VersionImpact,
)
from cellfactory.diff.impact_nodes import group_impacts
from cellfactory.inventory.groups import declared_nodes
from cellfactory.inventory.node_config import pods_per_node, prefixes_per_node
from cellfactory.inventory.schema import CellType, ExistingAccount
from cellfactory.inventory.version_step import refusal
from cellfactory.pricing.costs import sum_of_cell
from cellfactory.pricing.lines import Sum
from cellfactory.sizing.bounds import BOUNDS
from cellfactory.sizing.usage import Usage

__all__ = [
    "CellImpact",
    "GroupImpact",
    "Impact",
    "MeshImpact",
    "Room",
    "ValueStep",
    "VersionImpact",
    "impact",
]

Edge = tuple[str, str]
"""Two cells, or a cell and a hub; sorted."""


def impact(before: Design | None, after: Design) -> Impact:
    """Say what becomes of cells when one design takes the place of another.

    Args:
        before: what stands; None where nothing does, so that every cell is new.
        after: what is asked for.
    """
    if before is after:
        return Impact()
    cells = tuple(_cells(before, after))
    changed = {cell.ring for cell in cells if cell.action == "change"}
    return Impact(
        cells=cells,
        meshes=_meshes(before, after),
        rings=tuple(ring for ring in after.inventory.rings if ring in changed),
        standing=_nodes(before) if before else 0,
    )


def room_of(design: Design, cell: str) -> Room:
    """Say what a cell holds, and how much is left of what binds it."""
    kind = design.inventory.type_of(cell)
    zones = len(kind.zones)
    limits = [u for u in design.ledger.of(cell) if u.gate == "error" and u.more_nodes is not None]
    binding = design.ledger.binding(cell)
    return Room(
        nodes=declared_nodes(kind),
        zones=zones,
        pods_per_node=pods_per_node(kind, design.facts),
        bound=BOUNDS[binding.bound].title if binding else "",
        scope=binding.scope.name if binding and binding.scope.name != cell else "",
        used=binding.used if binding else 0,
        limit=binding.limit if binding else 0,
        unit=binding.unit if binding else "",
        more_per_zone=min((_more_per_zone(usage, zones) for usage in limits), default=0),
    )


def _nodes(design: Design) -> int:
    return sum(declared_nodes(design.inventory.type_of(cell)) for cell in design.inventory.cells)


def _more_per_zone(usage: Usage, zones: int) -> int:
    more = usage.more_nodes or 0
    return more if usage.in_zone else more // zones


def _cells(before: Design | None, after: Design) -> Iterator[CellImpact]:
    stood = before.inventory.cells if before else {}
    came = after.inventory.cells.keys() - stood.keys()
    went = stood.keys() - after.inventory.cells.keys()
    names = _renamed(before, after, came, went) if before else {}
    likely = _likely(before, after, came - {*names}, went - {*names.values()}) if before else {}
    for name in sorted(stood.keys() | after.inventory.cells.keys()):
        if name in came:
            yield _added(after, name, names.get(name, ""), likely.get(name, ""))
        elif before and name in went:
            yield _removed(before, name)
        elif before and (changed := _changed(before, after, name)):
            yield changed


def _renamed(before: Design, after: Design, came: set[str], went: set[str]) -> Mapping[str, str]:
    """Find cells that come into an account that another one leaves."""
    left = {_account(before, name): name for name in sorted(went)}
    found = {name: left.get(_account(after, name), "") for name in sorted(came)}
    return {name: old for name, old in found.items() if old}


def _likely(before: Design, after: Design, came: set[str], went: set[str]) -> Mapping[str, str]:
    """Find cells that come as another one goes that is alike in all but name and account."""
    sides = (
        {name: _kind(design, name) for name in sorted(names)}
        for design, names in ((after, came), (before, went))
    )
    return likely_renames(*sides)


def _kind(design: Design, name: str) -> tuple[str, ...]:
    cell = design.inventory.cells[name]
    return cell.type, cell.mesh, cell.organization


def _account(design: Design, cell: str) -> str:
    account = design.inventory.cells[cell].account
    return account.id if isinstance(account, ExistingAccount) else account.email


def _added(design: Design, cell: str, renamed_from: str, likely_from: str) -> CellImpact:
    return CellImpact(
        name=cell,
        action="add",
        ring=design.inventory.cells[cell].ring,
        account=_account(design, cell),
        groups=group_impacts(None, design, cell),
        after=room_of(design, cell),
        renamed_from=renamed_from,
        likely_from=likely_from,
        **_price(None, design, cell),
    )


def _removed(design: Design, cell: str) -> CellImpact:
    return CellImpact(
        name=cell,
        action="remove",
        ring=design.inventory.cells[cell].ring,
        account=_account(design, cell),
        groups=group_impacts(design, None, cell),
        before=room_of(design, cell),
        **_price(design, None, cell),
    )


def _changed(before: Design, after: Design, cell: str) -> CellImpact | None:
    """Compare a cell that stays; None where nothing of it is another."""
    prefixes = _prefixes(before, after, cell)
    lost = _reservations(before, cell) - _reservations(after, cell) if prefixes else set()
    was, is_now = before.inventory.type_of(cell), after.inventory.type_of(cell)
    mesh = (before.inventory.cells[cell].mesh, after.inventory.cells[cell].mesh)
    found = CellImpact(
        name=cell,
        action="change",
        ring=after.inventory.cells[cell].ring,
        account=_account(after, cell),
        groups=group_impacts(before, after, cell),
        version=_version(was, is_now),
        addons=_addons(was, is_now),
        identity=_identity(before, after, cell),
        mesh=ValueStep(what="mesh", before=mesh[0], after=mesh[1]) if mesh[0] != mesh[1] else None,
        zones_lost=tuple(sorted(set(was.zones) - set(is_now.zones))),
        zones_gained=tuple(sorted(set(is_now.zones) - set(was.zones))),
        prefixes=prefixes,
        reservations_lost=len(lost),
        **_price(before, after, cell),
    )
    return found.with_rooms(room_of(before, cell), room_of(after, cell)) if found else None


def _version(was: CellType, is_now: CellType) -> VersionImpact | None:
    before, after = was.kubernetes_version, is_now.kubernetes_version
    if before == after:
        return None
    return VersionImpact(before=before, after=after, refused=refusal(before, after))


def _addons(was: CellType, is_now: CellType) -> tuple[ValueStep, ...]:
    names = sorted(was.addons.keys() | is_now.addons.keys())
    versions = ((name, was.addon_version(name), is_now.addon_version(name)) for name in names)
    return tuple(
        ValueStep(what=name, before=old or "none", after=new or "none")
        for name, old, new in versions
        if old != new
    )


def _identity(before: Design, after: Design, cell: str) -> tuple[ValueStep, ...]:
    """Find what of a cell no apply can change: whoever accepts it by hand, answers for it."""
    born, now = before.lock.births.get(cell), after.lock.births.get(cell)
    if born is None or now is None:
        return ()
    pairs = zip(_described(born).items(), _described(now).values(), strict=True)
    return tuple(
        ValueStep(what=what, before=old, after=new)
        for (what, old), new in pairs
        if old and new and old != new
    )


def _described(birth: Birth) -> dict[str, str]:
    return {
        "organization": birth.management_account,
        "account": birth.account or "",
        "e-mail address": birth.email or "",
        "Region": birth.region,
        "ip_family": birth.ip_family,
        "service_block": str(birth.service_block),
        "state": f"{birth.state_bucket} in {birth.state_region}",
    }


def _prefixes(before: Design, after: Design, cell: str) -> ValueStep | None:
    old = prefixes_per_node(before.inventory.type_of(cell), before.facts)
    new = prefixes_per_node(after.inventory.type_of(cell), after.facts)
    if old == new:
        return None
    return ValueStep(what="prefixes_per_node", before=str(old), after=str(new))


def _reservations(design: Design, cell: str) -> set[str]:
    """List the blocks that are kept for prefixes in the pod subnets of a cell."""
    prefixes = prefixes_per_node(design.inventory.type_of(cell), design.facts)
    kept = reserved_addresses(design.facts)
    zones = design.plan.cells[cell].zones.values()
    pods = [zone["pod"] for zone in zones if "pod" in zone]
    return {str(b) for block in pods for b in pod_reservations(block, prefixes, kept)}


class _Priced(TypedDict, total=False):
    dollars: Decimal
    is_priced_whole: bool


def _price(before: Design | None, after: Design | None, cell: str) -> _Priced:
    """Say how much more a cell costs in a month; nothing where that is the same, or not known."""
    was, is_now = (
        sum_of_cell(one.inventory, cell, one.facts) if one else Sum() for one in (before, after)
    )
    more = is_now.dollars - was.dollars
    unpriced = ({line.item for line in found.lacking} for found in (was, is_now))
    if not more or (before and after and len({frozenset(items) for items in unpriced}) > 1):
        return {}
    return {"dollars": more, "is_priced_whole": was.is_whole and is_now.is_whole}


def _meshes(before: Design | None, after: Design) -> tuple[MeshImpact, ...]:
    """Find the edges that come and go; one that stays in a mesh of another name does neither."""
    old, new = _edges(before) if before else {}, _edges(after)
    moved = _moved(before, after, set(old) & set(new)) if before else {}
    changes = [
        MeshImpact(
            name=mesh,
            gained=tuple(sorted(e for e, m in new.items() if m == mesh and e not in old)),
            lost=tuple(sorted(e for e, m in old.items() if m == mesh and e not in new)),
            to_gateway=tuple(sorted(e for e, way in moved.items() if way and new[e] == mesh)),
            to_peering=tuple(sorted(e for e, way in moved.items() if not way and new[e] == mesh)),
            retired=tuple(sorted(e for e in _retired(before, after, old, new) if new[e] == mesh)),
            **(_step(before, after, mesh) if before else {}),
        )
        for mesh in sorted({*old.values(), *new.values()})
    ]
    return tuple(change for change in changes if change)


class _Step(TypedDict, total=False):
    step: ValueStep
    loses_peerings: bool
    reuses_pods: bool
    new_account: ValueStep
    regrouped: tuple[Edge, ...]


def _step(before: Design, after: Design, mesh: str) -> _Step:
    """Say which step a mesh takes between peerings and a gateway, and which door it closes."""
    was, now = before.inventory.meshes.get(mesh), after.inventory.meshes.get(mesh)
    found: _Step = {}
    if was is None or now is None:
        return found
    if was.interconnect != now.interconnect:
        found["step"] = ValueStep(
            what="interconnect", before=was.interconnect, after=now.interconnect
        )
        if was.step.peerings and not now.step.peerings:
            found["loses_peerings"] = True
    if _shares_pods(after, mesh) and not _shares_pods(before, mesh):
        found["reuses_pods"] = True
    return found | _gateway(before, after, mesh)


def _gateway(before: Design, after: Design, mesh: str) -> _Step:
    """Say what becomes of a gateway that stands before and after: it moves, or regroups cells."""
    was, now = before.inventory.meshes[mesh], after.inventory.meshes[mesh]
    if was.gateway is None or now.gateway is None or not (was.step.gateway and now.step.gateway):
        return {}
    found: _Step = {}
    if was.gateway.account != now.gateway.account:
        found["new_account"] = ValueStep(
            what="gateway.account", before=was.gateway.account, after=now.gateway.account
        )
    if was.gateway.route_tables != now.gateway.route_tables:
        edges = _edges(before).keys() & {e for e, m in _edges(after).items() if m == mesh}
        found["regrouped"] = tuple(sorted(edge for edge in edges if _over(before, edge)))
    return found


def _shares_pods(design: Design, mesh: str) -> bool:
    return any(pod_sharers(design.inventory, design.plan.cells, mesh))


def _moved(before: Design, after: Design, edges: Collection[Edge]) -> dict[Edge, bool]:
    """Find the edges that lead over something else than before: whether over the gateway now."""
    ways = {edge: (_over(before, edge), _over(after, edge)) for edge in edges}
    return {edge: now for edge, (was, now) in ways.items() if was != now}


def _retired(
    before: Design | None, after: Design, old: Collection[Edge], new: Mapping[Edge, str]
) -> Iterator[Edge]:
    """Yield the edges that stay, and have a connection no more."""
    if before is None:
        return
    for edge in old:
        if edge in new and _is_peered(before, edge) and not _is_peered(after, edge):
            yield edge


def _is_peered(design: Design, edge: Edge) -> bool:
    cell = edge[0] if edge[0] in design.inventory.cells else edge[1]
    return design.inventory.mesh_of(cell).step.peerings


def _over(design: Design, edge: Edge) -> bool:
    cell, other = edge if edge[0] in design.inventory.cells else edge[::-1]
    return design.inventory.leads_over_gateway(cell, other)


def _edges(design: Design) -> dict[Edge, str]:
    """List every edge of a design with its mesh."""
    found: dict[Edge, str] = {}
    for name, cell in design.inventory.cells.items():
        for other in design.inventory.reached_from(name):
            one, two = sorted((name, other))
            found[one, two] = cell.mesh
    return found
