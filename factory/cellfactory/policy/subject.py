"""What a rule looks at: one resource, or one part of a document, with the stack around it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

from cellfactory.policy.expected import Expected
from cellfactory.tree.document import Document
from cellfactory.tree.resource import Resource, value_of
from cellfactory.tree.scope import Scope
from cellfactory.tree.unit import Unit
from cellfactory.tree.values import Expression, Value, expressions

PARTS = ("terraform", "backend", "provider", "variable", "output", "local")
"""Parts of a document that rules look at as they look at resources."""

EVERY_BLOCK = "*"
"""Every block of a stack, whatever its type, by its first row: the rest differs by locals alone."""


class Subject:
    """One resource or part of a document; a value is worked out when a rule first asks for it."""

    __slots__ = ("_scope", "_values", "_written", "address", "meta", "name", "stack", "type")

    def __init__(
        self, stack: StackView, type_: str, address: str, written: Mapping[str, Any], scope: Scope
    ) -> None:
        self.stack = stack
        self.type = type_
        self.address = address
        self.meta: Mapping[str, Any] = {}  # `lifecycle`, `provisioner`, as they are written
        self.name = ""  # how expressions name it, such as `aws_vpc.cell`
        self._written = written
        self._scope = scope
        self._values: dict[str, Value] = {}

    def has(self, key: str) -> bool:
        """Whether an attribute is given at all, known or not."""
        return self._written.get(key) is not None

    def value(self, key: str) -> Value:
        """Work out one attribute; None where there is none."""
        if key not in self._values:
            written = self._written.get(key)
            known = None if written is None else value_of(written, self._scope)
            self._values[key] = known
        return self._values[key]

    @property
    def body(self) -> dict[str, Value]:
        """Every attribute, worked out."""
        return {key: self.value(key) for key in self._written}

    def get(self, *path: str) -> Value:
        """Take what stands at a path; blocks that are there once may be lists of one.

        Returns:
            None where there is nothing.
        """
        first, *rest = path
        return dig(self.value(first), *rest) if rest else self.value(first)

    def blocks(self, *path: str) -> list[Mapping[str, Value]]:
        """Take the nested blocks at a path; none where there are none, or nobody knows them."""
        return [block for block in listed(self.get(*path)) if isinstance(block, Mapping)]

    def refers_to(self, key: str, other: Subject) -> bool:
        """Tell whether an attribute means another resource, by reference or by its name."""
        value = self.get(key)
        named = other.get("bucket") if other.type == "aws_s3_bucket" else None
        if named is not None and value == named:
            return True
        return any(
            reference.subject == other.name
            for expression in expressions(value)
            for reference in expression.references
        )


class StackView:
    """A stack as rules see it: subjects by type, each made when it is first asked for."""

    def __init__(self, document: Document, expected: Expected) -> None:
        self.name = document.name
        self.document = document
        self.expected = expected
        self._unit = Unit(document, None, lambda _stack, _name: None)
        self._made: dict[str, tuple[Subject, ...]] = {}

    def of(self, type_: str) -> tuple[Subject, ...]:
        """Every subject of a type; data sources begin with `data.`."""
        if type_ not in self._made:
            parts = self._parts(type_) if type_ in PARTS else self._resources(type_)
            self._made[type_] = tuple(parts)
        return self._made[type_]

    def attached(self, to: Subject, type_: str, key: str) -> tuple[Subject, ...]:
        """Every resource of a type whose attribute means a resource."""
        return tuple(found for found in self.of(type_) if found.refers_to(key, to))

    @cached_property
    def _all(self) -> list[Resource]:
        return list(self._unit.resources.values())

    @cached_property
    def _by_type(self) -> Mapping[str, list[Resource]]:
        found: dict[str, list[Resource]] = {}
        for resource in self._all:
            prefix = "data." if resource.mode == "data" else ""
            found.setdefault(prefix + resource.type, []).append(resource)
        return found

    @property
    def types(self) -> frozenset[str]:
        """Every type of a resource that the stack has."""
        return frozenset(self._by_type)

    def _resources(self, type_: str) -> Iterator[Subject]:
        if type_ == EVERY_BLOCK:
            firsts = {found.block.subject: found for found in reversed(self._all)}
            yield from (self._subject(found) for found in reversed(firsts.values()))
        for found in self._by_type.get(type_, ()):
            yield self._subject(found)

    def _subject(self, found: Resource) -> Subject:
        kind = f"data.{found.type}" if found.mode == "data" else found.type
        subject = Subject(self, kind, found.address, found.raw, found.scope)
        subject.meta, subject.name = found.meta, found.block.subject
        return subject

    def _parts(self, part: str) -> Iterator[Subject]:
        document = self.document
        bodies: Mapping[str, Mapping[str, Any]] = {}
        if part == "terraform":
            bodies = {"terraform": document.terraform}
        elif part == "backend":
            found = document.backend
            bodies = {f"backend.{found.type}": found.settings} if found else {"backend": {}}
        elif part == "provider":
            bodies = {_provider(p.name, p.alias): p.settings for p in document.providers}
        elif part == "variable":
            bodies = {f"var.{name}": body for name, body in document.variables.items()}
        elif part == "output":
            bodies = {f"output.{name}": body for name, body in document.outputs.items()}
        elif part == "local":
            bodies = {f"local.{name}": {"value": held} for name, held in document.locals.items()}
        for address, body in bodies.items():
            yield Subject(self, part, address, body, self._unit.scope)


def _provider(name: str, alias: str | None) -> str:
    return f"provider.{name}.{alias}" if alias else f"provider.{name}"


# -- values ----------------------------------------------------------------------------------------


def dig(value: Value | Mapping[str, Value], *path: str) -> Value:
    """Take what stands at a path, through lists of one.

    >>> dig({"a": [{"b": 1}]}, "a", "b"), dig({"a": 1}, "b")
    (1, None)
    """
    for key in path:
        if isinstance(value, list) and len(value) == 1:
            value = value[0]
        if not isinstance(value, Mapping):
            return None
        value = value.get(key)
    return value  # type: ignore[return-value]


def listed(value: Value) -> list[Value]:
    """Take a value as a list: none of null, the one of anything that is none.

    >>> listed(None), listed("a"), listed(["a"])
    ([], ['a'], ['a'])
    """
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def is_true(value: Value) -> bool:
    """Whether a value is the truth value true, as Terraform reads it.

    >>> is_true("true"), is_true(True), is_true(1), is_true(None)
    (True, True, False, False)
    """
    return value is True or value == "true"


def is_unknown(value: Value) -> bool:
    """Whether only a plan or an apply knows a value."""
    return isinstance(value, Expression)


def texts(value: Value) -> list[tuple[tuple[str, ...], str]]:
    """List every text in a value with its path; expressions as they are written."""
    found: list[tuple[tuple[str, ...], str]] = []
    _add_texts(value, (), found)
    return found


def _add_texts(
    value: Value, path: tuple[str, ...], found: list[tuple[tuple[str, ...], str]]
) -> None:
    if isinstance(value, str):
        found.append((path, value))
    elif isinstance(value, dict):
        for key, inner in value.items():
            _add_texts(inner, (*path, key), found)
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            _add_texts(inner, (*path, str(number)), found)
    elif isinstance(value, Expression):
        found.append((path, str(value)))
