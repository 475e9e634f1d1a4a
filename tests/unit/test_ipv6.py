"""A cell whose pods have IPv6 addresses: its rules, its blocks, its births and its sizes."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from cellfactory.addressing.lock import EMPTY_LOCK, Lock
from cellfactory.addressing.lock_file import parse_lock, render_lock
from cellfactory.addressing.plan import plan_addresses
from cellfactory.addressing.room import room_for_more
from cellfactory.errors import InventoryError
from cellfactory.facts.loader import load_facts
from cellfactory.inventory.family_rules import RULES
from cellfactory.options.answer import judge_options
from cellfactory.options.pods import POD_NETWORKS
from cellfactory.sizing.nau import cell_nau
from cellfactory.sizing.setting import Setting, size_setting
from cellfactory.sizing.shape import shape_of
from cellfactory.sizing.solve import most_nodes
from cellfactory.sizing.usage import Usage
from cellfactory.sizing.whatif import WhatIf, WhatIfError, assumed, setting_of_what_if
from cellfactory.stacks.example_job import example_job
from tests import inventories

FACTS = load_facts()
IPV6: dict[str, Any] = {"ip_family": "ipv6", "load": {"oldest_spark": "3.5"}}


def data(nodes: int = 10, **changes: Any) -> dict[str, Any]:
    """One cell of IPv6 pods."""
    return inventories.data(nodes=nodes, **{**IPV6, **changes})


def refused(made: dict[str, Any]) -> list[tuple[str, str]]:
    try:
        inventories.inventory(made)
    except InventoryError as error:
        found = [problem.finding for problem in error.problems]
        return [(f.rule, ".".join(map(str, f.path[2:]))) for f in found if f.severity == "error"]
    return []


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({}, []),
        ({"ipv6_block": "amazon"}, []),
        ({"max_pods": 250}, []),
        ({"load": {"oldest_spark": "3.4"}}, []),
        ({"ipv6_block": "none"}, [("F750", "ipv6_block")]),
        ({"prefixes_per_node": 6}, [("F751", "prefixes_per_node")]),
        ({"service_block": "172.20.0.0/16"}, [("F751", "service_block")]),
        ({"load": {}}, [("F752", "ip_family")]),
        ({"load": {"oldest_spark": "3.3"}}, [("F752", "load.oldest_spark")]),
        ({"load": {"oldest_spark": "2.4"}}, [("F752", "load.oldest_spark")]),
    ],
)
def test_what_a_cell_type_needs_for_ipv6(
    changes: dict[str, Any], told: list[tuple[str, str]]
) -> None:
    assert refused(data(**changes)) == told


@pytest.mark.parametrize(("chart", "is_old"), [("2.3.0", 1), ("2.4.0", 0), ("2.10.0", 0)])
def test_the_operator_is_not_too_old(chart: str, is_old: int) -> None:
    spark = {"namespaces": ["jobs"], "operator": {"chart_version": chart}}
    assert refused(data(spark=spark)) == [("F753", "spark.operator.chart_version")] * is_old


def test_submissions_are_told_of_ipv6_by_the_cell_alone() -> None:
    operator = {"chart_version": "2.5.2", "values": {"controller": {"env": []}}}
    made = data(spark={"namespaces": ["jobs"], "operator": operator})
    assert refused(made) == [("F751", "spark.operator.values.controller.env")]
    ipv4 = inventories.data(spark={"namespaces": ["jobs"], "operator": operator})
    assert refused(ipv4) == []


def test_an_instance_without_prefixes_stays_refused() -> None:
    made = data()
    made["cell_types"]["plain"]["node_groups"]["all"]["instance_type"] = "m4.xlarge"
    assert refused(made) == [("F113", "node_groups.all.instance_type")]


def test_each_rule_is_broken_here_or_by_an_edit_of_a_standing_cell() -> None:
    assert set(RULES) == {"F750", "F751", "F752", "F753", "F754"}


def locked(made: dict[str, Any], lock: Lock = EMPTY_LOCK) -> Lock:
    return plan_addresses(inventories.inventory(made), lock, FACTS)[1]


def test_no_block_of_the_pod_pool_is_taken_and_the_lock_says_so() -> None:
    lock = locked(data())
    cell = lock.cells["cell-000"]
    assert cell.pod_blocks == ()
    assert all("pod" not in blocks for blocks in cell.zones.values())
    text = render_lock(lock)
    assert "ip_family: ipv6" in text
    assert "pod_blocks: []" in text
    assert "pod:" not in text
    assert parse_lock(text, "cells.lock.yaml", FACTS) == lock


def test_its_primary_block_is_that_of_a_cell_with_ipv4() -> None:
    plain = locked(inventories.data()).cells["cell-000"]
    cell = locked(data()).cells["cell-000"]
    assert cell.primary == plain.primary
    for zone, blocks in cell.zones.items():
        assert blocks.items() <= plain.zones[zone].items()


def test_a_cell_beside_it_does_not_move() -> None:
    """Cells of both families in one mesh: those that stand keep all that they have."""
    one = inventories.data(cells=2)
    lock = locked(one)
    two = copy.deepcopy(one)
    two["cell_types"]["six"] = copy.deepcopy({**one["cell_types"]["plain"], **IPV6})
    two["cells"]["cell-000-six"] = inventories.cell(7, type_="six")
    after = locked(two, lock)
    assert {name: after.cells[name] for name in lock.cells} == lock.cells
    assert after.cells["cell-000-six"].pod_blocks == ()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("pod_blocks: [100.64.0.0/19]", "cell 'cell-000' with ip_family ipv6 has pod blocks"),
        ("ip_family: ipv4", "cell 'cell-000' with ip_family ipv4 lacks pod blocks"),
    ],
)
def test_a_lock_of_one_family_with_blocks_of_the_other_is_refused(text: str, said: str) -> None:
    lock = render_lock(locked(data()))
    edited = lock.replace("pod_blocks: []" if "pod" in text else "ip_family: ipv6", text)
    with pytest.raises(InventoryError) as error:
        parse_lock(edited, "cells.lock.yaml", FACTS)
    assert next(p.finding.message for p in error.value.problems if p.finding.rule == "F201") == said


@pytest.mark.parametrize("born", ["ipv4", "ipv6"])
def test_the_family_of_a_cell_that_stands_is_for_life(born: str) -> None:
    before, after = inventories.data(), data()
    if born == "ipv6":
        before, after = after, before
    plan, _ = plan_addresses(inventories.inventory(after), locked(before), FACTS)
    (finding,) = [f for f in plan.findings if f.rule == "F754"]
    assert finding.path == ("cell_types", "plain", "ip_family")
    assert f"created with ip_family {born}" in finding.message
    assert "second cell under another name" in finding.hint
    assert "drain: true" in finding.hint
    assert "--renew cell-000" in finding.hint
    assert {f.rule for f in plan.findings} == {"F754"}


def test_a_cell_given_a_type_of_the_other_family_is_refused_at_its_type() -> None:
    made = inventories.data(cells=2)
    lock = locked(made)
    made["cell_types"]["six"] = copy.deepcopy({**made["cell_types"]["plain"], **IPV6})
    made["cells"]["cell-001"]["type"] = "six"
    made["cells"]["cell-002"] = inventories.cell(2, type_="six")
    plan, after = plan_addresses(inventories.inventory(made), lock, FACTS)
    (finding,) = [f for f in plan.findings if f.rule == "F754"]
    assert finding.path == ("cell_types", "six", "ip_family")
    assert after.births["cell-001"].ip_family == "ipv4"


def test_the_reserved_block_is_no_birth() -> None:
    """The VPC gets and gives it back in place, as long as nothing uses it."""
    lock = locked(inventories.data())
    for change in ("amazon", "none"):
        made = inventories.data(ipv6_block=change)
        assert plan_addresses(inventories.inventory(made), lock, FACTS)[0].findings == ()


def test_room_for_more_is_that_of_the_node_pool() -> None:
    made = inventories.inventory(data())
    room = room_for_more(made, locked(data()), "cell-000", FACTS)
    assert room["pod-pool"] is None
    assert room["node-pool"] == (1 << 13) - 1  # /23 blocks of a /10, less its own


def setting(nodes: int, **changes: Any) -> Setting:
    asked = {"nodes": nodes, "instance": "r6i.4xlarge", "ip_family": "ipv6", **changes}
    return setting_of_what_if(WhatIf(**asked), FACTS)


def usages(made: Setting) -> dict[str, Usage]:
    return {usage.bound: usage for usage in size_setting(made)}


OF_PREFIXES = (
    *("pod-prefixes", "pod-interface-addresses", "prefix-slots", "node-interfaces"),
    *("pods-per-node", "vpc-nau-misconfigured", "vpc-nau-reset", "vpc-nau-bare", "pod-pool"),
    *("pod-addresses-misconfigured", "node-addresses-reset", "network-interfaces-reset"),
)


def test_bounds_of_ipv4_pods_bind_nothing() -> None:
    assert not usages(setting(1300)).keys() & set(OF_PREFIXES)


@pytest.mark.parametrize("pods", [96, 110, 250])
def test_a_node_is_two_addresses_and_a_prefix_whatever_its_pods(pods: int) -> None:
    made = setting(1300, max_pods=pods)
    node = cell_nau(made.shape, FACTS).node
    assert node.designed == node.misconfigured == node.reset == node.bare == 3
    assert node.pods == 3 + pods
    base = 6 * made.shape.endpoints * 3 + FACTS.parameter("control-plane-interfaces-most")
    surge = 3 * made.shape.pools[0].surge
    found = usages(made)["vpc-nau"]
    assert found.used == base + 3 * (3 * made.shape.pools[0].per_zone - 2 + surge)
    assert found.per_node == 3


def test_most_nodes_are_three_times_those_of_ipv4() -> None:
    """64,000 NAU at 3 for each node, less what the cell has without nodes and an update's surge."""
    six = most_nodes(setting(1300), ["vpc-nau"])["vpc-nau"]
    four = most_nodes(setting(1300, ip_family="ipv4"), ["vpc-nau"])["vpc-nau"]
    assert six is not None
    assert four is not None
    assert 20_000 < six < 64_000 / 3
    assert four < 64_000 / 9
    assert six / four > 2.9


def test_it_asks_ec2_for_one_prefix_and_no_interface() -> None:
    calls = {call.action for call in setting(1300).shape.calls if call.mutating}
    assert calls == {"RunInstances", "AssignIpv6Addresses"}
    assert usages(setting(1300))["network-interfaces"].per_node == 1


def test_its_vpc_has_one_block_and_no_pod_subnets() -> None:
    found = usages(setting(1300))
    assert found["blocks-per-vpc"].used == 1
    assert found["subnets-per-vpc"].used == 9


@pytest.mark.parametrize("asked", [{"prefixes": 6}, {"max_eni": 2}])
def test_a_question_of_prefixes_is_no_question_of_ipv6(asked: dict[str, int]) -> None:
    with pytest.raises(WhatIfError, match="IPv6 pods have one prefix"):
        setting(1300, **asked)


def test_shapes_of_an_inventory_are_those_of_the_question() -> None:
    made = inventories.inventory(data())
    shape = shape_of(made, "cell-000", locked(data()).cells["cell-000"], FACTS)
    assert shape.ipv6_pods
    assert shape.prefixes == 1
    assert shape.interfaces == 1
    assert shape.max_pods == 96


def test_a_job_is_told_what_ipv6_needs() -> None:
    made = inventories.inventory(data())
    configuration = example_job(made, FACTS, "cell-000", "all")["spec"]["sparkConf"]
    assert configuration["spark.kubernetes.driver.service.ipFamilies"] == "IPv6"
    assert configuration["spark.driver.extraJavaOptions"].endswith("preferIPv6Addresses=true")
    plain = inventories.inventory(inventories.data())
    told = example_job(plain, FACTS, "cell-000", "all")["spec"]["sparkConf"]
    assert not [key for key in told if "ipFamilies" in key or "JavaOptions" in key]


def test_what_is_assumed_of_ipv6_pods_is_said() -> None:
    told = list(
        assumed(WhatIf(nodes=3, instance="r6i.4xlarge", ip_family="ipv6"), {"nodes"}, FACTS)
    )
    assert "maxPods as many as 6 IPv4 prefixes would hold (--max-pods)" in told
    assert not [line for line in told if "--prefixes" in line or "--max-eni" in line]


@pytest.mark.parametrize("family", ["ipv4", "ipv6"])
def test_options_know_the_family_that_a_type_has(family: str) -> None:
    made = data() if family == "ipv6" else inventories.data(load={"oldest_spark": "3.5"})
    (judged,) = judge_options(inventories.inventory(made), FACTS).types
    chosen = {option.id: option for option in judged.options if option.is_chosen}
    assert list(chosen) == ["ipv6" if family == "ipv6" else "custom"]
    anew = {o.id for o in judged.options for r in o.reasons if "built anew" in r.text}
    assert anew == ({"ipv6"} if family == "ipv4" else {*POD_NETWORKS} - {"ipv6"})
