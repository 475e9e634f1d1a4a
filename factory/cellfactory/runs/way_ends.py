"""Whether both ends of a way are ready for what it is to lead over, as they were applied."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from cellfactory.errors import Finding
from cellfactory.inventory.interconnect import ROWS, Interconnect
from cellfactory.inventory.schema import Inventory
from cellfactory.layers import Layer, StackId
from cellfactory.layers.gateway import READY
from cellfactory.terraform.record import Record
from cellfactory.words import counted

Read = Callable[[StackId], Record | None]
"""How the record of a stack is had."""

_SHOWN = 3


def check_ends(
    inventory: Inventory, mesh: str, over: Mapping[str, Mapping[str, str]], read: Read
) -> Iterator[Finding]:
    """Yield that ways of cells that stand would move to where they cannot lead yet.

    A way that is new is none that moves: it waits for its ends in the order of work. So does one to
    a hub that its owner has attached since: the gateway takes it up in the same run.

    Args:
        inventory: what is to be planned or applied.
        mesh: one that has a gateway, or had one.
        over: what each applied way leads over, by cell, and by peer or hub.
        read: the registry.

    Rules:
        F772: they would; told once for a mesh.
    """
    moves = list(_moving(inventory, over))
    lacks = {
        stack: None
        for cell, to, wanted in moves
        for stack in _lacking(inventory, cell, to, wanted, read)
    }
    if not lacks:
        return
    declared = inventory.meshes[mesh]
    first: Interconnect = "both" if moves[0][2] == "gateway" else "soak"
    cells = dict.fromkeys(cell for cell, _, _ in moves)
    named = ", ".join(stack.name for stack in list(lacks)[:_SHOWN])
    more = f" and {len(lacks) - _SHOWN:,} more" if len(lacks) > _SHOWN else ""
    where = "the gateway" if first == "both" else "connections"
    yield Finding(
        rule="F772",
        path=("meshes", mesh, "interconnect"),
        message=f"mesh {mesh!r} is at {declared.interconnect}, and routes of "
        f"{counted(len(cells), 'cell')} would move to {where} before both ends are there: "
        f"{named}{more} {'is' if len(lacks) == 1 else 'are'} not applied",
        hint=f"write interconnect: {first} ({ROWS[first].name}) again, and apply it",
    )


def _moving(
    inventory: Inventory, over: Mapping[str, Mapping[str, str]]
) -> Iterator[tuple[str, str, str]]:
    """Yield the cell, the other end and what the way is to lead over, of each that moves."""
    for cell, told in over.items():
        for to in inventory.reached_from(cell):
            wanted = inventory.way_over(cell, to)
            if told.get(to, wanted) != wanted:
                yield cell, to, wanted


def _lacking(
    inventory: Inventory, cell: str, to: str, wanted: str, read: Read
) -> Iterator[StackId]:
    """Yield the stacks that have to be applied before a way can lead over something."""
    if wanted == "gateway":
        segments = StackId(inventory.cells[cell].mesh, "segments")
        for end in (cell, *({to} & inventory.cells.keys())):
            if not _has(read, segments, READY, end):
                if not _has(read, StackId(end, "transit"), "attachment_ids", end):
                    yield StackId(end, "transit")
                yield segments
        return
    low, high = sorted((cell, to)) if to in inventory.cells else (cell, to)
    layers: tuple[tuple[str, Layer, str, str], ...] = ((low, "peering", "connection_ids", high),)
    if to in inventory.cells:
        layers = (*layers, (high, "accept", "accepted_ids", low))
    for owner, layer, output, key in layers:
        if not _has(read, StackId(owner, layer), output, key):
            yield StackId(owner, layer)


def _has(read: Read, stack: StackId, output: str, key: str) -> bool:
    record = read(stack)
    told = record.outputs.get(output) if record is not None and record.complete else None
    return isinstance(told, dict) and key in told
