"""What every command does first: read the inventory, plan its addresses, size it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from factory.addressing.blocks import AddressPlan
from factory.addressing.lock import (
    EMPTY_LOCK,
    Lock,
    check_locked,
    parse_lock,
    release,
    settle,
)
from factory.addressing.plan import require_addresses
from factory.cli.options import lock_file_of
from factory.documents import MOST_BYTES
from factory.errors import Finding, InventoryError, Problem, SizingError
from factory.facts.loader import load_facts
from factory.facts.schema import Facts
from factory.files import read_bytes
from factory.inventory.reader import parse_inventory
from factory.inventory.rules import check_inventory
from factory.inventory.schema import Inventory
from factory.inventory.source import SourceMap
from factory.sizing.ledger import size_inventory
from factory.sizing.quotas import check_quotas
from factory.sizing.rules import check_ledger
from factory.sizing.usage import Ledger


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """An inventory whose addresses work out."""

    inventory: Inventory
    source: SourceMap
    facts: Facts
    plan: AddressPlan
    before: Lock  # what the lock file says
    lock: Lock  # what it should say
    lock_file: Path

    @property
    def is_locked(self) -> bool:
        """Tell whether the lock file says what the inventory asks for."""
        return not any(check_locked(self.before, self.lock))


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """An inventory in which nothing is wrong, and what is worth a warning."""

    planned: Planned
    ledger: Ledger
    warnings: tuple[Problem, ...]


def plan_file(
    inventory_file: Path, *, locked: bool = False, released: Collection[str] = ()
) -> Planned:
    """Read an inventory and its lock, and plan its addresses.

    Args:
        inventory_file: the inventory; its lock lies beside it.
        locked: demand that the lock says what the inventory asks for.
        released: cells that left the inventory, whose blocks are given back first.

    Raises:
        UsageError: when a file cannot be read, or a released cell is none that left.
        InventoryError: with all that is wrong; with `locked`, also when the lock is out of date.
    """
    facts = load_facts()
    text = read_bytes(inventory_file, most_bytes=MOST_BYTES + 1)
    inventory, source = parse_inventory(text, str(inventory_file), facts)
    lock_file = lock_file_of(inventory_file)
    before = EMPTY_LOCK
    if lock_file.exists():
        before = parse_lock(read_bytes(lock_file, most_bytes=MOST_BYTES + 1), str(lock_file))
    kept = before
    for cell in released:
        kept = release(settle(kept, inventory.cells), cell)
    plan, lock = require_addresses(inventory, kept, facts, source)
    if locked:
        findings = list(check_locked(before, lock))
        if findings:
            raise InventoryError(source.locate_all(findings))
    return Planned(
        inventory=inventory,
        source=source,
        facts=facts,
        plan=plan,
        before=before,
        lock=lock,
        lock_file=lock_file,
    )


def check_file(inventory_file: Path, *, locked: bool = False) -> Checked:
    """Read, plan and size an inventory.

    Raises:
        UsageError, InventoryError: as `plan_file`.
        SizingError: with every bound that is not kept, warnings included.
    """
    planned = plan_file(inventory_file, locked=locked)
    ledger = size_inventory(planned.inventory, planned.plan, planned.facts)
    sizing = [*check_quotas(planned.inventory, planned.facts), *check_ledger(ledger)]
    findings: list[Finding] = [
        *(f for f in check_inventory(planned.inventory, planned.facts)),
        *planned.plan.findings,
        *sizing,
    ]
    problems = planned.source.locate_all(findings)
    if any(finding.severity == "error" for finding in sizing):
        raise SizingError(problems)
    return Checked(planned=planned, ledger=ledger, warnings=tuple(problems))
