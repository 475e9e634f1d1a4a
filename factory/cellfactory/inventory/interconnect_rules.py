"""Whether what joins the VPCs of a mesh can be: its gateway, its canary, its hubs."""

from __future__ import annotations

from collections.abc import Iterator

from cellfactory.errors import Finding, KeyPath
from cellfactory.inventory.interconnect import TransitGateway
from cellfactory.inventory.nearest import suggest
from cellfactory.inventory.schema import ExistingAccount, Inventory, Mesh
from cellfactory.inventory.unreadable import (
    as_far_as_readable,
    is_whole,
    lacks,
    names_of,
    peek,
    readable,
)

RULES = {
    "F760": "A mesh is on the way to a transit gateway, or has one, and describes none.",
    "F761": "The network account of a gateway is the account of a cell.",
    "F762": "A mesh names no canary where it needs one, or one that is no cell of it.",
    "F763": "A hub is not attached to the gateway, and its mesh gives up its peerings.",
    "F764": "A mesh skips a step between peerings and a transit gateway.",
    "F765": "Cells share pod addresses, so that there is no way back to peerings.",
    "F766": "Pod blocks may be used again: from then on there is no way back to peerings (a "
    "warning).",
    "F767": "Pod blocks may be used again while the mesh has peerings.",
    "F768": "Two meshes cannot have their gateways peered.",
    "F769": "A hub names an attachment of a mesh that does not reach it.",
}
"""What each rule says; a number is never used again for something else."""


def check_interconnects(inventory: Inventory) -> Iterator[Finding]:
    """Yield what of the ways between VPCs cannot be together.

    Rules:
        F110: the organization of a gateway, or a mesh that it is peered with, is not defined.
        F121: an entry is duplicated.
        F760 to F763, F766 to F769: see `RULES`.
    """
    for name in names_of(peek(inventory, "meshes") or ()):
        mesh = (peek(inventory, "meshes") or {}).get(name)
        if mesh is not None:
            yield from _check_mesh(inventory, name, mesh)
    yield from _check_attachments(inventory)


def _check_mesh(inventory: Inventory, name: str, mesh: Mesh) -> Iterator[Finding]:
    yield from _check_gateway_is_there(name, mesh)
    yield from _check_canary(inventory, name, mesh)
    yield from _check_hubs(inventory, name, mesh)
    gateway = peek(mesh, "gateway")
    if gateway is not None:
        path = ("meshes", name, "gateway")
        yield from _check_owner(inventory, gateway, path)
        yield from _check_pod_blocks(mesh, gateway, path)
        yield from _check_peers(inventory, name, gateway, path)


@as_far_as_readable
def _check_gateway_is_there(name: str, mesh: Mesh) -> Iterator[Finding]:
    if mesh.step.gateway and mesh.gateway is None:
        yield Finding(
            rule="F760",
            path=("meshes", name, "interconnect"),
            message=f"mesh {name!r} is at {mesh.interconnect}, and describes no gateway",
            hint='add gateway: {account: "…", organization: …}, the network account that owns it',
        )


@as_far_as_readable
def _check_canary(inventory: Inventory, name: str, mesh: Mesh) -> Iterator[Finding]:
    wanted = mesh.step.routes == "canary"
    path: KeyPath = ("meshes", name, "canary")
    if wanted and not mesh.canary:
        first = next(iter(inventory.members_of(name)), "CELL")
        yield Finding(
            rule="F762",
            path=("meshes", name, "interconnect"),
            message=f"mesh {name!r} is at canary, and names no canary cell",
            hint=f"add canary: [{first}], the cells whose ways move first",
        )
    seen: set[str] = set()
    for index, cell in readable(mesh.canary):
        if cell in seen:
            message = f"{cell!r} is duplicated in canary"
            yield Finding(rule="F121", path=(*path, index), message=message)
        elif is_whole(inventory.cells) and cell not in inventory.members_of(name):
            known = inventory.members_of(name)
            yield Finding(
                rule="F762",
                path=(*path, index),
                message=f"{cell!r} is no cell of mesh {name!r}{suggest(cell, known)}",
            )
        seen.add(cell)


@as_far_as_readable
def _check_hubs(inventory: Inventory, name: str, mesh: Mesh) -> Iterator[Finding]:
    """Yield hubs that a mesh would lose: it has no peerings, and they no attachment."""
    if mesh.step.peerings:
        return
    for index, hub in readable(mesh.hubs):
        if hub in inventory.hubs and name not in inventory.hubs[hub].attachments:
            yield Finding(
                rule="F763",
                path=("meshes", name, "hubs", index),
                message=f"hub {hub!r} is not attached to the gateway of mesh {name!r}, which has "
                f"no peerings at {mesh.interconnect}",
                hint="its owner attaches the VPC to the gateway that is shared with account "
                f"{inventory.hubs[hub].account}\nthen write hubs.{hub}.attachments: "
                f"{{{name}: tgw-attach-…}}; until then stay at soak",
            )


@as_far_as_readable
def _check_owner(inventory: Inventory, gateway: TransitGateway, path: KeyPath) -> Iterator[Finding]:
    named = peek(gateway, "organization")
    if named is not None and lacks(inventory.organizations, named):
        known = names_of(inventory.organizations)
        message = f"unknown organization {named!r}{suggest(named, known)}"
        yield Finding(rule="F110", path=(*path, "organization"), message=message)
    account = peek(gateway, "account")
    for cell, declared in inventory.cells.items():
        given = peek(declared, "account")
        if account is not None and isinstance(given, ExistingAccount) and given.id == account:
            yield Finding(
                rule="F761",
                path=(*path, "account"),
                message=f"the gateway lies in account {account}, which is that of cell {cell!r}",
                hint="give it a network account of its own: a cell is deleted with its account",
            )


@as_far_as_readable
def _check_pod_blocks(mesh: Mesh, gateway: TransitGateway, path: KeyPath) -> Iterator[Finding]:
    if gateway.pod_blocks == "unique":
        return
    if mesh.step.peerings:
        yield Finding(
            rule="F767",
            path=(*path, "pod_blocks"),
            message=f"pod blocks cannot be reusable at {mesh.interconnect}: VPCs with the same "
            "addresses cannot be peered",
            hint="keep them unique until the mesh is at gateway",
        )
    else:
        yield Finding(
            rule="F766",
            path=(*path, "pod_blocks"),
            message="new cells may get pod blocks that others have; from the first one on there is "
            "no way back to peerings, short of rebuilding cells",
            hint="keep pod_blocks: unique as long as address_pools.pod has room",
            severity="warning",
        )


@as_far_as_readable
def _check_peers(
    inventory: Inventory, name: str, gateway: TransitGateway, path: KeyPath
) -> Iterator[Finding]:
    seen: set[str] = set()
    for index, peer in readable(gateway.peers):
        at = (*path, "peers", index)
        if peer in seen:
            yield Finding(rule="F121", path=at, message=f"{peer!r} is duplicated in peers")
        elif lacks(inventory.meshes, peer):
            known = names_of(inventory.meshes)
            message = f"unknown mesh {peer!r}{suggest(peer, known)}"
            yield Finding(rule="F110", path=at, message=message)
        elif peer in inventory.meshes:
            yield from _check_pair(inventory, name, peer, at)
        seen.add(peer)


@as_far_as_readable
def _check_pair(inventory: Inventory, name: str, peer: str, path: KeyPath) -> Iterator[Finding]:
    own, other = inventory.meshes[name], inventory.meshes[peer]
    why = hint = ""
    if peer == name:
        why = "it is the mesh itself"
    elif other.gateway is None or not other.step.attached or not own.step.attached:
        late = name if not own.step.attached else peer
        why = f"mesh {late!r} has no gateway with cells attached"
        hint = (
            f"bring it to interconnect: both first; it is at {inventory.meshes[late].interconnect}"
        )
    elif own.gateway is not None and own.gateway.asn == other.gateway.asn:
        why = f"both have ASN {other.gateway.asn}"
        hint = "give one of the two another asn: AWS advises a number of its own for each gateway"
    if why:
        message = f"the gateways of {name!r} and {peer!r} cannot be peered: {why}"
        yield Finding(rule="F768", path=path, message=message, hint=hint)


@as_far_as_readable
def _check_attachments(inventory: Inventory) -> Iterator[Finding]:
    for hub in names_of(inventory.hubs):
        declared = inventory.hubs.get(hub)
        for mesh in (peek(declared, "attachments") or {}) if declared is not None else ():
            known = inventory.meshes.get(mesh)
            if known is not None and (hub in known.hubs and known.gateway is not None):
                continue
            if known is None and not lacks(inventory.meshes, mesh):
                continue
            why = "is not defined" if known is None else "does not name the hub"
            if known is not None and hub in known.hubs:
                why = "describes no gateway"
            yield Finding(
                rule="F769",
                path=("hubs", hub, "attachments", mesh),
                message=f"hub {hub!r} names an attachment for mesh {mesh!r}, which {why}",
            )
