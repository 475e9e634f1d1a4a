"""Text to `Inventory`: every mistake found in one pass, each with its place."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from factory.documents import Document, parse_document
from factory.errors import Finding, InventoryError, KeyPath, Problem
from factory.facts.schema import Facts
from factory.inventory.messages import refusals
from factory.inventory.rules import check_inventory
from factory.inventory.schema import Inventory
from factory.inventory.source import MOST_PROBLEMS, SourceMap

Root = TypeVar("Root", bound=BaseModel)


def parse_inventory(data: str | bytes, file: str, facts: Facts) -> tuple[Inventory, SourceMap]:
    """Read an inventory from YAML.

    Args:
        data: the whole text, or the bytes of a file, which must be UTF-8; a mebibyte at most.
        file: the name to show in messages; nothing is opened.
        facts: what AWS offers: Regions, zones, instance types, quotas.

    Returns:
        The inventory, and the map that places later findings in this file. Warnings are not
        raised: `check_inventory` yields them.

    Raises:
        InventoryError: with every problem that can be found (F1xx).
    """
    document = parse_document(data)
    source = SourceMap.of(file, document)
    problems = yaml_problems(document, source, "F100", "F101")
    if document.faults:
        raise InventoryError(problems)
    inventory, refused = validate(Inventory, document)
    findings = list(refused)
    if inventory is None:
        rest = _readable_rest(document, refused)
        findings += _some(check_inventory(rest, facts)) if rest else ()
    else:
        findings += _some(check_inventory(inventory, facts))
    errors = [f for f in findings if f.severity == "error"]
    if problems or errors:
        raise InventoryError([*problems, *source.locate_all(findings)])
    assert inventory is not None  # nothing was refused
    return inventory, source


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
        keys = ", ".join(k for k, f in root.model_fields.items() if f.is_required())
        message = "there is nothing in this file"
        return None, (Finding(rule="F103", path=(), message=message, hint=f"it needs {keys}"),)
    try:
        return root.model_validate(document.value), ()
    except ValidationError as error:
        return None, tuple(refusals(error, root, document))


def _some(findings: Iterable[Finding]) -> Iterable[Finding]:
    """Stop a rule that finds fault with everything: each finding may cost a search of names."""
    return islice(findings, MOST_PROBLEMS + 1)


def _readable_rest(document: Document, refused: Sequence[Finding]) -> Inventory | None:
    """Read what is left without unknown keys and broken cells, so that rules see the rest.

    Only cells may be left out: nothing refers to a cell, so that no rule is led astray.
    """
    value = document.value
    if len(refused) > MOST_PROBLEMS:
        return None
    for finding in refused:
        path = finding.path
        if finding.rule == "F102" or (path[:1] == ("cells",) and len(path) > 1):
            value = _without(value, path if finding.rule == "F102" else path[:2])
    try:
        return Inventory.model_validate(value)
    except ValidationError:
        return None


def _without(value: Any, path: KeyPath) -> Any:
    """Copy nested values without the one at a path; what is not there is no matter."""
    first, *rest = path
    if isinstance(value, list) and isinstance(first, int) and rest and first < len(value):
        return [_without(v, tuple(rest)) if i == first else v for i, v in enumerate(value)]
    if not isinstance(value, dict) or first not in value:
        return value
    if not rest:
        return {k: v for k, v in value.items() if k != first}
    return {**value, first: _without(value[first], tuple(rest))}
