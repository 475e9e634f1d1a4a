"""Whatever is in the file, the reader answers in bounded time, with problems that lie in it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from cellfactory.documents import load_data, render_data
from cellfactory.errors import MOST_PROBLEMS, InventoryError
from cellfactory.facts.loader import load_facts
from cellfactory.inventory.json_schema import render_schema
from cellfactory.inventory.reader import parse_inventory
from cellfactory.views.problems import render_problems, report
from tests import inventories
from tests.inventories import changed, paths

EXAMPLE = (Path(__file__).resolve().parents[3] / "cells.yaml").read_text("utf-8")
EXAMPLE_DATA: dict[str, Any] = load_data(EXAMPLE)
SCHEMA = Draft202012Validator(json.loads(render_schema()))


def refusal(text: str | bytes) -> InventoryError | None:
    """Read an inventory; None when it is one."""
    try:
        parse_inventory(text, "cells.yaml", load_facts())
    except InventoryError as error:
        return error
    return None


def is_read(text: str | bytes) -> bool:
    """Read an inventory; True when it is one. Its problems must lie in the text."""
    error = refusal(text)
    if error is None:
        return True
    assert error.problems
    shown = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    lines = len(shown.splitlines()) + 1
    for problem in error.problems:
        assert problem.span
        assert 1 <= problem.span.line <= lines
        assert problem.span.column >= 1
        assert problem.finding.message
        assert "\n" not in problem.finding.message
        assert "pydantic" not in str(problem)
        assert "should" not in problem.finding.message.lower()  # the schema library's word
    return False


PATHS = list(paths(EXAMPLE_DATA))
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 10**20),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=12),
    st.sampled_from(["spark", "10.0.0.0/8", "0.0.0.0/0", "use1-az1", "[key]", "i3.large", "id"]),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=6), inner, max_size=3)
    ),
    max_leaves=6,
)


@given(st.one_of(st.text(), st.binary(), st.text("{}[]:,&*!|>-?#'\"% \n\tab01", max_size=60)))
@example("version: 1")
@example("[key]: 1")
@example("cells: {a: {account: {id: 1, email: 2}}}")
def test_any_text_is_read_or_refused_with_places(text: str | bytes) -> None:
    assert not is_read(text)


@settings(max_examples=60)
@given(st.sampled_from(PATHS), VALUES)
@example(("cells", "moka-use1-a"), {"[key]": 1})
@example(("cells", "moka-use1-a", "account"), {"new-account": {}})
@example(("address_pools", "node", 0), "0.0.0.0/0")
@example(("cell_types", "spark", "node_ceiling"), 1)
def test_any_value_anywhere_is_read_or_refused(path: tuple[Any, ...], value: Any) -> None:
    made = changed(EXAMPLE_DATA, path, lambda parent, key: parent.__setitem__(key, value))
    if is_read(render_data(made)):
        assert SCHEMA.is_valid(made)


@settings(max_examples=60)
@given(st.sampled_from(PATHS), st.text(max_size=12), VALUES)
@example(("cells",), "account", {"existing-account": 1})
@example(("cells", "moka-use1-a", "type"), "[key]", 1)
def test_any_key_anywhere_is_read_or_refused(path: tuple[Any, ...], key: str, value: Any) -> None:
    def add(parent: Any, at: Any) -> None:
        inner = parent[at]
        target = inner if isinstance(inner, dict) else parent
        if isinstance(target, dict):
            target[key] = value
        else:
            target.append(value)

    made = changed(EXAMPLE_DATA, path, add)
    if is_read(render_data(made)):
        assert SCHEMA.is_valid(made)


@settings(max_examples=60)
@given(st.sampled_from(PATHS))
def test_anything_may_be_missing(path: tuple[Any, ...]) -> None:
    made = changed(EXAMPLE_DATA, path, lambda parent, key: parent.pop(key))
    if is_read(render_data(made)):
        assert SCHEMA.is_valid(made)


@settings(max_examples=60)
@given(st.integers(0, len(EXAMPLE)), st.integers(0, 30), st.text(" \n:-[]{}&*#'\"ax0", max_size=6))
def test_any_slip_of_the_editor_is_read_or_refused(start: int, length: int, new: str) -> None:
    is_read(EXAMPLE[:start] + new + EXAMPLE[start + length :])


def many(count: int, change: Callable[[int], dict[str, Any]]) -> str:
    """Render an inventory of many cells, each changed."""
    made = inventories.data(cells=count)
    for number, cell in enumerate(made["cells"].values()):
        cell |= change(number)
    return render_data(made)


HOSTILE: dict[str, Callable[[], str]] = {
    "unknown-keys": lambda: "".join(f"versio{n}: 1\n" for n in range(45_000)),
    "one-long-key": lambda: "v" * 1_000_000 + ": 1\n",
    "one-long-value": lambda: EXAMPLE.replace("type: spark\n", f"type: {'s' * 900_000}\n"),
    "unknown-meshes": lambda: many(3000, lambda n: {"mesh": f"eas{n}"}),
    "unknown-keys-in-cells": lambda: many(3000, lambda n: {f"rin{n}": 1}),
    "wrong-types": lambda: many(3000, lambda n: {"type": n}),
    "many-cells": lambda: many(3000, lambda _: {}),
    "one-account": lambda: many(3000, lambda _: {"account": {"id": "4" * 12}}),
    "long-lists": lambda: EXAMPLE.replace(
        "blocks: [10.0.0.0/16", "blocks: [" + "10.0.0.0/16, " * 60_000 + "10.0.0.0/16"
    ),
    "many-labels": lambda: EXAMPLE.replace(
        "{cellfactory/pool: driver}",
        "{" + ", ".join(f"kubernetes.io/a{n}: b" for n in range(30_000)) + "}",
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_inventory_takes_bounded_time(name: str) -> None:
    text = HOSTILE[name]()
    start = time.process_time()
    error = refusal(text)
    shown = report(error.problems) if error else None
    assert time.process_time() - start < 15
    assert shown is None or len(shown.entries) <= MOST_PROBLEMS
    assert error is None or len(render_problems(error.problems)) < 100_000
