"""The lock: every block that a cell ever got, so that nothing is ever renumbered.

A cell that leaves the inventory keeps its blocks under `removed`, until somebody releases them on
purpose: a VPC may still be there, and peers still route to it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from pydantic import Field

from factory.addressing.blocks import PRIMARY_KINDS, CellAddresses, ZoneBlocks
from factory.documents import parse_document
from factory.errors import Finding, InventoryError, Problem, UsageError
from factory.inventory.overlaps import Owned, overlapping
from factory.inventory.reader import validate, yaml_problems
from factory.inventory.schema import Block, CellName, Model, ZoneId
from factory.inventory.source import SourceMap

HEADER = """\
# Made by `cellfactory lock`; commit it, and do not edit it.
# Each cell keeps for ever the blocks that stand here. Cells that left the inventory keep theirs
# under `removed` until `cellfactory lock --release CELL`.
# Pod blocks differ among all cells that reach each other or one hub; cells of meshes that are not
# joined may have the same ones, once the pool has no others.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lock:
    """The blocks of the cells that are, and of those that were; by cell name."""

    cells: Mapping[str, CellAddresses] = field(default_factory=dict)
    removed: Mapping[str, CellAddresses] = field(default_factory=dict)


EMPTY_LOCK = Lock()


class LockedZone(Model):
    """The subnets of a cell in one zone."""

    node: Block
    endpoint: Block
    control_plane: Block
    public: Block
    transit: Block
    pod: Block


class LockedCell(Model):
    """The blocks of a cell."""

    primary: Block
    pod_blocks: list[Block] = Field(min_length=1, max_length=100)
    zones: dict[ZoneId, LockedZone] = Field(min_length=1)


class LockFile(Model):
    """The shape of `cells.lock.yaml`."""

    version: Literal[1]
    cells: dict[CellName, LockedCell] = Field(default={})
    removed: dict[CellName, LockedCell] = Field(default={})


def parse_lock(data: str | bytes, file: str) -> Lock:
    """Read a lock.

    Args:
        data: the whole text, or the bytes of a file.
        file: the name to show in messages; nothing is opened.

    Raises:
        InventoryError: when it is not a lock (F200), or its blocks contradict each other (F201).
    """
    document = parse_document(data)
    source = SourceMap.of(file, document)
    problems = yaml_problems(document, source, "F200", "F200")
    if document.faults:
        raise InventoryError(problems)
    locked, refused = validate(LockFile, document)
    if locked is None:
        placed = source.locate_all(refused)
        problems += [Problem(p.span, replace(p.finding, rule="F200")) for p in placed]
        raise InventoryError(problems)
    lock = Lock(
        cells={name: _addresses(name, cell) for name, cell in locked.cells.items()},
        removed={name: _addresses(name, cell) for name, cell in locked.removed.items()},
    )
    problems += source.locate_all(check_lock(lock))
    if problems:
        raise InventoryError(problems)
    return lock


def check_lock(lock: Lock) -> Iterator[Finding]:
    """Yield blocks that contradict each other.

    Rules:
        F201: a cell is both there and removed, primary blocks overlap, or a subnet lies outside
            its block or overlaps another.
    """
    for name in sorted(set(lock.cells) & set(lock.removed)):
        message = f"cell {name!r} stands under cells and under removed"
        yield Finding(rule="F201", path=("removed", name), message=message)
    primaries: list[Owned] = []
    for state, cells in (("cells", lock.cells), ("removed", lock.removed)):
        for name, cell in cells.items():
            path = (state, name, "primary")
            primaries.append((cell.primary, path, f"cell {name!r}"))
            yield from _check_cell(state, cell)
    for first, second in overlapping(primaries):
        message = f"{second[0]} of {second[2]} overlaps {first[0]} of {first[2]}"
        yield Finding(rule="F201", path=second[1], message=message)


def _check_cell(state: str, cell: CellAddresses) -> Iterator[Finding]:
    subnets: list[Owned] = []
    for zone, blocks in cell.zones.items():
        for kind in (*PRIMARY_KINDS, "pod"):
            homes = cell.pod_blocks if kind == "pod" else (cell.primary,)
            block, path = getattr(blocks, kind), (state, cell.cell, "zones", zone, kind)
            subnets.append((block, path, f"{kind} in {zone}"))
            if not any(block.subnet_of(home) for home in homes):
                message = f"{block} lies outside {' and '.join(map(str, homes))}"
                yield Finding(rule="F201", path=path, message=message)
    owned = [(block, (state, cell.cell, "pod_blocks"), "the VPC") for block in cell.blocks]
    for first, second in (*overlapping(subnets), *overlapping(owned)):
        message = f"{second[0]} of {second[2]} overlaps {first[0]} of {first[2]}"
        yield Finding(rule="F201", path=second[1], message=message)


def release(lock: Lock, cell: str) -> Lock:
    """Give back the blocks of a cell that left the inventory.

    Raises:
        UsageError: when the cell is still there, or the lock does not know it.
    """
    if cell in lock.removed:
        rest = {name: blocks for name, blocks in lock.removed.items() if name != cell}
        return Lock(cells=lock.cells, removed=rest)
    if cell in lock.cells:
        msg = f"cell {cell!r} holds its blocks still: take it out of the inventory first"
        raise UsageError(msg)
    known = ", ".join(sorted(lock.removed)) or "none"
    msg = f"the lock has no removed cell {cell!r}; removed cells: {known}"
    raise UsageError(msg)


def check_locked(lock: Lock, planned: Lock) -> Iterator[Finding]:
    """Yield a finding when the lock does not say what the inventory asks for.

    Args:
        lock: what the file says.
        planned: what the plan for the inventory says.

    Rules:
        F211: some cell is new, gone or has other blocks.
    """
    new = sorted(set(planned.cells) - set(lock.cells))
    gone = sorted(set(lock.cells) - set(planned.cells))
    other = sorted(n for n in lock.cells if planned.cells.get(n, lock.cells[n]) != lock.cells[n])
    released = sorted(set(lock.removed) - set(planned.removed) - set(planned.cells))
    parts = [
        f"{words} {', '.join(map(repr, names))}"
        for words, names in (
            ("new:", new),
            ("gone:", gone),
            ("other blocks:", other),
            ("no longer removed:", released),
        )
        if names
    ]
    if parts:
        message = f"the lock is out of date ({'; '.join(parts)})"
        hint = "run `cellfactory lock`, read what it changes and commit it"
        yield Finding(rule="F211", path=("cells",), message=message, hint=hint)


def render_lock(lock: Lock) -> str:
    """Write a lock as YAML: cells and zones by name, one block a line."""
    lines = [HEADER.rstrip("\n"), "version: 1"]
    for state, cells in (("cells", lock.cells), ("removed", lock.removed)):
        lines.append(f"{state}:" if cells else f"{state}: {{}}")
        for name in sorted(cells):
            lines += _render_cell(name, cells[name])
    return "\n".join(lines) + "\n"


def _render_cell(name: str, cell: CellAddresses) -> Iterator[str]:
    yield f"  {name}:"
    yield f"    primary: {cell.primary}"
    yield f"    pod_blocks: [{', '.join(map(str, cell.pod_blocks))}]"
    yield "    zones:"
    for zone in sorted(cell.zones):
        yield f"      {zone}:"
        for kind in (*PRIMARY_KINDS, "pod"):
            yield f"        {kind}: {getattr(cell.zones[zone], kind)}"


def _addresses(name: str, cell: LockedCell) -> CellAddresses:
    return CellAddresses(
        cell=name,
        primary=cell.primary,
        pod_blocks=tuple(cell.pod_blocks),
        zones={
            zone: ZoneBlocks(**{kind: getattr(blocks, kind) for kind in (*PRIMARY_KINDS, "pod")})
            for zone, blocks in sorted(cell.zones.items())
        },
    )
