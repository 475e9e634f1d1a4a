"""The order of work: by what is waited for, then by layer, then by owner."""

from __future__ import annotations

from graphlib import CycleError

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cellfactory.layers import LAYERS, Access, Input, Source, Stack, StackId, order_stacks

HERE = Access(account="444444444444", roles=(), region="us-east-1", sts_region="us-east-1")


def stack(owner: str, layer: str, *waits: StackId) -> Stack:
    sources = {f"k{n}": Source(stack=w, output="o") for n, w in enumerate(waits)}
    inputs = {"given": Input(type="map(string)", sources=sources)} if waits else {}
    return Stack(id=StackId(owner, layer), access=HERE, inputs=inputs)  # type: ignore[arg-type]


def names(*stacks: Stack) -> list[str]:
    return [str(s) for s in order_stacks(stacks)]


def test_what_is_waited_for_comes_first() -> None:
    waiting = stack("a", "account", StackId("z", "platform"))
    assert names(waiting, stack("z", "platform")) == ["z-platform", "a-account"]


def test_layers_then_owners_decide_where_nothing_else_does() -> None:
    free = [stack(o, layer) for o in ("b", "a") for layer in ("cluster", "network", "gateway")]
    assert names(*free) == [
        *("a-network", "b-network", "a-gateway", "b-gateway", "a-cluster", "b-cluster")
    ]


def test_what_is_not_given_is_not_waited_for() -> None:
    assert names(stack("a", "cluster", StackId("a", "network"))) == ["a-cluster"]


def test_a_stack_that_becomes_ready_later_comes_later_whatever_its_layer() -> None:
    late = stack("a", "account", StackId("a", "network"))
    assert names(late, stack("a", "network"), stack("b", "cluster")) == [
        *("a-network", "b-cluster", "a-account")
    ]


def test_a_ring_is_refused() -> None:
    with pytest.raises(CycleError):
        names(
            stack("a", "network", StackId("b", "network")),
            stack("b", "network", StackId("a", "network")),
        )


ids = st.builds(StackId, st.sampled_from("abc"), st.sampled_from(LAYERS))


@given(st.lists(ids, unique=True, max_size=12), st.data())
def test_any_order_of_stacks_gives_one_order(found: list[StackId], draw: st.DataObject) -> None:
    made = [
        stack(i.owner, i.layer, *draw.draw(st.lists(st.sampled_from(found[:n]), max_size=3)))
        if n
        else stack(i.owner, i.layer)
        for n, i in enumerate(found)
    ]
    order = order_stacks(made)
    assert order == order_stacks(draw.draw(st.permutations(made)))
    assert sorted(order) == sorted(found)
    for s in made:
        assert all(order.index(w) < order.index(s.id) for w in s.waits_for)


def test_waiting_for_one_stack_by_two_variables_is_waiting_once() -> None:
    network = StackId("a", "network")
    twice = Stack(
        id=StackId("a", "cluster"),
        access=HERE,
        inputs={n: Input(type="string", sources=Source(stack=network, output=n)) for n in "xy"},
    )
    assert twice.waits_for == (network,)
