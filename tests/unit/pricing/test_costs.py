"""Costs add up over cells, grow with what is used, and never hide what has no price."""

from __future__ import annotations

import copy
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cellfactory.facts.loader import load_facts
from cellfactory.inventory.schema import Inventory
from cellfactory.pricing.cells import price_cell
from cellfactory.pricing.costs import MeshCosts, price_inventory, sum_of_cell
from cellfactory.pricing.egress import egress_lines
from cellfactory.pricing.lines import Line, Sum, add, oldest, unconfirmed
from cellfactory.pricing.meshes import INTERCONNECTS, mesh_lines
from cellfactory.pricing.rules import check_costs
from cellfactory.views.cost import render_costs
from tests import inventories
from tests.unit.pricing import sample

FACTS = load_facts()
gigabytes = st.integers(min_value=0, max_value=10**8)
shares = st.one_of(st.none(), st.integers(min_value=0, max_value=100))


def costs(made: Inventory) -> MeshCosts:
    (found,) = price_inventory(made, FACTS)
    return found


def joined(kind: Any, made: Inventory) -> Sum:
    return add(mesh_lines(kind, made, "east", FACTS))


def same(one: Decimal, other: Decimal) -> bool:
    return abs(one - other) < Decimal("0.0001")


@settings(max_examples=25, deadline=None)
@given(one=gigabytes, other=gigabytes, share=shares, kind=st.sampled_from(INTERCONNECTS))
def test_transfer_is_linear_in_traffic(one: int, other: int, share: int | None, kind: Any) -> None:
    parts = [
        joined(kind, sample.inventory(with_hubs_gb=gb, same_zone_percentage=share)).transfer
        for gb in (one, other, one + other)
    ]
    assert same(parts[0] + parts[1], parts[2])


@settings(max_examples=15, deadline=None)
@given(gb=gigabytes, cells=st.integers(min_value=1, max_value=5))
def test_costs_add_up_over_cells(gb: int, cells: int) -> None:
    made = costs(sample.inventory(cells, with_hubs_gb=gb, to_internet_gb=gb))
    each = [made.of(cell).dollars for cell in made.cells]
    assert same(sum(each, Decimal(0)), made.sum.dollars)
    assert len(set(each)) == 1
    alone = price_inventory(
        sample.inventory(cells, with_hubs_gb=gb, to_internet_gb=gb), FACTS, only={"cell-000"}
    )[0]
    assert same(alone.sum.dollars * cells, made.sum.dollars)


@pytest.mark.parametrize("egress", ["nat_gateway", "central"])
def test_what_cells_pay_and_what_they_share_is_all(egress: str) -> None:
    data = sample.data(3, to_internet_gb=1000)
    egress_of_mesh = {"block": "10.32.0.0/24", "zones": ["use1-az1"]}
    network = {"account": "888888888888", "organization": "one", "egress": egress_of_mesh}
    data["meshes"]["east"] |= {"interconnect": "gateway", "gateway": network}
    data["hubs"]["shared"]["attachments"] = {"east": "tgw-attach-0f00ba120f00ba120"}
    data["cell_types"]["plain"]["egress"] = egress
    made = costs(inventories.inventory(data))
    each = sum((made.of(cell).dollars for cell in made.cells), Decimal(0))
    assert made.shared.dollars > 0
    assert each + made.shared.dollars == made.sum.dollars
    told = render_costs((made,))
    assert any(line.startswith("  shared by all ") for line in told.splitlines())


@settings(max_examples=25, deadline=None)
@given(less=gigabytes, more=gigabytes, share=shares)
def test_more_traffic_never_costs_less(less: int, more: int, share: int | None) -> None:
    less, more = sorted((less, more))
    sums = [
        costs(sample.inventory(2, to_cells_gb=gb, endpoints_gb=gb, same_zone_percentage=share))
        for gb in (less, more)
    ]
    for before, after in zip(sums[0].interconnects, sums[1].interconnects, strict=True):
        assert before.sum.dollars <= after.sum.dollars
    assert sums[0].sum.dollars <= sums[1].sum.dollars


@settings(max_examples=10, deadline=None)
@given(less=st.integers(1, 400), more=st.integers(1, 400))
def test_more_nodes_never_cost_less_and_each_costs_the_same(less: int, more: int) -> None:
    one, two = (costs(sample.inventory(nodes=n)).sum.fixed for n in (less, more))
    each = (Decimal("1.8432") * 730 + Decimal("0.08") * 100) * 3  # a node in each zone, its volume
    assert two - one == each * (more - less)


@settings(max_examples=25, deadline=None)
@given(share=st.integers(0, 100), nearer=st.integers(0, 100))
def test_staying_in_a_zone_never_costs_more(share: int, nearer: int) -> None:
    share, nearer = sorted((share, nearer))
    far, near = (
        joined("peering", sample.inventory(with_hubs_gb=10**6, same_zone_percentage=p))
        for p in (share, nearer)
    )
    assert near.transfer <= far.transfer


def test_nothing_declared_is_not_nothing() -> None:
    made = costs(sample.inventory(with_hubs_gb=None))
    lacking = [line for line in made.sum.lacking if line.asks_for == "with_hubs_gb"]
    assert {line.why_not for line in lacking} == {"with_hubs_gb is not declared"}
    assert not any(way.sum.is_whole for way in made.interconnects)


@pytest.mark.parametrize("egress", ["nat_gateway", "central"])
@pytest.mark.parametrize("declared", ["to_internet_gb", "from_internet_gb"])
def test_one_way_of_two_that_is_declared_does_not_hide_the_other(
    egress: Any, declared: str
) -> None:
    (other,) = {"to_internet_gb", "from_internet_gb"} - {declared}
    traffic: dict[str, Any] = {declared: 1000, other: None}
    made = sample.inventory(**traffic)
    lines = tuple(egress_lines(egress, made, "cell-000", FACTS))
    lacking = [line for line in lines if line.quantity is None]
    assert {line.asks_for for line in lacking} == {other}
    items = {"nat-gateway-gb", *(["transit-gateway-gb"] if egress == "central" else [])}
    assert items <= {line.item for line in lacking}
    known = [line for line in lines if line.item in items and line.quantity is not None]
    assert {line.quantity for line in known} == {Decimal(1000)}
    titles = [line.title for line in lines if line.item in items]
    assert len(set(titles)) == len(titles)


def test_what_has_no_price_in_a_region_is_told() -> None:
    data = sample.data()
    data["meshes"]["east"]["region"] = data["hubs"]["shared"]["region"] = "eu-west-1"
    data["cell_types"]["plain"]["zones"] = ["euw1-az1", "euw1-az2", "euw1-az3"]
    made = inventories.inventory(data)
    found = price_inventory(made, FACTS)
    (finding,) = (f for f in check_costs(found, made) if f.rule == "F384")
    unknown = {line.title for line in found[0].sum.lacking if not line.price}
    assert finding.message.startswith("no price is known in eu-west-1: r6gd.8xlarge; ")
    assert all(title in finding.message for title in unknown)
    assert found[0].sum.dollars == Decimal("83.95")  # the cluster, and three public addresses


def test_what_is_not_declared_is_told_once_for_a_type() -> None:
    made = sample.inventory(3, with_hubs_gb=None)
    found = [f for f in check_costs(price_inventory(made, FACTS), made) if f.rule == "F385"]
    assert [f.message for f in found] == ["the traffic of cell type 'plain' lacks with_hubs_gb"]


def lines(change: Any) -> dict[str, Line]:
    data = copy.deepcopy(sample.data(nodes=10))
    change(data["cell_types"]["plain"])
    made = inventories.inventory(data)
    return {line.item: line for line in price_cell(made, "cell-000", FACTS)}


def test_a_tier_costs_beside_the_cluster_and_one_without_a_price_is_told() -> None:
    xl = lines(lambda kind: kind.update(control_plane_tier="xl"))
    assert xl["control-plane-xl-hour"].dollars == Decimal("1.65") * 730
    assert xl["cluster-hour"].dollars == Decimal("73.0")
    assert (
        lines(lambda kind: kind.update(control_plane_tier="8xl"))["control-plane-8xl-hour"].dollars
        is None
    )


def test_extended_support_costs_from_its_day_on() -> None:
    def older(kind: dict[str, Any]) -> None:
        kind["kubernetes_version"] = "1.32"
        kind["addons"] = {**kind["addons"], "kube-proxy": "v1.32.0-eksbuild.1"}

    assert lines(older)["extended-support-hour"].dollars == Decimal("365.0")
    assert "extended-support-hour" not in lines(lambda _: None)


def test_a_cell_without_egress_pays_for_endpoints_in_each_zone() -> None:
    made = lines(lambda kind: kind.update(egress="none"))
    count = len(FACTS.endpoints) * 3
    hour = made["interface-endpoint-hour"]
    assert hour.quantity is not None
    assert hour.quantity % (3 * 730) == 0
    assert hour.quantity <= count * 730
    assert "nat-gateway-hour" not in made


def test_a_cell_of_spot_instances_has_no_price() -> None:
    made = lines(lambda kind: kind["node_groups"]["all"].update(capacity="spot"))
    assert made["spot-instance-hour"].why_not == "no price in us-east-1"


def test_a_cell_with_its_part_of_the_mesh() -> None:
    made = sample.inventory(2, to_cells_gb=300, same_zone_percentage=0)
    one = sum_of_cell(made, "cell-000", FACTS)
    assert one.transfer == 6
    assert one.dollars == costs(made).of("cell-000").dollars


def test_the_age_and_the_doubt_of_a_sum() -> None:
    made = costs(sample.inventory())
    assert str(oldest(made.bill)) == "2021-02-04"
    (gateway,) = (way for way in made.interconnects if way.id == "gateway")
    assert unconfirmed(gateway.lines) == ("transit gateway attachment",)


@pytest.mark.parametrize("kind", INTERCONNECTS)
def test_the_other_cell_pays_for_what_it_sends_itself(kind: Any) -> None:
    data = sample.data(2)
    data["cells"]["cell-001"]["traffic"] = {"to_cells_gb": 1000, "with_hubs_gb": 0}
    made = inventories.inventory(data)
    moved = [line for line in mesh_lines(kind, made, "east", FACTS) if line.is_transfer]
    assert {line.owner for line in moved if line.quantity} == {"cell-001"}


def test_looks_at_logs_cost_by_the_thousand_where_their_number_is_declared() -> None:
    def looking(**history: Any) -> Line:
        spark = {
            **sample.data()["cell_types"]["plain"]["spark"],
            "history": {"image": "example.com/spark:4.0.1", **history},
        }
        return lines(lambda kind: kind.update(spark=spark))["s3-list-thousand"]

    assert looking().why_not == "spark.history.logs_per_day is not declared"
    one, ten = (looking(logs_per_day=n).dollars for n in (1000, 10_000))
    assert one is not None
    assert ten is not None
    assert 0 < one <= ten


def test_gateways_that_are_peered_are_told_as_not_priced() -> None:
    """No page of AWS says what crosses from one gateway to another costs."""
    made = inventories.data(2)
    west = {"region": "us-west-2", "hubs": [], "interconnect": "gateway"}
    over = {"account": "888888888888", "organization": "one"}
    made["meshes"]["west"] = {**west, "gateway": {**over, "asn": 64513}}
    made["meshes"]["east"] |= {"interconnect": "gateway", "gateway": {**over, "peers": ["west"]}}
    made["organizations"]["one"]["member_role"] = "CellFactoryMember"
    there = copy.deepcopy(made["cell_types"]["plain"])
    made["cell_types"]["there"] = {**there, "zones": ["usw2-az1", "usw2-az2", "usw2-az3"]}
    made["cells"]["cell-001"] |= {"mesh": "west", "type": "there"}
    inventory = inventories.inventory(made)
    for mesh, other in (("east", "west"), ("west", "east")):
        lacking = {
            line.title for line in add(mesh_lines("gateway", inventory, mesh, FACTS)).lacking
        }
        assert f"gateway peered with {other}, and what crosses" in lacking
    alone = sample.inventory(2)
    assert not any("peered" in line.title for line in mesh_lines("gateway", alone, "east", FACTS))
    found = [
        f for f in check_costs(price_inventory(inventory, FACTS), inventory) if f.rule == "F384"
    ]
    assert all("gateway peered with" in finding.message for finding in found)
    assert len(found) == 2
