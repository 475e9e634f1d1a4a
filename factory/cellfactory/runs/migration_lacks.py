"""What the step of a mesh asks for and is not applied, and which stacks would bring it."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from cellfactory.inventory.schema import Inventory
from cellfactory.layers import Layer, StackId
from cellfactory.layers.edges import WAYS, higher_peers, lower_peers, peered_hubs
from cellfactory.layers.gateway import READY, SHARED, attached_hubs
from cellfactory.runs.standing import Known
from cellfactory.runs.ways import LAYERS, CellWays, ways_of

OF_MESHES: tuple[Layer, ...] = ("gateway", "segments")
"""The layers of a mesh whose records tell where it stands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lack:
    """Something that a step asks for."""

    text: str
    stacks: tuple[StackId, ...]  # that bring it


def ways_of_known(inventory: Inventory, cell: str, known: Known) -> CellWays:
    """Put together what is known of the ways of a cell."""
    read: dict[Layer, StackId] = {layer: StackId(cell, layer) for layer in ("routes", "transit")}
    records = known.records
    return ways_of(inventory, cell, records.get(read["routes"]), records.get(read["transit"]))


def connections_of(cell: str, known: Known) -> set[str]:
    """Name those that a cell has a connection with, asked for or accepted."""
    return _entries(known, StackId(cell, "peering"), "connection_ids") | _entries(
        known, StackId(cell, "accept"), "accepted_ids"
    )


def lacks_of_cell(inventory: Inventory, cell: str, told: CellWays, known: Known) -> Iterator[Lack]:
    """Yield what the step of a cell's mesh asks for of the cell."""
    for layer in LAYERS:
        if known.standing(StackId(cell, layer)) in ("unfinished", "unreadable"):
            why = known.standing(StackId(cell, layer))
            said = "an apply was broken off" if why == "unfinished" else "its record is unreadable"
            yield Lack(text=f"{layer}: {said}", stacks=(StackId(cell, layer),))
    yield from _connections(inventory, cell, known)
    yield from _attachment(inventory, cell, told, known)
    yield from _ways(inventory, cell, told, known)


def _connections(inventory: Inventory, cell: str, known: Known) -> Iterator[Lack]:
    asked = {*higher_peers(inventory, cell), *peered_hubs(inventory, cell)}
    took = {*lower_peers(inventory, cell)}
    found = connections_of(cell, known)
    if missing := (asked | took) - found:
        layers: list[Layer] = ["peering"] if missing & asked else []
        layers += ["accept"] if missing & took else []
        yield Lack(
            text=f"{len(missing):,} of {len(asked | took):,} connections",
            stacks=tuple(StackId(cell, layer) for layer in layers),
        )
    if left := found - (asked | took):
        has: tuple[Layer, ...] = ("peering", "accept")
        yield Lack(
            text=f"{len(left):,} connections not deleted yet",
            stacks=tuple(StackId(cell, x) for x in has if StackId(cell, x) in known.records),
        )


def _attachment(inventory: Inventory, cell: str, told: CellWays, known: Known) -> Iterator[Lack]:
    step, own = inventory.mesh_of(cell).step, StackId(cell, "transit")
    segments = StackId(inventory.cells[cell].mesh, "segments")
    ready = _entries(known, segments, READY)
    if step.gateway and own not in known.records:
        yield Lack(text="its part of the gateway", stacks=(own,))
    elif step.attached and not told.is_attached:
        yield Lack(text="an attachment", stacks=(own,))
    elif told.is_attached and not step.attached:
        yield Lack(text="an attachment not removed yet", stacks=(segments, own))
    elif step.attached and cell not in ready:
        yield Lack(text="an attachment taken up", stacks=(segments,))


def _ways(inventory: Inventory, cell: str, told: CellWays, known: Known) -> Iterator[Lack]:
    others = inventory.reached_from(cell)
    over = {to: inventory.way_over(cell, to) for to in others}
    other = [to for to, way in over.items() if told.over.get(to) != way]
    routes = StackId(cell, "routes")
    if other:
        yield Lack(text=f"{len(other):,} of {len(over):,} ways", stacks=(routes,))
    elif others and inventory.mesh_of(cell).step.gateway:
        record = known.records.get(routes)
        if record is not None and WAYS not in record.outputs:
            yield Lack(text="routes that know of the gateway", stacks=(routes,))


def lacks_of_mesh(inventory: Inventory, mesh: str, known: Known) -> Iterator[Lack]:
    """Yield what the step of a mesh asks for of the gateway itself."""
    step, cells = inventory.meshes[mesh].step, inventory.members_of(mesh)
    if not step.gateway or not cells:
        return
    expected: dict[Layer, tuple[str, Collection[str]]] = {
        "gateway": (SHARED, cells),
        "segments": (READY, attached_hubs(inventory, mesh) if step.attached else ()),
    }
    for layer, (output, names) in expected.items():
        stack = StackId(mesh, layer)
        standing = known.standing(stack)
        missing = sorted(set(names) - _entries(known, stack, output))
        if standing != "applied":
            yield Lack(text=f"{layer}: {standing.replace('-', ' ')}", stacks=(stack,))
        elif missing:
            yield Lack(text=f"{layer}: {', '.join(missing[:3])}", stacks=(stack,))


def _entries(known: Known, stack: StackId, output: str) -> set[str]:
    told = known.output(stack.owner, stack.layer, output)
    return set(told) if isinstance(told, dict) else set()
