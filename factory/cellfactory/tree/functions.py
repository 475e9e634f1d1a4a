"""The functions and operators whose results are computed; all others stay as they are written."""

from __future__ import annotations

import base64
import json
import operator
import re
from collections.abc import Callable
from typing import Any

from cellfactory.tree.nodes import Constant, Node, ObjectOf, TupleOf
from cellfactory.tree.rendering import scalar_text

_ESCAPED_IN_JSON = {
    char: f"\\u{ord(char):04x}" for char in ("<", ">", "&", "\N{LINE SEPARATOR}")
} | {"\N{PARAGRAPH SEPARATOR}": "\\u2029"}

_RARE_ESCAPE = re.compile(r"\\[bf]|\\u00[01]")  # writers of JSON differ about these


def _jsonencode(*arguments: Node) -> Node | None:
    """Write JSON as Terraform does: keys sorted, what HTML minds escaped."""
    if len(arguments) != 1:
        return None
    text = _json(arguments[0])
    return None if text is None or _RARE_ESCAPE.search(text) else Constant(text)


def _json(node: Node) -> str | None:
    if isinstance(node, Constant):
        return _json_text(node.value) if isinstance(node.value, str) else scalar_text(node.value)
    if isinstance(node, TupleOf):
        items = [_json(item) for item in node.items]
        return None if None in items else f"[{','.join(map(str, items))}]"
    if isinstance(node, ObjectOf) and all(isinstance(key, Constant) for key, _ in node.items):
        pairs = {scalar_text(k.value): _json(v) for k, v in node.items if isinstance(k, Constant)}
        if None in pairs.values() or len(pairs) < len(node.items):
            return None
        return f"{{{','.join(f'{_json_text(key)}:{pairs[key]}' for key in sorted(pairs))}}}"
    return None


def _json_text(text: str) -> str:
    written = json.dumps(text, ensure_ascii=False)
    return "".join(_ESCAPED_IN_JSON.get(char, char) for char in written)


def _base64encode(*arguments: Node) -> Node | None:
    if len(arguments) != 1 or not isinstance(arguments[0], Constant):
        return None
    text = arguments[0].value
    if not isinstance(text, str):
        return None
    return Constant(base64.b64encode(text.encode()).decode())


def _merge(*arguments: Node) -> Node | None:
    """Put objects together; a later one wins."""
    merged: dict[str, Node] = {}
    for argument in arguments:
        if not isinstance(argument, ObjectOf):
            return None
        for key, value in argument.items:
            if not isinstance(key, Constant) or not isinstance(key.value, str):
                return None
            merged[key.value] = value
    return ObjectOf(tuple((Constant(key), merged[key]) for key in sorted(merged)))


def _contains(*arguments: Node) -> Node | None:
    """Look for a text in a list of texts."""
    if len(arguments) != 2 or not isinstance(arguments[0], TupleOf):
        return None
    texts = [i.value for i in arguments[0].items if isinstance(i, Constant)]
    wanted = arguments[1]
    if len(texts) < len(arguments[0].items) or not isinstance(wanted, Constant):
        return None
    is_text = all(isinstance(text, str) for text in (*texts, wanted.value))
    return Constant(wanted.value in texts) if is_text else None


FUNCTIONS: dict[str, Callable[..., Node | None]] = {
    "base64encode": _base64encode,
    "contains": _contains,
    "jsonencode": _jsonencode,
    "merge": _merge,
}
"""By name; each returns None where the result is not known."""

_Compute = Callable[..., Any]
_OF_WHOLE: dict[str, _Compute] = {"*": operator.mul, "+": operator.add, "-": operator.sub}
_OF_NUMBERS: dict[str, _Compute] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_OF_BOOLS: dict[str, _Compute] = {"&&": operator.and_, "||": operator.or_}
_OF_ALL: dict[str, _Compute] = {"!=": operator.ne, "==": operator.eq}
_WHOLE, _BOOL, _TEXT = frozenset((int,)), frozenset((bool,)), frozenset((str,))
_NUMBERS = (_WHOLE, frozenset((float,)), frozenset((int, float)))
_COMPUTED: dict[tuple[str, int], dict[frozenset[type], _Compute]] = {
    ("!", 1): {_BOOL: operator.not_},
    ("-", 1): {_WHOLE: operator.neg},
    **{(sign, 2): {_WHOLE: compute} for sign, compute in _OF_WHOLE.items()},
    **{(sign, 2): dict.fromkeys(_NUMBERS, c) for sign, c in _OF_NUMBERS.items()},
    **{(sign, 2): {_BOOL: compute} for sign, compute in _OF_BOOLS.items()},
    **{(sign, 2): dict.fromkeys((*_NUMBERS, _BOOL, _TEXT), c) for sign, c in _OF_ALL.items()},
}
"""What is computed, by operator, number of operands and the types that these have."""


def operate(sign: str, operands: tuple[Node, ...]) -> Node | None:
    """Compute an operator; None where the result is not known."""
    if sign == "?":
        return _choose(*operands)
    values = [operand.value for operand in operands if isinstance(operand, Constant)]
    kinds = frozenset(type(value) for value in values)
    compute = _COMPUTED.get((sign, len(operands)), {}).get(kinds)
    if compute is None or len(values) < len(operands):
        return None
    return Constant(compute(*values))


def _choose(condition: Node, then: Node, otherwise: Node) -> Node | None:
    """Take a branch of `?`, unless the other one could change its type; null changes none."""
    if not isinstance(condition, Constant) or not isinstance(condition.value, bool):
        return None
    chosen, other = (then, otherwise) if condition.value else (otherwise, then)
    if other == Constant(None):
        return chosen
    if not isinstance(chosen, Constant):
        return None
    same = isinstance(other, Constant) and type(other.value) is type(chosen.value)
    return chosen if same or isinstance(chosen.value, str | None) else None
