"""Spreads a block into the rows that Terraform makes of it."""

from __future__ import annotations

from typing import Any

from cellfactory.tree.containers import items_of
from cellfactory.tree.document import Block
from cellfactory.tree.evaluation import evaluate
from cellfactory.tree.nodes import EVERY, Constant, Key, Node, Raw, TupleOf
from cellfactory.tree.scope import Scope

_MOST_ROWS = 100_000  # of `count`; Terraform is out of its depth far below

Row = tuple[Key, Node | None]
"""The key of a row, and its `each.value` where it has one."""

SINGLE: tuple[Row, ...] = ((None, None),)
UNKNOWN: tuple[Row, ...] = ((EVERY, None),)


def rows_of(block: Block, scope: Scope) -> tuple[Row, ...]:
    """Spread a block.

    Args:
        block: a resource or data source.
        scope: of its stack.

    Returns:
        A row for each key, in Terraform's order; `SINGLE` without `for_each` and `count`;
        `UNKNOWN` where the keys cannot be known, or Terraform would refuse them.
    """
    meta = block.meta
    if "for_each" in meta:
        return UNKNOWN if "count" in meta else _for_each(meta["for_each"], scope)
    if "count" in meta:
        return _counted(meta["count"], scope)
    return SINGLE


def _for_each(written: Any, scope: Scope) -> tuple[Row, ...]:
    collection = evaluate(Raw(written), scope)
    is_list = isinstance(collection, TupleOf) or (
        isinstance(collection, Raw) and isinstance(collection.value, list)
    )
    items = None if is_list else items_of(collection, scope, evaluate)
    if items is None:
        return UNKNOWN
    rows = [(key.value, value) for key, value in items if isinstance(key, Constant)]
    return tuple((key, value) for key, value in rows if isinstance(key, str))


def _counted(written: Any, scope: Scope) -> tuple[Row, ...]:
    count = evaluate(Raw(written), scope)
    number = count.value if isinstance(count, Constant) else None
    if isinstance(number, str) and number.isascii() and number.isdigit():
        number = int(number) if len(number) < len(str(_MOST_ROWS)) else None
    if not isinstance(number, int) or isinstance(number, bool):
        return UNKNOWN
    return tuple((n, None) for n in range(number)) if 0 <= number <= _MOST_ROWS else UNKNOWN
