"""Where the platform's pods run, which release serves which namespace, and what charts are told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cellfactory.errors import Finding, KeyPath
from cellfactory.facts.schema import Facts, UnknownFact, UnknownInstanceType
from cellfactory.inventory.nearest import suggest
from cellfactory.inventory.owned_values import OWNED_VALUES, owned_touched
from cellfactory.inventory.schema import CellType, Inventory
from cellfactory.inventory.unreadable import (
    as_far_as_readable,
    at,
    is_whole,
    lacks,
    names_of,
    readable,
)

PLACEMENTS = (("node_group",), ("operator", "node_group"))
"""Where a cell type may name the node group of pods of the platform, below `spark`."""


def check_platform(inventory: Inventory, facts: Facts) -> Iterator[Finding]:
    """Yield what is wrong with where the platform runs and with what its charts are told.

    Rules:
        F110: a node group that the cell type does not have.
        F150: a node group whose nodes no label tells from those of another one.
        F151: a Helm value that another key says, or that the cell depends on.
        F152: a release of the operator without a namespace, or a namespace of two releases.
        F153: node groups of several architectures, and images that are not for all (a warning).
        F154: a load balancer that no hub reaches (a warning).
        F156: a mesh without hubs, which does not say that it wants none (a warning).
    """
    yield from _check_cell_types(inventory, facts)
    yield from _check_ways_in(inventory)


@as_far_as_readable
def _check_cell_types(inventory: Inventory, facts: Facts) -> Iterator[Finding]:
    for name, cell_type in inventory.cell_types.items():
        path: KeyPath = ("cell_types", name)
        for place in PLACEMENTS:
            yield from _check_placement(cell_type, place, (*path, "spark", *place))
        for release, owned in OWNED_VALUES.items():
            yield from _check_values(cell_type, release, owned, (*path, "spark", *release))
        yield from _check_shards(cell_type, (*path, "spark", "operator", "shards"))
        yield from _check_architectures(cell_type, facts, (*path, "node_groups"))


@as_far_as_readable
def _check_placement(
    cell_type: CellType, place: tuple[str, ...], path: KeyPath
) -> Iterator[Finding]:
    wanted = at(cell_type.spark, place)
    if wanted is None:
        return
    groups = cell_type.node_groups
    if lacks(groups, wanted):
        yield Finding(
            rule="F110",
            path=path,
            message=f"unknown node group {wanted!r}{suggest(wanted, names_of(groups))}",
        )
        return
    if not is_whole(groups) or not all(is_whole(group.labels) for group in groups.values()):
        return
    labels = groups[wanted].labels.items()
    alike = [n for n, group in groups.items() if n != wanted and labels <= group.labels.items()]
    if not groups[wanted].labels or alike:
        others = f": those of {', '.join(alike)} have them, too" if alike else ""
        yield Finding(
            rule="F150",
            path=path,
            message=f"no label is unique to the nodes of {wanted!r}{others}",
            hint=f"add a unique label, such as `labels: {{cellfactory/pool: {wanted}}}`",
        )


@as_far_as_readable
def _check_values(
    cell_type: CellType, release: tuple[str, ...], owned: Mapping[str, str], path: KeyPath
) -> Iterator[Finding]:
    declared = at(cell_type.spark, release)
    if declared is None:
        return
    for place in owned_touched(declared.values, owned):
        dotted = ".".join(place)
        keys = sorted({key for known, key in owned.items() if known.startswith(dotted) and key})
        yield Finding(
            rule="F151",
            path=(*path, "values", *place),
            message=f"the Helm value {dotted} is not free",
            hint=f"write spark.{keys[0]}" if keys else "the cell depends on the default",
        )


@as_far_as_readable
def _check_shards(cell_type: CellType, path: KeyPath) -> Iterator[Finding]:
    shards = cell_type.spark.operator.shards
    known = cell_type.spark.namespaces
    homes: dict[str, str] = {}
    for shard, namespaces in shards.items():
        if not namespaces:
            yield _bad_shard((*path, shard), f"the release {shard!r} has no namespace")
        for index, namespace in readable(namespaces):
            where = (*path, shard, index)
            if lacks(known, namespace):
                yield _bad_shard(where, f"jobs run in no namespace {namespace!r}")
            elif namespace in homes:
                message = f"{namespace!r} is served by the release {homes[namespace]!r} already"
                yield _bad_shard(where, message)
            homes.setdefault(namespace, shard)
    if homes and not any(name not in homes for _, name in readable(known)):
        yield _bad_shard(path, "no namespace remains for the first operator release")


def _bad_shard(path: KeyPath, message: str) -> Finding:
    hint = "each of `spark.namespaces` belongs to one release; keep at least one out of all shards"
    return Finding(rule="F152", path=path, message=message, hint=hint)


@as_far_as_readable
def _check_architectures(cell_type: CellType, facts: Facts, path: KeyPath) -> Iterator[Finding]:
    if not is_whole(cell_type.node_groups):
        return
    pools: dict[str, list[str]] = {}
    for name, group in cell_type.node_groups.items():
        try:
            build = facts.image_build(facts.instance(group.instance_type))
        except (UnknownFact, UnknownInstanceType):
            return  # F112 and F127 say it
        pools.setdefault(build.architecture, []).append(name)
    made_for = {name for _, name in readable(cell_type.spark.image_architectures)}
    if len(made_for) < len(cell_type.spark.image_architectures):
        return
    if len(pools) > 1 and not pools.keys() <= made_for:
        shown = ", ".join(f"{arch} ({', '.join(names)})" for arch, names in sorted(pools.items()))
        yield Finding(
            rule="F153",
            path=path,
            message=f"node groups are of several architectures: {shown}",
            hint="make the images of jobs for all of them, and say so: "
            f"`spark: {{image_architectures: [{', '.join(sorted(pools))}]}}`",
            severity="warning",
        )


@as_far_as_readable
def _check_ways_in(inventory: Inventory) -> Iterator[Finding]:
    """Yield load balancers and clusters that nobody reaches: only hubs lead to them."""
    for name in inventory.cells:
        yield from _check_way_in(inventory, name)
    for name in sorted({cell.mesh for cell in inventory.cells.values()} & set(inventory.meshes)):
        yield from _check_mesh(inventory, name)


@as_far_as_readable
def _check_mesh(inventory: Inventory, name: str) -> Iterator[Finding]:
    """Yield a mesh whose private clusters no hub leads to; `hubs: []` says that it is meant so."""
    mesh = inventory.meshes[name]
    if not mesh.hubs and "hubs" not in mesh.model_fields_set:
        yield Finding(
            rule="F156",
            path=("meshes", name),
            message=f"no hub leads to mesh {name}: the APIs of its clusters are private, and their "
            "platform can be installed from inside their VPCs only",
            hint="name a hub under `hubs`; or write `hubs: []`, where that is what you want",
            severity="warning",
        )


@as_far_as_readable
def _check_way_in(inventory: Inventory, cell: str) -> Iterator[Finding]:
    declared = inventory.cells[cell]
    cell_type = inventory.cell_types.get(declared.type)
    mesh = inventory.meshes.get(declared.mesh)
    if cell_type is None or mesh is None:
        return  # F110 says it
    if cell_type.ingress is not None and not mesh.hubs:
        yield Finding(
            rule="F154",
            path=("cells", cell, "mesh"),
            message=f"nothing can reach the load balancer of {cell}: {declared.mesh} has no hub",
            hint="only hub blocks are allowed in; add one under `hubs` of the mesh",
            severity="warning",
        )
