"""What each way out of a cell costs: endpoints only, NAT gateways of its own, or central ones."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Literal, get_args

from cellfactory.facts.schema import Facts
from cellfactory.inventory.endpoints import endpoint_services
from cellfactory.inventory.schema import CellType, Inventory, Traffic
from cellfactory.pricing.lines import Line, Pen

Egress = Literal["none", "nat_gateway", "central"]
EGRESSES: tuple[Egress, ...] = get_args(Egress)
EGRESS_TITLES: dict[Egress, str] = {
    "none": "endpoints only",
    "nat_gateway": "NAT gateway in each zone",
    "central": "central, through a transit gateway",
}


def egress_lines(way: Egress, inventory: Inventory, cell: str, facts: Facts) -> Iterator[Line]:
    """Yield what a cell pays in a month for its way to services and to the internet.

    Args:
        way: the way, whether or not it is the cell's own.
        inventory: with the traffic of the cell.
        cell: name.
        facts: prices.
    """
    cell_type, traffic = inventory.type_of(cell), inventory.traffic_of(cell)
    pen = Pen(cell, inventory.region_of(cell), facts)
    endpoints = len(_services(cell_type, way, facts))
    if endpoints:
        count = endpoints * len(cell_type.zones)
        title = f"{endpoints} interface endpoints in {len(cell_type.zones)} zones"
        yield pen.hourly("endpoints", "interface-endpoint-hour", count, title)
        moved = _decimal(traffic.endpoints_gb)
        yield pen.moved(
            "endpoints", "interface-endpoint-gb", moved, "endpoints_gb", "through endpoints"
        )
    if way == "nat_gateway":
        yield from _gateways(pen, len(cell_type.zones))
    if way == "central":
        if not inventory.mesh_of(cell).step.attached:  # or it is paid for with the mesh
            yield pen.hourly("egress", "transit-gateway-attachment-hour", 1)
        title = "internet traffic through the gateway"
        yield from _out_and_in(pen, "transit-gateway-gb", traffic, not endpoints, title)
    if way != "none":
        title = "through NAT gateways"
        yield from _out_and_in(pen, "nat-gateway-gb", traffic, not endpoints, title)
        out = _decimal(traffic.to_internet_gb)
        yield pen.moved("egress", "internet-gb", out, "to_internet_gb")


def shared_egress_lines(
    way: Egress, inventory: Inventory, mesh: str, facts: Facts
) -> Iterator[Line]:
    """Yield what the cells of a mesh share of a way out: the NAT gateways of a central VPC."""
    types = (inventory.type_of(name) for name in inventory.members_of(mesh))
    declared = inventory.meshes[mesh].gateway
    if declared is not None and declared.egress is not None:
        zones = set(declared.egress.zones)
    else:
        zones = {zone for cell_type in types for zone in cell_type.zones}
    if way == "central" and zones:
        pen = Pen(mesh, inventory.meshes[mesh].region, facts)
        yield pen.hourly(
            "egress", "transit-gateway-attachment-hour", 1, "attachment of the central VPC"
        )
        yield from _gateways(pen, len(zones))


def _gateways(pen: Pen, zones: int) -> Iterator[Line]:
    yield pen.hourly("egress", "nat-gateway-hour", zones, f"{zones} NAT gateways")
    yield pen.hourly("egress", "public-ipv4-hour", zones, "their public addresses")


def _services(cell_type: CellType, way: Egress, facts: Facts) -> tuple[str, ...]:
    """List the interface endpoints of a cell: with a way out, only those that it names."""
    egress = "none" if way == "none" else "nat_gateway"
    return endpoint_services(cell_type.model_copy(update={"egress": egress}), facts)


def _out_and_in(
    pen: Pen, item: str, traffic: Traffic, with_endpoints: bool, title: str
) -> Iterator[Line]:
    """Yield what goes out and comes in, and each part of it that nobody declares.

    Without endpoints, what would go through them goes the same way.
    """
    ways = {"to_internet_gb": "out", "from_internet_gb": "in"}
    parts = {key: getattr(traffic, key) for key in ways}
    known = [part for part in parts.values() if part is not None]
    told = [ways[key] for key, part in parts.items() if part is not None]
    if with_endpoints and traffic.endpoints_gb:
        known.append(traffic.endpoints_gb)
    if known:
        word = told[0] if len(told) == 1 else "both ways"
        yield pen.moved("egress", item, Decimal(sum(known)), "", f"{title}, {word}")
    for key, part in parts.items():
        if part is None:
            yield pen.moved("egress", item, None, key, f"{title}, {ways[key]}")


def _decimal(gigabytes: int | None) -> Decimal | None:
    return None if gigabytes is None else Decimal(gigabytes)
