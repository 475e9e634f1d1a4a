"""The lock: every block that a cell ever got, so that nothing is ever renumbered.

A cell that leaves the inventory keeps its blocks under `removed`, until somebody releases them on
purpose: a VPC may still be there, and peers still route to it.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from ipaddress import IPv4Network
from typing import Any, Literal

from pydantic import Field, create_model

from factory.addressing.births import Birth, Births, IpFamily
from factory.addressing.blocks import PRIMARY_KINDS, CellAddresses, ZoneBlocks
from factory.documents import parse_document
from factory.errors import Finding, InventoryError, Problem, UsageError
from factory.facts.schema import Facts
from factory.inventory.overlaps import Owned, overlapping
from factory.inventory.reader import validate, yaml_problems
from factory.inventory.source import SourceMap
from factory.inventory.values import (
    AccountId,
    Block,
    BucketName,
    CellName,
    Model,
    Name,
    RegionName,
    RoleName,
    ZoneId,
)

HEADER = """\
# Made by `cellfactory lock`; commit it, and do not edit it.
# Each cell keeps for ever the blocks that stand here, and what it was born with. Cells that left
# the inventory keep theirs under `removed` until `cellfactory lock --release CELL`.
# Pod blocks differ among all cells that reach each other or one hub; cells of meshes that are not
# joined may have the same ones, once the pool has no others.
"""


MERGED = "take the file as it was committed last, then run `cellfactory lock`"
NEWER = "was it written by a newer cellfactory? use that one"
UNBUILT = "of the two, take out of the lock the one that is not built yet; then `cellfactory lock`"


VERSION = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Lock:
    """What the cells that are, and those that were, got and were born with; by cell name."""

    cells: Mapping[str, CellAddresses] = field(default_factory=dict)
    removed: Mapping[str, CellAddresses] = field(default_factory=dict)
    births: Births = field(default_factory=dict)  # of both
    version: int = VERSION  # of the form that it was read from


EMPTY_LOCK = Lock()


LockedZone: Any = create_model(
    "LockedZone",
    __base__=Model,
    __doc__="The subnets of a cell in one zone.",
    **{field.name: (Block, ...) for field in fields(ZoneBlocks)},  # type: ignore[call-overload]
)


class LockedState(Model):
    """Where the states of a cell lie."""

    bucket: BucketName
    region: RegionName


class LockedBirth(Model):
    """What a cell was born with."""

    organization: Name
    management_account: AccountId
    account: AccountId | None = None
    email: str | None = None
    member_role: RoleName | None = None
    region: RegionName
    mesh: Name
    ip_family: IpFamily
    service_block: Block
    state: LockedState


class LockedCell(Model):
    """The blocks of a cell, and what it was born with."""

    born: LockedBirth | None = None
    primary: Block
    pod_blocks: list[Block] = Field(min_length=1, max_length=100)
    zones: dict[ZoneId, LockedZone] = Field(min_length=1)


class LockFile(Model):
    """The shape of `cells.lock.yaml`."""

    version: Literal[1, 2]
    cells: dict[CellName, LockedCell] = Field(default={})
    removed: dict[CellName, LockedCell] = Field(default={})


def parse_lock(data: str | bytes, file: str, facts: Facts) -> Lock:
    """Read a lock, of today's form or an older one.

    Args:
        data: the whole text, or the bytes of a file.
        file: the name to show in messages; nothing is opened.
        facts: sizes that blocks may have.

    Raises:
        InventoryError: when it is not a lock (F200), or its blocks contradict each other (F201).
    """
    document = parse_document(data)
    source = SourceMap.of(file, document)
    problems = _of_lock(yaml_problems(document, source, "F200", "F200"))
    if document.faults:
        raise InventoryError(problems)
    locked, refused = validate(LockFile, document)
    if locked is None:
        raise InventoryError([*problems, *_of_lock(source.locate_all(refused))])
    lock = Lock(
        cells={name: _addresses(name, cell) for name, cell in locked.cells.items()},
        removed={name: _addresses(name, cell) for name, cell in locked.removed.items()},
        births={
            name: _birth(cell.born)
            for cells in (locked.cells, locked.removed)
            for name, cell in sorted(cells.items())
            if cell.born is not None
        },
        version=locked.version,
    )
    problems += source.locate_all(check_lock(lock, facts))
    if problems:
        raise InventoryError(problems)
    return lock


def _of_lock(problems: Iterable[Problem]) -> list[Problem]:
    """Put problems under the lock's own rule, and say how it comes right."""
    return [
        Problem(p.span, replace(p.finding, rule="F200", hint=_way_out(p.finding))) for p in problems
    ]


def _way_out(finding: Finding) -> str:
    """Say how a lock comes right; any other hint would have people mend it by hand."""
    return NEWER if finding.path == ("version",) else MERGED


def check_lock(lock: Lock, facts: Facts) -> Iterator[Finding]:
    """Yield blocks that contradict each other.

    Rules:
        F201: a cell is both there and removed, primary blocks overlap, a subnet lies outside its
            block or overlaps another, or a block is none that a VPC can have.
    """
    for name in sorted(set(lock.cells) & set(lock.removed)):
        message = f"cell {name!r} stands under cells and under removed"
        yield Finding(rule="F201", path=("removed", name), message=message)
    primaries: list[Owned] = []
    for state, cells in (("cells", lock.cells), ("removed", lock.removed)):
        for name, cell in cells.items():
            path = (state, name, "primary")
            primaries.append((cell.primary, path, f"cell {name!r}"))
            yield from _check_cell(state, cell, facts)
    for first, second in overlapping(primaries):
        message = f"{second[0]} of {second[2]} overlaps {first[0]} of {first[2]}"
        yield Finding(rule="F201", path=second[1], message=message, hint=UNBUILT)


def _check_cell(state: str, cell: CellAddresses, facts: Facts) -> Iterator[Finding]:
    cut = list(_subnets(state, cell, PRIMARY_KINDS))
    pods = list(_subnets(state, cell, ("pod",)))
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
            message = f"{block} is not a block of a VPC, which is a /{largest} to a /{smallest}"
            yield Finding(rule="F201", path=path, message=message, hint=MERGED)


def _subnets(state: str, cell: CellAddresses, kinds: Iterable[str]) -> Iterator[Owned]:
    for kind in kinds:
        for zone, blocks in cell.zones.items():
            path = (state, cell.cell, "zones", zone, kind)
            yield getattr(blocks, kind), path, f"{kind} in {zone}"


def _check_inside(
    cell: str, subnets: Iterable[Owned], homes: Sequence[IPv4Network]
) -> Iterator[Finding]:
    outside = [s for s in subnets if not any(s[0].subnet_of(home) for home in homes)]
    if outside:
        block, path, _ = outside[0]
        more = f", as do {len(outside) - 1} more of its subnets" if len(outside) > 1 else ""
        where = " and ".join(map(str, homes))
        message = f"{block} of cell {cell!r} lies outside {where}{more}"
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
        msg = f"cell {cell!r} holds its blocks still: take it out of the inventory first"
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
    born = sorted(n for n in lock.births if planned.births.get(n) not in (None, lock.births[n]))
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
    if parts:
        message = f"the lock is out of date ({'; '.join(parts)})"
        hint = "run `cellfactory lock`, read what it changes and commit it"
        yield Finding(rule="F211", path=("cells",), message=message, hint=hint)


def render_lock(lock: Lock) -> str:
    """Write a lock as YAML: cells and zones by name, one block a line."""
    lines = [HEADER.rstrip("\n"), f"version: {VERSION}"]
    for state, cells in (("cells", lock.cells), ("removed", lock.removed)):
        lines.append(f"{state}:" if cells else f"{state}: {{}}")
        for name in sorted(cells):
            lines += _render_cell(name, cells[name], lock.births.get(name))
    return "\n".join(lines) + "\n"


def _render_cell(name: str, cell: CellAddresses, born: Birth | None) -> Iterator[str]:
    yield f"  {name}:"
    if born is not None:
        yield from _render_birth(born)
    yield f"    primary: {cell.primary}"
    yield f"    pod_blocks: [{', '.join(map(str, cell.pod_blocks))}]"
    yield "    zones:"
    for zone in sorted(cell.zones):
        yield f"      {zone}:"
        for kind in (*PRIMARY_KINDS, "pod"):
            yield f"        {kind}: {getattr(cell.zones[zone], kind)}"


def _render_birth(born: Birth) -> Iterator[str]:
    """One fact a line; digits and blocks as the inventory writes them."""
    yield "    born:"
    yield f"      organization: {born.organization}"
    yield f'      management_account: "{born.management_account}"'
    if born.account:
        yield f'      account: "{born.account}"'
    if born.email:
        yield f"      email: {json.dumps(born.email)}"
    if born.member_role:
        yield f"      member_role: {json.dumps(born.member_role)}"
    yield f"      region: {born.region}"
    yield f"      mesh: {born.mesh}"
    yield f"      ip_family: {born.ip_family}"
    yield f"      service_block: {born.service_block}"
    yield f"      state: {{bucket: {born.state_bucket}, region: {born.state_region}}}"


def _birth(born: LockedBirth) -> Birth:
    return Birth(
        organization=born.organization,
        management_account=born.management_account,
        account=born.account,
        email=born.email,
        member_role=born.member_role,
        region=born.region,
        mesh=born.mesh,
        ip_family=born.ip_family,
        service_block=born.service_block,
        state_bucket=born.state.bucket,
        state_region=born.state.region,
    )


def _addresses(name: str, cell: LockedCell) -> CellAddresses:
    return CellAddresses(
        cell=name,
        primary=cell.primary,
        pod_blocks=tuple(cell.pod_blocks),
        zones={zone: ZoneBlocks(**dict(blocks)) for zone, blocks in sorted(cell.zones.items())},
    )
