"""`list`: the cells of an inventory, or their stacks, with what is known of each."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from cellfactory.design import Declared
from cellfactory.errors import UsageError
from cellfactory.inventory.groups import declared_nodes
from cellfactory.inventory.nearest import suggest
from cellfactory.inventory.schema import Cell, ExistingAccount, Inventory
from cellfactory.layers import LAYERS, Stack, StackId, list_stacks
from cellfactory.runs.standing import Known, Standing


@dataclass(frozen=True, slots=True, kw_only=True)
class CellRow:
    """One cell in a list."""

    name: str
    mesh: str
    region: str
    organization: str
    account: str | None  # twelve digits; None as long as nobody has made it, or it is not known
    ring: str
    type: str
    nodes: int
    kubernetes: str
    stacks: int
    applied: int | None  # of its stacks; None where that is not known
    unfinished: int  # whose last apply did not end, or whose record cannot be read


@dataclass(frozen=True, slots=True, kw_only=True)
class StackRow:
    """One stack in a list."""

    stack: StackId
    standing: Standing
    waits_for: tuple[StackId, ...]  # that are not applied, where that is known
    takes_from: tuple[StackId, ...]  # all that it waits for
    applied_at: str  # when an apply of it succeeded last (UTC); empty where that is not known


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which cells a list is about: all that is named has to hold; nothing named means all."""

    cells: tuple[str, ...] = ()
    meshes: tuple[str, ...] = ()
    organizations: tuple[str, ...] = ()
    rings: tuple[str, ...] = ()


def choose_cells(inventory: Inventory, wanted: Wanted) -> tuple[str, ...]:
    """List the cells that are wanted, by mesh and name.

    Raises:
        UsageError: when a name is none of the inventory.
    """
    named: tuple[tuple[str, tuple[str, ...], Collection[str]], ...] = (
        ("cell", wanted.cells, inventory.cells),
        ("mesh", wanted.meshes, inventory.meshes),
        ("organization", wanted.organizations, inventory.organizations),
        ("ring", wanted.rings, inventory.rings),
    )
    unknown = [
        f"unknown {noun} {name!r}{suggest(name, known)}"
        for noun, names, known in named
        for name in dict.fromkeys(names)
        if name not in known
    ]
    if unknown:
        raise UsageError("\n".join(unknown))
    found = [name for name, cell in inventory.cells.items() if _is_wanted(name, cell, wanted)]
    return tuple(sorted(found, key=lambda name: (inventory.cells[name].mesh, name)))


def _is_wanted(name: str, cell: Cell, wanted: Wanted) -> bool:
    pairs = (
        (wanted.cells, name),
        (wanted.meshes, cell.mesh),
        (wanted.organizations, cell.organization),
        (wanted.rings, cell.ring),
    )
    return all(not names or value in names for names, value in pairs)


def list_cells(declared: Declared, names: Iterable[str], known: Known) -> tuple[CellRow, ...]:
    """List cells with what is known of them.

    Args:
        declared: the inventory.
        names: of the cells, in their order.
        known: what the registry tells of their stacks.
    """
    by_cell: dict[str, list[Stack]] = {}
    for stack in list_stacks(declared.inventory, declared.facts):
        if stack.id.cell is not None:
            by_cell.setdefault(stack.id.cell, []).append(stack)
    inventory = declared.inventory
    return tuple(cell_row(inventory, name, by_cell.get(name, ()), known) for name in names)


def stacks_of(
    declared: Declared,
    names: Collection[str],
    layers: Collection[str] = (),
    *,
    shared: bool = False,
) -> tuple[Stack, ...]:
    """List the stacks of cells, in the order of work.

    Args:
        declared: the inventory.
        names: of the cells.
        layers: those that are listed; all when empty.
        shared: whether those of hubs and others are listed, too, that a stack of the cells waits
            for, or that wait for one.

    Raises:
        UsageError: when a layer is none.
    """
    for layer in layers:
        if layer not in LAYERS:
            msg = f"unknown layer {layer!r}{suggest(layer, LAYERS)}"
            raise UsageError(msg)
    every = list_stacks(declared.inventory, declared.facts)
    found = {stack.id for stack in every if stack.id.cell in names}
    if shared:
        used = {before for stack in every if stack.id in found for before in stack.waits_for}
        found |= {
            stack.id
            for stack in every
            if stack.id.cell is None
            and (stack.id in used or any(before.cell in names for before in stack.waits_for))
        }
    return tuple(s for s in every if s.id in found and (not layers or s.id.layer in layers))


def cell_row(inventory: Inventory, name: str, stacks: Iterable[Stack], known: Known) -> CellRow:
    """Say what is known of a cell, of which these are the stacks."""
    cell = inventory.cells[name]
    standing = [known.standing(stack.id) for stack in stacks]
    given = cell.account.id if isinstance(cell.account, ExistingAccount) else None
    return CellRow(
        name=name,
        mesh=cell.mesh,
        region=inventory.region_of(name),
        organization=cell.organization,
        account=given or known.account(name),
        ring=cell.ring,
        type=cell.type,
        nodes=declared_nodes(inventory.type_of(name)),
        kubernetes=inventory.type_of(name).kubernetes_version,
        stacks=len(standing),
        applied=standing.count("applied") if known.is_known else None,
        unfinished=standing.count("unfinished") + standing.count("unreadable"),
    )


def stack_rows(stacks: Iterable[Stack], known: Known) -> Iterator[StackRow]:
    """Yield each stack with what is known of it."""
    for stack in stacks:
        lacking = tuple(i for i in stack.waits_for if known.standing(i) != "applied")
        yield StackRow(
            stack=stack.id,
            standing=known.standing(stack.id),
            waits_for=lacking if known.is_known else (),
            takes_from=stack.waits_for,
            applied_at=record.applied_at if (record := known.records.get(stack.id)) else "",
        )
