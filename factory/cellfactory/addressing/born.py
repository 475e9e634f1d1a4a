"""Whether the inventory has each cell as it was born; what cannot change is refused at its line.

Every check reads only what it needs: it is also made of what can be read of an inventory with
mistakes, so that these hide nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator

from cellfactory.addressing.births import EVERY_CELL, Birth, is_accepted
from cellfactory.addressing.born_accounts import check_account, check_organization, check_role
from cellfactory.addressing.lock import Lock
from cellfactory.addressing.renamed import check_name
from cellfactory.addressing.ways import BESIDE, MOVE, renew
from cellfactory.errors import Finding, KeyPath
from cellfactory.inventory.schema import CellType, Inventory
from cellfactory.inventory.unreadable import as_far_as_readable, readable
from cellfactory.words import counted

Check = Callable[[Inventory, str, Birth], Iterator[Finding]]
Has = Callable[[Lock, str, CellType], bool]


@as_far_as_readable
def check_births(
    inventory: Inventory, lock: Lock, accepted: Collection[str] = ()
) -> Iterator[Finding]:
    """Yield what an inventory would change that cannot change.

    Args:
        inventory: every cell there is, or what can be read of one with mistakes.
        lock: what cells were born with, settled for these cells.
        accepted: as `keep_births`.

    Rules:
        F212: another organization. F213: another account. F214: another Region. F215: another mesh
        (a warning). F216: other zones. F217: another service block. F218: another name.
        F219: another place of the states. F220: another member role. F754: another IP family.
    """
    for cell in inventory.cells:
        born = lock.births.get(cell)
        if cell in lock.cells:
            yield from _check_zones(inventory, lock, cell)
        if born is None:
            yield from check_name(inventory, lock, cell) if cell not in lock.cells else ()
            continue
        yield from _check_region(inventory, cell, born)
        yield from _check_family(inventory, lock, cell)
        yield from _check_service_block(inventory, lock, cell)
        yield from check_account(inventory, cell, born, vouched=is_accepted(cell, accepted))
        for check in () if is_accepted(cell, accepted) else (check_organization, check_role):
            yield from as_far_as_readable(check)(inventory, cell, born)
    if EVERY_CELL not in accepted:
        standing = [lock.births[cell] for cell in inventory.cells if cell in lock.births]
        yield from _check_state(inventory, standing)


@as_far_as_readable
def _check_region(inventory: Inventory, cell: str, born: Birth) -> Iterator[Finding]:
    name = inventory.cells[cell].mesh
    mesh = inventory.meshes.get(name)
    if mesh is None:
        return
    if mesh.region != born.region:
        yield Finding(
            rule="F214",
            path=("cells", cell, "mesh") if name != born.mesh else ("meshes", name, "region"),
            about=("cells", cell),
            message=f"cell {cell!r} was created in {born.region} and cannot move to {mesh.region}",
            hint=f"a cell cannot change its Region: restore it, or {BESIDE}\n{renew(cell)}",
        )
    elif name != born.mesh:
        yield Finding(
            rule="F215",
            path=("cells", cell, "mesh"),
            message=f"cell {cell!r} leaves mesh {born.mesh!r} for {name!r}: its peerings are "
            "deleted, and new ones created",
            hint="drain the cell first, and apply both meshes together",
            severity="warning",
        )


@as_far_as_readable
def _check_family(inventory: Inventory, lock: Lock, cell: str) -> Iterator[Finding]:
    """EKS has no call that changes the family of a cluster, and pods of one family have no other.

    Source: https://docs.aws.amazon.com/eks/latest/userguide/cni-ipv6.html
    """
    cell_type = inventory.cell_types.get(inventory.cells[cell].type)
    if cell_type is None or _has_family(lock, cell, cell_type):
        return
    yield Finding(
        rule="F754",
        path=_place(inventory, lock, cell, "ip_family", _has_family),
        about=("cells", cell),
        message=f"the cluster of cell {cell!r} was created with ip_family "
        f"{lock.births[cell].ip_family}, not {cell_type.ip_family}",
        hint=f"EKS cannot change it on an existing cluster: restore it; then {MOVE}\n{renew(cell)}",
    )


@as_far_as_readable
def _check_service_block(inventory: Inventory, lock: Lock, cell: str) -> Iterator[Finding]:
    cell_type = inventory.cell_types.get(inventory.cells[cell].type)
    if cell_type is None or _has_service_block(lock, cell, cell_type):
        return
    if not _has_family(lock, cell, cell_type):
        return  # F754 says it: a service block is of a family
    yield Finding(
        rule="F217",
        path=_place(inventory, lock, cell, "service_block", _has_service_block),
        about=("cells", cell),
        message=f"the cluster of cell {cell!r} was created with the service block "
        f"{lock.births[cell].service_block}, not {cell_type.service_block}",
        hint=f"EKS cannot change it on an existing cluster: restore it, or {BESIDE}\n{renew(cell)}",
    )


@as_far_as_readable
def _check_zones(inventory: Inventory, lock: Lock, cell: str) -> Iterator[Finding]:
    """EKS takes no subnet in a zone that the cluster was not born with, and none away.

    In another Region all zones are others, and only that is said. A zone that was refused may be
    any.

    Source: https://docs.aws.amazon.com/eks/latest/userguide/network-reqs.html
    """
    cell_type = inventory.cell_types.get(inventory.cells[cell].type)
    if cell_type is None or _is_elsewhere(inventory, lock, cell):
        return
    held, now = lock.cells[cell].zones.keys(), {zone for _, zone in readable(cell_type.zones)}
    dropped = held - now if len(now) == len(cell_type.zones) else set()
    changes = [
        f"{verb} {', '.join(sorted(zones))}"
        for verb, zones in (("adds", now - held), ("drops", dropped))
        if zones
    ]
    if changes:
        yield Finding(
            rule="F216",
            path=_place(inventory, lock, cell, "zones", _has_zones),
            about=("cells", cell),
            message=f"cell {cell!r} was created in {', '.join(sorted(held))}; its type "
            f"{' and '.join(changes)}",
            hint="EKS cannot change the zones of a cluster: use another cell type for new cells, "
            f"or add a cell with these zones under another name\n{renew(cell)}",
        )


def _is_elsewhere(inventory: Inventory, lock: Lock, cell: str) -> bool:
    mesh, born = inventory.meshes.get(inventory.cells[cell].mesh), lock.births.get(cell)
    return mesh is not None and born is not None and mesh.region != born.region


def _has_service_block(lock: Lock, cell: str, cell_type: CellType) -> bool:
    born = lock.births.get(cell)
    return born is not None and cell_type.service_block == born.service_block


def _has_family(lock: Lock, cell: str, cell_type: CellType) -> bool:
    born = lock.births.get(cell)
    return born is not None and cell_type.ip_family == born.ip_family


def _has_zones(lock: Lock, cell: str, cell_type: CellType) -> bool:
    return cell in lock.cells and set(cell_type.zones) == lock.cells[cell].zones.keys()


def _place(inventory: Inventory, lock: Lock, cell: str, key: str, has: Has) -> KeyPath:
    """Find whether a cell's type was edited, or the cell was given another type.

    A type under which some other cell is as it was born was not edited.
    """
    name = inventory.cells[cell].type
    others = (other for other, declared in inventory.cells.items() if declared.type == name)
    if any(has(lock, other, inventory.cell_types[name]) for other in others):
        return "cells", cell, "type"
    return "cell_types", name, key


@as_far_as_readable
def _check_state(inventory: Inventory, standing: Collection[Birth]) -> Iterator[Finding]:
    places: dict[tuple[str, str], int] = {}
    for born in standing:
        place = born.state_bucket, born.state_region
        places[place] = places.get(place, 0) + 1
    places.pop((inventory.state.bucket, inventory.state.region), None)
    for (bucket, region), count in sorted(places.items()):
        key = "bucket" if bucket != inventory.state.bucket else "region"
        yield Finding(
            rule="F219",
            path=("state", key),
            message=f"the states of {counted(count, 'cell')} lie in {bucket} ({region}), and "
            f"cells.yaml names {inventory.state.bucket} ({inventory.state.region})",
            hint="Terraform would find no state there, and create every cell again: restore it"
            "\nafter copying every object: cellfactory lock --accept all",
        )
