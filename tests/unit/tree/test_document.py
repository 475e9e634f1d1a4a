"""Documents: each shape that Terraform takes, and one error for all that is none."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cellfactory.errors import FactoryError
from cellfactory.tree.document import DocumentError, read_document
from cellfactory.tree.tree import Tree

BODY = {"cidr_block": "10.0.0.0/16"}


def subjects(document: Any) -> list[str]:
    return [block.subject for block in read_document(document, "a").blocks]


@pytest.mark.parametrize(
    "resource",
    [
        {"aws_vpc": {"cell": BODY}},
        [{"aws_vpc": {"cell": BODY}}],
        {"aws_vpc": [{"cell": BODY}]},
        {"aws_vpc": {"cell": [BODY]}},
        {"//": "ours", "aws_vpc": {"//": "ours", "cell": {"//": {"metadata": 1}, **BODY}}},
        [{"aws_vpc": None}, {"aws_vpc": [{"cell": [BODY, None]}]}],
    ],
)
def test_every_level_may_be_a_list_and_comments_are_none(resource: Any) -> None:
    (block,) = read_document({"resource": resource}, "a").blocks
    assert block.subject == "aws_vpc.cell"
    assert block.attributes == BODY


def test_everything_has_its_place_and_its_order() -> None:
    document = read_document(
        {
            "//": "ours",
            "terraform": {
                "backend": {"s3": {"bucket": "b"}},
                "required_version": ">= 1.10.0",
            },
            "provider": {"aws": [{"region": "r"}, {"alias": "far", "region": "s"}]},
            "variable": {"b": {"type": "string"}, "a": [{"type": "string"}]},
            "output": {"o": {"value": 1}},
            "locals": [{"y": 1}, {"x": 2}],
            "data": {"aws_ami": {"arm": {"count": 1}}},
            "resource": {
                "b": {"z": {}, "y": {"for_each": {}, "depends_on": ["a.x"], "provider": "aws.far"}},
                "a": {"x": {}},
            },
            "moved": [{"from": "a", "to": "b"}],
        },
        "a",
    )
    assert document.backend is not None
    assert (document.backend.type, document.backend.settings) == ("s3", {"bucket": "b"})
    assert document.terraform == {"required_version": ">= 1.10.0"}
    assert [(p.name, p.alias, p.settings) for p in document.providers] == [
        ("aws", None, {"region": "r"}),
        ("aws", "far", {"region": "s"}),
    ]
    assert list(document.variables) == ["a", "b"]
    assert list(document.locals) == ["x", "y"]
    assert [b.subject for b in document.blocks] == ["a.x", "b.y", "b.z", "data.aws_ami.arm"]
    assert document.blocks[1].attributes == {}
    assert set(document.blocks[1].meta) == {"for_each", "depends_on", "provider"}


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("", "not JSON"),
        ("{", "not JSON"),
        (b"\xff\xfe", "not JSON"),
        ("[]", "the document is a list, and must be an object"),
        ("null", "the document is null"),
        ('{"a": NaN}', "NaN is not a number"),
        ('{"a": 1e999}', "1e999 is not a number"),
        ('{"resource": {}, "resource": {}}', "the key 'resource' is there twice"),
        ({"resource": "x"}, "resource is text, and must be an object"),
        ({"resource": {"aws_vpc": 1}}, "resource aws_vpc is a number"),
        ({"resource": {"aws_vpc": {"cell": "x"}}}, "resource aws_vpc.cell is text"),
        ({"resource": {"aws_vpc": {"cell": [{}, {}]}}}, "is there 2 times, and must be there once"),
        ({"resource": {"aws_vpc": {"cell": []}}}, "is there 0 times, and must be there once"),
        ({"resource": [{"a": {"b": {}}}, {"a": {"b": {}}}]}, "resource a.b is there twice"),
        ({"locals": [{"x": 1}, {"x": 2}]}, "locals has 'x' twice"),
        ({"locals": True}, "locals is true or false"),
        ({"provider": {"aws": {"alias": 1}}}, "the alias of provider aws is a number"),
        ({"terraform": {"backend": {"s3": {}, "local": {}}}}, "it has two backends"),
        ("[" * 100_000, "nests deeper than 50 levels"),
        ({"a": json.loads("[" * 150 + "]" * 150)}, "nests deeper than 50 levels"),
        ({"a": {1, 2}}, "not JSON"),
        ({"a": float("inf")}, "is not a number"),
        ('{"a": ' + "9" * 5000 + "}", "not JSON"),
    ],
)
def test_what_is_no_document_is_one_kind_of_error(source: Any, why: str) -> None:
    with pytest.raises(DocumentError) as caught:
        read_document(source, "moka-use1-a-network")
    said = str(caught.value)
    assert said.startswith("F411 moka-use1-a-network: ")
    assert why in said
    assert isinstance(caught.value, FactoryError)


JSON = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-2, 3),
        st.sampled_from(
            ["x", "${each.key}", "${local.a}", "${local.b[0].c}", "${var.", "${a.b.c}"]
        ),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(
                [
                    "a",
                    "b",
                    "//",
                    "for_each",
                    "count",
                    "depends_on",
                    "dynamic",
                    "value",
                    "${local.a}",
                ]
            ),
            inner,
            max_size=3,
        ),
    ),
    max_leaves=12,
)
TOP = st.sampled_from(
    ["resource", "data", "locals", "output", "variable", "provider", "terraform", "//", "module"]
)


@given(st.dictionaries(TOP, JSON, max_size=4))
def test_whatever_a_document_holds_only_that_error_is_raised(document: dict[str, Any]) -> None:
    try:
        read = read_document(document, "a")
    except DocumentError:
        return
    look_at_everything(Tree([], [read]))


@given(JSON, JSON, JSON)
def test_whatever_a_body_holds_nothing_is_raised(body: Any, one: Any, other: Any) -> None:
    attributes = body if isinstance(body, dict) else {"value": body}
    document = {
        "locals": {"a": one, "b": other},
        "resource": {"a": {"b": attributes, "c": {"for_each": one, "x": "${each.value}"}}},
        "output": {"o": {"value": other}},
    }
    look_at_everything(Tree([], [read_document(document, "a")]))


def look_at_everything(tree: Tree) -> None:
    for place, resource in tree.all_resources():
        assert tree.resource(place) is resource
        str(resource.body)
        tree.stands_on(place)
    list(tree.edges())
    str(tree.missing)
    for output in tree.document("a").outputs:
        tree.output("a", output)
