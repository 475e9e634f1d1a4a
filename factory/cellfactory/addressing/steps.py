"""Whether a mesh takes one step at a time between peerings and a transit gateway, and may go back.

The lock keeps the step that each mesh was last locked at. A mesh that it has no cell of may begin
at any.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from ipaddress import IPv4Network

from cellfactory.addressing.blocks import CellAddresses
from cellfactory.addressing.lock import Lock
from cellfactory.errors import Finding
from cellfactory.inventory.interconnect import STEPS, Interconnect, step_towards
from cellfactory.inventory.overlaps import Owned, overlapping
from cellfactory.inventory.schema import Inventory
from cellfactory.inventory.unreadable import as_far_as_readable, peek

MIGRATE = "cellfactory migrate --next writes the edit of the next step"


def steps_of(inventory: Inventory) -> dict[str, Interconnect]:
    """Say at which step each mesh with cells is; peering, where all begin, is left out."""
    used = {cell.mesh for cell in inventory.cells.values()}
    return {
        name: mesh.interconnect
        for name, mesh in sorted(inventory.meshes.items())
        if name in used and mesh.interconnect != STEPS[0]
    }


def step_before(lock: Lock, mesh: str) -> Interconnect | None:
    """Say at which step a mesh was locked; None where the lock has no cell of it."""
    known = any(lock.births[c].mesh == mesh for c in lock.cells if c in lock.births)
    return lock.steps.get(mesh, STEPS[0]) if known else None


@as_far_as_readable
def check_steps(inventory: Inventory, lock: Lock) -> Iterator[Finding]:
    """Yield meshes that skip a step.

    Args:
        inventory: every mesh there is, or what can be read of one with mistakes.
        lock: at which step each was, settled for the cells of the inventory.

    Rules:
        F764: a step is skipped.
    """
    for name, mesh in inventory.meshes.items():
        before, now = step_before(lock, name), peek(mesh, "interconnect")
        if before is None or now is None:
            continue
        following = step_towards(before, now)
        if following == now:
            continue
        skipped = STEPS.index(now) - STEPS.index(before)
        between = STEPS[STEPS.index(before) :: 1 if skipped > 0 else -1][1 : abs(skipped)]
        yield Finding(
            rule="F764",
            path=("meshes", name, "interconnect"),
            message=f"mesh {name!r} goes from {before} to {now}, and skips {', '.join(between)}",
            hint=f"write interconnect: {following} and apply it first\n{MIGRATE}",
        )


def pod_sharers(
    inventory: Inventory, cells: Mapping[str, CellAddresses], mesh: str
) -> Iterator[tuple[str, str, IPv4Network]]:
    """Yield pairs of cells of a mesh that have the same pod addresses, and a block of the second.

    Args:
        inventory: every cell there is.
        cells: what each of them holds.
        mesh: its name.
    """
    held: list[Owned] = [
        (block, (), name)
        for name in inventory.members_of(mesh)
        if name in cells
        for block in cells[name].pod_blocks
    ]
    for first, second in overlapping(held):
        if first[2] != second[2]:
            yield first[2], second[2], second[0]


def check_way_back(
    inventory: Inventory, cells: Mapping[str, CellAddresses], mesh: str
) -> Iterator[Finding]:
    """Yield pod blocks of a mesh with a gateway that keep it from having peerings again.

    Args:
        inventory: every cell there is.
        cells: what each of them holds.
        mesh: one that has a gateway, and is not at its end.

    Rules:
        F765: two cells hold the same pod addresses.
    """
    shared: dict[tuple[str, str], list[str]] = {}
    for one, other, block in pod_sharers(inventory, cells, mesh):
        shared.setdefault((one, other), []).append(str(block))
    for (first, second), blocks in shared.items():
        yield Finding(
            rule="F765",
            path=("meshes", mesh, "interconnect"),
            message=f"mesh {mesh!r} cannot leave gateway for {inventory.meshes[mesh].interconnect}"
            f": cells {first!r} and {second!r} both have pod addresses in {', '.join(blocks)}",
            hint=f"stay at gateway; or rebuild {second!r} as a new cell under pod_blocks: "
            "unique, and decommission it",
        )
