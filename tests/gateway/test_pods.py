"""What a pod may look like, and what a route may point to."""

from __future__ import annotations

import ipaddress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sparkgateway.addresses import AddressPolicy, parse_address, parse_blocks, render_backend
from sparkgateway.pods import REASONS, Driver, Gone, PodPolicy, Refused, is_job_id, parse_pod

from tests.gateway.apiserver import make_driver

BLOCKS = parse_blocks(
    [
        "100.64.0.0/16",
        "2001:db8:1::/56",
        "127.0.0.0/8",
        "::ffff:0:0/96",
        "fe80::/10",
        "fd00::/8",
        "169.254.0.0/16",
        "224.0.0.0/4",
    ]
)
POLICY = PodPolicy(addresses=AddressPolicy(blocks=BLOCKS))
OTHER = "spark-" + "0b" * 16
JOB = "spark-" + "0a" * 16


def parse(**changes: Any) -> Driver | Gone | Refused:
    address = changes.pop("address", "100.64.0.7")
    return parse_pod(make_driver(1, address=address, job=JOB, **changes), POLICY)


def test_a_driver() -> None:
    assert parse() == Driver(
        uid="uid-00000001",
        job=JOB,
        backend="100.64.0.7:4040",
        created="2026-11-22T08:00:00Z",
        started="2026-11-22T08:00:00Z",
        namespace="spark",
        name="app-1",
    )


def test_an_ipv6_driver() -> None:
    found = parse(address="2001:db8:1::7")
    assert isinstance(found, Driver)
    assert found.backend == "[2001:db8:1::7]:4040"


def test_the_address_that_may_be_dialled_is_taken_of_two() -> None:
    pod = make_driver(1, address="2001:db8:2::7", job=JOB)
    pod["status"]["podIPs"] = [{"ip": "2001:db8:2::7"}, {"ip": "100.64.0.9"}]
    found = parse_pod(pod, POLICY)
    assert isinstance(found, Driver)
    assert found.backend == "100.64.0.9:4040"


@pytest.mark.parametrize("phase", ["Pending", "Succeeded", "Failed", "Unknown", "", None])
def test_only_a_running_pod_has_a_route(phase: str | None) -> None:
    assert parse(phase=phase) == Gone(uid="uid-00000001")


def test_a_pod_without_an_address_has_no_route_yet() -> None:
    assert isinstance(parse(address=""), Gone)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "169.254.169.254",
        "169.254.170.23",
        "224.0.0.1",
        "fe80::1",
        "fe80::1%eth0",
        "::ffff:100.64.0.7",
        "fd00:ec2::254",
        "fd00:ec2::23",
        "10.0.0.1",
        "100.65.0.1",
        "100.64.0.7/32",
        " 100.64.0.7",
        "100.64.7",
        "0100.064.0.7",
        "0x64400007",
        "example.com",
    ],
)
def test_special_and_foreign_addresses_are_refused(address: str) -> None:
    found = parse(address=address)
    assert isinstance(found, Refused)
    assert found.reason == "address"


def test_loopback_is_for_one_machine_only() -> None:
    address = ipaddress.ip_address("127.78.0.1")
    assert not AddressPolicy(blocks=BLOCKS).admits(address)
    assert AddressPolicy(blocks=BLOCKS, loopback=True).admits(address)
    assert not AddressPolicy(blocks=BLOCKS, loopback=True).admits(
        ipaddress.ip_address("169.254.169.254")
    )


@pytest.mark.parametrize("port", [0, -1, 22, 10250, 65536, "4040", 4040.0, True, None])
def test_ports_out_of_range_are_refused(port: object) -> None:
    found = parse(port=port)
    assert isinstance(found, Refused)
    assert found.reason == "port"


def test_a_pod_that_names_no_port_has_the_default_one() -> None:
    pod = make_driver(1, address="100.64.0.7", job=JOB)
    del pod["spec"]["containers"][0]["ports"]
    assert isinstance(parse_pod(pod, POLICY), Driver)


@pytest.mark.parametrize(
    "spec",
    [
        {},
        {"containers": []},
        {"containers": [{"name": "c"}]},
        {"containers": [{"env": [{"name": "SPARK_APPLICATION_ID", "value": OTHER}]}]},
        {"containers": [{"env": [{"name": "OTHER", "value": JOB}]}]},
        {"containers": [{"env": [{"name": "SPARK_APPLICATION_ID", "valueFrom": {}}]}]},
        {"containers": [{"env": "SPARK_APPLICATION_ID"}, None, 7]},
        {
            "containers": [],
            "ephemeralContainers": [{"env": [{"name": "SPARK_APPLICATION_ID", "value": JOB}]}],
        },
    ],
    ids=["empty", "none", "no env", "another id", "another name", "from", "odd", "ephemeral"],
)
def test_a_label_alone_is_no_claim_to_a_job(spec: dict[str, Any]) -> None:
    """Every job may patch the labels of pods; what its containers were made with stays."""
    pod = make_driver(1, address="100.64.0.7", job=JOB)
    pod["spec"] = spec
    found = parse_pod(pod, POLICY)
    assert isinstance(found, Refused)
    assert found.reason == "id"


def test_an_executor_is_no_driver() -> None:
    pod = make_driver(1, address="100.64.0.7", job=JOB)
    pod["metadata"]["labels"]["spark-role"] = "executor"
    found = parse_pod(pod, POLICY)
    assert isinstance(found, Refused)
    assert found.reason == "role"


def test_details_are_short_however_long_the_pod_is() -> None:
    found = parse_pod(make_driver(1, address="100.64.0.7", job="x" * 10_000), POLICY)
    assert isinstance(found, Refused)
    assert len(found.detail) < 200


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)
PLACES = [
    ("metadata",), ("metadata", "labels"), ("metadata", "uid"), ("metadata", "creationTimestamp"),
    ("metadata", "name"), ("metadata", "namespace"), ("metadata", "deletionTimestamp"),
    ("metadata", "labels", "spark-app-selector"), ("metadata", "labels", "spark-role"),
    ("metadata", "labels", "spark-app-name"), ("spec",), ("spec", "containers"),
    ("spec", "hostNetwork"), ("status",), ("status", "podIP"), ("status", "podIPs"),
    ("status", "phase"), ("status", "hostIP"),
]  # fmt: skip


@given(st.lists(st.tuples(st.sampled_from(PLACES), json_values), max_size=4))
def test_any_shape_is_survived(changes: list[tuple[tuple[str, ...], Any]]) -> None:
    pod = make_driver(1, address="100.64.0.7", job=JOB)
    for (*path, last), value in changes:
        owner: Any = pod
        for key in path:
            owner = owner.get(key) if isinstance(owner, dict) else None
        if isinstance(owner, dict):
            owner[last] = value
    found = parse_pod(pod, POLICY)
    if isinstance(found, Refused):
        assert found.reason in REASONS
    elif isinstance(found, Driver):
        assert is_job_id(found.job)
        assert found.backend == "100.64.0.7:4040"
        assert all(isinstance(text, str) for text in (found.name, found.namespace))


@given(json_values)
def test_what_is_no_pod_is_refused(value: Any) -> None:
    assert isinstance(parse_pod(value, POLICY), Refused)


@given(st.ip_addresses(), st.integers(1, 65535))
def test_only_addresses_of_the_blocks_are_admitted(address: Any, port: int) -> None:
    policy = AddressPolicy(blocks=parse_blocks(["100.64.0.0/10", "2001:db8::/32"]))
    if policy.admits(address):
        assert any(address in block for block in policy.blocks)
    host, _, number = render_backend(address, port).rpartition(":")
    assert parse_address(host.strip("[]")) == address
    assert int(number) == port


@given(st.text(max_size=40))
def test_an_id_is_a_safe_file_name(text: str) -> None:
    if is_job_id(text):
        assert text.isascii()
        assert text == text.strip()
        assert "/" not in text
        assert "." not in text
