"""How a lock is written down, in `cells.lock.yaml`, and read again; version 1 is still read.

One fact stands on a line, and cells stand by name, so that Git merges two branches that each add
a cell wherever it can.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any, Literal

from pydantic import Field, create_model

from cellfactory.addressing.births import Birth
from cellfactory.addressing.blocks import (
    POD_KINDS,
    PRIMARY_KINDS,
    SUBNET_KINDS,
    CellAddresses,
)
from cellfactory.addressing.lock import MERGED, VERSION, Lock, check_lock
from cellfactory.documents import Document, parse_document
from cellfactory.errors import Finding, InventoryError, Problem
from cellfactory.facts.schema import Facts
from cellfactory.inventory.interconnect import Interconnect
from cellfactory.inventory.reader import validate, yaml_problems
from cellfactory.inventory.source import SourceMap
from cellfactory.inventory.values import (
    AccountId,
    Block,
    BucketName,
    CellName,
    IpFamily,
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

CONFLICT = """\
take one side of it, whole: `git checkout --ours {file}` has the branch that you merge into
then run `cellfactory lock`: it gives the new cells of the other branch their blocks anew"""

_SUBNETS: Any = {
    **dict.fromkeys(PRIMARY_KINDS, (Block, ...)),
    **dict.fromkeys(POD_KINDS, (Block | None, None)),  # IPv6 pods have none
}
LockedZone: Any = create_model(
    "LockedZone",
    __base__=Model,
    __doc__="The subnets of a cell in one zone.",
    **_SUBNETS,
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
    pod_blocks: list[Block] = Field(max_length=100)
    zones: dict[ZoneId, LockedZone] = Field(min_length=1)


class LockedMesh(Model):
    """Where a mesh is between peerings and a transit gateway."""

    interconnect: Interconnect


class LockFile(Model):
    """The shape of `cells.lock.yaml`."""

    version: Literal[1, 2]
    meshes: dict[Name, LockedMesh] = Field(default={})
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
    hint = CONFLICT.format(file=file) if document.is_conflict else MERGED
    problems = _of_lock(yaml_problems(document, source, "F200", "F200"), hint)
    if document.faults:
        raise InventoryError(problems)
    if newer := _newer(document):
        raise InventoryError([source.locate(newer)])
    locked, refused = validate(LockFile, document)
    if locked is None:
        raise InventoryError([*problems, *_of_lock(source.locate_all(refused), MERGED)])
    lock = Lock(
        cells={name: _addresses(name, cell) for name, cell in locked.cells.items()},
        removed={name: _addresses(name, cell) for name, cell in locked.removed.items()},
        births={
            name: _birth(cell.born)
            for cells in (locked.cells, locked.removed)
            for name, cell in sorted(cells.items())
            if cell.born is not None
        },
        steps={name: mesh.interconnect for name, mesh in sorted(locked.meshes.items())},
        version=locked.version,
    )
    problems += source.locate_all(check_lock(lock, facts))
    if problems:
        raise InventoryError(problems)
    return lock


def _of_lock(problems: Iterable[Problem], hint: str) -> list[Problem]:
    """Put problems under the lock's own rule, and say how it comes right: never by hand."""
    return [Problem(p.span, _in_lock(p.finding, hint)) for p in problems]


def _in_lock(finding: Finding, hint: str) -> Finding:
    message = finding.message.replace("the inventory", "the lock")
    return replace(finding, rule="F200", message=message, hint=hint)


def _newer(document: Document) -> Finding | None:
    """Find a lock of a newer form: nothing else of it can be judged."""
    version = document.value.get("version") if isinstance(document.value, dict) else None
    if type(version) is not int or version <= VERSION:
        return None
    message = f"the lock has version {version}; this cellfactory reads versions 1 to {VERSION}"
    hint = "use the version of cellfactory that wrote it, or a newer one"
    return Finding(rule="F200", path=("version",), message=message, hint=hint)


def render_lock(lock: Lock) -> str:
    """Write a lock as YAML: cells and zones by name, one block a line."""
    lines = [HEADER.rstrip("\n"), f"version: {VERSION}"]
    if lock.steps:
        lines.append("meshes:  # the step that each is at between peerings and a transit gateway")
        lines += [f"  {_word(n)}: {{interconnect: {step}}}" for n, step in lock.steps.items()]
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
        for kind in SUBNET_KINDS:
            if kind in cell.zones[zone]:
                yield f"        {kind}: {cell.zones[zone][kind]}"


def _render_birth(born: Birth) -> Iterator[str]:
    """One fact a line; digits and blocks as the inventory writes them."""
    yield "    born:"
    yield f"      organization: {_word(born.organization)}"
    yield f'      management_account: "{born.management_account}"'
    if born.account:
        yield f'      account: "{born.account}"'
    if born.email:
        yield f"      email: {json.dumps(born.email)}"
    if born.member_role:
        yield f"      member_role: {json.dumps(born.member_role)}"
    yield f"      region: {born.region}"
    yield f"      mesh: {_word(born.mesh)}"
    yield f"      ip_family: {born.ip_family}"
    yield f"      service_block: {born.service_block}"
    yield f"      state: {{bucket: {_word(born.state_bucket)}, region: {born.state_region}}}"


def _word(name: str) -> str:
    """Write a name so that YAML reads it as text: plain where that is safe, else in quotes.

    >>> _word("moka-use1"), _word("null"), _word("2024.10")
    ('moka-use1', '"null"', '"2024.10"')
    """
    is_safe = _PLAIN.fullmatch(name) and name not in ("null", "true", "false")
    return name if is_safe else json.dumps(name)


_PLAIN = re.compile(r"[a-z][a-z0-9-]*")


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
        zones={
            zone: {kind: block for kind, block in blocks if block is not None}
            for zone, blocks in sorted(cell.zones.items())
        },
    )
