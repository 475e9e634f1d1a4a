"""Where the meshes of an inventory are between peerings and a transit gateway, cell by cell.

What the inventory and the lock say is one thing, what was applied another: a step is taken once
every cell is where it says, and only then is the next one written.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from cellfactory.addressing.lock import check_locked
from cellfactory.addressing.steps import pod_sharers, step_before
from cellfactory.design import Design, make_design
from cellfactory.errors import UsageError
from cellfactory.files import read_text, write_whole
from cellfactory.inventory.interconnect import ROWS, Interconnect, next_step, step_back
from cellfactory.inventory.mesh_edit import edit_step
from cellfactory.inventory.nearest import suggest
from cellfactory.inventory.schema import Inventory
from cellfactory.layers import StackId
from cellfactory.runs.migration_lacks import (
    OF_MESHES,
    Lack,
    connections_of,
    lacks_of_cell,
    lacks_of_mesh,
    ways_of_known,
)
from cellfactory.runs.standing import Known
from cellfactory.runs.ways import LAYERS
from cellfactory.words import counted


@dataclass(frozen=True, slots=True, kw_only=True)
class CellStand:
    """Where a cell stands, as it was applied."""

    cell: str
    is_attached: bool | None  # None where nobody knows
    connections: int | None  # that it asked for or accepted
    ways: Mapping[str, int]  # how many lead over a peering, and how many over the gateway
    lacks: tuple[str, ...]  # what its step asks for and is not applied
    to_apply: tuple[str, ...]  # its stacks that would bring it


@dataclass(frozen=True, slots=True, kw_only=True)
class StepAhead:
    """A step that a mesh may take from where it is."""

    step: Interconnect
    forth: bool  # on the way to the gateway
    does: tuple[str, ...]  # sentences
    blocked: tuple[str, ...]  # what stands in its way; empty where it may be written


@dataclass(frozen=True, slots=True, kw_only=True)
class MeshStand:
    """Where a mesh stands."""

    mesh: str
    region: str
    step: Interconnect  # as the inventory says
    locked: Interconnect | None  # as the lock says; None where it knows no cell of the mesh
    cells: tuple[CellStand, ...]
    lacks: tuple[str, ...]  # what the step asks for of the mesh itself and is not applied
    to_apply: tuple[str, ...]  # every stack that would bring what is lacking
    ahead: tuple[StepAhead, ...]
    why_not: str  # why it is not known what is applied; empty where it is


def wanted_records(inventory: Inventory, meshes: Iterable[str]) -> set[StackId]:
    """List the stacks whose records tell where the cells of meshes stand."""
    return {
        stack
        for mesh in meshes
        for stack in (
            *(StackId(mesh, layer) for layer in OF_MESHES),
            *(StackId(c, layer) for c in inventory.members_of(mesh) for layer in LAYERS),
        )
    }


def choose_meshes(inventory: Inventory, names: Sequence[str]) -> tuple[str, ...]:
    """List the meshes that are named, or all with cells.

    Raises:
        UsageError: when a name is none.
    """
    unknown = [name for name in names if name not in inventory.meshes]
    if unknown:
        lines = (f"unknown mesh {n!r}{suggest(n, inventory.meshes)}" for n in unknown)
        raise UsageError("\n".join(lines))
    chosen = names or [mesh for mesh in inventory.meshes if inventory.members_of(mesh)]
    return tuple(sorted(set(chosen)))


def stand_of(design: Design, mesh: str, known: Known) -> MeshStand:
    """Say where a mesh stands, and which steps are ahead."""
    inventory = design.inventory
    declared = inventory.meshes[mesh]
    cells = tuple(_cell(inventory, cell, known) for cell in inventory.members_of(mesh))
    of_mesh = tuple(lacks_of_mesh(inventory, mesh, known)) if known.is_known else ()
    steps = ((next_step(declared.interconnect), True), (step_back(declared.interconnect), False))
    return MeshStand(
        mesh=mesh,
        region=declared.region,
        step=declared.interconnect,
        locked=step_before(design.before, mesh),
        cells=cells,
        lacks=tuple(lack.text for lack in of_mesh),
        to_apply=tuple(
            dict.fromkeys(
                (
                    *(stack.name for lack in of_mesh for stack in lack.stacks),
                    *(stack for cell in cells for stack in cell.to_apply),
                )
            )
        ),
        ahead=tuple(
            StepAhead(
                step=step,
                forth=forth,
                does=tuple(_does(inventory, mesh, step)),
                blocked=tuple(_blocks(design, mesh, step, _late(mesh, cells, of_mesh), known)),
            )
            for step, forth in steps
            if step is not None
        ),
        why_not=known.why_not,
    )


# -- where a cell stands ---------------------------------------------------------------------------


def _cell(inventory: Inventory, cell: str, known: Known) -> CellStand:
    if not known.is_known:
        return CellStand(
            cell=cell, is_attached=None, connections=None, ways={}, lacks=(), to_apply=()
        )
    told = ways_of_known(inventory, cell, known)
    lacks = tuple(lacks_of_cell(inventory, cell, told, known))
    return CellStand(
        cell=cell,
        is_attached=told.is_attached,
        connections=len(connections_of(cell, known)),
        ways=dict(Counter(told.over.values())),
        lacks=tuple(lack.text for lack in lacks),
        to_apply=tuple(dict.fromkeys(stack.name for lack in lacks for stack in lack.stacks)),
    )


def _late(mesh: str, cells: Sequence[CellStand], of_mesh: Sequence[Lack]) -> list[str]:
    """Name the cells, and the mesh, that lack something."""
    return [*([f"mesh {mesh}"] if of_mesh else []), *(cell.cell for cell in cells if cell.lacks)]


# -- the steps ahead -------------------------------------------------------------------------------


def _does(inventory: Inventory, mesh: str, step: Interconnect) -> Iterator[str]:
    """Yield what a step does to a mesh, in numbers."""
    before, after = inventory.meshes[mesh].step, ROWS[step]
    cells, hubs = inventory.members_of(mesh), inventory.meshes[mesh].hubs
    peers = sum(len(inventory.peers_of(cell)) for cell in cells)
    connections = peers // 2 + len(cells) * len(hubs)
    if before.gateway != after.gateway:
        made = "is made and shared" if after.gateway else "is no longer declared"
        yield f"the gateway {made}"
    if before.attached != after.attached:
        made = "made" if after.attached else "removed"
        yield f"{counted(len(cells), 'attachment')} {_is(len(cells))} {made}"
    if before.routes != after.routes:
        routes, moved = _moved(inventory, mesh, step)
        told = f" to {'peerings' if after.routes == 'peering' else 'the gateway'}"
        if after.routes == "canary":
            some = _named(inventory.meshes[mesh].canary or _canary(inventory, mesh, ()))
            told = f": ways from and to {some} alone lead over the gateway"
        yield f"{counted(routes, 'route')} of {counted(moved, 'cell')} change in place{told}"
    if before.peerings and not after.peerings:
        gone = f"{counted(connections, 'connection')} {_is(connections)} deleted"
        yield f"{gone}: the way back is asking again"
        if hubs:
            yield f"owners of {_named(sorted(hubs))} move their own routes to the gateway before"
    if after.peerings and not before.peerings:
        yield f"{counted(connections, 'connection')} {_is(connections)} made again"
    if not (before.gateway != after.gateway or before.attached != after.attached) and (
        before.routes == after.routes and before.peerings == after.peerings
    ):
        yield (
            "the empty states of the connections leave the inventory"
            if step == "gateway"
            else ("the states of the connections come back, empty")
        )


def _is(count: int) -> str:
    return "is" if count == 1 else "are"


def _moved(inventory: Inventory, mesh: str, step: Interconnect) -> tuple[int, int]:
    """Count the routes that lead over something else at a step, and the cells that have them."""
    declared = inventory.meshes[mesh]
    canary = (declared.canary or _canary(inventory, mesh, ())) if step == "canary" else ()
    changed = declared.model_copy(update={"interconnect": step, "canary": list(canary)})
    there = inventory.model_copy(update={"meshes": {**inventory.meshes, mesh: changed}})
    routes: Counter[str] = Counter()
    for cell in inventory.members_of(mesh):
        zones = len(inventory.type_of(cell).zones)
        for to in inventory.reached_from(cell):
            if inventory.leads_over_gateway(cell, to) != there.leads_over_gateway(cell, to):
                blocks = 1 if to in inventory.cells else len(inventory.hubs[to].blocks)
                routes[cell] += zones * blocks
    return routes.total(), len(routes)


def _blocks(
    design: Design, mesh: str, step: Interconnect, late: Sequence[str], known: Known
) -> Iterator[str]:
    """Yield what stands in the way of a step."""
    inventory = design.inventory
    declared = inventory.meshes[mesh]
    if any(check_locked(design.before, design.lock)):
        yield "the lock is out of date: run cellfactory lock"
    if not known.is_known:
        yield f"what is applied is not known: {known.why_not}"
    elif late and not _is_safe_anyway(declared.interconnect, step):
        yield f"not applied yet everywhere: {_named(late)}"
    if ROWS[step].gateway and declared.gateway is None:
        yield 'the mesh has no gateway: {account: "…", organization: …}'
    for hub in declared.hubs if not ROWS[step].peerings else ():
        if mesh not in inventory.hubs[hub].attachments:
            yield f"hub {hub} is not attached (hubs.{hub}.attachments)"
    pods = pod_sharers(inventory, design.plan.cells, mesh)
    if declared.interconnect == "gateway" and (pair := next(pods, None)):
        yield f"cells {pair[0]} and {pair[1]} share pod addresses: no way back to peerings"
    gateway = declared.gateway
    if gateway is not None and gateway.pod_blocks == "reusable" and step != "gateway":
        yield "pod_blocks: reusable has to become unique first"


def _is_safe_anyway(now: Interconnect, step: Interconnect) -> bool:
    """Whether a step may be taken from one that is half applied: back, where it removes nothing.

    Whoever sees a canary fail does not finish it first.
    """
    here, there = ROWS[now], ROWS[step]
    removes = (here.attached and not there.attached) or (here.gateway and not there.gateway)
    return step_back(now) == step and not removes


def _named(names: Sequence[str]) -> str:
    more = len(names) - _SHOWN
    return ", ".join(names[:_SHOWN]) + (f" and {more:,} more" if more > 0 else "")


_SHOWN = 3


# -- the edit --------------------------------------------------------------------------------------


def write_step(
    inventory_file: Path, design: Design, stand: MeshStand, *, forth: bool, canary: Sequence[str]
) -> tuple[str, str]:
    """Write the next step of a mesh into the inventory.

    Args:
        inventory_file: it.
        design: what it says.
        stand: of the mesh.
        forth: to the gateway; back to peerings where it is not.
        canary: cells of the mesh that go first; those of its first ring when empty.

    Returns:
        The text before and after.

    Raises:
        UsageError: when there is no such step, it is blocked, or cannot be written.
        InventoryError: when what would be written is not sound.
        SizingError: when it would not fit, and what is there does.
    """
    ahead = next((one for one in stand.ahead if one.forth == forth), None)
    if ahead is None:
        end = "its end, the gateway" if forth else "its beginning, peerings"
        msg = f"mesh {stand.mesh!r} is at {end}"
        raise UsageError(msg)
    if ahead.blocked:
        lines = "".join(f"\n    {line}" for line in ahead.blocked)
        msg = f"mesh {stand.mesh!r} cannot go from {stand.step} to {ahead.step} yet:{lines}"
        raise UsageError(msg)
    if canary and ahead.step != "canary":
        msg = f"--canary goes with the step to canary; the next one is {ahead.step}"
        raise UsageError(msg)
    cells = _canary(design.inventory, stand.mesh, canary) if ahead.step == "canary" else ()
    before = read_text(inventory_file)
    after = edit_step(before, stand.mesh, ahead.step, cells)
    edited = make_design(replace(design.texts, inventory=after), design.facts)
    if design.fits:
        edited.require_fit()
    write_whole(inventory_file, after)
    return before, after


def _canary(inventory: Inventory, mesh: str, named: Sequence[str]) -> tuple[str, ...]:
    members = inventory.members_of(mesh)
    if strange := [cell for cell in named if cell not in members]:
        msg = f"{strange[0]!r} is no cell of mesh {mesh!r}{suggest(strange[0], members)}"
        raise UsageError(msg)
    if named:
        return tuple(dict.fromkeys(named))
    place = {ring: index for index, ring in enumerate(inventory.ring_names)}
    first = min((place[inventory.cells[cell].ring] for cell in members), default=0)
    found = tuple(cell for cell in members if place[inventory.cells[cell].ring] == first)
    return found[:1] if found == members else found  # where there is one ring, all is no canary
