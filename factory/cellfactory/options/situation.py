"""What rules judge options by: the numbers of a mesh, or of a cell type in its inventory.

Addresses need not work out: a mesh that is too large for the pools is what options are asked for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cellfactory.addressing.alone import addresses_alone
from cellfactory.addressing.blocks import AddressPlan, CellAddresses
from cellfactory.addressing.fit import check_fit
from cellfactory.addressing.need import need_of
from cellfactory.addressing.pools import PoolName, pool_use
from cellfactory.errors import Finding
from cellfactory.facts.schema import Facts
from cellfactory.inventory.interconnect import STEPS
from cellfactory.inventory.schema import CellType, Inventory
from cellfactory.inventory.traffic_rules import mean_gbps
from cellfactory.pricing.lines import Sum, add
from cellfactory.pricing.meshes import Interconnect, mesh_lines
from cellfactory.sizing.mesh import Neighbourhood, neighbourhoods
from cellfactory.sizing.nau import CellNau, cell_nau
from cellfactory.sizing.quotas import quota_limit
from cellfactory.sizing.shape import Peers, shape_of_type
from cellfactory.sizing.usage import Limit


@dataclass(frozen=True, slots=True, kw_only=True)
class SizedType:
    """What a cell of a type takes, wherever it is."""

    addresses: CellAddresses
    nau: CellNau

    @property
    def pod_addresses(self) -> int:
        """Unroutable addresses of its blocks."""
        return sum(block.num_addresses for block in self.addresses.pod_blocks)


@dataclass(frozen=True, slots=True, kw_only=True)
class MeshSituation:
    """A mesh, as far as the ways of joining its VPCs depend on it."""

    inventory: Inventory
    facts: Facts
    mesh: str
    cells: tuple[str, ...]
    sized: Mapping[str, SizedType]  # by cell type

    @property
    def region(self) -> str:
        """Region of every VPC."""
        return self.inventory.meshes[self.mesh].region

    @property
    def hubs(self) -> tuple[str, ...]:
        """Hubs that every cell reaches."""
        return tuple(self.inventory.meshes[self.mesh].hubs)

    @property
    def organizations(self) -> tuple[str, ...]:
        """Organizations that the accounts of its cells belong to, sorted."""
        return tuple(sorted({self.inventory.cells[cell].organization for cell in self.cells}))

    @property
    def is_full(self) -> bool:
        """Tell whether each cell reaches each."""
        return self.inventory.meshes[self.mesh].cell_to_cell == "full" and len(self.cells) > 1

    @property
    def connections(self) -> int:
        """Peering connections that it takes, cells with cells and with hubs."""
        count = len(self.cells)
        among = count * (count - 1) // 2 if self.is_full else 0
        return among + count * len(self.hubs)

    @property
    def around(self) -> tuple[Neighbourhood, ...]:
        """Each VPC with all that it is peered with, or would be were the mesh on peerings."""
        declared = self.inventory.meshes[self.mesh]
        peered = declared.model_copy(update={"interconnect": STEPS[0]})
        meshes = {**self.inventory.meshes, self.mesh: peered}
        inventory = self.inventory.model_copy(update={"meshes": meshes})
        return tuple(neighbourhoods(inventory, self.mesh))

    def of(self, cell: str) -> SizedType:
        """Return what a cell takes."""
        return self.sized[self.inventory.cells[cell].type]

    def quota(self, id_: str, quotas: Mapping[str, float] | None = None) -> Limit:
        """Say what holds of a quota in its Region, for an account with such raises."""
        return quota_limit(self.facts, id_, self.region, quotas or {})

    def cost(self, kind: Interconnect) -> Sum:
        """Add up what one of the ways costs in a month."""
        return add(mesh_lines(kind, self.inventory, self.mesh, self.facts))

    def rate(self, cell: str) -> float:
        """Say the mean rate of a cell's traffic with its mesh (Gbit/s)."""
        traffic = self.inventory.traffic_of(cell)
        return mean_gbps((traffic.to_cells_gb or 0) + (traffic.with_hubs_gb or 0), self.facts)

    @property
    def hub_rate(self) -> float:
        """Say the mean rate at which each hub is used, were all used alike (Gbit/s)."""
        all_cells = (self.inventory.traffic_of(cell).with_hubs_gb or 0 for cell in self.cells)
        return mean_gbps(sum(all_cells), self.facts) / max(1, len(self.hubs))

    def zones(self, cell: str) -> int:
        """Count the zones of a cell."""
        return len(self.inventory.type_of(cell).zones)


@dataclass(frozen=True, slots=True, kw_only=True)
class TypeSituation:
    """A cell type, as far as the ways of giving pods addresses depend on it."""

    inventory: Inventory
    facts: Facts
    name: str
    sized: SizedType
    cells: tuple[str, ...]  # of the type

    @property
    def cell_type(self) -> CellType:
        """The type itself."""
        return self.inventory.cell_types[self.name]


def size_types(inventory: Inventory, facts: Facts) -> tuple[dict[str, SizedType], list[Finding]]:
    """Size a cell of each type that has one, each as if it were alone.

    Returns:
        By type; and what no block could hold of a type.
    """
    sized: dict[str, SizedType] = {}
    wrong: list[Finding] = []
    for cell in inventory.cells:
        kind, cell_type = inventory.cells[cell].type, inventory.type_of(cell)
        if kind not in sized:
            need = need_of(cell_type, facts)
            wrong += check_fit(kind, cell_type, need, facts)
            addresses = addresses_alone(cell, cell_type, need, facts)
            shape = shape_of_type(
                cell,
                cell_type,
                addresses,
                facts,
                region=inventory.region_of(cell),
                type_path=("cell_types", kind),
                quotas=inventory.quotas_of(cell),
                peers=Peers(blocks=0, hub_blocks=0),
            )
            sized[kind] = SizedType(addresses=addresses, nau=cell_nau(shape, facts))
    return sized, wrong


def pool_room(inventory: Inventory, pool: PoolName) -> int:
    """Count the addresses of a pool that cells may have."""
    return pool_use(inventory, AddressPlan(cells={}), pool)[1]


def situation_of(
    inventory: Inventory, mesh: str, sized: Mapping[str, SizedType], facts: Facts
) -> MeshSituation:
    """Gather what there is to know of a mesh."""
    return MeshSituation(
        inventory=inventory, facts=facts, mesh=mesh, cells=inventory.members_of(mesh), sized=sized
    )


def cells_of_type(inventory: Inventory, kind: str) -> tuple[str, ...]:
    """List the cells of a type, sorted."""
    return tuple(sorted(name for name, cell in inventory.cells.items() if cell.type == kind))


def worst(values: Sequence[tuple[float, str]]) -> tuple[float, str]:
    """Return the largest of some values with what it is of.

    >>> worst([(1, "a"), (3, "b")])
    (3, 'b')
    """
    return max(values, key=lambda value: value[0])
