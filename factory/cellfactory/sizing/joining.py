"""A mesh with ever more cells like one of its own: what its VPCs and its hubs take of their limits.

The mesh's present cells stay as they are. Those that come are of the cell's type and have its
quotas; they are named after all that are there, so that these ask them for peerings.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from cellfactory.addressing.blocks import AddressPlan
from cellfactory.facts.schema import Facts
from cellfactory.inventory.schema import Inventory
from cellfactory.sizing.addresses import size_routes
from cellfactory.sizing.entry import CellEntries
from cellfactory.sizing.mesh import Neighbourhood, neighbourhoods, size_neighbourhood
from cellfactory.sizing.nau import CellNau, cell_nau
from cellfactory.sizing.setting import Setting
from cellfactory.sizing.shape import CellShape, shape_of
from cellfactory.sizing.usage import Usage


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinedMesh:
    """The mesh of a cell, with all that its VPCs and hubs are peered with."""

    cell: str  # that others would be like
    members: tuple[str, ...]  # cells there are, the cell itself first
    around: tuple[Neighbourhood, ...]  # of each VPC, hubs included; equal ones once
    shapes: Mapping[str, CellShape]  # of the members
    nau: Mapping[str, CellNau]  # of the members, and of all that a hub is peered with
    is_full: bool  # each cell peers with each
    facts: Facts


def joined_mesh(inventory: Inventory, plan: AddressPlan, cell: str, facts: Facts) -> JoinedMesh:
    """Gather the mesh of a cell.

    Raises:
        UnknownInstanceType: when a pool names one; the inventory's rules report it first.
    """
    mesh = inventory.cells[cell].mesh
    around = tuple(neighbourhoods(inventory, mesh))
    others = (name for name in inventory.members_of(mesh) if name != cell)
    members = (cell, *others)
    known = {*members, *(name for near in around for name in near.cells)}
    shapes = {name: shape_of(inventory, name, plan.cells[name], facts) for name in sorted(known)}
    return JoinedMesh(
        cell=cell,
        members=members,
        around=_unlike(around),
        shapes={name: shapes[name] for name in members},
        nau={name: cell_nau(shape, facts) for name, shape in shapes.items()},
        is_full=inventory.meshes[mesh].cell_to_cell == "full",
        facts=facts,
    )


def asked_mesh(setting: Setting) -> JoinedMesh:
    """Take the mesh that a question asks about: cells all alike, and hubs of unknown quotas."""
    return JoinedMesh(
        cell=setting.shape.name,
        members=setting.around.cells,
        around=(setting.around,),
        shapes={setting.shape.name: setting.shape},
        nau={setting.shape.name: cell_nau(setting.shape, setting.facts)},
        is_full=True,
        facts=setting.facts,
    )


def _unlike(around: Sequence[Neighbourhood]) -> tuple[Neighbourhood, ...]:
    """Leave out what another has more of: VPCs with the same peers, hubs and quotas."""
    most: dict[object, Neighbourhood] = {}
    for near in around:
        is_hub = near.path[0] == "hubs"
        cells = tuple(sorted(near.cells))
        key = (
            is_hub,
            cells,
            near.hub_nau,
            near.connections,
            near.by_hand,
            tuple(sorted(near.quotas.items())),
        )
        if key not in most or near.asks > most[key].asks:
            most[key] = near
    return tuple(most.values())


def size_joined(mesh: JoinedMesh, cells: int) -> Iterator[Usage]:
    """Size every VPC of a mesh with so many cells.

    Args:
        mesh: the mesh as it is.
        cells: cells of it, 1 or more; the last by name leave where it has more.
    """
    more = cells - len(mesh.members)
    gone = Counter(mesh.members[cells:])
    for near in mesh.around:
        if near.owner not in mesh.members or near.owner in mesh.members[:cells]:
            yield from size_neighbourhood(_grown(mesh, near, more, gone), mesh.nau, mesh.facts)
    for shape in mesh.shapes.values():
        if shape.name in mesh.members[:cells]:
            peers = replace(shape.peers, blocks=shape.peers.blocks + more * mesh.is_full)
            yield size_routes(CellEntries(replace(shape, peers=peers), mesh.facts))


def _grown(mesh: JoinedMesh, near: Neighbourhood, more: int, gone: Counter[str]) -> Neighbourhood:
    """Give a VPC its new peers, or take the last away; cells of a star have hubs alone."""
    is_hub = near.owner not in mesh.members
    if not is_hub and not mesh.is_full:
        return near
    left, cells = gone.copy(), []
    for cell in near.cells:
        if left[cell]:
            left[cell] -= 1
        else:
            cells.append(cell)
    return replace(
        near,
        cells=(*cells, *[mesh.cell] * max(0, more)),
        connections=near.connections + more,
        asks=0 if is_hub else max(near.hubs, near.asks + more),
    )
