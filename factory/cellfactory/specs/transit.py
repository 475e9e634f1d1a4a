"""The layers `gateway`, `transit` and `segments`: how cells are joined by a transit gateway.

Only routable blocks are ever routed. A route table of the gateway holds what its attachments may
reach and nothing else: nobody reaches a cell that the mesh does not join it to.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator

from cellfactory.inventory.central import private_blocks
from cellfactory.inventory.schema import FlowLogs, Inventory
from cellfactory.layers import Stack
from cellfactory.layers.access import account_id, is_new_account
from cellfactory.layers.gateway import attached_hubs, central_egress, has_invitation
from cellfactory.specs.central import EgressSpec
from cellfactory.specs.layers import SegmentsSpec, TransitGatewaySpec, TransitSpec
from cellfactory.specs.parts import Parts

CELLS = "cells"
"""The route table that all cells of a mesh share, where they share one."""

OUT = "egress"
"""The route table of the way out, which leads back to the cells that use it."""

HUBS = "hubs"
"""The route table of a mesh's hubs, which reach its cells and not each other."""


def describe_gateway(parts: Parts, stack: Stack) -> TransitGatewaySpec:
    """Collect whom the gateway of a mesh is shared with: each cell's account, and each hub's."""
    mesh, inventory = stack.id.owner, parts.inventory
    gateway = inventory.meshes[mesh].gateway
    assert gateway is not None  # F760 has said so
    members = {
        cell: {"account_id": _account_of(inventory, cell)} for cell in inventory.members_of(mesh)
    }
    known = {gateway.account, *(row["account_id"] for row in members.values())}
    hubs = {inventory.hubs[hub].account for hub in inventory.meshes[mesh].hubs} - known
    others = {inventory.cells[cell].organization for cell in members} - {gateway.organization}
    return TransitGatewaySpec(
        name=mesh,
        asn=gateway.asn,
        is_shared_outside=bool(others or hubs),
        members=members,
        hubs={account: {"account_id": account} for account in sorted(hubs)},
    )


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


def _users(inventory: Inventory, mesh: str) -> tuple[str, ...]:
    """The cells of a mesh whose way to the internet leads over its gateway."""
    return tuple(c for c in inventory.members_of(mesh) if inventory.has_central_egress(c))


def describe_transit(parts: Parts, stack: Stack) -> TransitSpec:
    """Collect what attaches a cell to the gateway of its mesh."""
    cell, inventory = stack.id.owner, parts.inventory
    attached = inventory.mesh_of(cell).step.attached
    return TransitSpec(
        name=cell,
        has_invitation=has_invitation(inventory, cell),
        zones=tuple(parts.plan.cells[cell].zones),
        attachments={cell: {"gateway_id": "${var.gateway_id}"}} if attached else {},
    )


def describe_segments(parts: Parts, stack: Stack) -> SegmentsSpec:
    """Collect the attachments of a mesh, the route table of each, and what stands in it."""
    mesh, inventory = stack.id.owner, parts.inventory
    declared = inventory.meshes[mesh]
    has_way_out = central_egress(inventory, mesh) is not None
    if not declared.step.attached:
        none: dict[str, dict[str, str]] | None = {} if has_way_out else None
        return SegmentsSpec(attachments={}, tables={}, routes={}, defaults=none, closed=none)
    cells, hubs = inventory.members_of(mesh), attached_hubs(inventory, mesh)
    table_of = {**{c: _table_of(inventory, c) for c in cells}, **dict.fromkeys(hubs, HUBS)}
    attachments = {
        **{cell: f'${{var.attachment_ids["{cell}"]}}' for cell in cells},
        **{hub: inventory.hubs[hub].attachments[mesh] for hub in hubs},
    }
    routes = {
        f"{table} {block}": {"block": block, "table": table, "to": to}
        for name, table in table_of.items()
        for to in _reached(inventory, mesh, name)
        for block in _blocks_of(parts, to)
    } | _back(parts, mesh)
    defaults = _defaults(inventory, mesh) if has_way_out else None
    return SegmentsSpec(
        attachments={
            name: {"attachment_id": attachment, "table": table_of[name]}
            for name, attachment in attachments.items()
        },
        tables={
            table: {"mesh": mesh}
            for table in sorted({*table_of.values(), *([OUT] if has_way_out else [])})
        },
        routes=routes,
        defaults=defaults,
        closed=None if defaults is None else _closed(inventory, defaults, routes),
    )


def _back(parts: Parts, mesh: str) -> dict[str, dict[str, str]]:
    """Lead from the way out to the cells that use it, by whoever inspects the traffic."""
    egress = central_egress(parts.inventory, mesh)
    if egress is None:
        return {}
    hub = egress.inspected_by
    return {
        f"{OUT} {parts.primaries[cell]}": {
            "block": parts.primaries[cell],
            "table": OUT,
            "to": hub or cell,
        }
        for cell in _users(parts.inventory, mesh)
    }


def _defaults(inventory: Inventory, mesh: str) -> dict[str, dict[str, str]]:
    """Say for each route table where all else goes: out, or to whoever inspects it first."""
    egress = central_egress(inventory, mesh)
    hub = egress.inspected_by if egress else None
    tables = {_table_of(inventory, cell) for cell in _users(inventory, mesh)}
    found = {table: {"table": table, "to": hub or OUT} for table in sorted(tables)}
    return found | ({HUBS: {"table": HUBS, "to": OUT}} if hub and tables else {})


def _table_of(inventory: Inventory, cell: str) -> str:
    gateway = inventory.mesh_of(cell).gateway
    return cell if gateway is not None and gateway.route_tables == "cell" else CELLS


def _reached(inventory: Inventory, mesh: str, name: str) -> Iterator[str]:
    """Yield the cells and hubs that an attachment may reach."""
    if name not in inventory.cells:
        yield from inventory.members_of(mesh)
        return
    yield from inventory.peers_of(name)
    yield from attached_hubs(inventory, mesh)


def _blocks_of(parts: Parts, name: str) -> tuple[str, ...]:
    """The blocks that lead to a cell or hub: of a cell the routable one alone."""
    if name in parts.inventory.cells:
        return (parts.primaries[name],)
    return tuple(map(str, parts.inventory.hubs[name].blocks))


def _account_of(inventory: Inventory, cell: str) -> str:
    if is_new_account(inventory, cell):
        return f'${{var.account_ids["{cell}"]}}'
    return account_id(inventory, cell)


def _closed(
    inventory: Inventory, defaults: Iterable[str], routes: Container[str]
) -> dict[str, dict[str, str]]:
    """Keep private blocks from the way out: cells would reach each other by its way back.

    What an attachment may reach is in longer blocks, which go before these.

    Source: https://docs.aws.amazon.com/vpc/latest/tgw/transit-gateway-nat-igw.html
    """
    blocks = private_blocks([*inventory.address_pools.node, *inventory.address_pools.pod])
    wanted = {f"{t} {b}": {"block": str(b), "table": t} for t in defaults for b in blocks}
    return {key: row for key, row in wanted.items() if key not in routes}
