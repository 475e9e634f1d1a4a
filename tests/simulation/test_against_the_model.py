"""The model's worst cases and calls, held against a simulated CNI that knows no formula."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cellfactory.facts.loader import load_facts
from cellfactory.sizing import terms
from cellfactory.sizing.nau import weights_of
from tests.simulation.cni import Node, Settings

FACTS = load_facts()
WEIGHTS = weights_of(FACTS)
TYPES = ["m5.large", "r6i.xlarge", "r6i.4xlarge", "r6gd.8xlarge", "r6gd.16xlarge", "r8i.4xlarge"]
TODAY = (1, 20, 4)

types = st.sampled_from(TYPES)
prefix_counts = st.integers(1, 9)  # what one interface of the smallest type holds


def designed(prefixes: int, max_pods: int | None = None) -> Settings:
    """What the factory sets, for a number of prefixes."""
    return Settings(
        max_pods=max_pods or 16 * prefixes,
        minimum_ip_target=16 * prefixes,
        max_eni=2,
    )


def node_of(type_name: str, chosen: Settings) -> Node:
    instance = FACTS.instance(type_name)
    node = Node(
        settings=chosen,
        type_interfaces=instance.enis,
        type_addresses=instance.ipv4_per_eni,
    )
    node.boot()
    return node


def churn(node: Node, seed: int, steps: int = 300) -> float:
    """Start and stop pods at random, restart now and then; give the most NAU ever seen."""
    random = Random(seed)
    most = node.nau()
    for _ in range(steps):
        chance = random.random()
        if chance < 0.02:
            node.restart()
        elif chance < 0.62:
            node.add_pod()
        elif node.pods:
            node.remove_pod()
        most = max(most, node.nau())
    while node.add_pod():
        most = max(most, node.nau())
    return most


def mutating_calls(growth: str, prefixes: int) -> Counter[str]:
    """The CNI's own mutating calls of a node as the facts have them."""
    calls = FACTS.node_calls(growth, TODAY)
    counted = {c.action: c.of(prefixes) for c in calls if c.mutating and c.counts == "requests"}
    return Counter({action: count for action, count in counted.items() if count})


@settings(max_examples=60)
@given(types, prefix_counts, st.integers(0, 10_000))
def test_a_node_as_designed_never_moves(type_name: str, prefixes: int, seed: int) -> None:
    node = node_of(type_name, designed(prefixes))
    slots = FACTS.instance(type_name).prefix_slots
    expected = terms.node_nau(terms.as_designed(prefixes, slots), WEIGHTS)
    assert node.calls == mutating_calls("at-once", prefixes)
    assert churn(node, seed) == expected
    assert node.pods == 16 * prefixes  # all its addresses can be used
    assert node.calls == mutating_calls("at-once", prefixes), "an EC2 call after the boot"


@settings(max_examples=60)
@given(types, prefix_counts, st.sampled_from([0, 2]), st.integers(0, 10_000))
def test_delegation_lost(type_name: str, prefixes: int, max_eni: int, seed: int) -> None:
    instance = FACTS.instance(type_name)
    lost = replace(designed(prefixes), prefix_delegation=False, max_eni=max_eni)
    attached = terms.prefix_delegation_off(
        prefixes=prefixes, slots=instance.prefix_slots, interfaces=max_eni or instance.enis
    )
    node = node_of(type_name, lost)
    assert churn(node, seed) == terms.node_nau(attached, WEIGHTS)
    assert node.total == attached.pod_addresses


@settings(max_examples=60)
@given(types, st.integers(5, 250), st.integers(0, 10_000))
def test_settings_at_their_defaults(type_name: str, max_pods: int, seed: int) -> None:
    instance = FACTS.instance(type_name)
    reset = Settings(max_pods=max_pods, prefix_delegation=False)
    attached = terms.settings_reset(
        max_pods=max_pods, slots=instance.prefix_slots, interfaces=instance.enis
    )
    node = node_of(type_name, reset)
    assert churn(node, seed, steps=600) == terms.node_nau(attached, WEIGHTS)
    lost = terms.settings_lost(
        max_pods=max_pods, slots=instance.prefix_slots, interfaces=instance.enis
    )
    bare = node_of(type_name, replace(reset, custom_networking=False))
    assert churn(bare, seed, steps=600) == terms.node_nau(lost, WEIGHTS)
    assert bare.subnet_addresses == 1 + lost.single_addresses


@settings(max_examples=60)
@given(
    types,
    st.integers(5, 1000),
    st.booleans(),
    st.booleans(),
    st.booleans(),
    st.sampled_from([0, 48, 96]),
    st.sampled_from([0, 1, 5]),
    st.integers(0, 10_000),
)
def test_nothing_is_worse_than_everything_attached(
    type_name: str,
    max_pods: int,
    delegation: bool,
    custom: bool,
    guarded: bool,
    minimum: int,
    warm: int,
    seed: int,
) -> None:
    instance = FACTS.instance(type_name)
    anything = Settings(
        max_pods=max_pods,
        prefix_delegation=delegation,
        custom_networking=custom,
        minimum_ip_target=minimum,
        warm_ip_target=warm,
        stops_at_max_pods=guarded,
    )
    worst = terms.everything_attached if custom else terms.custom_networking_off
    limit = terms.node_nau(worst(slots=instance.prefix_slots, interfaces=instance.enis), WEIGHTS)
    assert churn(node_of(type_name, anything), seed) <= limit


@pytest.mark.parametrize("type_name", TYPES)
@pytest.mark.parametrize("custom", [True, False])
def test_the_worst_is_reached_when_pods_never_stop(type_name: str, custom: bool) -> None:
    instance = FACTS.instance(type_name)
    endless = Settings(max_pods=10_000, prefix_delegation=False, custom_networking=custom)
    node = node_of(type_name, endless)
    while node.add_pod():
        pass
    worst = terms.everything_attached if custom else terms.custom_networking_off
    attached = worst(slots=instance.prefix_slots, interfaces=instance.enis)
    assert node.nau() == terms.node_nau(attached, WEIGHTS)


@given(types, prefix_counts)
def test_growing_prefix_by_prefix_takes_the_calls_of_the_facts(
    type_name: str, prefixes: int
) -> None:
    node = node_of(type_name, Settings(max_pods=16 * prefixes, max_eni=2))
    while node.add_pod():
        pass
    assert node.calls == mutating_calls("one-by-one", prefixes)


def test_a_warm_prefix_target_is_not_the_same_lock() -> None:
    # It keeps six free prefixes, so that each pod beyond maxPods' guard asks for a seventh.
    warm = Settings(max_pods=250, warm_prefix_target=6, max_eni=2)
    node = node_of("r6gd.8xlarge", warm)
    assert node.total == 96
    node.add_pod()
    assert node.total == 112


@settings(max_examples=40)
@given(st.integers(1, 6), st.integers(1, 96), st.integers(0, 4))
def test_addresses_at_rest(prefixes: int, max_pods: int, each_second: int) -> None:
    """Where the bound with churn holds, no pod ever waits for an address."""
    rest = int(FACTS.parameter("ip-cooldown-seconds"))
    held = 16 * prefixes
    pods = min(max_pods, held)
    node = node_of("r6gd.8xlarge", designed(prefixes, max_pods=held))
    for _ in range(pods):
        assert node.add_pod()
    fits = pods + each_second * rest <= held
    waited = 0
    for second in range(1, 3 * rest):
        node.now = second
        for _ in range(min(each_second, node.pods)):
            node.remove_pod(rest)
            waited += not node.add_pod()
    if fits:
        assert waited == 0
    elif pods >= each_second:
        assert waited > 0
