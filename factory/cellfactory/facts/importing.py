"""How each kind of resource is imported, and how AWS is asked for it: one row of `imports.yaml`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pkgutil import get_data
from typing import Any

from cellfactory.documents import load_data
from cellfactory.facts.rows import Provenance


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What AWS is asked, and which part of its answer is meant."""

    call: str  # service.operation
    ask: Mapping[str, Any] = field(default_factory=dict)  # parameters; texts are templates
    rows: str = ""  # path of the answers; empty where the answer itself is one
    where: Mapping[str, Any] = field(default_factory=dict)  # by path: what it must be, or one of
    tags: str = ""  # path of their tags; empty where they bear none that tell them apart


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportForm(Provenance):
    """How one type of resource is found and imported."""

    type: str
    id: str = ""  # template of what Terraform imports it by
    held: str = ""  # template of what its ARN ends in; the id where empty
    unread: tuple[str, ...] = ()  # attributes that AWS does not tell, and an import guesses
    making: Mapping[str, str] = field(default_factory=dict)  # by path: while AWS makes it
    questions: tuple[Question, ...] = ()  # each is put with what the one before answered
    again: str = ""  # why it need not be imported; empty where it must


@cache
def load_import_forms() -> Mapping[str, ImportForm]:
    """Read the table, by type; the same object each time."""
    data = get_data(__package__, "imports.yaml")
    assert data is not None
    table = load_data(data.decode("utf-8"))
    return {
        name: ImportForm(
            type=name,
            id=row.get("id", ""),
            held=row.get("held", ""),
            unread=tuple(row.get("unread", ())),
            making=row.get("making", {}),
            questions=tuple(_questions(row)),
            again=row.get("again", ""),
            source=f"{table['provider']}/{row['page']}.html.markdown",
            checked=table["checked"],
        )
        for name, row in table["types"].items()
    }


def _questions(row: Mapping[str, Any]) -> Iterator[Question]:
    keys = ("call", "ask", "rows", "where", "tags")
    for told in (row, row.get("then")):
        if told and "call" in told:
            yield Question(**{key: told[key] for key in keys if key in told})
