"""Lookups and the effective limit, on facts of our own and on the shipped ones."""

from __future__ import annotations

from datetime import date
from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cellfactory.facts.loader import load_facts
from cellfactory.facts.schema import (
    CallCount,
    Kind,
    NodeCalls,
    Quota,
    UnknownFact,
    UnknownInstanceType,
    effective,
)

FACTS = load_facts()
SOURCE = "https://docs.aws.amazon.com/"
READ = date(2026, 11, 22)


def quota(default: int, maximum: int | None, kind: Kind = "quota") -> Quota:
    return Quota(
        id="things",
        title="things",
        default=default,
        maximum=maximum,
        unit="things",
        scope="vpc",
        kind=kind,
        service="vpc",
        code=CODE,
        source=SOURCE,
        checked=READ,
    )


counts = st.integers(min_value=0, max_value=10**7)


REGION = "us-east-1"
CODE = "L-00000000"


@given(counts, counts, counts)
def test_a_raise_holds_up_to_the_maximum(default: int, more: int, raised: int) -> None:
    limit = quota(default, default + more)
    assert effective(limit, REGION, {CODE: raised}) == min(raised, default + more)


@given(counts, counts)
def test_without_a_documented_maximum_any_raise_holds(default: int, raised: int) -> None:
    assert effective(quota(default, None), REGION, {CODE: raised}) == raised
    assert effective(quota(default, None), REGION, {CODE: inf}) == inf


@given(counts, st.one_of(st.none(), counts))
def test_without_a_raise_the_default_holds(default: int, more: int | None) -> None:
    limit = quota(default, None if more is None else default + more)
    assert effective(limit, REGION, {}) == default
    assert effective(limit, REGION, {"L-11111111": 7, "": 7}) == default


@pytest.mark.parametrize("kind", ["fixed", "guidance"])
def test_what_is_no_quota_is_not_raised(kind: Kind) -> None:
    limit = quota(100, 100 if kind == "fixed" else None, kind)
    assert not limit.is_raisable
    assert effective(limit, REGION, {CODE: 99}) == 100


def test_a_quota_without_a_code_is_not_raised() -> None:
    prefix_lists = FACTS.quota("entries-per-prefix-list")
    assert effective(prefix_lists, REGION, {"": 7}) == 1000


def test_a_default_can_differ_by_region() -> None:
    storage = FACTS.quota("gp3-storage")
    assert effective(storage, "us-east-1", {}) == 50
    assert effective(storage, "eu-south-2", {}) == 300
    assert effective(storage, "eu-south-2", {storage.code: 200}) == 200
    volumes = FACTS.quota("volumes-per-launch")
    assert volumes.in_region("us-east-1").maximum == 2500
    assert volumes.in_region("eu-north-1") == volumes


def test_each_region_with_a_default_of_its_own_is_a_region() -> None:
    named = {region for q in FACTS.quotas.values() for region, _ in q.by_region}
    assert named <= set(FACTS.regions)


@pytest.mark.parametrize(
    "lookup",
    [
        lambda: FACTS.quota("vpc-naus"),
        lambda: FACTS.parameter("nothing"),
        lambda: FACTS.policy_value("nothing"),
        lambda: FACTS.weight("nothing"),
        lambda: FACTS.addon("vpc-cni", "1.12"),
        lambda: FACTS.image("1.12", "arm64"),
        lambda: FACTS.image("1.34", "arm64", "neuron"),
        lambda: FACTS.image_build(FACTS.instance("f2.6xlarge")),
        lambda: FACTS.image_build(FACTS.instance("mac1.metal")),
        lambda: FACTS.vcpu_quota("mac2.metal"),
        lambda: FACTS.vcpu_quota(""),
        lambda: FACTS.node_calls("by-magic", (1, 20, 0)),
    ],
)
def test_an_unknown_id_is_said(lookup: object) -> None:
    with pytest.raises(UnknownFact, match="has the id"):
        lookup()  # type: ignore[operator]


def test_an_unknown_instance_type_comes_with_the_nearest() -> None:
    with pytest.raises(UnknownInstanceType) as caught:
        FACTS.instance("r6gd.8xlrge")
    assert caught.value.nearest[0] == "r6gd.8xlarge"
    assert str(caught.value) == (
        "unknown instance type 'r6gd.8xlrge'; did you mean r6gd.8xlarge or r6gd.xlarge?"
    )


@pytest.mark.parametrize("name", ["", "made-up", "R6GD.8XLARGE!", "{", '"'])
def test_nothing_near_is_no_guess(name: str) -> None:
    with pytest.raises(UnknownInstanceType, match=r"^unknown instance type"):
        FACTS.instance(name)


@pytest.mark.parametrize(
    ("action", "counts", "mutating", "capacity", "refill"),
    [
        ("AttachNetworkInterface", "requests", True, 50, 5),
        ("CreateNetworkInterface", "requests", True, 100, 5),
        ("RunInstances", "requests", True, 5, 2),
        ("RunInstances", "resources", True, 1000, 2),
        ("CreateRoute", "requests", True, 50, 5),  # not listed: the mutating default
        ("DescribeInstances", "requests", False, 100, 20),  # not listed: the reading default
        ("CreateVpcEndpoint", "requests", True, 4, 0.3),
    ],
)
def test_the_bucket_of_a_call(
    action: str, counts: str, mutating: bool, capacity: int, refill: float
) -> None:
    bucket = FACTS.bucket(CallCount(action=action, base=1, counts=counts, mutating=mutating))
    assert (bucket.capacity, bucket.refill) == (capacity, refill)


def test_the_shared_readings() -> None:
    shared = [b for b in FACTS.buckets.values() if b.category == "shared"]
    assert {b.capacity for b in shared} == {50, 100, 200}
    assert {b.refill for b in shared} == {5}
    assert not any(b.confirmed for b in shared)


@pytest.mark.parametrize(
    ("growth", "version", "cni_calls"),
    [  # mutating calls of the CNI on one node with six prefixes, from its code
        ("at-once", (1, 15, 4), 4),
        ("at-once", (1, 23, 1), 4),
        ("at-once", (1, 15, 3), 5),
        ("at-once", (1, 9, 0), 5),
        ("one-by-one", (1, 20, 0), 9),
        ("one-by-one", (1, 15, 3), 10),
    ],
)
def test_calls_of_a_node(growth: str, version: tuple[int, ...], cni_calls: int) -> None:
    calls = [call for call in FACTS.node_calls(growth, version) if call.mutating]
    assert calls[0].action == "RunInstances"
    assert sum(call.of(6) for call in calls) == cni_calls + 1


@given(st.tuples(st.integers(0, 3), st.integers(0, 40), st.integers(0, 9)))
def test_every_cni_version_has_its_calls(version: tuple[int, ...]) -> None:
    for growth in ("at-once", "one-by-one"):
        rows = [r for r in FACTS.calls.values() if r.growth == growth and r.covers(version)]
        assert len(rows) == 1


@given(st.integers(-3, 3), st.integers(0, 3), st.integers(0, 50))
def test_calls_never_fall_with_more_prefixes(base: int, per_prefix: int, prefixes: int) -> None:
    call = CallCount(action="AssignPrivateIpAddresses", base=base, per_prefix=per_prefix)
    assert 0 <= call.of(prefixes) <= call.of(prefixes + 1)


def test_a_version_range_is_half_open() -> None:
    row = NodeCalls(
        id="x", growth="x", since=(1, 2), before=(1, 3), calls=(), source=SOURCE, checked=READ
    )
    assert [row.covers(v) for v in [(1, 1, 9), (1, 2), (1, 2, 9), (1, 3)]] == [
        False,
        True,
        True,
        False,
    ]


@pytest.mark.parametrize(
    ("type_", "id_"),
    [
        ("r6gd.8xlarge", "on-demand-vcpus"),
        ("im4gn.4xlarge", "on-demand-vcpus"),
        ("t3.large", "on-demand-vcpus"),
        ("trn1.32xlarge", "on-demand-vcpus-trn"),
        ("gr6.4xlarge", "on-demand-vcpus-g"),
        ("u-6tb1.56xlarge", "on-demand-vcpus-high-memory"),
        ("x2idn.16xlarge", "on-demand-vcpus-x"),
    ],
)
def test_the_vcpu_quota_of_a_type(type_: str, id_: str) -> None:
    assert FACTS.vcpu_quota(type_).id == id_


def test_every_type_but_mac_has_one_vcpu_quota() -> None:
    families = [letters for q in FACTS.quotas.values() for letters in q.families]
    assert len(families) == len(set(families))
    for name in FACTS.instances:
        if not name.startswith("mac"):
            assert FACTS.vcpu_quota(name).unit == "vCPUs"


def test_add_ons_and_images_of_a_cell() -> None:
    for kubernetes in ("1.33", "1.34"):
        for addon in ("vpc-cni", "kube-proxy", "coredns", "eks-pod-identity-agent"):
            assert "-eksbuild." in FACTS.addon(addon, kubernetes)
        for architecture in ("arm64", "x86_64"):
            image = FACTS.image(kubernetes, architecture)
            assert image.release_version.startswith(kubernetes + ".")
            assert image.release_version.endswith(image.release.removeprefix("v"))


def test_weights_and_knobs() -> None:
    assert FACTS.weight("interface-endpoint") == 6
    assert FACTS.weight("prefix") == 1
    assert FACTS.parameter("nau-per-pd-pod") == 0
    assert not FACTS.parameters["nau-per-pd-pod"].confirmed
    assert FACTS.policy_value("node-ceiling") == 1300


@pytest.mark.parametrize(
    ("instance_type", "build"),
    [
        ("r6i.4xlarge", "x86_64-standard"),
        ("r6gd.8xlarge", "arm64-standard"),
        ("p5.48xlarge", "x86_64-nvidia"),
        ("p6-b200.48xlarge", "x86_64-nvidia"),
        ("g4dn.xlarge", "x86_64-nvidia"),
        ("gr6.4xlarge", "x86_64-nvidia"),
        ("g5g.xlarge", "arm64-nvidia"),
        ("inf2.xlarge", "x86_64-neuron"),
        ("trn1.32xlarge", "x86_64-neuron"),
        ("trn2.48xlarge", "x86_64-neuron"),
    ],
)
def test_the_image_of_a_type_drives_its_accelerators(instance_type: str, build: str) -> None:
    """The families of each variant stand in the EKS user guide, under accelerated images."""
    assert str(FACTS.image_build(FACTS.instance(instance_type))) == build


@pytest.mark.parametrize("kubernetes", ["1.31", "1.34", "1.36"])
def test_each_build_has_an_image_of_each_version(kubernetes: str) -> None:
    for build in FACTS.image_builds:
        image = FACTS.image(kubernetes, build.architecture, build.variant)
        assert image.id == f"amazon-eks-node-al2023-{build}-{kubernetes}-{image.release}"
    assert sorted(map(str, FACTS.image_builds)) == [
        *("arm64-nvidia", "arm64-standard"),
        *("x86_64-neuron", "x86_64-nvidia", "x86_64-standard"),
    ]
