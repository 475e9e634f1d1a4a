"""The pools that blocks come from, less what nobody may have any more."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from ipaddress import IPv4Network
from itertools import chain
from typing import Literal

from cellfactory.addressing.blocks import AddressPlan
from cellfactory.addressing.lock import Lock
from cellfactory.addressing.space import Space
from cellfactory.inventory.schema import Inventory

PoolName = Literal["node", "pod"]


def pool_use(inventory: Inventory, plan: AddressPlan, pool: PoolName) -> tuple[int, int]:
    """Count what of a pool is taken, and what there is to take (addresses).

    What nobody may have, of hubs or reserved, is not there; what cells hold that left and were not
    released is taken.
    """
    blocks = inventory.address_pools.node if pool == "node" else inventory.address_pools.pod
    fixed = list(_fixed(inventory))
    held = [*chain.from_iterable(cell.blocks for cell in plan.cells.values()), *plan.removed]
    there = Space(blocks, fixed).addresses()
    return there - Space(blocks, [*fixed, *held]).addresses(), there


def connected_meshes(inventory: Inventory) -> dict[str, str]:
    """Map each mesh to the first, by name, of all that share a hub with it, over others or not."""
    leader = {mesh: mesh for mesh in sorted(inventory.meshes)}

    def find(mesh: str) -> str:
        while leader[mesh] != mesh:
            leader[mesh] = mesh = leader[leader[mesh]]
        return mesh

    first_at: dict[str, str] = {}
    for name in leader:
        for hub in inventory.meshes[name].hubs:
            one, other = sorted((find(first_at.setdefault(hub, name)), find(name)))
            leader[other] = one
    return {mesh: find(mesh) for mesh in leader}


class Pools:
    """What is free in the pools. Changes as blocks are taken; lives inside one plan only.

    The lock must be settled for the inventory: blocks of its cells, there or gone, are taken, and
    so are hubs and what is reserved. Pod blocks come from where nobody is, as long as there is
    such room: meshes with the same pod blocks can never be joined.
    """

    def __init__(self, inventory: Inventory, lock: Lock) -> None:
        gone = chain.from_iterable(cell.blocks for cell in lock.removed.values())
        self._inventory = inventory
        self._groups = connected_meshes(inventory)
        self._taken_by_all = [*_fixed(inventory), *gone]
        self._taken_in: dict[str, list[IPv4Network]] = {g: [] for g in self._groups.values()}
        for name, cell in lock.cells.items():
            self._taken_in[self._group(name)] += cell.blocks
        taken = [*self._taken_by_all, *chain.from_iterable(self._taken_in.values())]
        self._node = Space(inventory.address_pools.node, taken)
        self._pod = Space(inventory.address_pools.pod, taken)

    def take_primary(self, length: int) -> IPv4Network | None:
        """Take a primary block of a size; None when the pool has none."""
        return self._node.take(length)

    def take_pods(self, cell: str, lengths: Sequence[int]) -> tuple[IPv4Network, ...] | None:
        """Take pod blocks such that nobody has, else such that nobody connected has, else None.

        Behind a gateway, where they may be used again, it is enough that no hub has them.
        """
        blocks = self._pod.take_all(lengths) or self._shared(cell).take_all(lengths)
        if blocks is not None:
            self._taken_in[self._group(cell)] += blocks
        return blocks

    def count_primaries(self, length: int) -> int:
        """Count the primary blocks of a size that are free."""
        return self._node.count(length)

    def count_pods(self, cell: str, length: int) -> int:
        """Count the pod blocks of a size that a cell could get, shared ones included."""
        return self._shared(cell).count(length)

    def _shared(self, cell: str) -> Space:
        gateway = self._inventory.mesh_of(cell).gateway
        if gateway is not None and gateway.pod_blocks == "reusable":
            return Space(self._inventory.address_pools.pod, self._taken_by_all)
        taken = [*self._taken_by_all, *self._taken_in[self._group(cell)]]
        return Space(self._inventory.address_pools.pod, taken)

    def _group(self, cell: str) -> str:
        return self._groups[self._inventory.cells[cell].mesh]


def _fixed(inventory: Inventory) -> Iterator[IPv4Network]:
    yield from inventory.address_pools.reserved
    for hub in inventory.hubs.values():
        yield from hub.blocks
    for mesh in inventory.meshes.values():
        if mesh.gateway is not None and mesh.gateway.egress is not None:
            yield mesh.gateway.egress.block
