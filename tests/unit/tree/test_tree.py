"""References followed from stack to stack, to the resource that stands at their end."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cellfactory.layers import Stack
from cellfactory.tree.references import Reference
from cellfactory.tree.tree import Edge, Known, Missing, Place, Target, Tree, read_tree
from cellfactory.tree.values import expressions
from tests.unit.tree.stacks import document, name, source, stack

IDS = "${{ for peer, edge in aws_vpc_peering_connection.peer : peer => edge.id }}"


def network() -> dict[str, Any]:
    tables = {zone: f"${{aws_route_table.node-{zone}.id}}" for zone in ("z1", "z2")}
    return document(
        {"vpc_id": "${aws_vpc.cell.id}", "tables": tables, "region": "us-east-1"},
        aws_vpc__cell={"cidr_block": "10.0.0.0/16"},
        **{f"aws_route_table__node-{z}": {"vpc_id": "${aws_vpc.cell.id}"} for z in ("z1", "z2")},
    )


def peering(*peers: str) -> dict[str, Any]:
    routes = {f"{z} {p}": {"peer": p, "zone": z} for p in peers for z in ("z1", "z2")}
    return document(
        {"connection_ids": IDS},
        {"edges": {p: {"vpc": f'${{var.vpcs["{p}"]}}'} for p in peers}, "routes": routes},
        aws_vpc_peering_connection__peer={
            "for_each": "${local.edges}",
            "vpc_id": "${var.vpc_id}",
            "peer_vpc_id": "${each.value.vpc}",
        },
        aws_route__to={
            "for_each": "${local.routes}",
            "route_table_id": "${var.tables[each.value.zone]}",
            "vpc_peering_connection_id": "${aws_vpc_peering_connection.peer[each.value.peer].id}",
        },
    )


ACCEPT = document(
    {},
    {"edges": {"a": {"id": '${var.ids["a"]}'}}},
    accepter__peer={"for_each": "${local.edges}", "connection_id": "${each.value.id}"},
    option__names={"for_each": "${local.edges}", "id": "${accepter.peer[each.key].id}"},
)

STACKS = (
    stack("net-a"),
    stack("net-b"),
    stack("net-c"),
    stack(
        "a",
        vpc_id=source("net-a", "vpc_id"),
        tables=source("net-a", "tables"),
        vpcs={"b": source("net-b", "vpc_id"), "c": source("net-c", "vpc_id")},
    ),
    stack("b", ids={"a": source("a", "connection_ids", "b")}),
)
DOCUMENTS = {
    **{name(f"net-{cell}"): network() for cell in "abc"},
    name("a"): peering("b", "c"),
    name("b"): ACCEPT,
}


@pytest.fixture(scope="module")
def tree() -> Tree:
    return read_tree(STACKS, DOCUMENTS)


def place(owner: str, address: str) -> Place:
    return Place(name(owner), address)


def targets(tree: Tree, at: Place) -> dict[str, list[str]]:
    return {
        str(link.via[0]): [str(o.place) for o in link.origins if isinstance(o, Target)]
        for link in tree.links(at)
    }


def test_a_row_of_a_route_leads_to_its_own_table_and_its_own_peer(tree: Tree) -> None:
    assert targets(tree, place("a", 'aws_route.to["z2 b"]')) == {
        "route_table_id": [str(place("net-a", "aws_route_table.node-z2"))],
        "vpc_peering_connection_id": [str(place("a", 'aws_vpc_peering_connection.peer["b"]'))],
    }
    assert targets(tree, place("a", 'aws_vpc_peering_connection.peer["c"]')) == {
        "vpc_id": [str(place("net-a", "aws_vpc.cell"))],
        "peer_vpc_id": [str(place("net-c", "aws_vpc.cell"))],
    }


def test_everything_a_resource_stands_on_across_stacks(tree: Tree) -> None:
    assert tree.stands_on(place("a", 'aws_route.to["z1 c"]')) == (
        place("net-a", "aws_route_table.node-z1"),
        place("a", 'aws_vpc_peering_connection.peer["c"]'),
        place("net-a", "aws_vpc.cell"),
        place("net-c", "aws_vpc.cell"),
    )
    assert tree.stands_on(place("b", 'option.names["a"]'))[1:] == (
        place("a", 'aws_vpc_peering_connection.peer["b"]'),
        place("net-a", "aws_vpc.cell"),
        place("net-b", "aws_vpc.cell"),
    )
    assert tree.stands_on(place("b", "no.where")) == ()


def test_edges_are_the_links_of_every_resource(tree: Tree) -> None:
    by_links = [
        Edge(at, link.via, origin)
        for at, _ in tree.all_resources()
        for link in tree.links(at)
        for origin in link.origins
        if isinstance(origin, Target)
    ]
    assert list(tree.edges()) == by_links
    assert len(by_links) == 3 * 2 + 2 * 2 + 4 * 2 + 2
    assert list(tree.edges(name("b"))) == [e for e in by_links if e.source.stack == name("b")]
    assert list(tree.edges("nowhere")) == []
    assert tree.missing == ()


def test_an_output_is_told_in_the_words_of_its_stack(tree: Tree) -> None:
    given = tree.output(name("a"), "connection_ids")
    assert isinstance(given, dict)
    assert {key: str(value) for key, value in given.items()} == {
        peer: f'${{aws_vpc_peering_connection.peer["{peer}"].id}}' for peer in "bc"
    }
    assert tree.output(name("net-a"), "region") == "us-east-1"
    assert tree.output(name("net-a"), "nothing") is None
    assert tree.output("nowhere", "nothing") is None


def test_the_order_of_what_is_read_does_not_matter(tree: Tree) -> None:
    other = read_tree(reversed(STACKS), dict(reversed(DOCUMENTS.items())))
    assert [p for p, _ in other.all_resources()] == [p for p, _ in tree.all_resources()]
    assert list(other.edges()) == list(tree.edges())


def ends(tree: Tree, owner: str, reference: Reference) -> list[str]:
    """What a reference leads to: an address, a value, or why there is nothing."""
    told = []
    for origin in tree.follow(name(owner), reference):
        if isinstance(origin, Missing):
            told.append(f"? {origin.reason}")
        elif isinstance(origin, Known):
            told.append(f"= {origin.value}")
        else:
            told.append("".join([str(origin.place), *(f".{key}" for key in origin.path)]))
    return told


@pytest.mark.parametrize(
    ("reference", "led"),
    [
        (Reference("var.tables", None, ("z1",)), ["net-a aws_route_table.node-z1.id"]),
        (
            Reference("var.tables"),
            ["net-a aws_route_table.node-z1.id", "net-a aws_route_table.node-z2.id"],
        ),
        (Reference("var.tables", None, ("z9",)),
         ["? output.tables of net-a has no entry z9"]),
        (Reference("var.vpcs", None, ("c",)), ["net-c aws_vpc.cell.id"]),
        (Reference("var.vpcs"), ["net-b aws_vpc.cell.id", "net-c aws_vpc.cell.id"]),
        (Reference("var.vpcs", None, ("d",)), ["? no stack gives the entry d of var.vpcs to a"]),
        (Reference("var.nothing"), ["? no stack gives var.nothing to a"]),
        (Reference("aws_route.to", "z1 x"), ["? aws_route.to has no such row"]),
        (Reference("aws_vpc.cell"), ["? a has no aws_vpc.cell"]),
        (Reference("local.edges", None, ("b", "vpc")), ["net-b aws_vpc.cell.id"]),
        (Reference("local.routes", None, ("z1 b", "peer")), ["= b"]),
        (Reference("local.none"), ["? a has no local.none"]),
        (Reference("each.value", None, ("peer",)), []),
        (Reference("path.module"), []),
        (Reference("module.x"), []),
    ],
)  # fmt: skip
def test_where_a_reference_leads(tree: Tree, reference: Reference, led: list[str]) -> None:
    told = ends(tree, "a", reference)
    layer = name("a").removeprefix("a")
    assert [text.replace(layer, "") for text in told] == led


def test_a_stack_without_document_and_an_output_that_is_gone_are_missing() -> None:
    stacks = (
        stack("p"),
        stack("q", one=source("absent", "x"), two=source("p", "gone"), three=source("p", "way")),
    )
    documents = {
        name("p"): document({"way": "${a.none.id}"}, a__b={}),
        name("q"): document(x__y={f: f"${{var.{f}}}" for f in ("one", "two", "three")}),
        "nobody's": document(x__y={"v": "${var.one}"}),
    }
    tree = read_tree(stacks, documents)
    told = [(str(at), via, origin.reason) for at, via, origin in tree.missing]
    assert told == [
        ("nobody's x.y", ("v",), "no stack gives var.one to nobody's"),
        (f"{name('q')} x.y", ("one",), f"there is no document of {name('absent')}"),
        (f"{name('q')} x.y", ("two",), f"{name('p')} has no output gone"),
        (f"{name('q')} x.y", ("three",), f"{name('p')} has no a.none"),
    ]
    assert list(tree.edges()) == []
    assert tree.resources("absent") == {}


def test_stacks_that_take_from_each_other_end() -> None:
    stacks = (stack("p", x=source("q", "o")), stack("q", x=source("p", "o"), k=source("q", "m")))
    documents = {
        name("p"): document({"o": "${var.x}"}, a__b={"v": "${var.x}", "w": "${a.b.v}"}),
        name("q"): document(
            {"o": "${var.x}", "m": "${{ for k, v in a.b : k => v.id }}"},
            {"loop": "${local.loop}"},
            a__b={"for_each": "${var.k}", "v": "${local.loop}"},
        ),
    }
    tree = read_tree(stacks, documents)
    assert tree.follow(name("p"), Reference("var.x")) == ()
    assert [str(e.target.place) for e in tree.edges(name("p"))] == [f"{name('p')} a.b"]
    assert list(tree.resources(name("q"))) == ["a.b[*]"]
    assert tree.stands_on(place("p", "a.b")) == ()


def test_the_keys_of_a_map_are_known_from_the_stacks_that_give_it() -> None:
    stacks = (
        stack("p"),
        stack("q", each={"b": source("p", "one"), "a": source("p", "one")}, all=source("p", "all")),
    )
    documents = {
        name("p"): document({"one": "${a.b.id}", "all": {"k": "${a.b.id}", "l": 1}}, a__b={}),
        name("q"): document(
            x__each={"for_each": "${var.each}", "v": "${each.value}"},
            x__all={"for_each": "${var.all}", "v": "${each.value}"},
            x__more={"for_each": "${x.each}", "v": "${each.value.v}"},
        ),
    }
    tree = read_tree(stacks, documents)
    assert list(tree.resources(name("q"))) == [
        *('x.all["k"]', 'x.all["l"]', 'x.each["a"]', 'x.each["b"]', 'x.more["a"]', 'x.more["b"]')
    ]
    row = tree.resource(place("q", 'x.each["a"]'))
    assert row is not None
    assert str(row.body["v"]) == '${var.each["a"]}'
    assert targets(tree, place("q", 'x.each["a"]')) == {"v": [str(place("p", "a.b"))]}
    assert targets(tree, place("q", 'x.more["b"]')) == {"v": [str(place("q", 'x.each["b"]'))]}


def test_what_terraform_itself_takes_stands_apart_and_orders_all_the_same() -> None:
    body = {
        "v": 1,
        "depends_on": ["a.c", "${data.a.d}"],
        "lifecycle": {"prevent_destroy": True},
        "provider": "aws.far",
    }
    made = document(a__b=body, a__c={"count": 2}) | {"data": {"a": {"d": {}}}}
    tree = read_tree([], {"s": made})
    resource = tree.resource(Place("s", "a.b"))
    assert resource is not None
    assert (resource.mode, resource.type, resource.name, resource.key) == (
        "managed",
        "a",
        "b",
        None,
    )
    assert resource.body == resource.raw == {"v": 1}
    assert resource.meta == {key: body[key] for key in ("depends_on", "lifecycle", "provider")}
    assert [(e.via, e.target.place.address) for e in tree.edges()] == [
        (("depends_on", 0), "a.c[0]"),
        (("depends_on", 0), "a.c[1]"),
        (("depends_on", 1), "data.a.d"),
    ]
    assert tree.resources("s")["data.a.d"].mode == "data"


def test_the_iterator_of_a_dynamic_block_is_no_resource() -> None:
    made = document(
        a__b={
            "dynamic": {
                "rule": {"for_each": "${a.c}", "content": {"x": "${rule.value.x}"}},
                "set": [{"for_each": [1], "iterator": "it", "content": {"x": "${it.key}"}}],
            }
        },
        a__c={},
    )
    tree = read_tree([], {"s": made})
    assert tree.missing == ()
    assert [e.target.place.address for e in tree.edges()] == ["a.c"]


def test_a_whole_attribute_of_a_single_resource_may_be_named_as_an_entry() -> None:
    stacks = (stack("p"), stack("q", vpc=source("p", "vpc")))
    documents: dict[str, Any] = {
        name("p"): document({"vpc": "${aws_vpc.cell}"}, aws_vpc__cell={}),
        name("q"): document(a__b={"v": '${var.vpc["id"]}', "w": "${var.vpc.arn}"}),
    }
    tree = read_tree(stacks, documents)
    found = [(e.target.place.address, e.target.path) for e in tree.edges()]
    assert found == [("aws_vpc.cell", ("id",)), ("aws_vpc.cell", ("arn",))]


STRINGS = st.sampled_from(
    [
        *("${each.value.id}", "${each.value.plain}", "${each.key}", "${each.value}", "${var.m}"),
        *("${var.m[each.key]}", "${var.m[each.value.plain]}", "${a.c[each.key].id}", "text"),
        *("${var.m[each.value.id]}", "${a.c[each.value.plain][each.key].id}", "${a.c[*].id}"),
        *(
            "${a.c[each.value.plain].x[*]}",
            "${a.c[0][each.key]}",
            "${a.c[each.key][each.key]}",
            "x-${each.value.id}",
        ),
        *("${local.l[each.key]}", "${local.l.y}", "${[for x in a.c : x[each.key]]}", "${a.d.id}"),
        *("${a.c[local.k].id}", "${each.value.none}", "${var.m[each.value.number]}", "$${a.b.c}"),
    ]
)


@given(st.lists(STRINGS, min_size=1, max_size=3))
def test_links_are_what_the_expressions_of_the_body_stand_on(strings: list[str]) -> None:
    """Links are shared between rows and cut short; a body is evaluated row by row."""
    rows = {
        "x": {"id": "${a.d.id}", "plain": "y", "number": 1},
        "y": {"id": '${var.m["x"]}', "plain": "x", "number": True},
        "z": {"id": "${local.l.y}", "plain": "a${local.k}", "number": "1"},
    }
    made = document(
        {},
        {"l": {"x": 1, "y": "${a.d.id}", "z": "${var.m}"}, "k": "x"},
        a__b={"for_each": rows, "values": {f"v{n}": s for n, s in enumerate(strings)}},
        a__c={"for_each": {"x": 1, "y": 2, "ax": 3}},
        a__d={},
    )
    sources_ = {"x": source("p", "o"), "y": source("p", "o"), "1": source("p", "o")}
    tree = read_tree(
        (stack("p"), stack("q", m=sources_)),
        {name("p"): document({"o": "${p.p.id}"}, p__p={}), name("q"): made},
    )
    for at, resource in tree.all_resources():
        expected = {
            origin
            for value in resource.body.values()
            for expression in expressions(value)
            for reference in expression.references
            for origin in tree.follow(at.stack, reference)
            if not isinstance(origin, Known)
        }
        assert {origin for link in tree.links(at) for origin in link.origins} == expected


def test_stacks_are_known_by_name_alone() -> None:
    """Owners and layers are none of the tree's business."""
    assert isinstance(STACKS[0], Stack)
    assert read_tree(STACKS, DOCUMENTS).stacks == tuple(sorted(DOCUMENTS))
