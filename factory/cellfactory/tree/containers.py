"""What a list, a map or an object holds: one value by its key, or all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from cellfactory.tree.nodes import (
    Access,
    Attribute,
    Call,
    Constant,
    For,
    Index,
    Name,
    Node,
    ObjectOf,
    Operation,
    Raw,
    Splat,
    Step,
    TupleOf,
)
from cellfactory.tree.parser import parse_template
from cellfactory.tree.references import as_reference
from cellfactory.tree.rendering import scalar_text
from cellfactory.tree.scope import Scope

Items = tuple[tuple[Node, Node], ...]
Evaluate = Callable[[Node, Scope], Node]


def into(value: Node, step: Step) -> Node | None:
    """Go one step into a value.

    Returns:
        None where the value has nothing there, or the step is not known.
    """
    if isinstance(value, Access):
        return Access(value.base, (*value.steps, step))
    if isinstance(value, Name | Call | For | Operation):
        return Access(value, (step,))
    key = _key_of(step)
    return None if key is None else _at_key(value, key)


def _at_key(value: Node, key: str | int) -> Node | None:
    if isinstance(value, Raw) and isinstance(value.value, dict):
        return _into_raw(value.value, scalar_text(key))
    if isinstance(value, ObjectOf):
        return value.by_key.get(scalar_text(key))
    items = value.items if isinstance(value, TupleOf) else getattr(value, "value", None)
    at = _position(key, len(items)) if isinstance(items, list | tuple) else None
    if at is None or not isinstance(items, list | tuple):
        return None
    return Raw(items[at]) if isinstance(items, list) else items[at]


def _key_of(step: Step) -> str | int | None:
    if isinstance(step, Attribute):
        return step.name
    if isinstance(step, Splat) or not isinstance(step.key, Constant):
        return None
    known = step.key.value
    return known if isinstance(known, str | int) and not isinstance(known, bool) else None


def _into_raw(value: dict[str, Any], key: str) -> Node | None:
    if "{" not in key and key in value:
        return Raw(value[key])
    for written in value:
        if ("{" in written or not written.isascii()) and parse_template(written) == Constant(key):
            return Raw(value[written])
    return None


def _position(key: str | int, length: int) -> int | None:
    if isinstance(key, str) and not (key.isascii() and key.isdigit() and len(key) < _MANY_DIGITS):
        return None
    at = int(key)
    return at if 0 <= at < length else None


_MANY_DIGITS = 10  # no list is so long


def items_of(node: Node, scope: Scope, evaluate: Evaluate) -> Items | None:
    """List keys and values of a collection in the order in which Terraform goes through it.

    Args:
        node: a collection, evaluated.
        scope: of the expression that goes through it.
        evaluate: `cellfactory.tree.evaluation.evaluate`.

    Returns:
        None where a key is not known. A list has its positions as keys, a set its elements.
    """
    if isinstance(node, Raw):
        return _items_of_raw(node.value, scope, evaluate)
    if isinstance(node, ObjectOf):
        return _by_key(node.items)
    if isinstance(node, TupleOf):
        return tuple((Constant(number), item) for number, item in enumerate(node.items))
    if isinstance(node, Call):
        return _items_of_conversion(node)
    return _items_of_rows(node, scope)


def _items_of_rows(node: Node, scope: Scope) -> Items | None:
    """The rows of a block, or the entries of a variable, where their keys are known."""
    reference = as_reference(node)
    if reference is None or reference.key is not None or reference.path:
        return None
    keys = scope.keys_of(reference.subject)
    return None if keys is None else tuple((k, _row(node, k)) for k in map(Constant, keys))


def _row(node: Node, key: Constant) -> Node:
    assert isinstance(node, Access)
    return Access(node.base, (*node.steps, Index(key)))


def _items_of_raw(value: Any, scope: Scope, evaluate: Evaluate) -> Items | None:
    if isinstance(value, list):
        return tuple((Constant(number), Raw(item)) for number, item in enumerate(value))
    keys = "".join(value)
    if "{" not in keys and keys.isascii():
        return tuple((Constant(key), Raw(value[key])) for key in sorted(value))
    stack = scope.of_stack
    return _by_key((evaluate(Raw(key), stack), Raw(inner)) for key, inner in value.items())


def _by_key(pairs: Iterable[tuple[Node, Node]]) -> Items | None:
    """Sort by key; None where one is not known or there twice."""
    by_key: dict[str, Node] = {}
    for key, value in pairs:
        if not isinstance(key, Constant) or key.value is None:
            return None
        text = scalar_text(key.value)
        if text in by_key:
            return None
        by_key[text] = value
    return tuple((Constant(key), by_key[key]) for key in sorted(by_key))


def _items_of_conversion(node: Call) -> Items | None:
    if len(node.arguments) != 1 or node.spread:
        return None
    (argument,) = node.arguments
    if node.name == "tomap" and isinstance(argument, ObjectOf):
        items = _by_key(argument.items)
        return None if items is None else tuple((k, _of_map(node, k, v)) for k, v in items)
    if node.name != "toset" or not isinstance(argument, TupleOf):
        return None
    elements = {e.value for e in argument.items if isinstance(e, Constant)}
    texts = sorted(element for element in elements if isinstance(element, str))
    if len(texts) != len(elements) or not all(isinstance(e, Constant) for e in argument.items):
        return None
    return tuple((Constant(text), Constant(text)) for text in texts)


def _of_map(node: Call, key: Node, value: Node) -> Node:
    """A value of a map has the type of its other values: only texts stay what they are."""
    kept = isinstance(value, Constant) and isinstance(value.value, str)
    return value if kept else Access(node, (Index(key),))
