"""Rows: spreading loses none, invents none, and fills in what each one knows."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cellfactory.tree.document import read_document
from cellfactory.tree.evaluation import deep
from cellfactory.tree.nodes import Raw, normalised
from cellfactory.tree.parser import parse_template
from cellfactory.tree.rendering import escape_template, template_text
from cellfactory.tree.resource import Resource
from cellfactory.tree.scope import Scope
from cellfactory.tree.tree import Tree
from cellfactory.tree.values import Expression, Value, is_known

KEYS = st.text(alphabet=st.sampled_from('ab1 "\\\n${}%/.é\u0301😀'), max_size=6)


def rows(body: dict[str, Any], **document: Any) -> list[Resource]:
    made = {"resource": {"a": {"b": body, **document.pop("blocks", {})}}, **document}
    found = Tree([], [read_document(made, "s")]).resources("s")
    return [row for row in found.values() if row.name == "b"]


def value(written: Any, **locals_: Any) -> Any:
    """What a value becomes; an expression as its text."""
    (row,) = rows({"x": written}, locals=locals_)
    return shown(row.body["x"])


def shown(value: Value) -> Any:
    if isinstance(value, Expression):
        return {"text": value.text}
    if isinstance(value, list):
        return [shown(item) for item in value]
    return {k: shown(v) for k, v in value.items()} if isinstance(value, dict) else value


@given(st.dictionaries(KEYS, st.integers(), max_size=6), st.booleans())
def test_there_is_a_row_for_each_key_and_no_other(given: dict[str, int], through: bool) -> None:
    """Keys that Terraform takes for one are one row for it, or an error."""
    written = {escape_template(key): number for key, number in given.items()}
    if len({normalised(key) for key in given}) < len(given):
        return
    body = {"for_each": "${local.rows}" if through else written}
    body |= {"number": "${each.value}", "key": "${each.key}"}
    made = rows(body, locals={"rows": written})
    assert {row.body["key"]: row.body["number"] for row in made} == {
        normalised(key): number for key, number in given.items()
    }
    assert len(made) == len(given) == len({row.address for row in made})
    assert [row.key for row in made] == sorted(map(normalised, given))


@pytest.mark.parametrize(
    ("for_each", "keys"),
    [
        ({}, []),
        ({"b": 1, "a": {"x": 2}}, ["a", "b"]),
        ('${toset(["b", "a", "b"])}', ["a", "b"]),
        ("${toset(local.names)}", ["p", "q"]),
        ('${tomap({ a = 1, b = "x" })}', ["a", "b"]),
        ("${local.rows}", ["m", "n"]),
        ("${local.nested.rows}", ["m", "n"]),
        ("${merge(local.rows, { z = 1 })}", ["m", "n", "z"]),
        ("${{ for k, v in local.rows : upper => v }}", ["*"]),
        ('${{ for k, v in local.rows : "${k}-${v.z}" => v }}', ["m-1", "n-2"]),
        ("${{ for k, v in local.rows : k => v if v.z > 1 }}", ["n"]),
        ("${{ for n in local.names : n => n }}", ["p", "q"]),
        ("${a.others}", ["j", "k"]),
        ("${{ for k, o in a.others : k => o.id }}", ["j", "k"]),
        ("${var.unknown}", ["*"]),
        ("${toset([var.a])}", ["*"]),
        ('${toset([1, "a"])}', ["*"]),
        ("${local.none}", ["*"]),
        ("${local.names}", ["*"]),
        ("${a.b}", ["*"]),
        ("${", ["*"]),
        (["a"], ["*"]),
        ("text", ["*"]),
        (None, ["*"]),
        ({"${var.x}": 1}, ["*"]),
        ({"${local.names[0]}": 1}, ["p"]),
    ],
)
def test_for_each_is_spread_where_its_keys_are_known(for_each: Any, keys: list[str]) -> None:
    made = rows(
        {"for_each": for_each},
        locals={
            "names": ["q", "p"][::-1],
            "rows": {"n": {"z": 2}, "m": {"z": 1, "id": "${var.id}"}},
            "nested": {"rows": "${local.rows}"},
        },
        blocks={"others": {"for_each": {"k": 1, "j": 2}}},
    )
    assert [row.key if row.rows_known else "*" for row in made] == keys
    if keys == ["*"]:
        assert made[0].address == "a.b[*]"


@pytest.mark.parametrize(
    ("count", "keys"),
    [
        (2, [0, 1]),
        ("2", [0, 1]),
        (0, []),
        ("${local.n - 1}", [0]),
        ("${local.on ? 1 : 0}", [0]),
        (True, ["*"]),
        (-1, ["*"]),
        (1.5, ["*"]),
        (10**9, ["*"]),
        ("9" * 10_000, ["*"]),
        ("${var.n}", ["*"]),
        (None, ["*"]),
    ],
)
def test_count_is_spread_where_it_is_known(count: Any, keys: list[Any]) -> None:
    body = {"count": count, "x": "n${count.index}"}
    made = rows(body, locals={"n": 2, "on": True})
    assert [row.key if row.rows_known else "*" for row in made] == keys
    if keys != ["*"]:
        assert [row.body["x"] for row in made] == [f"n{key}" for key in keys]


def test_count_and_for_each_together_are_not_known() -> None:
    assert [row.address for row in rows({"count": 1, "for_each": {}})] == ["a.b[*]"]


def test_a_row_knows_its_own_values_and_keeps_the_rest() -> None:
    peers = {"b": {"vpc": '${var.vpcs["b"]}', "block": "10.0.0.0/16", "n": 2}}
    (row,) = rows(
        {
            "for_each": "${local.peers}",
            "vpc": "${each.value.vpc}",
            "name": "to ${each.key}: ${each.value.block} ${each.value.n}",
            "table": "${var.tables[each.value.n]}",
            "arn": "arn:${each.value.vpc}:x",
            "tags": {"${each.key}": "${each.value.none}"},
            "whole": "${each.value}",
        },
        locals={"peers": peers},
    )
    assert shown(dict(row.body)) == {
        "vpc": {"text": '${var.vpcs["b"]}'},
        "name": "to b: 10.0.0.0/16 2",
        "table": {"text": "${var.tables[2]}"},
        "arn": {"text": 'arn:${var.vpcs["b"]}:x'},
        "tags": {
            "b": {"text": '${{ "vpc" = var.vpcs["b"], "block" = "10.0.0.0/16", "n" = 2 }.none}'}
        },
        "whole": {"vpc": {"text": '${var.vpcs["b"]}'}, "block": "10.0.0.0/16", "n": 2},
    }
    assert not is_known(row.body["whole"])
    assert is_known(row.body["name"])


def test_unknown_rows_keep_the_row_in_their_expressions() -> None:
    (row,) = rows({"for_each": "${var.x}", "y": "${each.value.z}", "k": 1})
    assert shown(dict(row.body)) == {"y": {"text": "${each.value.z}"}, "k": 1}


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("${local.a}", 1),
        ("${local.c.d[1]}", "y"),
        ('${local.c["d"].0}', "x"),
        ("${local.t}", "1-1"),
        ("a${local.a}b${true}${1.50}${local.big}", "a1btrue1.51000000000000000000000"),
        ("${local.c}", {"d": ["x", "y"]}),
        ('${local.c[var.k]}', {"text": "${local.c[var.k]}"}),
        ("${local.c.nothing}", {"text": "${local.c.nothing}"}),
        ("${local.absent}", {"text": "${local.absent}"}),
        ("${local.loop}", {"text": "${local.loop}"}),
        ("${local.bad}", {"text": "${local.bad}"}),
        ("a${local.dollar}${var.x}", {"text": 'a${"$"}${var.x}'}),
        ("${path.module}/x", "./x"),
        ("${path.cwd}/x", {"text": "${path.cwd}/x"}),
        ('${true ? "a" : 1}', "a"),
        ('${false ? "a" : 1}', {"text": '${false ? "a" : 1}'}),
        ("${true ? var.x : null}", {"text": "${var.x}"}),
        ("${false ? null : [local.a]}", [1]),
        ("${false ? var.x : null}", None),
        ("${true ? null : var.x}", None),
        ('${local.a == 1 && !false ? "y" : var.n}', "y"),
        ("${jsonencode({ b = [1, null], a = \"<é>\" })}", '{"a":"\\u003cé\\u003e","b":[1,null]}'),
        ("${jsonencode({ b = var.x })}", {"text": '${jsonencode({ "b" = var.x })}'}),
        ('${base64encode("hé")}', "aMOp"),
        ("${upper(local.t)}", {"text": '${upper("1-1")}'}),
        ("${[for k, v in { b = 1, a = 2 } : \"${k}${v}\"]}", ["a2", "b1"]),
        ("${{ for i, v in local.c.d : v => i }}", {"x": 0, "y": 1}),
        ("${{ for v in local.c.d : v => v... }}",
         {"text": '${{ for v in ["x", "y"] : v => v... }}'}),
        ("${[for k, v in var.m : \"${k}-${local.a}\"]}",
         {"text": '${[for k, v in var.m : "${k}-1"]}'}),
        ("%{ for local in var.m }${local.a}%{ endfor }${local.a}",
         {"text": "%{ for local in var.m }${local.a}%{ endfor }${local.a}"}),
        ("e\u0301", "é"),
        (2.0, 2),
        (None, None),
    ],
)  # fmt: skip
def test_values_are_filled_in_as_far_as_they_are_known(written: Any, meant: Any) -> None:
    locals_ = {
        "a": 1,
        "c": {"d": ["x", "y"]},
        "t": "${local.a}-${local.a}",
        "big": 1e21,
        "loop": "${local.pool}",
        "pool": "${local.loop}",
        "bad": "${",
        "dollar": "$",
    }
    made = value(written, **locals_)
    assert made == meant
    assert type(made) is type(meant)


def test_a_chain_of_a_thousand_locals_raises_nothing() -> None:
    locals_ = {f"l{n}": f"${{local.l{n + 1}}}" for n in range(1000)} | {"l1000": 1}
    assert value("${local.l0}", **locals_) == {"text": "${local.l0}"}
    assert value("${local.l990}", **locals_) == 1


WRITTEN = st.sampled_from(
    [
        *("${local.a}", "${local.b.c}", "${var.x}", "${aws_x.y.id}", "${each.value.v}"),
        *("${each.key}", "${local.b[each.key]}", "${[for x in local.l : x + 1]}", "text", "$${e}"),
        *("${{ for k, v in local.b : k => v }}", "${jsonencode(local.b)}", "${var.x[each.key]}"),
        *("${local.b.d == local.a ? 1 : 2}", "${merge(local.b, { z = var.q })}", "${[local.l]}"),
    ]
)


@given(st.lists(WRITTEN, min_size=1, max_size=3))
def test_evaluating_twice_changes_nothing(pieces: list[str]) -> None:
    stack = Scope(locals={"a": 1, "b": {"c": "${var.p}", "d": 1}, "l": [1, "${var.q}"]})
    scope = stack.row(Raw("c"), Raw({"v": "${aws_z.w.id}"}))
    for text in ("".join(pieces), pieces[0]):
        once = deep(parse_template(text), scope)
        assert deep(once, scope) == once
        assert deep(parse_template(template_text(once)), scope) == once
