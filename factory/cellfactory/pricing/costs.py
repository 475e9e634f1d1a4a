"""What an inventory costs in a month: as it is declared, and each other way beside it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass

from cellfactory.facts.schema import Facts
from cellfactory.inventory.schema import Inventory
from cellfactory.pricing.cells import price_cell
from cellfactory.pricing.egress import (
    EGRESS_TITLES,
    EGRESSES,
    Egress,
    egress_lines,
    shared_egress_lines,
)
from cellfactory.pricing.lines import Line, Sum, add
from cellfactory.pricing.meshes import (
    INTERCONNECT_TITLES,
    INTERCONNECTS,
    POD_WAY_TITLES,
    POD_WAYS,
    mesh_lines,
    pod_lines,
    today_lines,
    way_of,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One way of doing something, with what it costs in a month."""

    id: str
    title: str
    lines: tuple[Line, ...]
    is_chosen: bool = False  # by the inventory; of every cell

    @property
    def sum(self) -> Sum:
        """What it costs."""
        return add(self.lines)


@dataclass(frozen=True, slots=True, kw_only=True)
class MeshCosts:
    """What the cells of a mesh cost in a month, and what other ways would."""

    mesh: str
    region: str
    cells: tuple[str, ...]
    bill: tuple[Line, ...]  # as declared, with what joins the cells
    interconnects: tuple[Way, ...]
    egresses: tuple[Way, ...]
    pods: tuple[Way, ...]

    def of(self, cell: str) -> Sum:
        """Add up what one cell pays."""
        return add(line for line in self.bill if line.owner == cell)

    @property
    def shared(self) -> Sum:
        """Add up what its cells pay for together."""
        return add(line for line in self.bill if line.owner not in self.cells)

    @property
    def sum(self) -> Sum:
        """What it costs as it is declared."""
        return add(self.bill)

    @property
    def lines(self) -> Iterator[Line]:
        """Every line of every way."""
        yield from self.bill
        for way in (*self.interconnects, *self.egresses, *self.pods):
            yield from way.lines


def price_inventory(
    inventory: Inventory, facts: Facts, only: Collection[str] | None = None
) -> tuple[MeshCosts, ...]:
    """Price every mesh, by name.

    Args:
        inventory: with the traffic that is declared.
        facts: with prices.
        only: cells; with others of a mesh left out, what its cells share is left out as well.
    """
    wanted = set(inventory.cells if only is None else only)
    meshes = sorted({inventory.cells[cell].mesh for cell in wanted})
    return tuple(_mesh(inventory, mesh, wanted, facts) for mesh in meshes)


def _mesh(inventory: Inventory, mesh: str, wanted: set[str], facts: Facts) -> MeshCosts:
    every = inventory.members_of(mesh)
    cells = tuple(cell for cell in every if cell in wanted)
    owners = {*cells, mesh} if cells == every else {*cells}

    def kept(lines: Iterable[Line]) -> tuple[Line, ...]:
        return tuple(line for line in lines if line.owner in owners)

    interconnects = tuple(_interconnects(inventory, mesh, facts, kept))
    joined = next(way for way in interconnects if way.is_chosen)
    own = (line for cell in cells for line in price_cell(inventory, cell, facts))
    return MeshCosts(
        mesh=mesh,
        region=inventory.meshes[mesh].region,
        cells=cells,
        bill=(*own, *joined.lines, *_shared(inventory, mesh, facts)),
        interconnects=interconnects,
        egresses=tuple(_egresses(inventory, mesh, cells, facts, kept)),
        pods=tuple(_pods(inventory, cells, facts)),
    )


def _shared(inventory: Inventory, mesh: str, facts: Facts) -> Iterator[Line]:
    """Yield what is paid for once where some cell has central egress."""
    if any(inventory.has_central_egress(cell) for cell in inventory.members_of(mesh)):
        yield from shared_egress_lines("central", inventory, mesh, facts)


Kept = Callable[[Iterable[Line]], tuple[Line, ...]]


def _interconnects(inventory: Inventory, mesh: str, facts: Facts, kept: Kept) -> Iterator[Way]:
    for kind in INTERCONNECTS:
        yield Way(
            id=kind,
            title=INTERCONNECT_TITLES[kind],
            lines=kept(mesh_lines(kind, inventory, mesh, facts)),
            is_chosen=way_of(inventory.meshes[mesh]) == kind,
        )


def _egresses(
    inventory: Inventory, mesh: str, cells: tuple[str, ...], facts: Facts, kept: Kept
) -> Iterator[Way]:
    for way in EGRESSES:
        own = (line for cell in cells for line in egress_lines(way, inventory, cell, facts))
        yield Way(
            id=way,
            title=EGRESS_TITLES[way],
            lines=kept((*own, *shared_egress_lines(way, inventory, mesh, facts))),
            is_chosen=all(_egress(inventory, cell) == way for cell in cells),
        )


def _egress(inventory: Inventory, cell: str) -> Egress:
    return inventory.type_of(cell).egress


def _pods(inventory: Inventory, cells: tuple[str, ...], facts: Facts) -> Iterator[Way]:
    for way in POD_WAYS:
        lines = tuple(line for cell in cells for line in pod_lines(way, inventory, cell, facts))
        yield Way(id=way, title=POD_WAY_TITLES[way], lines=lines, is_chosen=way == "host")


def sum_of_cell(inventory: Inventory, cell: str, facts: Facts) -> Sum:
    """Add up what a cell pays in a month, with its part of what joins it to others."""
    joined = today_lines(inventory, cell, facts)
    return add((*price_cell(inventory, cell, facts), *joined))
