"""What `show` tells of the ways out of a cell: its hubs, and the gateway of its mesh."""

from __future__ import annotations

from dataclasses import dataclass

from cellfactory.inventory.schema import Inventory
from cellfactory.layers import Stack
from cellfactory.layers.gateway import WAY_OUT
from cellfactory.runs.standing import Known


@dataclass(frozen=True, slots=True, kw_only=True)
class HubRow:
    """A hub that a cell reaches."""

    name: str
    account: str
    vpc: str
    region: str
    blocks: tuple[str, ...]
    over: str  # peering or gateway: what the way there leads over
    connection: str | None  # id of the peering; None where it is not known, or there is none
    attachment: str | None  # to the gateway of the mesh; None without one
    role: str | None  # that accepts for it; None where its owner does by hand
    is_accepted: bool | None  # by that role; None where nobody knows


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayRow:
    """The transit gateway of a mesh, as one of its cells has it."""

    mesh: str
    step: str  # where the mesh is between peerings and the gateway
    account: str
    organization: str
    gateway: str | None  # its id; None where it is not known
    attachment: str | None  # of the cell; likewise
    peers: tuple[str, ...]  # meshes whose gateways are peered with this one
    egress_block: str | None  # of the VPC that leads to the internet; None without one
    egress_attachment: str | None  # of that VPC; None where it is not known
    is_way_out: bool  # whether the cell leaves by that VPC


def is_shared(stack: Stack, inventory: Inventory, cell: str) -> bool:
    """Tell whether a stack is one of a cell's mesh or hubs, which other cells have, too."""
    owners = (inventory.cells[cell].mesh, *inventory.hubs_of(cell))
    return stack.id.cell is None and stack.id.owner in owners


def hub_rows(inventory: Inventory, cell: str, known: Known) -> tuple[HubRow, ...]:
    """List the hubs that a cell reaches, with what is known of the way there."""
    asked = known.output(cell, "peering", "connection_ids") or {}
    mesh = inventory.cells[cell].mesh
    rows = []
    for name in inventory.hubs_of(cell):
        hub = inventory.hubs[name]
        accepted = known.output(name, "hub", "accepted_ids")
        rows.append(
            HubRow(
                name=name,
                account=hub.account,
                vpc=hub.vpc,
                region=hub.region,
                blocks=tuple(map(str, hub.blocks)),
                over=inventory.way_over(cell, name),
                connection=asked.get(name),
                attachment=hub.attachments.get(mesh),
                role=hub.role.role if hub.role else None,
                is_accepted=cell in accepted if isinstance(accepted, dict) else None,
            )
        )
    return tuple(rows)


def gateway_row(inventory: Inventory, cell: str, known: Known) -> GatewayRow | None:
    """Say what is known of the gateway of a cell's mesh; None where it describes none."""
    name = inventory.cells[cell].mesh
    mesh = inventory.meshes[name]
    if mesh.gateway is None:
        return None
    egress = mesh.gateway.egress
    return GatewayRow(
        mesh=name,
        step=mesh.interconnect,
        account=mesh.gateway.account,
        organization=mesh.gateway.organization,
        gateway=known.output(name, "gateway", "gateway_id"),
        attachment=(known.output(cell, "transit", "attachment_ids") or {}).get(cell),
        peers=inventory.linked_meshes(name),
        egress_block=str(egress.block) if egress else None,
        egress_attachment=(known.output(name, "egress", WAY_OUT) or {}).get(name),
        is_way_out=inventory.has_central_egress(cell),
    )
