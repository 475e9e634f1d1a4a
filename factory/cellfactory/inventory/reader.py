"""Text to `Inventory`: every mistake found in one pass, each with its place."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from cellfactory.documents import MOST_FAULTS, Document, parse_document
from cellfactory.errors import MOST_PROBLEMS, Finding, InventoryError, Problem
from cellfactory.facts.schema import Facts
from cellfactory.inventory.messages import refusals, unreadable
from cellfactory.inventory.rules import check_inventory
from cellfactory.inventory.salvage import salvage
from cellfactory.inventory.schema import Inventory
from cellfactory.inventory.source import SourceMap

Root = TypeVar("Root", bound=BaseModel)
Check = Callable[[Inventory], Iterable[Finding]]


def parse_inventory(
    data: str | bytes, file: str, facts: Facts, beside: Check | None = None
) -> tuple[Inventory, SourceMap, tuple[Finding, ...]]:
    """Read an inventory from YAML.

    Args:
        data: the whole text, or the bytes of a file, which must be UTF-8; a mebibyte at most.
        file: the name to show in messages; nothing is opened.
        facts: what AWS offers: Regions, zones, instance types, quotas.
        beside: a check that is made later of a sound inventory. When this one is refused, it is
            made at once, of what can be read, so that its errors are told with the others.

    Returns:
        The inventory, the map that places later findings in this file, and the warnings: what
        the rules found that is no error.

    Raises:
        InventoryError: with every problem that can be found (F1xx).
    """
    document = parse_document(data)
    source = SourceMap.of(file, document)
    problems = yaml_problems(document, source, "F100", "F101")
    if document.faults:
        raise InventoryError(problems, complete=len(document.faults) < MOST_FAULTS)
    inventory, rest, findings = _read(document, facts)
    errors = [f for f in findings if f.severity == "error"]
    if problems or errors:
        complete = len(errors) <= MOST_PROBLEMS
        findings += beside(rest) if beside and rest else ()
        raise InventoryError([*problems, *source.locate_all(findings)], complete=complete)
    assert inventory is not None  # nothing was refused
    return inventory, source, tuple(findings)


def _read(
    document: Document, facts: Facts
) -> tuple[Inventory | None, Inventory | None, list[Finding]]:
    """Hold a document against the schema, and what that takes of it against the rules.

    Returns:
        The inventory, or None; what can be read of it, whole or not, or None; what is wrong.
    """
    rest: Inventory | None = None
    if document.value is None:
        return None, rest, [_missing(Inventory)]
    try:
        inventory = Inventory.model_validate(document.value)
    except ValidationError as error:
        findings = list(refusals(error, Inventory, document))
        if len(findings) <= MOST_PROBLEMS:
            rest = salvage(Inventory, document.value, unreadable(error, Inventory, document))
            findings += _some(check_inventory(rest, facts)) if rest else ()
        return None, rest, findings
    return inventory, inventory, list(_some(check_inventory(inventory, facts)))


def yaml_problems(
    document: Document, source: SourceMap, refused: str, repeated: str
) -> list[Problem]:
    """Place what the YAML itself has wrong, under the two rules given."""
    return [
        *(source.locate_fault(refused, fault) for fault in document.faults),
        *(source.locate_fault(repeated, fault) for fault in document.repeats),
    ]


def validate(root: type[Root], document: Document) -> tuple[Root | None, tuple[Finding, ...]]:
    """Hold a document against a schema; the value is None when anything is refused."""
    if document.value is None:
        return None, (_missing(root),)
    try:
        return root.model_validate(document.value), ()
    except ValidationError as error:
        return None, tuple(refusals(error, root, document))


def _missing(root: type[BaseModel]) -> Finding:
    keys = ", ".join(k for k, f in root.model_fields.items() if f.is_required())
    message = "the file is empty"
    return Finding(rule="F103", path=(), message=message, hint=f"it needs {keys}")


def _some(findings: Iterable[Finding]) -> Iterator[Finding]:
    """Stop rules that find fault with everything: each error may cost a search of names.

    Warnings do not count: however many there are, the errors behind them are found.
    """
    errors = 0
    for finding in findings:
        yield finding
        errors += finding.severity == "error"
        if errors > MOST_PROBLEMS:
            return
