"""The published decision comes out for the published numbers, and flips where they are others."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from cellfactory.facts.loader import load_facts
from cellfactory.inventory.interconnect import STEPS, Interconnect
from cellfactory.options.answer import MeshOptions, Options, check_options, judge_options
from cellfactory.options.model import Judged
from tests import inventories
from tests.unit.pricing.sample import PUBLISHED_GB, data

FACTS = load_facts()
NODES_PER_ZONE = 433
"""Of each cell: 1,299 in three zones, the most that the published 1,300 allow."""


def published(cells: int = 6, **traffic: Any) -> dict[str, Any]:
    """Make cells in two organizations, with jobs on Spark 3.2 and traffic that stays in a zone."""
    known = {"with_hubs_gb": PUBLISHED_GB // cells, "same_zone_percentage": 100, **traffic}
    made = data(cells, NODES_PER_ZONE, **known)
    made["organizations"]["two"] = {
        "management_account": "222222222222",
        "provisioning_role": "CellFactory",
    }
    made["cells"]["cell-000"]["organization"] = "two"
    made["hubs"]["shared"]["quotas"] = {"L-CD17FD4B": 512000}
    made["cell_types"]["plain"]["load"] = {"oldest_spark": "3.2"}
    return made


def judged(made: dict[str, Any]) -> Options:
    return judge_options(inventories.inventory(made), FACTS)


def mesh(made: dict[str, Any]) -> MeshOptions:
    (found,) = judged(made).meshes
    return found


def of(options: tuple[Judged, ...], id_: str) -> Judged:
    return next(option for option in options if option.id == id_)


def pods(made: dict[str, Any], id_: str) -> Judged:
    return of(judged(made).types[0].options, id_)


def said(option: Judged, rule: str) -> list[str]:
    return [f"{r.effect}: {r.text}" for r in option.reasons if r.rule == rule]


def test_peering_now_and_a_transit_gateway_later() -> None:
    first, second, *_ = mesh(published()).options
    assert (first.id, first.verdict) == ("peering", "fits")
    assert first.cost.dollars == 0
    assert (second.id, second.verdict) == ("gateway", "fits at a price")
    assert second.cost.transfer == 2_400_000
    assert "favours: two-way door" in said(first, "way-back")[0]


def test_a_shared_vpc_is_refused_for_the_reasons_that_were_given() -> None:
    shared = of(mesh(published()).options, "shared_vpc")
    assert shared.verdict == "refused"
    assert said(shared, "organizations")[0].startswith("refuses: subnets are shared in one org")
    assert "one-way door" in said(shared, "way-back")[0]
    assert "one blast radius" in said(shared, "blast-radius")[0]


def test_in_one_organization_a_shared_vpc_is_a_one_way_door_and_no_more() -> None:
    made = published(2)
    made["cells"]["cell-000"]["organization"] = "one"
    options = mesh(made).options
    shared = of(options, "shared_vpc")
    assert shared.verdict == "fits at a price"
    assert shared.rank == len([o for o in options if o.rank])  # a way back weighs more than money


def test_a_shared_vpc_holds_only_so_much() -> None:
    made = published(30)
    made["cells"]["cell-000"]["organization"] = "one"
    shared = of(mesh(made).options, "shared_vpc")
    assert any(
        text.startswith("refuses: NAU of one VPC: ") for text in said(shared, "blast-radius")
    )


def test_custom_networking_is_chosen_and_why_not_the_others() -> None:
    made = published()
    first = judged(made).types[0].options[0]
    assert (first.id, first.verdict) == ("custom", "fits")
    assert "refuses: jobs need Spark 3.4; they run on 3.2 (load.oldest_spark)" in said(
        pods(made, "ipv6"), "family"
    )
    assert pods(made, "nat_gateway").cost.transfer == 5_400_000
    assert pods(made, "host").verdict == "refused"
    assert pods(made, "overlay").verdict == "fits at a price"


def test_with_a_newer_spark_ipv6_is_an_option() -> None:
    made = published()
    made["cell_types"]["plain"]["load"] = {"oldest_spark": "3.5"}
    assert pods(made, "ipv6").verdict == "fits at a price"
    made["cell_types"]["plain"]["load"] = {"oldest_spark": "4.0"}
    assert pods(made, "ipv6").verdict == "fits at a price"


def small(cells: int, **traffic: Any) -> dict[str, Any]:
    made = data(cells, 2, with_hubs_gb=100, **traffic)
    made["hubs"]["shared"]["quotas"] = {"L-7E9ECCDB": 125, "L-CD17FD4B": 512000}
    made["cell_types"]["plain"]["quotas"] |= {"L-7E9ECCDB": 125}
    return made


@pytest.mark.parametrize(("cells", "first"), [(3, "peering"), (30, "peering"), (60, "gateway")])
def test_with_little_traffic_and_many_cells_a_gateway_is_ahead(cells: int, first: str) -> None:
    assert mesh(small(cells)).options[0].id == first


def test_with_much_traffic_peering_stays_ahead_of_many_cells() -> None:
    made = small(60)
    made["cell_types"]["plain"]["traffic"] |= {"with_hubs_gb": 10**6, "same_zone_percentage": 100}
    assert mesh(made).options[0].id == "peering"


@pytest.mark.parametrize(("cells", "verdict"), [(125, "fits at a price"), (126, "refused")])
def test_a_vpc_peers_with_a_hundred_and_twenty_five_others(cells: int, verdict: str) -> None:
    found = mesh(small(cells))  # each cell with each, and with the hub
    peering = of(found.options, "peering")
    assert peering.verdict == verdict
    assert found.options[0].id == "gateway"
    refused = [finding.message for finding in check_options([found])]
    assert bool(refused) == (verdict == "refused")
    if refused:
        assert "peering connections of cell-000: 126; AWS allows 125 at most" in refused[0]


def at(step: str, made: dict[str, Any], **gateway: Any) -> dict[str, Any]:
    """Bring a mesh to a step, with a gateway that its hub is attached to."""
    network = {"account": "888888888888", "organization": "one", **gateway}
    made["meshes"]["east"] |= {"interconnect": step, "gateway": network}
    made["hubs"]["shared"]["attachments"] = {"east": "tgw-attach-0f00ba120f00ba120"}
    if step == "canary":
        made["meshes"]["east"]["canary"] = ["cell-000"]
    return made


@pytest.mark.parametrize("step", STEPS)
def test_what_an_option_takes_does_not_depend_on_where_the_mesh_is(step: Interconnect) -> None:
    here, there = mesh(small(126)), mesh(at(step, small(126)))
    for one in here.options:
        other = of(there.options, one.id)
        assert (other.verdict, other.reasons, other.rank) == (one.verdict, one.reasons, one.rank)


@pytest.mark.parametrize("cells", [20, 100, 126])
def test_route_tables_are_no_end_of_a_gateway_whose_cells_share_one(cells: int) -> None:
    apart = of(mesh(small(cells)).options, "gateway")
    told = said(apart, "segments")
    assert apart.verdict == "fits at a price"
    assert told[0].startswith("costs: ")
    assert told[0].endswith("; 2 with route_tables: mesh")
    shared = of(mesh(at("gateway", small(cells), route_tables="mesh")).options, "gateway")
    assert said(shared, "segments") == [
        "notes: route tables, one for all cells and one for hubs: 2 of 20",
        f"notes: routes in all of them: {2 * (cells + 1):,} of 10,000",
    ]


def test_a_default_quota_is_a_price() -> None:
    made = small(60)
    del made["cell_types"]["plain"]["quotas"]["L-7E9ECCDB"]
    del made["hubs"]["shared"]["quotas"]["L-7E9ECCDB"]
    peering = of(mesh(made).options, "peering")
    assert (
        "costs: peering connections of cell-000: 60; the limit is 50, L-7E9ECCDB has to be "
        "raised" in said(peering, "peerings")
    )


def test_pods_that_must_be_unique_run_out() -> None:
    found = mesh(published(22))
    assert said(of(found.options, "peering"), "pod-blocks")[0].startswith("refuses: pod addresses")
    assert said(of(found.options, "gateway"), "pod-blocks")[0].startswith("notes: pod blocks may")
    assert found.options[0].id == "gateway"


def test_pods_that_must_be_unique_are_a_price_of_custom_networking_and_no_refusal() -> None:
    assert said(pods(published(22), "custom"), "address-room")[1].startswith("costs: pod addr")
    assert pods(published(21), "custom").verdict == "fits"
    made = published(1)
    made["address_pools"]["pod"] = ["100.64.0.0/16"]
    assert said(pods(made, "custom"), "address-room")[1] == (
        "refuses: pod addresses of one cell: 196,608; the pool has 65,536"
    )


def test_a_cell_that_no_block_holds_is_told() -> None:
    made = published(1)
    made["cell_types"]["plain"]["node_groups"]["all"]["nodes_per_zone"] = 4000
    assert {finding.rule for finding in judged(made).wrong} == {"F203"}


def test_one_cell_alone_is_more_than_an_attachment_takes() -> None:
    gateway = of(mesh(published(1)).options, "gateway")
    assert said(gateway, "bandwidth")[0] == (
        "refuses: mean rate of cell cell-000: 365 Gbit/s; its attachment takes 300 in 3 zones"
    )


def test_what_one_misconfigured_cell_does_to_all_its_peers() -> None:
    made = published(4)
    made["cell_types"]["plain"]["quotas"] = {"L-BB24F6E5": 256000}
    made["hubs"]["shared"]["quotas"] = {}
    peering = of(mesh(made).options, "peering")
    assert any(text.startswith("costs: one misconfigured cell") for text in said(peering, "nau"))
    assert said(of(mesh(made).options, "gateway"), "nau")[0].startswith("favours: NAU: each VPC")


def test_lattice_reaches_no_address() -> None:
    made = published(2)
    assert of(mesh(made).options, "lattice").verdict == "refused"
    made["meshes"]["east"]["cell_to_cell"] = "none"
    star = of(mesh(made).options, "lattice")
    assert star.verdict == "fits at a price"
    assert star.cost.transfer == 3_000_000


def test_what_crosses_zones_makes_peering_as_dear_as_a_gateway() -> None:
    options = mesh(published(same_zone_percentage=0)).options
    peering, gateway = of(options, "peering"), of(options, "gateway")
    assert peering.cost.transfer == gateway.cost.transfer == 2_400_000
    assert peering.rank < gateway.rank  # attachments cost besides
    assert gateway.cost.fixed == Decimal("36.50") * 7


def test_what_has_no_price_is_never_ahead_of_what_has_one() -> None:
    options = mesh(published()).options
    assert [o.id for o in options if o.rank][-1] == "cloud_wan"
    assert not of(options, "cloud_wan").is_priced
