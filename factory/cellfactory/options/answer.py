"""Every option of an inventory, judged: by mesh, and by cell type."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from cellfactory.errors import Finding
from cellfactory.facts.schema import Facts
from cellfactory.inventory.schema import Inventory
from cellfactory.options import meshes, pods
from cellfactory.options.judge import ranked, reasons_of
from cellfactory.options.model import Judged
from cellfactory.options.situation import (
    MeshSituation,
    TypeSituation,
    cells_of_type,
    situation_of,
    size_types,
)
from cellfactory.pricing.meshes import INTERCONNECTS, way_of

RULES = {
    "F386": "The way of joining the VPCs of a mesh is one that its numbers refuse (a warning).",
}
"""What each rule says; a number is never used again for something else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MeshOptions:
    """The ways of joining the VPCs of one mesh, best first."""

    mesh: str
    region: str
    cells: int
    hubs: int
    organizations: tuple[str, ...]
    options: tuple[Judged, ...]

    @property
    def chosen(self) -> Judged:
        """The way that the inventory chose."""
        return next(option for option in self.options if option.is_chosen)


@dataclass(frozen=True, slots=True, kw_only=True)
class TypeOptions:
    """The ways of giving pods of one cell type their addresses, best first."""

    name: str
    cells: int
    options: tuple[Judged, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """All options of an inventory, and what keeps some cell types from being judged."""

    meshes: tuple[MeshOptions, ...]
    types: tuple[TypeOptions, ...]
    wrong: tuple[Finding, ...] = ()


def judge_options(inventory: Inventory, facts: Facts, wanted: Collection[str] = ()) -> Options:
    """Judge every option.

    Args:
        inventory: sound, although its addresses need not work out for all cells together.
        facts: limits and prices.
        wanted: meshes; all when empty.
    """
    sized, wrong = size_types(inventory, facts)
    if wrong:
        return Options(meshes=(), types=(), wrong=tuple(wrong))
    with_blocks, _ = size_types(_with_pod_blocks(inventory), facts)
    used = sorted({cell.mesh for cell in inventory.cells.values()})
    names = [mesh for mesh in used if not wanted or mesh in wanted]
    kinds = {cell.type for cell in inventory.cells.values() if cell.mesh in names}
    return Options(
        meshes=tuple(
            _mesh(situation_of(inventory, mesh, sized, facts), inventory) for mesh in names
        ),
        types=tuple(
            _type(
                TypeSituation(
                    inventory=inventory,
                    facts=facts,
                    name=kind,
                    sized=with_blocks[kind],
                    cells=cells_of_type(inventory, kind),
                )
            )
            for kind in sorted(kinds)
        ),
    )


def _mesh(asked: MeshSituation, inventory: Inventory) -> MeshOptions:
    judged = tuple(
        Judged(
            id=kind,
            title=meshes.TITLES[kind],
            reasons=tuple(reasons_of(meshes.RULES, asked, kind)),
            cost=asked.cost(kind),
            upkeep=meshes.upkeep(asked, kind),
            is_chosen=way_of(inventory.meshes[asked.mesh]) == kind,
            is_built=kind in meshes.BUILT,
            is_one_way=kind == "shared_vpc",
        )
        for kind in INTERCONNECTS
    )
    return MeshOptions(
        mesh=asked.mesh,
        region=asked.region,
        cells=len(asked.cells),
        hubs=len(asked.hubs),
        organizations=asked.organizations,
        options=ranked(judged),
    )


def _with_pod_blocks(inventory: Inventory) -> Inventory:
    """Give pods of every type blocks: what they would take is what the other ways are held to."""
    kinds = {
        name: kind.model_copy(update={"ip_family": "ipv4"})
        for name, kind in inventory.cell_types.items()
    }
    return inventory.model_copy(update={"cell_types": kinds})


def _type(asked: TypeSituation) -> TypeOptions:
    judged = tuple(
        Judged(
            id=kind,
            title=pods.TITLES[kind],
            reasons=tuple(reasons_of(pods.RULES, asked, kind)),
            cost=pods.cost_of(asked, kind),
            is_chosen=kind == ("custom" if asked.cell_type.has_pod_blocks else "ipv6"),
            is_built=kind in ("custom", "ipv6"),
        )
        for kind in pods.POD_NETWORKS
    )
    fitting = sorted(judged, key=lambda one: one.verdict != "fits")  # no money tells them apart
    return TypeOptions(name=asked.name, cells=len(asked.cells), options=ranked(fitting))


def check_options(found: Sequence[MeshOptions]) -> Iterator[Finding]:
    """Yield each mesh whose way of joining VPCs its numbers refuse.

    Rules:
        F386: the chosen way is refused.
    """
    for mesh in found:
        chosen, first = mesh.chosen, mesh.options[0]
        if chosen.verdict == "refused":
            way = f"{first.title} {first.verdict}" if first.rank else "no other way fits"
            yield Finding(
                rule="F386",
                path=("meshes", mesh.mesh, "interconnect"),
                message=f"{chosen.title} does not fit mesh {mesh.mesh!r}: {chosen.against[0].text}",
                hint=way,
                severity="warning",
            )
