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
        through = _out_and_in(traffic, with_endpoints=not endpoints)
        title = "internet traffic through the gateway"
        yield pen.moved("egress", "transit-gateway-gb", through, _asked(traffic), title)
    if way != "none":
        through = _out_and_in(traffic, with_endpoints=not endpoints)
        yield pen.moved("egress", "nat-gateway-gb", through, _asked(traffic))
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


def _out_and_in(traffic: Traffic, *, with_endpoints: bool) -> Decimal | None:
    """Add up what goes through NAT gateways; without endpoints, also what would go through them."""
    parts = [traffic.to_internet_gb, traffic.from_internet_gb]
    known = [part for part in (*parts, traffic.endpoints_gb if with_endpoints else None) if part]
    if not known and None in parts:
        return None
    return Decimal(sum(known))


def _asked(traffic: Traffic) -> str:
    return "to_internet_gb" if traffic.to_internet_gb is None else "from_internet_gb"


def _decimal(gigabytes: int | None) -> Decimal | None:
    return None if gigabytes is None else Decimal(gigabytes)
