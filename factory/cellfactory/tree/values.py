"""Values of a body: what is known is plain JSON, what is not is an `Expression`."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

from cellfactory.tree.nodes import (
    Call,
    Constant,
    Directive,
    Node,
    ObjectOf,
    Template,
    TupleOf,
    join_parts,
)
from cellfactory.tree.references import Reference, references
from cellfactory.tree.rendering import scalar_text, template_text


@dataclass(frozen=True, slots=True)
class Expression:
    """A value that only a plan or an apply knows; its known parts are filled in."""

    node: Node

    @property
    def text(self) -> str:
        """The expression as a document would hold it, such as `${var.vpc_id}`."""
        return template_text(self.node)

    @property
    def references(self) -> tuple[Reference, ...]:
        """What it stands on."""
        return references(self.node)

    def __str__(self) -> str:
        return self.text


Value: TypeAlias = "bool | int | float | str | Expression | list[Value] | dict[str, Value] | None"


def to_value(node: Node) -> Value:
    """Write a node without `Raw` in it as a value.

    >>> to_value(ObjectOf(((Constant("a"), Constant(1)),)))
    {'a': 1}
    """
    if isinstance(node, Constant):
        return node.value
    if isinstance(node, TupleOf):
        return [to_value(item) for item in node.items]
    if isinstance(node, ObjectOf):
        keys = [scalar_text(k.value) for k, _ in node.items if isinstance(k, Constant)]
        if len(set(keys)) == len(node.items):
            return {key: to_value(value) for key, (_, value) in zip(keys, node.items, strict=True)}
    return Expression(node)


def is_known(value: Value) -> bool:
    """Whether a value, with all that it holds, is known."""
    return next(expressions(value), None) is None


def expressions(value: Value) -> Iterator[Expression]:
    """Yield every expression in a value."""
    if isinstance(value, Expression):
        yield value
    elif isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from expressions(inner)


# -- texts that hold something ---------------------------------------------------------------------

_OPEN, _CLOSE = "\ue000", "\ue001"  # for private use: no document of ours holds them
_ESCAPED_OPEN = "\\ue00"
_PLACE = re.compile(f"{_OPEN}([0-9]+){_CLOSE}")


def decode_json(value: Value) -> Value:
    """Look into JSON that is kept as text, such as a policy or the configuration of an add-on.

    Where expressions stand in the text, they stand in the result.

    Args:
        value: a text, a template, or `${jsonencode(…)}`.

    Returns:
        What the text holds; the value itself where it is no JSON, or not known well enough.

    >>> decode_json('{"Action": "s3:*"}')
    {'Action': 's3:*'}
    """
    if isinstance(value, str):
        return _loaded(value, None, value)
    if not isinstance(value, Expression):
        return value
    node = value.node
    if isinstance(node, Call) and node.name == "jsonencode" and len(node.arguments) == 1:
        return to_value(node.arguments[0])
    if isinstance(node, Template) and not node.trimmed:
        return _from_template(node.parts, value)
    return value


def decode_base64(value: Value) -> Value:
    """Look into text that is kept in base64, such as user data.

    Args:
        value: a text, or `${base64encode(…)}`.

    Returns:
        The text, or an expression; the value itself where it is not base64 of a text.

    >>> decode_base64("aGVsbG8=")
    'hello'
    """
    if isinstance(value, str):
        try:
            return base64.b64decode(value, validate=True).decode()
        except (binascii.Error, ValueError):
            return value
    if not isinstance(value, Expression) or not isinstance(value.node, Call):
        return value
    call = value.node
    is_encoded = call.name == "base64encode" and len(call.arguments) == 1
    return to_value(call.arguments[0]) if is_encoded else value


def _from_template(parts: tuple[str | Node | Directive, ...], original: Value) -> Value:
    texts = [part for part in parts if isinstance(part, str)]
    whole = "".join(texts)
    is_mine = _OPEN in whole or _ESCAPED_OPEN in whole.lower()
    if is_mine or any(isinstance(part, Directive) for part in parts):
        return original
    text = "".join(
        part if isinstance(part, str) else f"{_OPEN}{number}{_CLOSE}"
        for number, part in enumerate(parts)
    )

    def filled(text: str) -> Value:
        pieces: list[str | Node | Directive] = []
        for number, piece in enumerate(_PLACE.split(text)):
            pieces.append(parts[int(piece)] if number % 2 else piece)
        return to_value(join_parts(pieces))

    return _loaded(text, filled, original)


def _loaded(text: str, filled: Callable[[str], Value] | None, otherwise: Value) -> Value:
    try:
        value: Value = json.loads(text, parse_constant=_no_number)
        return value if filled is None else _filled(value, filled)
    except (ValueError, RecursionError, _KeyUnknownError):
        return otherwise


def _no_number(text: str) -> float:
    raise ValueError(text)


class _KeyUnknownError(Exception):
    """A key of JSON in text holds an expression."""


def _filled(value: Any, filled: Callable[[str], Value]) -> Value:
    if isinstance(value, str):
        return filled(value)
    if isinstance(value, list):
        return [_filled(item, filled) for item in value]
    if not isinstance(value, dict):
        return value  # type: ignore[no-any-return]
    if any(_OPEN in key for key in value):
        raise _KeyUnknownError
    return {key: _filled(inner, filled) for key, inner in value.items()}
