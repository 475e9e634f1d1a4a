"""Whether the blocks that cells hold still agree with the inventory around them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from ipaddress import IPv4Network

from cellfactory.addressing.births import Births
from cellfactory.addressing.blocks import CellAddresses
from cellfactory.addressing.lock import UNBUILT
from cellfactory.addressing.pools import connected_meshes
from cellfactory.addressing.steps import check_way_back
from cellfactory.errors import Finding
from cellfactory.inventory.interconnect import STEPS
from cellfactory.inventory.overlaps import Owned, crossing, overlapping
from cellfactory.inventory.schema import Inventory


def check_held(
    inventory: Inventory,
    cells: Mapping[str, CellAddresses],
    removed: Mapping[str, CellAddresses],
    births: Births,
) -> Iterator[Finding]:
    """Yield blocks that a cell holds and should not.

    Args:
        inventory: every cell there is.
        cells: what each of them holds.
        removed: what cells hold that left and were not released: their VPCs may still stand.
        births: of both; the mesh of one that left stands there.

    Rules:
        F208: a block lies outside the pools, or in a hub or a reserved block.
        F209: two cells that reach each other or one hub hold the same addresses.
        F210: two cells of meshes that are apart share pod addresses (a warning).
    """
    yield from _check_places(inventory, cells)
    groups: dict[str, list[Owned]] = {}
    leader = connected_meshes(inventory)
    for name, cell in sorted(cells.items()):
        mesh = inventory.cells[name].mesh
        blocks = _that_peers_see(inventory, mesh, cell)
        owned = [(b, ("cells", name, "mesh"), f"cell {name!r}") for b in blocks]
        groups.setdefault(leader[mesh], []).extend(owned)
    for mesh in inventory.meshes:
        if _leaves_gateway(inventory, mesh):
            yield from check_way_back(inventory, cells, mesh)
    yield from _check_reached(groups)
    yield from _check_shared(groups)
    left: dict[str, list[Owned]] = {}
    for name, cell in sorted(removed.items()):
        mesh = births[name].mesh if name in births else ""
        if mesh in leader:
            path = ("cells", name)
            blocks = _that_peers_see(inventory, mesh, cell)
            held: list[Owned] = [(b, path, f"cell {name!r}, which left") for b in blocks]
            left.setdefault(leader[mesh], []).extend(held)
    yield from _check_left(groups, left)


def _that_peers_see(
    inventory: Inventory, mesh: str, cell: CellAddresses
) -> tuple[IPv4Network, ...]:
    """The blocks that must differ from those of others: behind a gateway, the routable ones.

    On its way back a mesh is told of its pod blocks by `check_way_back`.
    """
    return (cell.primary,) if inventory.meshes[mesh].gateway is not None else cell.blocks


def _leaves_gateway(inventory: Inventory, mesh: str) -> bool:
    """Whether VPCs of a mesh with a gateway are peered, or are to be at the next step back."""
    declared = inventory.meshes[mesh]
    return declared.gateway is not None and declared.interconnect != STEPS[-1]


def _check_left(
    groups: Mapping[str, list[Owned]], left: Mapping[str, list[Owned]]
) -> Iterator[Finding]:
    """Yield cells that hold addresses of one of their mesh that left and was not released."""
    for mesh, gone in left.items():
        for block, other in crossing(groups.get(mesh, ()), gone):
            yield Finding(
                rule="F209",
                path=block[1][:2],
                message=f"{block[0]} of {block[2]} overlaps {other[0]} of {other[2]}: its VPC may "
                "still stand and be peered",
                hint="take back what the lock said; once that VPC is gone, release the cell that "
                "left",
            )


def _check_reached(groups: Mapping[str, list[Owned]]) -> Iterator[Finding]:
    for group in groups.values():
        for first, second in overlapping(group):
            if first[2] != second[2]:
                yield Finding(
                    rule="F209",
                    path=second[1],
                    message=f"{second[0]} of {second[2]} overlaps {first[0]} of {first[2]}, but "
                    "both are reachable from one mesh or hub",
                    hint=f"{UNBUILT}; if both exist, keep their meshes apart",
                )


def _check_shared(groups: Mapping[str, list[Owned]]) -> Iterator[Finding]:
    reported = set()
    for mesh, group in groups.items():
        others = [owned for other, blocks in groups.items() if other > mesh for owned in blocks]
        for first, second in crossing(group, others):
            pair = (first[2], second[2])
            if pair not in reported:
                reported.add(pair)
                yield Finding(
                    rule="F210",
                    path=second[1],
                    message=f"{second[2]} shares {second[0]} with {first[2]}",
                    hint="their meshes can never be peered, or share a hub; add "
                    "a block to address_pools.pod before the next cell",
                    severity="warning",
                )


def _check_places(inventory: Inventory, cells: Mapping[str, CellAddresses]) -> Iterator[Finding]:
    pools = inventory.address_pools
    held: list[Owned] = []
    for name, cell in sorted(cells.items()):
        held += [(b, ("cells", name), f"cell {name!r}") for b in cell.blocks]
        yield from _check_inside("node", (cell.primary,), pools.node, name)
        yield from _check_inside("pod", cell.pod_blocks, pools.pod, name)
    fixed: list[Owned] = [
        (block, ("address_pools", "reserved", index), "address_pools.reserved")
        for index, block in enumerate(pools.reserved)
    ]
    for name, hub in inventory.hubs.items():
        fixed += [
            (b, ("hubs", name, "blocks", i), f"hub {name!r}") for i, b in enumerate(hub.blocks)
        ]
    for block, owner in crossing(held, fixed):
        yield Finding(
            rule="F208",
            path=owner[1],
            message=f"{owner[0]} of {owner[2]} overlaps {block[0]}, which {block[2]} holds",
            hint="blocks never move: choose another block here, or remove the cell first",
        )


def _check_inside(
    kind: str, blocks: tuple[IPv4Network, ...], pools: list[IPv4Network], cell: str
) -> Iterator[Finding]:
    for block in blocks:
        if not any(block.subnet_of(pool) for pool in pools):
            yield Finding(
                rule="F208",
                path=("cells", cell),
                message=f"cell {cell!r} holds {block}, which address_pools.{kind} does not have",
                hint="blocks never move: restore the pool",
            )
