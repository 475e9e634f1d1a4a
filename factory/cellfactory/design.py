"""The one way in: two texts become an inventory with all that follows from it.

`make_design` reads the inventory and its lock, plans the addresses, sizes everything and runs every
rule once. Nothing here opens a file: `cellfactory.runs.reading` brings the texts, of a folder
or of a revision in git.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar

from pydantic import ConfigDict

from cellfactory.addressing.births import learn_accounts
from cellfactory.addressing.blocks import AddressPlan
from cellfactory.addressing.born import check_births
from cellfactory.addressing.lock import (
    EMPTY_LOCK,
    Lock,
    additions,
    check_locked,
    forget,
    release,
    settle,
)
from cellfactory.addressing.lock_file import parse_lock
from cellfactory.addressing.plan import plan_addresses
from cellfactory.addressing.renamed import check_renames
from cellfactory.addressing.steps import check_steps
from cellfactory.documents import parse_document
from cellfactory.errors import Finding, InventoryError, Problem, SizingError, has_error
from cellfactory.facts.schema import Facts
from cellfactory.inventory.reader import Check, parse_inventory, validate, yaml_problems
from cellfactory.inventory.schema import Inventory, State
from cellfactory.inventory.source import SourceMap
from cellfactory.inventory.unreadable import names_of, peek
from cellfactory.inventory.values import Model
from cellfactory.sizing.ledger import size_inventory
from cellfactory.sizing.quotas import check_quotas
from cellfactory.sizing.rules import check_ledger
from cellfactory.sizing.usage import Ledger

Read = TypeVar("Read")


@dataclass(frozen=True, slots=True, kw_only=True)
class Texts:
    """An inventory and its lock as they were written, and what messages call them."""

    inventory: str | bytes
    inventory_file: str
    lock: str | bytes | None  # None where there is no lock yet
    lock_file: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is asked of the lock, beside that it follows the inventory."""

    released: tuple[str, ...] = ()  # cells that left, whose blocks are given back
    renewed: tuple[str, ...] = ()  # cells never applied, which get blocks and a birth anew
    accepted: tuple[str, ...] = ()  # cells that people vouch for; `all` is every cell
    accounts: Mapping[str, str] = field(default_factory=dict)  # ids of made accounts, by cell


NOTHING_ASKED = Asked()


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """An inventory in which no rule finds an error; its addresses and sizes are another matter."""

    inventory: Inventory
    source: SourceMap
    facts: Facts
    warnings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Design:
    """An inventory whose addresses work out, with everything that follows from it."""

    inventory: Inventory
    source: SourceMap
    facts: Facts
    plan: AddressPlan
    before: Lock  # what the lock says
    texts: Texts  # what it was made of
    lock: Lock  # what it should say
    ledger: Ledger
    problems: tuple[Problem, ...]  # by place: warnings, and errors where something does not fit

    @property
    def fits(self) -> bool:
        """Tell whether every bound that stops the work is kept, and every quota can be true."""
        return not has_error(problem.finding for problem in self.problems)

    @property
    def is_locked(self) -> bool:
        """Tell whether the lock says what the inventory asks for."""
        return not any(check_locked(self.before, self.lock))

    @property
    def extended(self) -> Lock | None:
        """What the lock says with the new cells added, and nothing else; None without any."""
        return additions(self.before, self.lock)

    def without(self, *cells: str) -> Design:
        """Make the design of the same inventory as if cells had left it; their blocks stay theirs.

        A name of theirs that stands elsewhere in the inventory means nobody then.

        Args:
            cells: names; one that is no cell changes nothing.
        """
        inventory = without_cells(self.inventory, *cells)
        declared = Declared(inventory=inventory, source=self.source, facts=self.facts, warnings=())
        return _design(declared, self.lock, self.texts)

    def require_lock(self) -> Design:
        """Return the design itself, for whoever builds on addresses that were given before.

        A lock that is missing is not one that is empty: it may have got lost, and to begin another
        would give cells each other's blocks.

        Raises:
            InventoryError: when there is no lock (F221).
        """
        if self.texts.lock is not None:
            return self
        finding = Finding(
            rule="F221",
            message=f"there is no {self.texts.lock_file}, which records the blocks of every cell",
            hint="if cells exist already, restore it from version control\n"
            "if this is the first time, run `cellfactory lock` and commit the file",
        )
        raise InventoryError([Problem(None, finding)])

    def require_fit(self) -> Design:
        """Return the design itself, for whoever plans or applies what it says.

        Raises:
            SizingError: when it does not fit; with every problem, warnings included.
        """
        if not self.fits:
            raise SizingError(self.problems)
        return self


def without_cells(inventory: Inventory, *cells: str) -> Inventory:
    """Take the same inventory as if cells had left it; a name of theirs means nobody then."""
    rest = {name: cell for name, cell in inventory.cells.items() if name not in cells}
    return inventory.model_copy(update={"cells": rest})


def make_design(
    texts: Texts, facts: Facts, *, locked: bool = False, asked: Asked = NOTHING_ASKED
) -> Design:
    """Make the design that two texts ask for.

    Args:
        texts: the inventory and its lock.
        facts: what AWS offers, allows and counts.
        locked: demand that the lock says what the inventory asks for.
        asked: what is asked of the lock.

    Returns:
        The design. What does not fit stands in its problems: `require_fit` refuses it.

    Raises:
        InventoryError: with all that can be found wrong: in both texts, or, where both can be read,
            with the addresses; with `locked`, also when the lock is out of date.
        UsageError: when a released cell is none that left, or a renewed one is none at all.
    """
    declared, before = _parse_both(texts, facts, asked)
    return _design(declared, before, texts, locked=locked, asked=asked)


def _design(
    declared: Declared,
    before: Lock,
    texts: Texts,
    *,
    locked: bool = False,
    asked: Asked = NOTHING_ASKED,
) -> Design:
    """Plan, size and check what was declared; errors as of `make_design`."""
    inventory, source, facts = declared.inventory, declared.source, declared.facts
    kept = _do(asked, before, inventory)
    plan, lock = plan_addresses(inventory, kept, facts, accepted=asked.accepted)
    findings = [*declared.warnings, *plan.findings, *check_quotas(inventory, facts)]
    if has_error(plan.findings):
        raise InventoryError(source.locate_all(findings))
    ledger = size_inventory(inventory, plan, facts)
    findings += check_ledger(ledger)
    findings += check_renames(before, lock)
    if locked and (outdated := tuple(check_locked(before, lock))):
        raise InventoryError(source.locate_all([*findings, *outdated]))
    return Design(
        inventory=inventory,
        source=source,
        facts=facts,
        plan=plan,
        before=before,
        texts=texts,
        lock=lock,
        ledger=ledger,
        problems=tuple(source.locate_all(findings)),
    )


def declare(text: str | bytes, file: str, facts: Facts, beside: Check | None = None) -> Declared:
    """Read an inventory alone: for what must work where addresses or sizes do not yet.

    Args:
        text: what was written.
        file: what messages call it.
        facts: what AWS offers.
        beside: as of `parse_inventory`.

    Raises:
        InventoryError: with every problem of the inventory (F1xx).
    """
    inventory, source, warnings = parse_inventory(text, file, facts, beside)
    return Declared(inventory=inventory, source=source, facts=facts, warnings=warnings)


class _StateAlone(Model):
    """An inventory of which nothing but `state` matters."""

    model_config = ConfigDict(extra="ignore")

    state: State


def parse_state(text: str | bytes, file: str) -> State:
    """Read where the states are kept, whatever else is wrong with the inventory.

    Cells can be destroyed by it although the inventory is not sound: what they are made of stands
    in the outputs registry.

    Args:
        text: what was written.
        file: what messages call it.

    Raises:
        InventoryError: when the text is not YAML, or `state` itself is wrong.
    """
    document = parse_document(text)
    source = SourceMap.of(file, document)
    problems = yaml_problems(document, source, "F100", "F101")
    if problems:
        raise InventoryError(problems)
    found, refused = validate(_StateAlone, document)
    if found is None:
        raise InventoryError(source.locate_all(refused))
    return found.state


def _parse_both(texts: Texts, facts: Facts, asked: Asked) -> tuple[Declared, Lock]:
    """Read both texts, and tell what is wrong in both, and in the one beside the other."""
    lock, more = _attempt(lambda: _parse_lock(texts, facts))

    def beside(rest: Inventory) -> Iterable[Finding]:
        known = None if lock is None else _before_it_is_sound(lock, rest, asked)
        if known is None:
            return ()
        return (*check_births(rest, known, asked.accepted), *check_steps(rest, known))

    declared, problems = _attempt(
        lambda: declare(texts.inventory, texts.inventory_file, facts, beside)
    )
    if declared is None or lock is None:
        raise InventoryError((*problems, *more))
    return declared, lock


def _parse_lock(texts: Texts, facts: Facts) -> Lock:
    return EMPTY_LOCK if texts.lock is None else parse_lock(texts.lock, texts.lock_file, facts)


def _before_it_is_sound(lock: Lock, rest: Inventory, asked: Asked) -> Lock:
    """Leave out of a lock what is asked of it: that is done once the inventory is sound."""
    told = {*asked.released, *asked.renewed, *asked.accounts}
    births = {cell: born for cell, born in lock.births.items() if cell not in told}
    known = {cell: blocks for cell, blocks in lock.cells.items() if cell not in asked.renewed}
    return settle(replace(lock, cells=known, births=births), names_of(peek(rest, "cells") or ()))


def _do(asked: Asked, lock: Lock, inventory: Inventory) -> Lock:
    """Do to a lock what is asked of it, before the inventory is held against it."""
    for cell in asked.released:
        lock = release(settle(lock, inventory.cells), cell)
    for cell in asked.renewed:
        lock = forget(lock, cell)
    return replace(lock, births=learn_accounts(lock.births, asked.accounts))


def _attempt(read: Callable[[], Read]) -> tuple[Read | None, tuple[Problem, ...]]:
    try:
        return read(), ()
    except InventoryError as error:
        return None, error.problems
