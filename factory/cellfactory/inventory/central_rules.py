"""Whether cells with a central way out have one, and whether it can be."""

from __future__ import annotations

from collections.abc import Iterator

from cellfactory.errors import Finding, KeyPath
from cellfactory.facts.schema import Facts
from cellfactory.inventory.block_rules import check_usable
from cellfactory.inventory.central import SUBNET_LENGTH, SUBNETS_PER_ZONE, CentralEgress
from cellfactory.inventory.nearest import suggest
from cellfactory.inventory.overlaps import Owned, crossing
from cellfactory.inventory.schema import Inventory, Mesh
from cellfactory.inventory.unreadable import as_far_as_readable, lacks, names_of, peek, readable
from cellfactory.words import counted

RULES = {
    "F755": "A cell has central egress, and its mesh has none, or the cell is not attached to its "
    "gateway.",
    "F756": "The hub that inspects central egress is no hub of the mesh, or is not attached.",
    "F757": "The block of central egress is too small for its zones, or overlaps what cells have "
    "or reach.",
    "F758": "A zone of a cell with central egress has no NAT gateway (a warning).",
    "F759": "A cell that stands goes from central egress to NAT gateways in one step.",
}
"""What each rule says; a number is never used again for something else."""


def check_central(inventory: Inventory, facts: Facts) -> Iterator[Finding]:
    """Yield what keeps cells from a central way out.

    Rules:
        F110, F111, F119, F121: as elsewhere. F755 to F758: see `RULES`.
    """
    for name in names_of(peek(inventory, "cells") or ()):
        yield from _check_cell(inventory, name)
    for name in names_of(peek(inventory, "meshes") or ()):
        mesh = inventory.meshes.get(name)
        egress = peek(peek(mesh, "gateway"), "egress")
        if mesh is not None and egress is not None:
            path = ("meshes", name, "gateway", "egress")
            yield from _check_inspection(inventory, name, mesh, egress, path)
            yield from _check_zones(mesh, egress, facts, path)
            yield from _check_size(egress, facts, path)
            yield from _check_apart(inventory, name, egress, path)


@as_far_as_readable
def _check_cell(inventory: Inventory, cell: str) -> Iterator[Finding]:
    declared = inventory.cells.get(cell)
    if declared is None or declared.type not in inventory.cell_types:
        return
    mesh = inventory.meshes.get(declared.mesh)
    if inventory.type_of(cell).egress != "central" or mesh is None:
        return
    why = hint = ""
    if mesh.gateway is None or mesh.gateway.egress is None:
        why = f"mesh {declared.mesh!r} has none"
        hint = f"add meshes.{declared.mesh}.gateway.egress: {{block: …, zones: […]}}"
    elif not mesh.step.attached:
        why = f"no cell is attached to the gateway at {mesh.interconnect}"
        hint = "bring the mesh to interconnect: both first; until then take nat_gateway or none"
    if why:
        yield Finding(
            rule="F755",
            path=("cells", cell, "type"),
            message=f"cell {cell!r} has egress central, and {why}",
            hint=hint,
        )
    elif mesh.gateway is not None and mesh.gateway.egress is not None:
        yield from _check_cell_zones(inventory, cell, mesh.gateway.egress)


@as_far_as_readable
def _check_cell_zones(inventory: Inventory, cell: str, egress: CentralEgress) -> Iterator[Finding]:
    zones = [zone for _, zone in readable(inventory.type_of(cell).zones)]
    without = [zone for zone in zones if lacks(egress.zones, zone)]
    if without:
        yield Finding(
            rule="F758",
            path=("meshes", inventory.cells[cell].mesh, "gateway", "egress", "zones"),
            about=("cells", cell),
            message=f"cell {cell!r} has nodes in {', '.join(without)}, without a NAT gateway there",
            hint="add the zones at the end: traffic across zones is billed, and is lost with the "
            "other zone",
            severity="warning",
        )


@as_far_as_readable
def _check_inspection(
    inventory: Inventory, name: str, mesh: Mesh, egress: CentralEgress, path: KeyPath
) -> Iterator[Finding]:
    hub = egress.inspected_by
    if hub is None:
        return
    where = (*path, "inspection")
    if lacks(mesh.hubs, hub):
        known = names_of(mesh.hubs)
        message = f"{hub!r} is no hub of mesh {name!r}{suggest(hub, known)}"
        yield Finding(rule="F756", path=where, message=message)
    elif hub in inventory.hubs and name not in inventory.hubs[hub].attachments:
        yield Finding(
            rule="F756",
            path=where,
            message=f"hub {hub!r} inspects the egress of mesh {name!r} and is not attached to its "
            "gateway",
            hint="its owner attaches the VPC, with appliance mode; then write "
            f"hubs.{hub}.attachments: {{{name}: tgw-attach-…}}",
        )


@as_far_as_readable
def _check_zones(
    mesh: Mesh, egress: CentralEgress, facts: Facts, path: KeyPath
) -> Iterator[Finding]:
    region = facts.regions.get(mesh.region)
    seen: set[str] = set()
    for index, zone in readable(egress.zones):
        where = (*path, "zones", index)
        if zone in seen:
            yield Finding(rule="F121", path=where, message=f"{zone!r} is duplicated in zones")
        elif region is not None and region.zone_ids and zone not in region.zone_ids:
            message = f"{zone!r} is no zone of {mesh.region}{suggest(zone, region.zone_ids)}"
            yield Finding(rule="F111", path=where, message=message)
        seen.add(zone)


@as_far_as_readable
def _check_size(egress: CentralEgress, facts: Facts, path: KeyPath) -> Iterator[Finding]:
    yield from check_usable(egress.block, (*path, "block"), facts)
    zones = len(egress.zones)
    if egress.room < zones:
        yield Finding(
            rule="F757",
            path=(*path, "block"),
            message=f"{egress.block} has room for {counted(egress.room, 'zone')}, not {zones}",
            hint=f"each zone takes {SUBNETS_PER_ZONE} /{SUBNET_LENGTH}: a /24 has room for 8",
        )


def _check_apart(
    inventory: Inventory, name: str, egress: CentralEgress, path: KeyPath
) -> Iterator[Finding]:
    block = peek(egress, "block")
    if block is None:
        return
    own: list[Owned] = [(block, (*path, "block"), f"the egress of mesh {name!r}")]
    for _, other in crossing(own, _taken(inventory, name)):
        yield Finding(
            rule="F757",
            path=own[0][1],
            message=f"{block} of {own[0][2]} overlaps {other[0]} of {other[2]}",
            hint="choose a block that no cell has or reaches; one within address_pools.reserved is "
            "never given to a cell",
        )


def _taken(inventory: Inventory, mesh: str) -> Iterator[Owned]:
    """Yield what cells may have, and what they may reach: pools, hubs, other ways out."""
    for kind in ("node", "pod"):
        pools = peek(peek(inventory, "address_pools"), kind) or ()
        for index, block in readable(pools):
            yield block, ("address_pools", kind, index), f"the {kind} pool"
    for name, hub in (peek(inventory, "hubs") or {}).items():
        for index, block in readable(peek(hub, "blocks") or ()):
            yield block, ("hubs", name, "blocks", index), f"hub {name!r}"
    for name, other in (peek(inventory, "meshes") or {}).items():
        block = peek(peek(peek(other, "gateway"), "egress"), "block")
        if block is not None and name < mesh:
            path = ("meshes", name, "gateway", "egress", "block")
            yield block, path, f"the egress of mesh {name!r}"
