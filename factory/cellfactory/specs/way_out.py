"""The central way out of a mesh: its VPC, and what leads there and back over the gateway."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from dataclasses import replace

from cellfactory.inventory.central import CentralEgress, private_blocks
from cellfactory.inventory.schema import FlowLogs, Inventory
from cellfactory.layers import Stack
from cellfactory.layers.gateway import central_egress
from cellfactory.specs.central import EgressSpec
from cellfactory.specs.layers import SegmentsSpec
from cellfactory.specs.parts import Parts

OUT = "egress"
"""The route table of the way out, which leads back to the cells that use it."""

HUBS = "hubs"
"""The route table of a mesh's hubs, which reach its cells and not each other."""

_Rows = Mapping[str, Mapping[str, str]]


def describe_egress(parts: Parts, stack: Stack) -> EgressSpec:
    """Collect the way out of a mesh, and the cells that it leads back to."""
    mesh, inventory = stack.id.owner, parts.inventory
    egress = central_egress(inventory, mesh)
    assert egress is not None  # or there is no such stack
    attached = inventory.meshes[mesh].step.attached
    return EgressSpec(
        name=mesh,
        region=stack.access.region,
        account_id=stack.access.account,
        block=str(egress.block),
        public={zone: str(block) for zone, block in egress.subnets("public").items()},
        attachment={zone: str(block) for zone, block in egress.subnets("attachment").items()},
        attachments={mesh: {"gateway_id": "${var.gateway_id}"}} if attached else {},
        back={c: {"block": parts.primaries[c]} for c in _users(inventory, mesh) if attached},
        flow_logs=FlowLogs(),
    )


def lead_out(
    parts: Parts, mesh: str, table_of: Mapping[str, str], spec: SegmentsSpec
) -> SegmentsSpec:
    """Add to the segments of a mesh what leads to its way out, and back.

    Args:
        parts: what stacks are made of.
        mesh: the mesh.
        table_of: the route table of each cell that is attached.
        spec: its segments without a way out.
    """
    egress = central_egress(parts.inventory, mesh)
    if egress is None:
        return spec
    if not table_of:
        return replace(spec, defaults={}, closed={})
    users = _users(parts.inventory, mesh)
    defaults = _defaults(egress, {table_of[cell] for cell in users})
    routes = {**spec.routes, **_back(parts, egress, users)}
    return replace(
        spec,
        tables={**spec.tables, OUT: {"mesh": mesh}},
        routes=routes,
        defaults=defaults,
        closed=_closed(parts.inventory, defaults, {*routes, *(spec.link_routes or ())}),
    )


def _users(inventory: Inventory, mesh: str) -> tuple[str, ...]:
    """The cells of a mesh whose way to the internet leads over its gateway."""
    return tuple(c for c in inventory.members_of(mesh) if inventory.has_central_egress(c))


def _back(parts: Parts, egress: CentralEgress, users: Iterable[str]) -> _Rows:
    """Lead from the way out to the cells that use it, by whoever inspects the traffic."""
    return {
        f"{OUT} {parts.primaries[cell]}": {
            "block": parts.primaries[cell],
            "table": OUT,
            "to": egress.inspected_by or cell,
        }
        for cell in users
    }


def _defaults(egress: CentralEgress, tables: Iterable[str]) -> _Rows:
    """Say for each route table where all else goes: out, or to whoever inspects it first."""
    hub = egress.inspected_by
    found = {table: {"table": table, "to": hub or OUT} for table in sorted(tables)}
    return found | ({HUBS: {"table": HUBS, "to": OUT}} if hub and found else {})


def _closed(inventory: Inventory, defaults: Iterable[str], routes: Container[str]) -> _Rows:
    """Keep private blocks from the way out: cells would reach each other by its way back.

    What an attachment may reach is in longer blocks, which go before these.

    Source: https://docs.aws.amazon.com/vpc/latest/tgw/transit-gateway-nat-igw.html
    """
    blocks = private_blocks([*inventory.address_pools.node, *inventory.address_pools.pod])
    wanted = {f"{t} {b}": {"block": str(b), "table": t} for t in defaults for b in blocks}
    return {key: row for key, row in wanted.items() if key not in routes}
