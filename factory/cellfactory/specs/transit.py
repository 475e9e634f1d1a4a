"""The layers `gateway`, `transit` and `segments`: how cells are joined by a transit gateway.

Only routable blocks are ever routed. A route table of the gateway holds what its attachments may
reach and nothing else: nobody reaches a cell that the mesh does not join it to.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from cellfactory.inventory.schema import Inventory
from cellfactory.layers import Stack
from cellfactory.layers.access import account_of
from cellfactory.layers.gateway import (
    attached_hubs,
    has_invitation,
    higher_links,
    is_shared_outside,
    lower_links,
    unknown_hub_accounts,
)
from cellfactory.naming import edge_name
from cellfactory.specs.layers import (
    LinkedSpec,
    LinkSpec,
    SegmentsSpec,
    TransitGatewaySpec,
    TransitSpec,
)
from cellfactory.specs.parts import Parts
from cellfactory.specs.way_out import HUBS, lead_out

CELLS = "cells"
"""The route table that all cells of a mesh share, where they share one."""

LINKS = "links"
"""The route table of what comes from other meshes: it leads to the cells alone."""


def describe_gateway(parts: Parts, stack: Stack) -> TransitGatewaySpec:
    """Collect whom the gateway of a mesh is shared with: each cell's account, and each hub's."""
    mesh, inventory = stack.id.owner, parts.inventory
    gateway = inventory.meshes[mesh].gateway
    assert gateway is not None  # F760 has said so
    members = {
        cell: {"account_id": account_of(inventory, cell, "account_ids")}
        for cell in inventory.members_of(mesh)
    }
    hubs = unknown_hub_accounts(inventory, mesh)
    return TransitGatewaySpec(
        name=mesh,
        asn=gateway.asn,
        is_shared_outside=is_shared_outside(inventory, mesh),
        members=members,
        hubs={account: {"account_id": account} for account in hubs},
    )


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
    if not declared.step.attached:
        return lead_out(parts, mesh, {}, SegmentsSpec(attachments={}, tables={}, routes={}))
    cells, hubs = inventory.members_of(mesh), attached_hubs(inventory, mesh)
    table_of = {**{c: _table_of(inventory, c) for c in cells}, **dict.fromkeys(hubs, HUBS)}
    attachments = {
        **{cell: f'${{var.attachment_ids["{cell}"]}}' for cell in cells},
        **{hub: inventory.hubs[hub].attachments[mesh] for hub in hubs},
    }
    linked = inventory.linked_meshes(mesh)
    if linked:
        table_of |= dict.fromkeys(linked, LINKS)
    spec = SegmentsSpec(
        links={peer: {"table": LINKS} for peer in linked} or None,
        link_routes=_link_routes(parts, table_of, linked) or None,
        attachments={
            name: {"attachment_id": attachment, "table": table_of[name]}
            for name, attachment in attachments.items()
        },
        tables={table: {"mesh": mesh} for table in sorted({*table_of.values()})},
        routes={
            f"{table} {block}": {"block": block, "table": table, "to": to}
            for name, table in table_of.items()
            for to in _reached(inventory, mesh, name)
            for block in _blocks_of(parts, to)
        },
    )
    return lead_out(parts, mesh, {cell: table_of[cell] for cell in cells}, spec)


def _link_routes(
    parts: Parts, table_of: Mapping[str, str], linked: Sequence[str]
) -> dict[str, dict[str, str]]:
    """The routes of the cells of a mesh to those of other meshes; hubs reach their own alone."""
    inventory = parts.inventory
    return {
        f"{table} {block}": {"block": block, "table": table, "to": peer}
        for name, table in table_of.items()
        if name in inventory.cells
        for peer in linked
        for far in inventory.members_of(peer)
        for block in _blocks_of(parts, far)
    }


def describe_link(parts: Parts, stack: Stack) -> LinkSpec:
    """Collect the gateways that the gateway of a mesh asks to peer with."""
    mesh, inventory = stack.id.owner, parts.inventory
    links: dict[str, dict[str, str]] = {}
    for peer in higher_links(inventory, mesh):
        gateway = inventory.meshes[peer].gateway
        assert gateway is not None  # it is linked
        links[peer] = {
            "account_id": gateway.account,
            "gateway_id": f'${{var.peer_gateway_ids["{peer}"]}}',
            "link": edge_name(mesh, peer),
            "region": inventory.meshes[peer].region,
        }
    return LinkSpec(links=links)


def describe_linked(parts: Parts, stack: Stack) -> LinkedSpec:
    """Collect the requests of other gateways that the gateway of a mesh accepts."""
    mesh, inventory = stack.id.owner, parts.inventory
    return LinkedSpec(
        links={
            peer: {
                "attachment_id": f'${{var.attachment_ids["{peer}"]}}',
                "link": edge_name(mesh, peer),
            }
            for peer in lower_links(inventory, mesh)
        }
    )


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
