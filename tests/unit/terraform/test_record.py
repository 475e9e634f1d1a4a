"""Records of applied stacks, and the inputs that are taken from them."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cellfactory.errors import TerraformError
from cellfactory.layers import LAYERS, Source, Stack, StackId
from cellfactory.terraform.record import (
    Deferred,
    Record,
    check_outputs,
    parse_record,
    render_record,
    resolve_inputs,
)
from cellfactory.terraform.workspace import digest_sources, is_inside
from tests.unit.terraform.scene import ACCESS, cluster, taking

NETWORK = StackId("a", "network")


def record(stack: StackId = NETWORK, *, complete: bool = True, **outputs: Any) -> Record:
    return Record(
        stack=stack,
        account="444444444444",
        region="us-east-1",
        complete=complete,
        digest=digest_sources({"cdk.tf.json": "{}"}),
        sources={"cdk.tf.json": "{}"},
        inputs={},
        outputs=outputs,
    )


texts = st.text(max_size=8)
values = texts | st.lists(texts, max_size=3) | st.dictionaries(texts, texts, max_size=3)
stack_ids = st.builds(StackId, texts, st.sampled_from(LAYERS))
records = st.builds(
    Record,
    stack=stack_ids,
    account=texts,
    region=texts,
    complete=st.booleans(),
    digest=st.just(""),
    sources=st.dictionaries(texts.filter(is_inside), texts, max_size=3),
    inputs=st.dictionaries(texts, values, max_size=3),
    outputs=st.dictionaries(texts, values, max_size=3),
    waits_for=st.lists(stack_ids, max_size=3).map(tuple),
    applied_at=texts,
).map(lambda made: replace(made, digest=digest_sources(made.sources)))


@given(records)
def test_a_record_is_read_back_as_it_was(some: Record) -> None:
    assert parse_record(render_record(some), "here") == some


@pytest.mark.parametrize(
    "change",
    [
        {"version": 1},
        {"layer": "cellar"},
        {"layer": "gateway"},
        {"owner": {"kind": "mesh", "name": "a"}},
        {"owner": {"kind": "cell", "name": 3}},
        {"owner": "a"},
        {"account": None},
        {"outputs": {"a": 3}},
        {"outputs": []},
        {"waits_for": [["a"]]},
        {"sources": {"cdk.tf.json": None}},
    ],
)
def test_a_record_that_is_none_is_refused(change: dict[str, Any]) -> None:
    text = json.dumps({**json.loads(render_record(record())), **change})
    with pytest.raises(TerraformError, match="F603 here is not a record"):
        parse_record(text, "here")


@pytest.mark.parametrize("text", ["", "[]", "{}", "null", '{"version": 1}'])
def test_any_other_text_is_refused_too(text: str) -> None:
    with pytest.raises(TerraformError, match="F603"):
        parse_record(text, "here")


def test_a_value_comes_from_its_producer() -> None:
    known = {NETWORK: record(vpc_id="vpc-1")}
    assert resolve_inputs(cluster("a"), known) == {"vpc_id": "vpc-1"}


def test_a_map_is_put_together_key_by_key() -> None:
    one, two = StackId("b", "peering"), StackId("c", "network")
    stack = taking(
        "a",
        "accept",
        ids={
            "b": Source(stack=one, output="connection_ids", key="a"),
            "c": Source(stack=two, output="vpc_id"),
        },
    )
    known = {one: record(one, connection_ids={"a": "pcx-1", "z": "pcx-2"})}
    known[two] = record(two, vpc_id="vpc-2")
    assert resolve_inputs(stack, known) == {"ids": {"b": "pcx-1", "c": "vpc-2"}}


def test_every_stack_that_is_waited_for_is_named_once_and_sorted() -> None:
    stack = taking(
        "a",
        "accept",
        ids={
            name: Source(stack=StackId(name, "peering"), output="connection_ids", key="a")
            for name in ("d", "c", "b")
        },
        more=Source(stack=StackId("c", "peering"), output="other"),
    )
    known = {StackId("c", "peering"): record(StackId("c", "peering"), connection_ids={"x": "y"})}
    assert resolve_inputs(stack, known) == Deferred(
        (StackId("b", "peering"), StackId("c", "peering"), StackId("d", "peering"))
    )


def test_outputs_of_an_apply_that_did_not_succeed_are_not_taken() -> None:
    known = {NETWORK: record(complete=False, vpc_id="vpc-1")}
    assert resolve_inputs(cluster("a"), known) == Deferred((NETWORK,))


@pytest.mark.parametrize(
    ("outputs", "source", "words"),
    [
        ({"vpc_id": ["x"]}, Source(stack=NETWORK, output="vpc_id"), "takes it as string"),
        ({"ids": "x"}, Source(stack=NETWORK, output="ids", key="k"), "which is not a map"),
    ],
)
def test_a_value_of_another_type_is_refused(
    outputs: dict[str, Any], source: Source, words: str
) -> None:
    with pytest.raises(TerraformError, match=f"F604 .*{words}"):
        resolve_inputs(taking("a", "cluster", it=source), {NETWORK: record(**outputs)})


def test_a_map_takes_texts_only() -> None:
    stack = taking("a", "accept", ids={"k": Source(stack=NETWORK, output="all")})
    with pytest.raises(TerraformError, match="F604 a-network hands on all, which is not text"):
        resolve_inputs(stack, {NETWORK: record(all={"a": "b"})})


def test_outputs_are_checked_all_at_once_and_strangers_are_dropped() -> None:
    stack = Stack(
        id=NETWORK,
        access=ACCESS,
        outputs={"one": "string", "many": "list(string)", "keyed": "map(string)"},
    )
    good = {"one": "1", "many": ["2"], "keyed": {"3": "4"}}
    assert check_outputs(stack, {**good, "secret": "no"}) == good
    with pytest.raises(TerraformError) as caught:
        check_outputs(stack, {"one": None, "many": [1]})
    assert str(caught.value) == (
        "F604 the outputs of a-network are not what they should be\n"
        "    one is not string: null\n"
        "    many is not list(string): [1]\n"
        "    keyed is missing"
    )
