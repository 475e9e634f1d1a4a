"""Sizes cells, meshes and whole inventories; every usage, fitting or not, in one ledger.

Nothing here opens a file, reads a clock or calls AWS: same inventory, same addresses, same facts,
same ledger.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial

from cellfactory.addressing.blocks import AddressPlan, CellAddresses
from cellfactory.addressing.pools import PoolName, pool_use
from cellfactory.facts.schema import Facts
from cellfactory.inventory.schema import Inventory
from cellfactory.sizing.addresses import size_addresses
from cellfactory.sizing.bounds import BOUNDS
from cellfactory.sizing.calls import size_calls
from cellfactory.sizing.control_plane import size_control_plane
from cellfactory.sizing.dns import size_dns
from cellfactory.sizing.entry import CellEntries
from cellfactory.sizing.gateway import size_attachment, size_gateways
from cellfactory.sizing.load import size_load
from cellfactory.sizing.mesh import neighbourhoods, size_neighbourhood
from cellfactory.sizing.misconfigured import size_misconfigured
from cellfactory.sizing.nau import CellNau, cell_nau, size_nau
from cellfactory.sizing.nodes import size_account, size_cluster, size_ingress, size_pools
from cellfactory.sizing.platform import size_platform
from cellfactory.sizing.shape import CellShape, shape_of
from cellfactory.sizing.usage import Ledger, Limit, Scope, Usage, mark_binding

Part = Callable[[], Iterable[Usage]]
"""Sizes what belongs together, when it is asked to."""


def size_cell(
    inventory: Inventory, cell: str, addresses: CellAddresses, facts: Facts
) -> tuple[Usage, ...]:
    """Size one cell against every bound that does not depend on its peers.

    Raises:
        UnknownInstanceType: when a pool names one; the inventory's rules report it first.
    """
    shape = shape_of(inventory, cell, addresses, facts)
    return mark_binding(tuple(size_shape(shape, cell_nau(shape, facts), facts)))


def size_shape(shape: CellShape, nau: CellNau, facts: Facts) -> Iterator[Usage]:
    """Size a cell, given what its size depends on, and the NAU that follows from it."""
    for part in parts_of(shape, nau, facts):
        yield from part()


def parts_of(shape: CellShape, nau: CellNau, facts: Facts) -> tuple[Part, ...]:
    """Take what sizes a cell apart, in the order of the ledger; each part has bounds of its own.

    Who asks for one bound again and again need not size the whole cell.
    """
    entries = CellEntries(shape, facts)
    return (
        partial(size_cluster, entries),
        partial(size_addresses, entries),
        partial(size_misconfigured, entries),
        partial(size_pools, entries),
        partial(size_nau, entries, nau),
        partial(size_calls, entries),
        partial(size_account, entries),
        partial(size_ingress, entries),
        partial(size_platform, entries),
        partial(size_dns, entries),
        partial(size_control_plane, entries),
        partial(size_load, entries),
    )


def size_mesh(
    inventory: Inventory, plan: AddressPlan, mesh: str, facts: Facts
) -> tuple[Usage, ...]:
    """Size every VPC of a mesh, its hubs too, against the bounds that peers share."""
    members = list(neighbourhoods(inventory, mesh))
    cells = {cell for around in members for cell in around.cells}
    nau = {c: cell_nau(shape_of(inventory, c, plan.cells[c], facts), facts) for c in cells}
    return tuple(u for around in members for u in size_neighbourhood(around, nau, facts))


def size_inventory(inventory: Inventory, plan: AddressPlan, facts: Facts) -> Ledger:
    """Size every cell, mesh, hub and address pool.

    Returns:
        The ledger, cells by name, then hubs, gateways and address pools.
    """
    shapes = {c: shape_of(inventory, c, plan.cells[c], facts) for c in sorted(inventory.cells)}
    nau = {cell: cell_nau(shape, facts) for cell, shape in shapes.items()}
    around = {
        n.owner: n for mesh in sorted(inventory.meshes) for n in neighbourhoods(inventory, mesh)
    }
    usages: list[Usage] = []
    for cell, shape in shapes.items():
        usages.extend(size_shape(shape, nau[cell], facts))
        entries = CellEntries(shape, facts)
        usages.extend(size_attachment(entries, inventory.traffic_of(cell)))
        usages.extend(size_neighbourhood(around.pop(cell), nau, facts))
    for hub in sorted(around):
        usages.extend(size_neighbourhood(around[hub], nau, facts))
    usages.extend(size_gateways(inventory, facts))
    usages.extend(_size_address_pools(inventory, plan))
    return Ledger(mark_binding(tuple(usages)))


def _size_address_pools(inventory: Inventory, plan: AddressPlan) -> Iterator[Usage]:
    """Size the blocks of all cells against the pools that they are given from."""
    pools: tuple[tuple[str, PoolName], ...] = (("pod-pool", "pod"), ("node-pool", "node"))
    for bound, pool in pools:
        row = BOUNDS[bound]
        used, there = pool_use(inventory, plan, pool)
        yield Usage(
            bound=bound,
            scope=Scope("address pools", "inventory", row.title),
            used=used,
            allowed=Limit(value=there, source="address_pools"),
            unit=row.unit,
            gate=row.gate,
            path=("address_pools", pool),
            assumption=row.assumption,
        )
