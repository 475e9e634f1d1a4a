"""Where the meshes of an inventory are between peerings and a transit gateway, cell by cell.

What the inventory and the lock say is one thing, what was applied another: a step is taken once
every cell is where it says, and only then is the next one written.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cellfactory.addressing.lock import check_locked
from cellfactory.design import Design
from cellfactory.errors import UsageError
from cellfactory.files import read_text, write_whole
from cellfactory.inventory.interconnect import ROWS, Interconnect, next_step, step_back
from cellfactory.inventory.mesh_edit import edit_step
from cellfactory.inventory.nearest import suggest
from cellfactory.inventory.overlaps import overlapping
from cellfactory.inventory.schema import Inventory
from cellfactory.layers import StackId
from cellfactory.layers.edges import higher_peers, lower_peers, peered_hubs
from cellfactory.runs.standing import Known
from cellfactory.runs.ways import GATEWAY, PEERING, CellWays, ways_of

LAYERS = ("peering", "accept", "transit", "routes")
"""Those of a cell whose records tell where it stands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CellStand:
    """Where a cell stands, as it was applied."""

    cell: str
    is_attached: bool | None  # None where nobody knows
    connections: int | None  # that it asked for or accepted
    ways: Mapping[str, int]  # how many lead over a peering, and how many over the gateway
    lacks: tuple[str, ...]  # what its step asks for and is not applied


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
    ahead: tuple[StepAhead, ...]
    why_not: str  # why it is not known what is applied; empty where it is


def wanted_records(inventory: Inventory, meshes: Iterable[str]) -> set[StackId]:
    """List the stacks whose records tell where the cells of meshes stand."""
    return {
        StackId(cell, layer)  # type: ignore[arg-type]
        for mesh in meshes
        for cell in inventory.members_of(mesh)
        for layer in LAYERS
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
    steps = ((next_step(declared.interconnect), True), (step_back(declared.interconnect), False))
    knows = any(design.before.births[c].mesh == mesh for c in _locked(design))
    return MeshStand(
        mesh=mesh,
        region=declared.region,
        step=declared.interconnect,
        locked=design.before.steps.get(mesh, "peering") if knows else None,
        cells=cells,
        ahead=tuple(
            StepAhead(
                step=step,
                forth=forth,
                does=tuple(_does(inventory, mesh, step)),
                blocked=tuple(_blocks(design, mesh, step, cells, known)),
            )
            for step, forth in steps
            if step is not None
        ),
        why_not=known.why_not,
    )


def _locked(design: Design) -> list[str]:
    return [cell for cell in design.before.cells if cell in design.before.births]


# -- where a cell stands ---------------------------------------------------------------------------


def _cell(inventory: Inventory, cell: str, known: Known) -> CellStand:
    if not known.is_known:
        return CellStand(cell=cell, is_attached=None, connections=None, ways={}, lacks=())
    read = {layer: known.records.get(StackId(cell, layer)) for layer in ("routes", "transit")}
    told = ways_of(inventory, cell, read["routes"], read["transit"])
    asked = known.output(cell, "peering", "connection_ids") or {}
    took = known.output(cell, "accept", "accepted_ids") or {}
    return CellStand(
        cell=cell,
        is_attached=told.is_attached,
        connections=len({**asked, **took}),
        ways=dict(Counter(told.over.values())),
        lacks=tuple(_lacks(inventory, cell, told, {**asked, **took})),
    )


def _lacks(
    inventory: Inventory, cell: str, told: CellWays, connections: Mapping[str, str]
) -> Iterator[str]:
    """Yield what the step of the cell's mesh asks for and is not applied."""
    step = inventory.mesh_of(cell).step
    if not told.is_settled:
        yield "routes: an apply was broken off"
    wanted = {
        *higher_peers(inventory, cell),
        *lower_peers(inventory, cell),
        *peered_hubs(inventory, cell),
    }
    if missing := wanted - connections.keys():
        yield f"{len(missing):,} of {len(wanted):,} connections"
    if left := connections.keys() - wanted:
        yield f"{len(left):,} connections not deleted yet"
    if step.attached != told.is_attached:
        yield "an attachment" if step.attached else "an attachment not removed yet"
    others = (*inventory.peers_of(cell), *inventory.hubs_of(cell))
    over = {to: GATEWAY if inventory.leads_over_gateway(cell, to) else PEERING for to in others}
    other = [to for to, way in over.items() if told.over.get(to) != way]
    if other:
        yield f"{len(other):,} of {len(over):,} ways"


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
        yield f"{len(cells):,} attachments are {'made' if after.attached else 'removed'}"
    if before.routes != after.routes:
        ways = {"peering": "peerings", "canary": "canaries", "gateway": "the gateway"}
        where = ways[after.routes]
        if after.routes == "canary":
            yield "the ways from and to the canary cells alone lead over the gateway, in place"
        else:
            yield f"every way leads over {where}, in place"
    if before.peerings and not after.peerings:
        yield f"{connections:,} connections are deleted: the way back is asking for them again"
    if after.peerings and not before.peerings:
        yield f"{connections:,} connections are made again"
    if not (before.gateway != after.gateway or before.attached != after.attached) and (
        before.routes == after.routes and before.peerings == after.peerings
    ):
        yield (
            "the empty states of the connections leave the inventory"
            if step == "gateway"
            else ("the states of the connections come back, empty")
        )


def _blocks(
    design: Design, mesh: str, step: Interconnect, cells: Sequence[CellStand], known: Known
) -> Iterator[str]:
    """Yield what stands in the way of a step."""
    inventory = design.inventory
    if any(check_locked(design.before, design.lock)):
        yield "the lock is out of date: run cellfactory lock"
    if not known.is_known:
        yield f"what is applied is not known: {known.why_not}"
    elif late := [cell.cell for cell in cells if cell.lacks]:
        more = f" and {len(late) - _SHOWN:,} more" if len(late) > _SHOWN else ""
        yield f"not applied yet everywhere: {', '.join(late[:_SHOWN])}{more}"
    declared = inventory.meshes[mesh]
    if ROWS[step].gateway and declared.gateway is None:
        yield 'the mesh has no gateway: {account: "…", organization: …}'
    for hub in declared.hubs if not ROWS[step].peerings else ():
        if mesh not in inventory.hubs[hub].attachments:
            yield f"hub {hub} is not attached (hubs.{hub}.attachments)"
    if declared.interconnect == "gateway" and (pairs := _shared_pods(design, mesh)):
        yield f"{pairs}: no way back to peerings"
    gateway = declared.gateway
    if gateway is not None and gateway.pod_blocks == "reusable" and step != "gateway":
        yield "pod_blocks: reusable has to become unique first"


def _shared_pods(design: Design, mesh: str) -> str:
    held = [
        (block, (), cell)
        for cell in design.inventory.members_of(mesh)
        if cell in design.plan.cells
        for block in design.plan.cells[cell].pod_blocks
    ]
    pairs = [(a[2], b[2]) for a, b in overlapping(held) if a[2] != b[2]]
    return f"cells {pairs[0][0]} and {pairs[0][1]} share pod addresses" if pairs else ""


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
    cells = _canary(design.inventory, stand.mesh, canary) if ahead.step == "canary" else ()
    before = read_text(inventory_file)
    after = edit_step(before, stand.mesh, ahead.step, cells)
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
    first = min(place[inventory.cells[cell].ring] for cell in members)
    return tuple(cell for cell in members if place[inventory.cells[cell].ring] == first)
