"""Regions and zones: known ones, and those of a cell all in the Region of its mesh."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from factory.errors import Finding, KeyPath
from factory.facts.schema import Facts, Region
from factory.inventory.nearest import suggest
from factory.inventory.schema import Inventory

PARTITION = "aws"
"""The one partition whose ARNs and service names the stacks spell out."""


def check_zones(inventory: Inventory, facts: Facts) -> Iterator[Finding]:
    """Yield Regions and zones that are not known or do not belong together.

    A zone that is not listed passes where its Region's zones are only known by pattern.

    Rules:
        F111: an unknown Region or zone, or a zone of another Region than the mesh.
        F128: a Region outside the partition `aws`, or a zone in which EKS takes no cluster subnet.
    """
    named: list[tuple[KeyPath, str]] = [(("state", "region"), inventory.state.region)]
    named += [(("hubs", n, "region"), hub.region) for n, hub in inventory.hubs.items()]
    named += [(("meshes", n, "region"), mesh.region) for n, mesh in inventory.meshes.items()]
    for path, region in named:
        if region not in facts.regions:
            message = f"unknown Region {region!r}{suggest(region, facts.regions)}"
            yield Finding(rule="F111", path=path, message=message)
        elif facts.regions[region].partition != PARTITION:
            message = f"{region} is in the partition {facts.regions[region].partition}"
            hint = f"cells are built in the partition {PARTITION} only: ARNs and endpoints name it"
            yield Finding(rule="F128", path=path, message=message, hint=hint)
    homes = _homes(facts.regions)
    for name, cell_type in inventory.cell_types.items():
        for index, zone in enumerate(cell_type.zones):
            if _home(zone, homes) is None:
                message = f"unknown zone {zone!r}{suggest(zone, _listed(facts.regions))}"
                path = ("cell_types", name, "zones", index)
                yield Finding(rule="F111", path=path, message=message)
    yield from _check_refused(inventory, facts)
    yield from _check_cells(inventory, homes)


def _check_refused(inventory: Inventory, facts: Facts) -> Iterator[Finding]:
    """Yield zones in which a cell's control plane cannot have its subnet.

    Source: https://docs.aws.amazon.com/eks/latest/userguide/network-reqs.html
    """
    refused = {zone for region in facts.regions.values() for zone in region.refused}
    for name, cell_type in inventory.cell_types.items():
        for index, zone in enumerate(cell_type.zones):
            if zone in refused:
                yield Finding(
                    rule="F128",
                    path=("cell_types", name, "zones", index),
                    message=f"EKS takes no cluster subnet in the zone {zone}",
                    hint="take another zone: every zone of a cell has a subnet of its cluster",
                )


def _check_cells(inventory: Inventory, homes: Mapping[str, str]) -> Iterator[Finding]:
    for name, cell in inventory.cells.items():
        mesh = inventory.meshes.get(cell.mesh)
        cell_type = inventory.cell_types.get(cell.type)
        if mesh is None or cell_type is None:
            continue
        for zone in cell_type.zones:
            home = _home(zone, homes)
            if home is not None and home != mesh.region:
                yield Finding(
                    rule="F111",
                    path=("cells", name, "type"),
                    message=f"cell type {cell.type!r} has the zone {zone} of {home}, but mesh "
                    f"{cell.mesh!r} is in {mesh.region}",
                    hint="a cell type has the zones of one Region; make one for each Region",
                )
                break


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
