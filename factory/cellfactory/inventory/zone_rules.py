"""Regions and zones: known ones, and those of a cell all in the Region of its mesh."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal

from cellfactory.errors import Finding, KeyPath
from cellfactory.facts.schema import Facts, Region
from cellfactory.inventory.nearest import suggest
from cellfactory.inventory.schema import Cell, Hub, Inventory, Mesh, State
from cellfactory.inventory.unreadable import as_far_as_readable, peek, readable

PARTITION = "aws"
"""The one partition whose ARNs and service names the stacks spell out."""


def check_zones(inventory: Inventory, facts: Facts) -> Iterator[Finding]:
    """Yield Regions and zones that are not known or do not belong together.

    A zone that is not listed passes where its Region's zones are only known by pattern.

    Rules:
        F111: an unknown Region or zone, or a zone of another Region than the mesh.
        F128: a Region outside the partition `aws`, or a zone in which EKS takes no cluster subnet.
    """
    yield from _check_state(inventory, facts)
    yield from _check_places(inventory, "hubs", facts)
    yield from _check_places(inventory, "meshes", facts)
    homes = _homes(facts.regions)
    yield from _check_known(inventory, homes, facts)
    yield from _check_cells(inventory, homes)


@as_far_as_readable
def _check_state(inventory: Inventory, facts: Facts) -> Iterator[Finding]:
    yield from _check_region(inventory.state, ("state", "region"), facts)


@as_far_as_readable
def _check_places(
    inventory: Inventory, section: Literal["hubs", "meshes"], facts: Facts
) -> Iterator[Finding]:
    for name, place in getattr(inventory, section).items():
        yield from _check_region(place, (section, name, "region"), facts)


@as_far_as_readable
def _check_region(place: State | Hub | Mesh, path: KeyPath, facts: Facts) -> Iterator[Finding]:
    region = place.region
    if region not in facts.regions:
        message = f"unknown Region {region!r}{suggest(region, facts.regions)}"
        yield Finding(rule="F111", path=path, message=message, hint=_as_of(facts))
    elif facts.regions[region].partition != PARTITION:
        message = f"{region} is in the partition {facts.regions[region].partition}"
        hint = f"cells are built in the partition {PARTITION} only: ARNs and endpoints name it"
        yield Finding(rule="F128", path=path, message=message, hint=hint)


def _as_of(facts: Facts) -> str:
    day = max((region.checked for region in facts.regions.values()), default="")
    return f"as of {day}; Regions and zones that AWS opened since are not known here"


@as_far_as_readable
def _check_known(inventory: Inventory, homes: Mapping[str, str], facts: Facts) -> Iterator[Finding]:
    """Yield zones that nobody knows, or in which a control plane cannot have its subnet.

    Source: https://docs.aws.amazon.com/eks/latest/userguide/network-reqs.html
    """
    refused = {zone for region in facts.regions.values() for zone in region.refused}
    for name, cell_type in inventory.cell_types.items():
        for index, zone in readable(peek(cell_type, "zones") or ()):
            path = ("cell_types", name, "zones", index)
            if _home(zone, homes) is None:
                message = f"unknown zone {zone!r}{suggest(zone, _listed(facts.regions))}"
                yield Finding(rule="F111", path=path, message=message, hint=_as_of(facts))
            if zone in refused:
                yield Finding(
                    rule="F128",
                    path=path,
                    message=f"EKS does not allow cluster subnets in zone {zone}",
                    hint="use another zone: a cluster has a subnet in every zone of its cell",
                )


@as_far_as_readable
def _check_cells(inventory: Inventory, homes: Mapping[str, str]) -> Iterator[Finding]:
    for name, cell in inventory.cells.items():
        yield from _check_home(inventory, cell, homes, ("cells", name, "type"))


@as_far_as_readable
def _check_home(
    inventory: Inventory, cell: Cell, homes: Mapping[str, str], path: KeyPath
) -> Iterator[Finding]:
    mesh, cell_type = inventory.meshes.get(cell.mesh), inventory.cell_types.get(cell.type)
    if mesh is None or cell_type is None:
        return
    for _, zone in readable(cell_type.zones):
        home = _home(zone, homes)
        if home is not None and home != mesh.region:
            yield Finding(
                rule="F111",
                path=path,
                message=f"cell type {cell.type!r} has the zone {zone} of {home}, but mesh "
                f"{cell.mesh!r} is in {mesh.region}",
                hint="a cell type has zones of one Region: define one type per Region",
            )
            return


def _homes(regions: Mapping[str, Region]) -> dict[str, str]:
    """Map each zone to its Region; one only known by pattern is mapped by its zones' stem."""
    homes = {}
    for region in regions.values():
        for zone in region.zone_ids:
            homes[zone] = region.name
            if not region.confirmed:
                homes[_stem(zone)] = region.name
    return homes


def _home(zone: str, homes: Mapping[str, str]) -> str | None:
    return homes.get(zone) or homes.get(_stem(zone))


def _stem(zone: str) -> str:
    return zone.rsplit("-", 1)[0]


def _listed(regions: Mapping[str, Region]) -> Iterator[str]:
    for region in regions.values():
        yield from region.zone_ids
