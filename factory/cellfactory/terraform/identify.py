"""Finds in AWS what a plan would create: by its names, its tags, or what it is a part of.

A killed Terraform has often made what its state does not know. What the plan says of a resource
(its name, its block, the tags of its stack) is asked for, in the words of `facts/imports.yaml`; one
answer, and one only, is the resource.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from cellfactory.credentials import Session, aws_faults, in_one_line
from cellfactory.facts.importing import ImportForm, Question

_FIELD = re.compile(r"\{(\.?)([A-Za-z0-9_.]+)\}")
NOT_THERE = (
    *("NotFound", "NoSuch", "NonExistent", "DoesNotExist", "InvalidGroup"),
    "UnknownResource",  # RAM
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A resource that a plan would create."""

    address: str
    type: str
    values: Mapping[str, Any]  # what the plan knows of it
    unknown: frozenset[str] = frozenset()  # attributes that only an apply would tell


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A resource that is in AWS, with what Terraform imports it by."""

    address: str
    id: str
    held: str = ""  # what its ARN ends in, where that is not the id
    unread: Mapping[str, Any] = field(default_factory=dict)  # what an import would guess


@dataclass(frozen=True, slots=True, kw_only=True)
class Untold:
    """A planned resource of which nobody can say whether, or which of several, it is."""

    address: str
    why: str
    ids: tuple[str, ...] = ()  # of those that it could be


class NotYetError(Exception):
    """The plan does not know yet what has to be asked with: something above it is missing, too."""


def identify(
    session: Session, region: str, form: ImportForm, wanted: Wanted
) -> Known | Untold | None:
    """Look for one planned resource.

    Args:
        session: in the account of its stack.
        region: where that works.
        form: how its type is found.
        wanted: what the plan says.

    Returns:
        None where it is not there, or cannot be asked for yet.
    """
    try:
        answers = _ask_all(session, region, form, wanted)
        found = {fill(form.id, wanted, answer): answer for answer in answers}
    except NotYetError:
        return None
    except aws_faults() as error:
        if is_not_there(error):
            return None
        return Untold(address=wanted.address, why=f"AWS does not tell: {in_one_line(error)}")
    return _told(form, wanted, found) if found else None


def _told(
    form: ImportForm, wanted: Wanted, found: Mapping[str, Mapping[str, Any]]
) -> Known | Untold:
    """Take the one answer, by its id; say why where there are several, or it is not whole yet."""
    ids = tuple(sorted(found))
    if len(ids) > 1:
        why = f"{len(ids):,} of them are alike: {', '.join(ids)}"
        return Untold(address=wanted.address, why=why, ids=ids)
    answer = found[ids[0]]
    if state := _making(form, answer):
        why = f"AWS has not made it yet ({state}): wait for it, then run this again"
        return Untold(address=wanted.address, why=why, ids=ids)
    held = fill(form.held, wanted, answer)
    unread = {path: found_at(wanted.values, path) for path in form.unread}
    return Known(address=wanted.address, id=ids[0], held=held, unread=unread)


def _making(form: ImportForm, answer: Mapping[str, Any]) -> str:
    """What says that AWS is still making it; empty where nothing does."""
    told = (state for path, state in form.making.items() if state in walk(answer, path))
    return next(told, "")


def found_at(values: Any, path: str) -> Any:
    """Follow a path as `ignore_changes` writes it.

    >>> found_at({"a": [{"b": False}]}, "a[0].b")
    False
    """
    for name in steps(path):
        values = values[name]
    return values


def steps(path: str) -> list[str | int]:
    """Take a path apart: names, and places in lists.

    >>> steps("a[0].b")
    ['a', 0, 'b']
    """
    parts = path.replace("[", ".").replace("]", "").split(".")
    return [int(part) if part.isdecimal() else part for part in parts]


def is_not_there(error: Exception) -> bool:
    """Whether AWS says that there is no such thing."""
    told = getattr(error, "response", None)
    code = str((told or {}).get("Error", {}).get("Code", ""))
    return any(word in code for word in NOT_THERE) or code == "404"


def _ask_all(
    session: Session, region: str, form: ImportForm, wanted: Wanted
) -> list[Mapping[str, Any]]:
    answers: list[Mapping[str, Any]] = [{}]
    for question in form.questions:
        answers = [
            found for before in answers for found in _ask(session, region, question, wanted, before)
        ]
    return answers


def _ask(
    session: Session, region: str, question: Question, wanted: Wanted, before: Mapping[str, Any]
) -> Iterator[Mapping[str, Any]]:
    service, _, operation = question.call.partition(".")
    client = session.client(service, region_name=region)
    asked = _filled(question.ask, wanted, before)
    if client.can_paginate(operation):
        pages: Iterable[Any] = client.get_paginator(operation).paginate(**asked)
    else:
        pages = [getattr(client, operation)(**asked)]
    conditions = list(_conditions(question, wanted, before))
    for page in pages:
        for row in walk(page, question.rows):
            is_meant = all(_meets(row, path, values) for path, values in conditions)
            if is_meant and (not question.tags or _bears(row, question.tags, wanted)):
                yield row


def _conditions(
    question: Question, wanted: Wanted, before: Mapping[str, Any]
) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield what answers must hold; what the plan leaves empty is not compared."""
    for path, value in question.where.items():
        allowed = _filled(value, wanted, before)
        if allowed is not None:
            every = allowed if isinstance(allowed, list) else [allowed]
            yield path, tuple(str(one) for one in every)


def _meets(row: Any, path: str, allowed: tuple[str, ...]) -> bool:
    return any(str(found) in allowed for found in walk(row, path))


def _bears(row: Any, path: str, wanted: Wanted) -> bool:
    if "tags_all" in wanted.unknown:
        raise NotYetError
    told: dict[str, str] = {}
    for one in walk(row, path):
        pair = {str(name).lower(): value for name, value in one.items()}
        is_pair = set(pair) == {"key", "value"}  # RAM writes both small
        told |= {pair["key"]: pair["value"]} if is_pair else dict(one)
    return all(told.get(key) == value for key, value in (wanted.values["tags_all"] or {}).items())


def walk(value: Any, path: str) -> Iterator[Any]:
    """Follow a path of names, over all items of each list on the way.

    >>> list(walk({"A": [{"B": [1, 2]}, {"B": [3]}, {}]}, "A.B"))
    [1, 2, 3]
    >>> list(walk({"A": 1}, ""))
    [{'A': 1}]
    """
    if isinstance(value, list):
        for one in value:
            yield from walk(one, path)
        return
    name, _, rest = path.partition(".")
    if not name:
        yield value
    elif isinstance(value, Mapping) and name in value:
        yield from walk(value[name], rest)


def _filled(template: Any, wanted: Wanted, answer: Mapping[str, Any]) -> Any:
    """Fill every text of a template; one that is a single field keeps the type of its value."""
    if isinstance(template, Mapping):
        return {key: _filled(value, wanted, answer) for key, value in template.items()}
    if isinstance(template, list):
        return [_filled(value, wanted, answer) for value in template]
    if isinstance(template, str):
        whole = _FIELD.fullmatch(template)
        return _field(whole, wanted, answer) if whole else fill(template, wanted, answer)
    return template


def fill(template: str, wanted: Wanted, answer: Mapping[str, Any]) -> str:
    """Put what a plan and an answer say into a template.

    Raises:
        NotYetError: when the plan does not know it yet.
    """
    return _FIELD.sub(lambda found: str(_field(found, wanted, answer)), template)


def _field(found: re.Match[str], wanted: Wanted, answer: Mapping[str, Any]) -> Any:
    is_answer, name = found.groups()
    if is_answer:
        return next(walk(answer, name))
    if name in wanted.unknown:
        raise NotYetError
    return wanted.values.get(name)
