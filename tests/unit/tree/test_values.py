"""Values: what is kept as text inside a body, and what is known of it."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cellfactory.tree.document import read_document
from cellfactory.tree.resource import resolve, value_of
from cellfactory.tree.scope import Scope
from cellfactory.tree.tree import Place, Tree
from cellfactory.tree.unit import Unit
from cellfactory.tree.values import (
    Expression,
    Value,
    decode_base64,
    decode_json,
    expressions,
    is_known,
    to_value,
)

GOLDEN = Path(__file__).resolve().parents[2] / "synth" / "golden"

JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=4)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
)


def body_of(written: Any) -> Value:
    tree = Tree([], [read_document({"resource": {"a": {"b": {"v": written}}}}, "s")])
    resource = tree.resource(Place("s", "a.b"))
    assert resource is not None
    return resource.body["v"]


def shown(value: Value) -> Any:
    if isinstance(value, list):
        return [shown(item) for item in value]
    if isinstance(value, dict):
        return {key: shown(inner) for key, inner in value.items()}
    return value.text if isinstance(value, Expression) else value


@given(JSON)
@example({"\ue000": "\ue0000\ue001"})
def test_json_in_text_is_read(held: Any) -> None:
    assert decode_json(json.dumps(held)) == held


def test_expressions_stand_where_they_stood_in_the_text() -> None:
    policy = {"Resource": ["${a.c.arn}", "${a.c.arn}/*"], "Sid": "x", "Account": "${var.id}"}
    value = body_of(json.dumps(policy))
    assert isinstance(value, Expression)
    decoded = decode_json(value)
    assert shown(decoded) == policy
    assert [e.text for e in expressions(decoded)] == ["${a.c.arn}", "${a.c.arn}/*", "${var.id}"]
    assert not is_known(decoded)


def test_jsonencode_and_base64encode_are_looked_into() -> None:
    encoded = body_of('${jsonencode({ env = { MAX = "2" }, id = var.id })}')
    assert shown(decode_json(encoded)) == {"env": {"MAX": "2"}, "id": "${var.id}"}
    data = body_of('${base64encode("MIME\\n${a.c.endpoint}")}')
    assert shown(decode_base64(data)) == "MIME\n${a.c.endpoint}"
    assert decode_base64(base64.b64encode(b"MIME\n").decode()) == "MIME\n"


@pytest.mark.parametrize(
    "written",
    [
        *("text", "{", '{"a": ${var.n}}', '{"${var.k}": 1}', "${var.all}", "NaN", None, 1, ["{}"]),
        '{"a": "\\ue0000\\ue001 ${var.x}"}',
        "[" * 100_000 + "${var.x}",
        '%{ if var.x }{"a": 1}%{ endif }',
        "a\N{LATIN SMALL LETTER E WITH ACUTE}",
        "/w==",
    ],
)
def test_what_cannot_be_looked_into_stays_as_it_is(written: Any) -> None:
    value = body_of(written)
    assert decode_json(value) == value
    assert decode_base64(value) == value


WRITTEN: tuple[Any, ...] = (
    *("", "10.0.0.0/16", "a { b", "${local.a}", "$${a}", "%{ if true }a%{ endif }", "e\u0301"),
    *(True, 0, 1.0, 1.5, None, [], {}, ["a", ["${local.a}"]], {"a": {"b": "${local.m}"}}),
    *({"${local.a}": 1}, {"${var.x}": 1}, {"e\u0301": 1, "\u00e9": 2}, {"a": {"x": [None, 2.0]}}),
)


@pytest.mark.parametrize("written", WRITTEN, ids=repr)
def test_a_value_is_the_same_by_the_short_way(written: Any) -> None:
    scope = Scope(locals={"a": "A", "m": {"k": ["${var.x}", 1]}}, keys_of=lambda _: None)
    assert value_of(written, scope) == to_value(resolve(written, scope))


def test_every_body_of_a_real_tree_is_the_same_by_the_short_way() -> None:
    for path in sorted(GOLDEN.glob("*.tf.json")):
        unit = Unit(read_document(path.read_text("utf-8"), path.stem), None, lambda *_: None)
        for found in unit.resources.values():
            for written in found.raw.values():
                assert value_of(written, found.scope) == to_value(resolve(written, found.scope))
        for held in unit.document.locals.values():
            assert value_of(held, unit.scope) == to_value(resolve(held, unit.scope))
