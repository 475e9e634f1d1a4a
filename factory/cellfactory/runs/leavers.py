"""What is known of a cell that left the inventory: its blocks, its account, and the way there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network

from cellfactory.addressing.births import Birth
from cellfactory.design import Design
from cellfactory.errors import Finding, InventoryError, UsageError
from cellfactory.inventory.nearest import suggest
from cellfactory.layers import Access, StackId
from cellfactory.naming import role_arn
from cellfactory.routing.route import CellState
from cellfactory.runs.recorded import recorded_cell
from cellfactory.terraform.record import Record

Records = Mapping[StackId, Record]


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaver:
    """A cell that left the inventory."""

    cell: str
    organization: str  # empty where the lock does not know
    account: str  # twelve digits; empty where nobody knows
    is_made: bool  # whether the factory made its account
    blocks: tuple[IPv4Network, ...]  # that peers route to
    peers: tuple[str, ...]  # cells and meshes of the inventory that may be joined to it
    access: Access | None  # into its account
    management: Access | None  # into the account that pays for it
    quarantine_ou: str | None
    has_cluster: bool  # whether jobs may run in it
    has_account_stack: bool


def find_leaver(design: Design, records: Records, cell: str) -> Leaver:
    """Put together what the lock and the registry know of a cell.

    Raises:
        InventoryError: when it stands in the inventory (F645).
        UsageError: when nobody knows it.
    """
    if cell in design.inventory.cells:
        raise InventoryError(design.source.locate_all([_still_there(cell)]))
    own = {stack: record for stack, record in records.items() if stack.owner == cell}
    born = design.lock.births.get(cell)
    known = {*design.lock.removed, *(stack.owner for stack in records)} - set(
        design.inventory.cells
    )
    if not own and born is None and cell not in design.lock.removed:
        names = ", ".join(sorted(known)) or "none"
        msg = f"no cell {cell!r} has left{suggest(cell, known)}\n    cells that have: {names}"
        raise UsageError(msg)
    return _leaver(design, own, cell, born)


def _still_there(cell: str) -> Finding:
    return Finding(
        rule="F645",
        path=("cells", cell),
        message=f"cell {cell!r} is still in the inventory",
        hint="remove it here, then run cellfactory lock and cellfactory synth, and commit that: "
        "its peers are applied from an inventory without it",
    )


def _leaver(design: Design, own: Records, cell: str, born: Birth | None) -> Leaver:
    account = _account(own, born)
    organization = design.inventory.organizations.get(born.organization) if born else None
    is_made = born.email is not None if born else StackId(cell, "account") in own
    access = management = None
    if born is not None and organization is not None:
        role = role_arn(born.management_account, organization.provisioning_role)
        near = design.facts.role_region(born.region)
        management = Access(
            account=born.management_account, roles=(role,), region=near, sts_region=near
        )
        member = role_arn(account, born.member_role or organization.member_role)
        access = Access(account=account, roles=(role, member), region=born.region, sts_region=near)
    return Leaver(
        cell=cell,
        organization=born.organization if born else "",
        account=account,
        is_made=is_made,
        blocks=tuple(_blocks(design, own, cell)),
        peers=tuple(_peers(design, born)),
        access=access if account else None,
        management=management,
        quarantine_ou=organization.quarantine_ou if organization else None,
        has_cluster=StackId(cell, "cluster") in own,
        has_account_stack=StackId(cell, "account") in own,
    )


def _peers(design: Design, born: Birth | None) -> Iterator[str]:
    """Yield the meshes that a cell may be joined to, and their cells."""
    inventory = design.inventory
    meshes = {*inventory.meshes} if born is None else {born.mesh}
    for mesh in meshes & inventory.meshes.keys():
        meshes |= {*inventory.linked_meshes(mesh)}
    yield from meshes
    yield from (name for name, cell in inventory.cells.items() if cell.mesh in meshes)


def _account(own: Records, born: Birth | None) -> str:
    for stack, record in own.items():
        if stack.row.makes_account:
            made = record.outputs.get("account_id")
            if isinstance(made, str):
                return made
    member = next((r.account for s, r in own.items() if not s.row.makes_account), "")
    return (born.account if born else None) or member


def _blocks(design: Design, own: Records, cell: str) -> Iterator[IPv4Network]:
    if cell in design.lock.removed:
        yield design.lock.removed[cell].primary
        return
    network = own.get(StackId(cell, "network"))
    known = recorded_cell(cell, [network]) if network else None
    if known and known.primary:
        yield known.primary


def check_drained(leaver: Leaver, usage: Mapping[str, CellState]) -> Finding | None:
    """Say why a cell may not go for the sake of its jobs; None where it may.

    Rules:
        F644: jobs run, or nobody knows whether any do.
    """
    if not leaver.has_cluster:
        return None
    told = usage.get(leaver.cell)
    running = None if told is None else told.jobs
    if running == 0 or (told is not None and told.pods == 0):
        return None
    if running:
        what = "1 job still runs" if running == 1 else f"{running:,} jobs still run"
        message = f"{what} in cell {leaver.cell!r}"
    elif told is None:
        message = f"nobody says whether jobs still run in cell {leaver.cell!r}"
    else:
        message = f"the usage report does not say how many jobs run in cell {leaver.cell!r}"
    return Finding(
        rule="F644",
        message=message,
        hint=f'wait until they are done, then: --usage FILE, with {{"cells": {{"{leaver.cell}": '
        '{"jobs": 0}}}\nto end them with their cluster: --ignore-jobs REASON',
    )
