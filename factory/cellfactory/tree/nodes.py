"""The syntax of Terraform's expressions, as values.

`cellfactory.tree.parser` makes them of text, `cellfactory.tree.evaluation` reduces them, and
`cellfactory.tree.rendering` writes them down again.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from typing import Any, TypeAlias

_HALVES = re.compile("[\ud800-\udfff]")

Scalar: TypeAlias = bool | int | float | str | None


class Every(Enum):
    """The index that stands for all rows of a block, because it is not known or all are meant."""

    EVERY = "*"

    def __repr__(self) -> str:
        return "EVERY"


EVERY = Every.EVERY
Key: TypeAlias = str | int | Every | None
"""The key of a row: None where a block has neither `for_each` nor `count`."""


@dataclass(frozen=True, slots=True)
class Constant:
    """A scalar that is known."""

    value: Scalar


@dataclass(frozen=True, slots=True)
class Raw:
    """A value of a document that nobody has looked into yet: its strings are templates.

    It belongs to the stack as a whole: nothing in it can mean a row, or a name that a `for` binds.
    """

    value: Any


@dataclass(frozen=True, slots=True)
class Name:
    """The first word of a reference, such as `var`, `aws_vpc`, or one that a `for` binds."""

    name: str


@dataclass(frozen=True, slots=True)
class Attribute:
    """The step `.name`."""

    name: str


@dataclass(frozen=True, slots=True)
class Index:
    """The step `[key]`."""

    key: Node


@dataclass(frozen=True, slots=True)
class Splat:
    """The step `[*]`, or `.*` which stops before an index."""

    full: bool


Step: TypeAlias = Attribute | Index | Splat


@dataclass(frozen=True, slots=True)
class Access:
    """A value and the way into it."""

    base: Node
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Directive:
    """What stands between `%{` and `}`; the expression of `else`, `endif`, `endfor` is None."""

    keyword: str
    names: tuple[str, ...] = ()
    expression: Node | None = None


@dataclass(frozen=True, slots=True)
class Template:
    """Text with expressions in it; never one that is text alone or one expression alone.

    `trimmed` holds the `~` of a sequence: (index of the part, "<", ">" or "<>").
    """

    parts: tuple[str | Node | Directive, ...]
    trimmed: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Call:
    """A function and its arguments; `spread` when the last one ends in `...`."""

    name: str
    arguments: tuple[Node, ...]
    spread: bool = False


@dataclass(frozen=True, slots=True)
class TupleOf:
    """A list that is written out."""

    items: tuple[Node, ...]


@dataclass(frozen=True)
class ObjectOf:
    """An object or map that is written out."""

    items: tuple[tuple[Node, Node], ...]

    @cached_property
    def by_key(self) -> Mapping[str, Node]:
        """The values whose keys are known."""
        return {str(key.value): value for key, value in self.items if isinstance(key, Constant)}


@dataclass(frozen=True, slots=True, kw_only=True)
class For:
    """A `for` expression; it makes a list where `result_key` is None, else an object."""

    key_name: str | None
    value_name: str
    collection: Node
    result_key: Node | None
    result: Node
    condition: Node | None
    grouped: bool

    @property
    def names(self) -> tuple[str, ...]:
        """The names that it binds."""
        return (self.value_name,) if self.key_name is None else (self.key_name, self.value_name)


@dataclass(frozen=True, slots=True)
class Operation:
    """An operator with one or two operands, or `?` with three."""

    operator: str
    operands: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Opaque:
    """A template that cannot be read, as it was written; Terraform refuses most of these."""

    text: str


Node: TypeAlias = (
    Constant | Raw | Name | Access | Template | Call | TupleOf | ObjectOf | For | Operation | Opaque
)


def constant(value: Scalar) -> Constant:
    """Make a scalar as Terraform keeps it: texts in NFC, whole numbers without a fraction.

    >>> constant(2.0)
    Constant(value=2)
    """
    if type(value) is str and not value.isascii():
        return Constant(normalised(value))
    if type(value) is float and value.is_integer():
        return Constant(int(value))
    return Constant(value)


def normalised(text: str) -> str:
    """Write a text as Terraform keeps it: in NFC, halves of characters replaced."""
    if text.isascii():
        return text
    return unicodedata.normalize("NFC", _HALVES.sub("\N{REPLACEMENT CHARACTER}", text))


def join_parts(
    parts: list[str | Node | Directive], trimmed: tuple[tuple[int, str], ...] = ()
) -> Node:
    """Make a template of its parts, or what is simpler and means the same."""
    if trimmed:
        return Template(tuple(parts), trimmed)
    merged: list[str | Node | Directive] = []
    for part in parts:
        if isinstance(part, str) and merged and isinstance(merged[-1], str):
            merged[-1] += part
        elif part != "":
            merged.append(part)
    if not merged:
        return Constant("")
    only = merged[0]
    if len(merged) == 1 and not isinstance(only, Directive):
        return constant(only) if isinstance(only, str) else only
    return Template(tuple(merged))
