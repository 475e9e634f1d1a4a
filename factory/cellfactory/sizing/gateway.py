"""Bounds of the transit gateway of a mesh: its attachments, its route tables, its routes.

The quotas are those of the network account, which the gateway's entry in the inventory names.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from cellfactory.facts.schema import Facts
from cellfactory.inventory.central import private_blocks
from cellfactory.inventory.interconnect import TransitGateway
from cellfactory.inventory.schema import Inventory, Traffic
from cellfactory.inventory.traffic_rules import mean_gbps
from cellfactory.sizing.bounds import BOUNDS
from cellfactory.sizing.entry import CellEntries
from cellfactory.sizing.quotas import quota_limit
from cellfactory.sizing.usage import Limit, Scope, Usage

QUOTAS: Mapping[str, str] = {
    "gateway-attachments": "attachments-per-transit-gateway",
    "gateway-route-tables": "route-tables-per-transit-gateway",
    "gateway-routes": "routes-per-transit-gateway",
    "gateway-peerings": "peerings-per-transit-gateway",
    "gateways-of-account": "transit-gateways",
}
"""The quota that limits each bound."""


def size_gateways(inventory: Inventory, facts: Facts) -> Iterator[Usage]:
    """Size the gateway of each mesh that has one, by the mesh's name."""
    for mesh, declared in sorted(inventory.meshes.items()):
        if declared.gateway is not None and declared.step.gateway:
            for bound, used in _used(inventory, mesh, declared.gateway):
                yield _usage(mesh, declared.region, declared.gateway, bound, used, facts)


def size_attachment(entries: CellEntries, traffic: Traffic) -> Iterator[Usage]:
    """Size what a cell that is joined by a gateway sends over its attachment.

    Args:
        entries: of the cell.
        traffic: what it declares for a month.
    """
    if not entries.shape.peers.has_gateway:
        return
    facts, cell = entries.facts, ("cells", entries.shape.name)
    moved = (traffic.to_cells_gb or 0) + (traffic.with_hubs_gb or 0)
    if moved:
        zone = entries.quota("transit-gateway-bandwidth")
        zones = len(entries.shape.zones)
        limit = replace(zone, value=zone.value * zones)
        rate = mean_gbps(moved, facts)
        scope = entries.scope("vpc")
        yield entries.usage("gateway-bandwidth", rate, limit, scope=scope, path=cell)
    yield entries.usage(
        "gateway-packets",
        facts.parameter("peering-mtu"),
        Limit(
            value=facts.parameter("transit-gateway-mtu"),
            source=facts.parameters["transit-gateway-mtu"].source,
        ),
        scope=entries.scope("vpc"),
        path=cell,
    )


def _used(inventory: Inventory, mesh: str, gateway: TransitGateway) -> Iterator[tuple[str, int]]:
    """Count as if every hub were attached: one day it is."""
    declared = inventory.meshes[mesh]
    cells = len(inventory.members_of(mesh))
    hubs = [inventory.hubs[name] for name in declared.hubs]
    linked = inventory.linked_meshes(mesh)
    far = sum(len(inventory.members_of(peer)) for peer in linked)
    blocks = sum(len(hub.blocks) for hub in hubs) + far
    others = cells - 1 if declared.cell_to_cell == "full" else 0
    is_apart = gateway.route_tables == "cell"
    of_cells = cells * (others + blocks) if is_apart else (cells if others else 0) + blocks
    out = gateway.egress is not None
    yield "gateway-attachments", cells + len(hubs) + len(linked) + out
    yield "gateway-route-tables", (cells if is_apart else 1) + bool(hubs) + bool(linked) + out
    to_cells = cells * (bool(hubs) + bool(linked))
    yield "gateway-routes", of_cells + to_cells + _routes_out(inventory, mesh)
    if linked:
        yield "gateway-peerings", len(linked)
    yield (
        "gateways-of-account",
        sum(
            other.gateway is not None
            and other.step.gateway
            and (other.gateway.account, other.region) == (gateway.account, declared.region)
            for other in inventory.meshes.values()
        ),
    )


def _routes_out(inventory: Inventory, mesh: str) -> int:
    """Count the routes back to cells with central egress, those out, and what closes these."""
    gateway = inventory.meshes[mesh].gateway
    if gateway is None or gateway.egress is None:
        return 0
    users = sum(inventory.has_central_egress(cell) for cell in inventory.members_of(mesh))
    tables = users if gateway.route_tables == "cell" else min(1, users)
    tables += 1 if users and gateway.egress.inspected_by else 0
    pools = inventory.address_pools
    return users + tables * (1 + len(private_blocks([*pools.node, *pools.pod])))


def _usage(
    mesh: str, region: str, gateway: TransitGateway, bound: str, used: int, facts: Facts
) -> Usage:
    row = BOUNDS[bound]
    return Usage(
        bound=bound,
        scope=Scope(mesh, "mesh", mesh),
        used=used,
        allowed=quota_limit(facts, QUOTAS[bound], region, gateway.quotas),
        unit=row.unit,
        gate=row.gate,
        path=("meshes", mesh, "gateway"),
        assumption=row.assumption,
    )
