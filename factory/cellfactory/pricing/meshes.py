"""What each way of joining the VPCs of a mesh costs, and what NAT gateways between them would."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import ROUND_DOWN, Decimal
from typing import Literal, get_args

from cellfactory.facts.schema import Facts
from cellfactory.inventory.schema import Inventory, Mesh, Traffic
from cellfactory.pricing.lines import Line, Pen

Interconnect = Literal["peering", "gateway", "shared_vpc", "lattice", "cloud_wan"]
INTERCONNECTS: tuple[Interconnect, ...] = get_args(Interconnect)
INTERCONNECT_TITLES: dict[Interconnect, str] = {
    "peering": "VPC peering",
    "gateway": "Transit Gateway",
    "shared_vpc": "Shared VPC",
    "lattice": "VPC Lattice",
    "cloud_wan": "Cloud WAN",
}
BYTE = Decimal("0.000000001")  # of a gigabyte: nothing less is moved
DIRECTIONS = 2  # traffic between zones is billed to the sender and to the receiver
_ATTACHED: dict[Interconnect, str] = {
    "gateway": "transit-gateway-attachment-hour",
    "cloud_wan": "cloud-wan-attachment-hour",
    "lattice": "lattice-service-hour",
}
_MOVED: dict[Interconnect, str] = {
    "gateway": "transit-gateway-gb",
    "cloud_wan": "cloud-wan-gb",
    "lattice": "lattice-gb",
}

_PEERED = "transit-gateway-peering"
"""Gateways of two Regions: by the hour and by the gigabyte, and no source says how much."""

PodWay = Literal["host", "nat_gateway"]
POD_WAYS: tuple[PodWay, ...] = get_args(PodWay)
POD_WAY_TITLES: dict[PodWay, str] = {
    "host": "NAT on the host, as here",
    "nat_gateway": "private NAT gateways",
}


def way_of(mesh: Mesh) -> Interconnect:
    """Say what the routes of a mesh lead over; those of a canary alone do not count.

    On the way between peerings and a gateway both are paid for by the hour, which peerings are
    not.
    """
    return "gateway" if mesh.step.routes == "gateway" else "peering"


def mesh_lines(kind: Interconnect, inventory: Inventory, mesh: str, facts: Facts) -> list[Line]:
    """List what joining the VPCs of a mesh costs in a month, in one of the ways.

    What a cell sends to others, and all between it and hubs, is the cell's; what a gateway takes
    for hubs, and what there is once for all, is the mesh's.
    """
    lines = [
        line
        for cell in inventory.members_of(mesh)
        for line in joined_lines(kind, inventory, cell, facts)
    ]
    pen = Pen(mesh, inventory.meshes[mesh].region, facts)
    hubs = len(inventory.meshes[mesh].hubs)
    if kind in _ATTACHED and hubs:
        title = f"{facts.prices.items[_ATTACHED[kind]].title} of hubs"
        lines.append(pen.hourly("mesh", _ATTACHED[kind], hubs, title))
    if kind == "gateway":
        lines += [
            pen.unknown("mesh", _PEERED, f"gateway peered with {other}, and what crosses")
            for other in inventory.linked_meshes(mesh)
        ]
    if kind == "cloud_wan":
        lines.append(pen.hourly("mesh", "cloud-wan-edge-hour", 1))
    return lines


def today_lines(inventory: Inventory, cell: str, facts: Facts) -> Iterator[Line]:
    """Yield what a cell pays for being joined as it is at the step that its mesh is at.

    An attachment that no route leads over yet is paid for by the hour.
    """
    way = way_of(inventory.mesh_of(cell))
    if way != "gateway" and inventory.mesh_of(cell).step.attached:
        yield Pen(cell, inventory.region_of(cell), facts).hourly("mesh", _ATTACHED["gateway"], 1)
    yield from joined_lines(way, inventory, cell, facts)


def pod_lines(way: PodWay, inventory: Inventory, cell: str, facts: Facts) -> Iterator[Line]:
    """Yield what it costs to send pods' traffic with cells and hubs through NAT gateways.

    On its host, the VPC CNI translates for nothing.
    """
    if way == "host":
        return
    pen = Pen(cell, inventory.region_of(cell), facts)
    zones = len(inventory.type_of(cell).zones)
    yield pen.hourly("mesh", "nat-gateway-hour", zones, f"{zones} private NAT gateways")
    for key, moved in _moved(inventory, cell):
        yield pen.moved("mesh", "nat-gateway-gb", moved, key)


_WORDS = {"to_cells_gb": "to cells", "with_hubs_gb": "with hubs"}


def joined_lines(
    kind: Interconnect, inventory: Inventory, cell: str, facts: Facts
) -> Iterator[Line]:
    """Yield what a cell itself pays in a month for being joined to others in one of the ways."""
    pen = Pen(cell, inventory.region_of(cell), facts)
    if kind in _ATTACHED:
        yield pen.hourly("mesh", _ATTACHED[kind], 1)
    if kind == "lattice":
        requests = pen.moved("mesh", "lattice-million-requests", None, "requests to services")
        yield replace(requests, unit="k")
    for key, moved in _moved(inventory, cell):
        if kind in _MOVED:
            yield pen.moved("mesh", _MOVED[kind], moved, key)
        else:
            yield from _direct(pen, inventory, cell, key, moved)


def _direct(
    pen: Pen, inventory: Inventory, cell: str, key: str, moved: Decimal | None
) -> Iterator[Line]:
    """Yield traffic that nothing but the zones lies between: free in one, billed twice across."""
    same, of = same_zone_share(inventory.traffic_of(cell), len(inventory.type_of(cell).zones))
    inside = None if moved is None else (moved * same / of).quantize(BYTE, ROUND_DOWN)
    across = None if moved is None or inside is None else (moved - inside) * DIRECTIONS
    words = _WORDS[key]
    yield pen.moved("mesh", "peering-same-zone-gb", inside, key, f"{words}, in the same zone")
    yield pen.moved(
        "mesh", "cross-zone-gb-each-way", across, key, f"{words}, across zones (billed twice)"
    )


def _moved(inventory: Inventory, cell: str) -> Iterator[tuple[str, Decimal | None]]:
    """Yield the traffic of a cell with its mesh, of the kinds that it has a way for or declares."""
    traffic = inventory.traffic_of(cell)
    ways = (
        ("to_cells_gb", traffic.to_cells_gb, inventory.peers_of(cell)),
        ("with_hubs_gb", traffic.with_hubs_gb, inventory.hubs_of(cell)),
    )
    for key, declared, others in ways:
        if declared or (declared is None and others):
            yield key, None if declared is None else Decimal(declared)


def same_zone_share(traffic: Traffic, zones: int) -> tuple[int, int]:
    """Say which share of the traffic stays in a zone, as a fraction.

    >>> same_zone_share(Traffic(), 3), same_zone_share(Traffic(same_zone_percentage=90), 3)
    ((1, 3), (90, 100))
    """
    if traffic.same_zone_percentage is None:
        return 1, zones
    return traffic.same_zone_percentage, 100
