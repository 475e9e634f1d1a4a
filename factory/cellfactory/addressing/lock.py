"""The lock: every block that a cell ever got, so that nothing is ever renumbered.

A cell that leaves the inventory keeps its blocks under `removed`, until somebody releases them on
purpose: a VPC may still be there, and peers still route to it. How a lock is written down is in
`cellfactory.addressing.lock_file`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from ipaddress import IPv4Network

from cellfactory.addressing.births import Births
from cellfactory.addressing.blocks import POD_KINDS, PRIMARY_KINDS, CellAddresses, Purpose
from cellfactory.errors import Finding, UsageError
from cellfactory.facts.schema import Facts
from cellfactory.inventory.interconnect import STEPS, Interconnect
from cellfactory.inventory.overlaps import Owned, overlapping

MERGED = "restore the last committed file, then run `cellfactory lock`"
UNBUILT = "remove from the lock the one that does not exist yet, then run `cellfactory lock`"


VERSION = 2
"""Of the form that is written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lock:
    """What the cells that are, and those that were, got and were born with; by cell name."""

    cells: Mapping[str, CellAddresses] = field(default_factory=dict)
    removed: Mapping[str, CellAddresses] = field(default_factory=dict)
    births: Births = field(default_factory=dict)  # of both
    steps: Mapping[str, Interconnect] = field(default_factory=dict)  # of meshes not at peering
    version: int = VERSION  # of the form that it was read from


EMPTY_LOCK = Lock()


def check_lock(lock: Lock, facts: Facts) -> Iterator[Finding]:
    """Yield blocks that contradict each other.

    Rules:
        F201: a cell is both there and removed, primary blocks overlap, a subnet lies outside its
            block or overlaps another, a block is none that a VPC can have, or nothing is known of
            the birth of a cell that is there.
    """
    for name in sorted(set(lock.cells) & set(lock.removed)):
        message = f"cell {name!r} is under both cells and removed"
        yield Finding(rule="F201", path=("removed", name), message=message)
    unborn = sorted(lock.cells.keys() - lock.births.keys()) if lock.version == VERSION else []
    for name in unborn:
        message = f"the lock has no `born` entry for cell {name!r}"
        yield Finding(rule="F201", path=("cells", name), message=message, hint=MERGED)
    yield from _check_families(lock)
    primaries: list[Owned] = []
    for state, cells in (("cells", lock.cells), ("removed", lock.removed)):
        for name, cell in cells.items():
            path = (state, name, "primary")
            primaries.append((cell.primary, path, f"cell {name!r}"))
            yield from _check_cell(state, cell, facts)
    for first, second in overlapping(primaries):
        message = f"{second[0]} of {second[2]} overlaps {first[0]} of {first[2]}"
        yield Finding(rule="F201", path=second[1], message=message, hint=UNBUILT)


def _check_families(lock: Lock) -> Iterator[Finding]:
    """Pods of IPv4 have blocks and a subnet in each zone, those of IPv6 have neither."""
    for state, cells in (("cells", lock.cells), ("removed", lock.removed)):
        for name, cell in cells.items():
            born = lock.births.get(name)
            wanted = born is None or born.ip_family == "ipv4"
            subnets = [set(POD_KINDS) <= blocks.keys() for blocks in cell.zones.values()]
            if {bool(cell.pod_blocks), *subnets} != {wanted}:
                family = born.ip_family if born else "ipv4"
                has = "lacks pod blocks" if wanted else "has pod blocks"
                message = f"cell {name!r} with ip_family {family} {has}"
                yield Finding(rule="F201", path=(state, name), message=message, hint=MERGED)


def _check_cell(state: str, cell: CellAddresses, facts: Facts) -> Iterator[Finding]:
    cut = list(_subnets(state, cell, PRIMARY_KINDS))
    pods = list(_subnets(state, cell, POD_KINDS))
    owned: list[Owned] = [(cell.primary, (state, cell.cell, "primary"), "the VPC")]
    for index, block in enumerate(cell.pod_blocks):
        owned.append((block, (state, cell.cell, "pod_blocks", index), "the VPC"))
    yield from _check_inside(cell.cell, cut, (cell.primary,))
    yield from _check_inside(cell.cell, pods, cell.pod_blocks)
    for first, second in (*overlapping((*cut, *pods)), *overlapping(owned)):
        message = f"{second[0]} of {second[2]} overlaps {first[0]} of {first[2]}"
        yield Finding(rule="F201", path=second[1], message=message, hint=MERGED)
    largest = int(facts.parameter("block-shortest-prefix-length"))
    smallest = int(facts.parameter("block-longest-prefix-length"))
    for block, path, _ in (*owned, *cut, *pods):
        if not largest <= block.prefixlen <= smallest:
            message = f"{block} is not a valid VPC block, which is a /{largest} to a /{smallest}"
            yield Finding(rule="F201", path=path, message=message, hint=MERGED)


def _subnets(state: str, cell: CellAddresses, kinds: Iterable[Purpose]) -> Iterator[Owned]:
    for kind in kinds:
        for zone, blocks in cell.zones.items():
            path = (state, cell.cell, "zones", zone, kind)
            if kind in blocks:
                yield blocks[kind], path, f"{kind} in {zone}"


def _check_inside(
    cell: str, subnets: Iterable[Owned], homes: Sequence[IPv4Network]
) -> Iterator[Finding]:
    outside = [s for s in subnets if not any(s[0].subnet_of(home) for home in homes)]
    if outside and homes:
        block, path, _ = outside[0]
        more = f", as do {len(outside) - 1} more of its subnets" if len(outside) > 1 else ""
        where = " and ".join(map(str, homes))
        message = f"{block} of cell {cell!r} is outside {where}{more}"
        yield Finding(rule="F201", path=path, message=message, hint=MERGED)


def settle(lock: Lock, cells: Collection[str]) -> Lock:
    """Divide what the lock knows into the cells that are there and those that left.

    A cell that comes back has its blocks again. New cells are not added: that is a plan's work.

    Args:
        lock: what the cells got so far.
        cells: the names of all cells there are now.
    """
    known = {**lock.removed, **lock.cells}
    return replace(
        lock,
        cells={name: known[name] for name in sorted(known) if name in cells},
        removed={name: known[name] for name in sorted(known) if name not in cells},
    )


def release(lock: Lock, cell: str) -> Lock:
    """Give back the blocks of a cell that left the inventory.

    Raises:
        UsageError: when the cell is still there, or the lock does not know it.
    """
    if cell in lock.removed:
        rest = {name: blocks for name, blocks in lock.removed.items() if name != cell}
        births = {name: born for name, born in lock.births.items() if name != cell}
        return replace(lock, removed=rest, births=births)
    if cell in lock.cells:
        msg = f"cell {cell!r} still uses its blocks: remove it from the inventory first"
        raise UsageError(msg)
    known = ", ".join(sorted(lock.removed)) or "none"
    msg = f"the lock has no removed cell {cell!r}; removed cells: {known}"
    raise UsageError(msg)


def forget(lock: Lock, cell: str) -> Lock:
    """Forget a cell that was never applied, so that it gets blocks and a birth anew.

    Raises:
        UsageError: when the lock does not know it.
    """
    if cell not in lock.cells:
        known = ", ".join(sorted(lock.cells)) or "none"
        msg = f"the lock has no cell {cell!r}; its cells: {known}"
        raise UsageError(msg)
    cells = {name: blocks for name, blocks in lock.cells.items() if name != cell}
    births = {name: born for name, born in lock.births.items() if name != cell}
    return replace(lock, cells=cells, births=births)


def additions(before: Lock, planned: Lock) -> Lock | None:
    """Add to a lock the cells that it does not know, and nothing else; None when there are none.

    Only an older form cannot be kept: it has no place for what the new ones were born with.
    """
    new = planned.cells.keys() - before.cells.keys() - before.removed.keys()
    if not new:
        return None
    added = {name: cell for name, cell in planned.cells.items() if name in new}
    return replace(
        planned,
        cells=dict(sorted({**before.cells, **added}.items())),
        removed=before.removed,
        steps=before.steps,
        births=dict(sorted({**planned.births, **before.births}.items())),
    )


def check_locked(lock: Lock, planned: Lock) -> Iterator[Finding]:
    """Yield a finding when the lock does not say what the inventory asks for.

    Args:
        lock: what the file says.
        planned: what the plan for the inventory says.

    Rules:
        F211: some cell is new, gone or has other blocks, or a mesh is at another step.
    """
    new = sorted(set(planned.cells) - set(lock.cells))
    gone = sorted(set(lock.cells) - set(planned.cells))
    other = sorted(n for n in lock.cells if planned.cells.get(n, lock.cells[n]) != lock.cells[n])
    released = sorted(set(lock.removed) - set(planned.removed) - set(planned.cells))
    born = sorted(n for n in lock.births if planned.births.get(n) not in (None, lock.births[n]))
    moved = sorted(
        f"{mesh} {lock.steps.get(mesh, STEPS[0])} -> {planned.steps.get(mesh, STEPS[0])}"
        for mesh in lock.steps.keys() | planned.steps.keys()
        if lock.steps.get(mesh) != planned.steps.get(mesh)
    )
    parts = (
        [] if lock.version == VERSION else [f"its form is version {lock.version}, not {VERSION}"]
    )
    parts += [
        f"{words} {', '.join(map(repr, names))}"
        for words, names in (
            ("new:", new),
            ("gone:", gone),
            ("other blocks:", other),
            ("no longer removed:", released),
            ("other mesh, organization, account or state:", born),
        )
        if names
    ]
    parts += [f"other interconnect: {', '.join(moved)}"] if moved else []
    if parts:
        message = f"the lock is out of date ({'; '.join(parts)})"
        hint = "run `cellfactory lock`, review the change and commit it"
        yield Finding(rule="F211", path=("cells",), message=message, hint=hint)
