"""Expressions: every string is read, and what is written down again means the same."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cellfactory.tree.evaluation import deep
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
    Opaque,
    Operation,
    Splat,
    Template,
    TupleOf,
    constant,
    join_parts,
)
from cellfactory.tree.parser import parse_template
from cellfactory.tree.references import references
from cellfactory.tree.rendering import address, escape_template, quoted, template_text
from cellfactory.tree.scope import Scope

WORDS = st.sampled_from(["aws_vpc", "peer", "cell", "use1-az1", "id", "x", "naïve"])
TEXTS = st.text(alphabet=st.sampled_from('ab${}%"\\\n\t~é😀.[]\u200b'), max_size=8)
CONSTANTS: st.SearchStrategy[Node] = st.one_of(
    st.builds(constant, TEXTS),
    st.builds(Constant, st.integers(0, 10**12)),
    st.sampled_from([Constant(True), Constant(False), Constant(None)]),
    st.builds(constant, st.floats(0, 1e6, allow_nan=False).filter(lambda n: not n.is_integer())),
)


def joined(parts: list[Any]) -> Node:
    return join_parts(parts)


def composed(inner: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    step = st.one_of(
        st.builds(Attribute, WORDS), st.builds(Index, inner), st.just(Splat(full=True))
    )
    steps = st.lists(step, min_size=1, max_size=3).map(tuple)
    keyed = st.tuples(st.builds(constant, TEXTS), inner)
    return st.one_of(
        st.builds(Access, st.builds(Name, WORDS), steps),
        st.builds(Call, st.sampled_from(["jsonencode", "merge"]), st.tuples(inner, inner)),
        st.builds(TupleOf, st.lists(inner, max_size=2).map(tuple)),
        st.builds(ObjectOf, st.lists(keyed, max_size=2).map(tuple)),
        st.builds(Operation, st.sampled_from(["+", "==", "&&", "<"]), st.tuples(inner, inner)),
        st.builds(Operation, st.sampled_from(["?"]), st.tuples(inner, inner, inner)),
        st.builds(Operation, st.sampled_from(["!"]), st.tuples(inner)),
        st.builds(
            For,
            key_name=st.one_of(st.none(), st.just("k")),
            value_name=st.just("v"),
            collection=inner,
            result_key=st.one_of(st.none(), inner),
            result=inner,
            condition=st.one_of(st.none(), inner),
            grouped=st.just(False),
        ),
        st.lists(st.one_of(TEXTS, inner), max_size=4).map(joined),
    )


NODES = st.recursive(CONSTANTS, composed, max_leaves=8)


@given(st.text(alphabet=st.sampled_from('ab1.-_ ${}%"\\\n~[]()*,:=>?!|&<+/#forin'), max_size=40))
def test_every_string_is_read_and_none_raises(text: str) -> None:
    node = parse_template(text)
    references(node)
    if isinstance(node, Opaque):
        assert node.text == text
    again = template_text(node)
    assert template_text(parse_template(again)) == again


@given(NODES)
def test_what_is_written_down_is_read_as_the_same(node: Node) -> None:
    text = template_text(node)
    read = parse_template(text)
    assert not isinstance(read, Opaque), text
    assert template_text(read) == text


@given(TEXTS)
def test_an_escaped_text_is_read_as_that_text(text: str) -> None:
    assert parse_template(escape_template(text)) == constant(text)
    assert parse_template(f"${{{quoted(text)}}}") == constant(text)


@given(TEXTS, TEXTS)
def test_two_keys_never_make_one_address(one: str, other: str) -> None:
    assert (address("a.b", one) == address("a.b", other)) is (one == other)


# Each as Terraform 1.11 shows it.
@pytest.mark.parametrize(
    ("key", "written"),
    [
        ('a"b\\c', '"a\\"b\\\\c"'),
        ("a\nb\tc\rd", '"a\\nb\\tc\\rd"'),
        ("${q} %{q} $$x $", '"$${q} %%{q} $$x $"'),
        ("\u00ad\u200b\U0001f600\u007f", '"\\u00ad\\u200b\U0001f600\\u007f"'),
        ("é 日本", '"é 日本"'),
        ("", '""'),
    ],
)
def test_keys_are_written_as_terraform_writes_them(key: str, written: str) -> None:
    assert address("a.b", key) == f"a.b[{written}]"


@pytest.mark.parametrize("text", ["${7 - 2 - 1}", "${1 + 2 * 3}", "${(1 + 2) * 3}", "${-(-1)}"])
def test_operators_bind_as_terraforms_do(text: str) -> None:
    read = deep(parse_template(text), Scope(locals={}))
    assert read == {"7": Constant(4), "1": Constant(7), "(": Constant(9), "-": Constant(1)}[text[2]]


# Each as Terraform 1.11 evaluated it.
@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("$${a}", "${a}"),
        ("$$${1}", "$${1}"),
        ("$$$${1}", "$$${1}"),
        ("%%{x}", "%{x}"),
        ("%%{ if x }", "%{ if x }"),
        ("a$", "a$"),
        ("$$a", "$$a"),
        ("\\n", "\\n"),
        ('${"\\n\\u00e9"}', "\né"),
        ('${"$$${1}"}', "$${1}"),
        ('${"a\\"b"}', 'a"b'),
        ("e\u0301", "é"),
    ],
)
def test_escapes_are_terraforms(text: str, meant: str) -> None:
    assert parse_template(text) == Constant(meant)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("${aws_vpc.cell.id}", ["aws_vpc.cell.id"]),
        ('${aws_vpc.cell["a b"].id}', ['aws_vpc.cell["a b"].id']),
        ("${aws_eip.nat[0].id}-${aws_eip.nat.1.id}", ["aws_eip.nat[0].id", "aws_eip.nat[1].id"]),
        ("${aws_eip.nat[*].id}", ["aws_eip.nat[*].id"]),
        ("${aws_eip.nat.*.id}", ["aws_eip.nat[*].id"]),
        ("${data.aws_ami.arm.id}", ["data.aws_ami.arm.id"]),
        ('${var.ids["use1-az1"]}', ["var.ids.use1-az1"]),
        ("${var.ids[each.value.zone]}", ["var.ids[*]", "each.value.zone"]),
        ("arn:${var.a}:${local.b.c}", ["var.a", "local.b.c"]),
        ("$${var.a}", []),
        ("100 % of {x}", []),
        ("${{ for p, e in aws_x.y : p => e.id if e.z != var.q }}", ["aws_x.y", "var.q"]),
        ("${[for e in local.a : [for e in e.b : e]]}", ["local.a"]),
        ('${jsonencode({ a = { for k, v in var.m : v => f(k, "${local.x}") } })}',
         ["var.m", "local.x"]),
        ("%{ for z in var.zones }${z.id} ${aws_x.y.id}%{ endfor }${z.id}",
         ["var.zones", "aws_x.y.id", "z.id"]),
        ("%{ if var.on ~} ${aws_x.y.id} %{~ else }${local.o}%{ endif }",
         ["var.on", "aws_x.y.id", "local.o"]),
        ('${var.a ? "${aws_x.y.id}" : -1}', ["var.a", "aws_x.y.id"]),
        ("${merge(var.a, local.b...)}", ["var.a", "local.b"]),
        ("${provider::aws::arn_parse(var.arn).region}", ["var.arn"]),
        ("${path.module}/${terraform.workspace}", ["path.module", "terraform.workspace"]),
        ("${module.a.b}", ["module.a.b"]),
        ("${\n  # why\n  var.a /* b.c */ // d.e\n}", ["var.a"]),
        ("${{ a = var.a\n b : var.b, (var.c) = 1 }}", ["var.a", "var.b", "var.c"]),
    ],
)  # fmt: skip
def test_references_are_found(text: str, names: list[str]) -> None:
    node = parse_template(text)
    assert not isinstance(node, Opaque)
    assert [str(name) for name in references(node)] == names


@pytest.mark.parametrize(
    "text",
    [
        *(
            "100 %{x}",
            "${",
            "${}",
            "${var.",
            "${var.a",
            '${"a}',
            "%{ while x }",
            "${a b}",
            "${f(}",
            "${{a 1}}",
        ),
        *("${'a'}", "%{ for x }", "${" + "(" * 5000 + ")" * 5000 + "}", "${" + "!" * 5000 + "a}"),
        *("${1e999}", "${" + "9" * 5000 + "}", '${"\\q"}', '${"\\U00ffffff"}', "${[for]}"),
    ],
)
def test_what_cannot_be_read_is_kept_as_it_is(text: str) -> None:
    assert parse_template(text) == Opaque(text)


def test_a_template_is_neither_text_alone_nor_an_expression_alone() -> None:
    assert isinstance(parse_template("a${var.b}"), Template)
    assert parse_template("${var.b}") == Access(Name("var"), (Attribute("b"),))
    assert parse_template("${1}") == Constant(1)
