"""Each term by hand, with the page that it was computed from."""

from __future__ import annotations

from ipaddress import IPv4Network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cellfactory.facts.loader import load_facts
from cellfactory.sizing import terms
from cellfactory.sizing.terms import Attached, NauWeights, node_nau

# https://docs.aws.amazon.com/vpc/latest/userguide/network-address-usage.html
WEIGHTS = NauWeights(address=1, extra_interface=1, prefix=1)

# Interfaces, and addresses of each, as of r6i.large, r6gd.8xlarge, r6i.16xlarge and r8i.4xlarge.
# https://docs.aws.amazon.com/ec2/latest/instancetypes/mo.html
LARGE, EIGHT, SIXTEEN, R8I = (3, 10), (8, 30), (15, 50), (8, 50)


def test_a_node_as_designed_counts_nine() -> None:
    # its address, the pod interface, that interface's address, six prefixes
    designed = terms.as_designed(prefixes=6, slots=29)
    assert designed == Attached(interfaces=1, addresses=0, prefixes=6)
    assert node_nau(designed, WEIGHTS) == 9
    assert 1300 * node_nau(designed, WEIGHTS) == 11_700
    assert designed.pod_addresses == 96


def test_a_node_whose_pods_are_counted_as_well() -> None:
    assert node_nau(terms.as_designed(6, 29), WEIGHTS, per_pod=1) == 9 + 96


@pytest.mark.parametrize(
    ("size", "off", "off_fused", "reset_96", "reset_110", "reset_250", "attached", "bare"),
    [
        (LARGE, 23, 12, 23, 23, 23, 23, 32),
        ((4, 15), 49, 17, 49, 49, 49, 49, 63),
        (EIGHT, 105, 32, 125, 125, 218, 218, 247),
        (SIXTEEN, 101, 52, 103, 154, 307, 715, 764),
        (R8I, 101, 52, 103, 154, 307, 358, 407),
    ],
)
def test_a_misconfigured_node(
    size: tuple[int, int],
    off: int,
    off_fused: int,
    reset_96: int,
    reset_110: int,
    reset_250: int,
    attached: int,
    bare: int,
) -> None:
    enis, addresses = size
    slots = addresses - 1

    def without_delegation(interfaces: int) -> float:
        attached = terms.prefix_delegation_off(prefixes=6, slots=slots, interfaces=interfaces)
        return node_nau(attached, WEIGHTS)

    def reset(max_pods: int) -> float:
        attached = terms.settings_reset(max_pods=max_pods, slots=slots, interfaces=enis)
        return node_nau(attached, WEIGHTS)

    assert without_delegation(enis) == off
    assert without_delegation(2) == off_fused
    assert (reset(96), reset(110), reset(250)) == (reset_96, reset_110, reset_250)
    everything = terms.everything_attached(slots=slots, interfaces=enis)
    assert node_nau(everything, WEIGHTS) == attached
    nothing_held = terms.custom_networking_off(slots=slots, interfaces=enis)
    assert node_nau(nothing_held, WEIGHTS) == bare


def test_each_weight_counts_what_it_says() -> None:
    apart = NauWeights(address=1, extra_interface=100, prefix=10_000)
    attached = Attached(interfaces=2, addresses=5, prefixes=7)
    assert node_nau(attached, apart) == (1 + 2 + 5) + 200 + 70_000


@pytest.mark.parametrize(
    ("length", "worst", "best"),
    [(16, 584, 675), (17, 292, 337), (18, 146, 168), (19, 72, 84), (20, 36, 41), (28, 0, 0)],
)
def test_nodes_of_a_pod_subnet_without_reservations(length: int, worst: int, best: int) -> None:
    # 4,096 /28s in a /16; the first holds .0 to .3 and the last the broadcast address
    assert terms.fragmented_nodes(length, prefixes=6) == worst
    assert terms.packed_nodes(length, prefixes=6) == best


def test_a_subnet_of_a_single_prefix_holds_none() -> None:
    assert terms.fragmented_nodes(28, prefixes=1, interfaces=0) == 0
    assert terms.fragmented_nodes(27, prefixes=1, interfaces=0) == 0
    assert terms.fragmented_nodes(26, prefixes=1, interfaces=0) == 2
    assert terms.packed_nodes(26, prefixes=1, interfaces=0) == 2


def test_a_subnet_that_is_wholly_reserved_has_no_single_address() -> None:
    subnet = IPv4Network("100.64.0.0/24")
    assert terms.unreserved_addresses(subnet, [subnet], kept=5) == 0
    assert terms.unreserved_addresses(subnet, [], kept=5) == 251


def test_nodes_of_a_reserved_pod_subnet() -> None:
    subnet = IPv4Network("100.64.0.0/16")
    reserved = list(subnet.address_exclude(IPv4Network("100.64.0.0/22")))
    assert terms.reserved_prefixes(subnet, reserved) == 4031
    assert terms.reserved_prefixes(subnet, reserved) // 6 == 671
    assert terms.unreserved_addresses(subnet, reserved, kept=5) == 1019


def test_the_first_and_last_prefix_of_a_subnet_are_lost() -> None:
    subnet = IPv4Network("100.64.0.0/24")
    assert terms.reserved_prefixes(subnet, [subnet]) == 14
    middle = IPv4Network("100.64.0.64/26")
    assert terms.reserved_prefixes(subnet, [middle]) == 4
    assert terms.reserved_prefixes(subnet, []) == 0


def test_addresses_that_aws_keeps() -> None:
    # https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html
    assert terms.usable_addresses(IPv4Network("10.0.0.0/28"), kept=5) == 11
    assert terms.usable_addresses(IPv4Network("10.0.0.0/22"), kept=5) == 1019
    assert terms.usable_addresses(IPv4Network("10.0.0.0/32"), kept=5) == 0


@pytest.mark.parametrize(
    ("calls_per_node", "capacity", "nodes"),
    [
        (4, 50, 2262), (4, 100, 2275), (4, 200, 2300),
        (5, 50, 1810), (5, 100, 1820), (5, 200, 1840),
        (6, 50, 1508), (6, 100, 1516), (6, 200, 1533),
        (7, 50, 1292), (7, 100, 1300), (7, 200, 1314),
        (8, 50, 1131), (8, 100, 1137), (8, 200, 1150),
        (9, 50, 1005), (9, 100, 1011), (9, 200, 1022),
        (10, 50, 905), (10, 100, 910), (10, 200, 920),
    ],
)  # fmt: skip
def test_nodes_of_one_shared_bucket_in_half_an_hour(
    calls_per_node: int, capacity: int, nodes: int
) -> None:
    # https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html: 5 a second
    assert terms.calls_within(1800, capacity, refill=5) // calls_per_node == nodes


def test_buckets_of_today() -> None:
    assert terms.calls_within(1800, capacity=50, refill=5) == 9050  # AttachNetworkInterface
    assert terms.calls_within(1800, capacity=1000, refill=2) == 4600  # RunInstances, instances
    assert terms.drain_seconds(1300, capacity=50, refill=5) == 250
    assert terms.drain_seconds(1300, capacity=1000, refill=2) == 150
    assert terms.drain_seconds(40, capacity=50, refill=5) == 0


@given(st.integers(0, 10**6), st.integers(1, 1000), st.floats(0.1, 100), st.integers(1, 1000))
def test_draining_and_letting_through_are_inverse(
    calls: int, capacity: int, refill: float, more: int
) -> None:
    seconds = terms.drain_seconds(calls, capacity, refill)
    assert terms.calls_within(seconds, capacity, refill) >= calls * (1 - 1e-12)
    assert terms.drain_seconds(calls + more, capacity, refill) >= seconds


@given(st.integers(1, 49), st.integers(1, 49), st.integers(2, 15), st.integers(1, 500))
def test_no_misconfiguration_is_worse_than_everything(
    prefixes: int, slots: int, interfaces: int, max_pods: int
) -> None:
    bare = node_nau(terms.custom_networking_off(slots=slots, interfaces=interfaces), WEIGHTS)
    attached = node_nau(terms.everything_attached(slots=slots, interfaces=interfaces), WEIGHTS)
    off = terms.prefix_delegation_off(prefixes=prefixes, slots=slots, interfaces=interfaces)
    reset = terms.settings_reset(max_pods=max_pods, slots=slots, interfaces=interfaces)
    assert off.pod_addresses <= 16 * prefixes
    assert off.interfaces <= interfaces - 1
    assert max(node_nau(off, WEIGHTS), node_nau(reset, WEIGHTS)) <= attached < bare


def test_every_instance_type_has_a_slot_for_pods() -> None:
    # the model divides by them
    assert min(instance.prefix_slots for instance in load_facts().instances.values()) >= 1


@pytest.mark.parametrize(
    ("size", "max_pods", "interfaces", "addresses"),
    [
        (EIGHT, 96, 3, 116),  # 4 x 29 addresses, the primary interface's first
        (EIGHT, 29, 0, 29),
        (EIGHT, 30, 1, 58),
        (EIGHT, 250, 7, 232),  # all eight
        (LARGE, 1, 0, 9),
    ],
)
def test_settings_that_are_all_lost(
    size: tuple[int, int], max_pods: int, interfaces: int, addresses: int
) -> None:
    enis, held = size
    lost = terms.settings_lost(max_pods=max_pods, slots=held - 1, interfaces=enis)
    assert (lost.interfaces, lost.addresses) == (interfaces, addresses)
    assert lost.single_addresses == interfaces + addresses
