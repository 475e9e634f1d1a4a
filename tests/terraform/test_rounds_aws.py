"""A mesh whose cells ask more peers than may wait at once: real provider, emulated EC2.

EC2 lets two requests of an account wait. So the lowest cell, which asks four peers and a hub, asks
in rounds, and each of them has room because peers and the hub's role accept in between. The tests
are the steps of one story, in the order in which they stand.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.inventories import data
from tests.terraform.ladder import Ladder, climbing

pytestmark = [
    pytest.mark.terraform,
    pytest.mark.sandbox,
    pytest.mark.timeout(1_500),
    pytest.mark.long,
]

CELLS, HUB_ACCOUNT = 5, "333333333333"
TABLES = ["rtb-0f00ba12", "rtb-0f00ba13"]
LOWEST = "444444444444"
EDGES = ("--layer", "peering", "--layer", "accept", "--layer", "hub", "--layer", "routes")
FREELY = ("--allow-destroy", "accept", "--allow-destroy", "hub", "--allow-destroy", "routes")


def declared() -> dict[str, Any]:
    """Five cells, each with each, and a hub that a role accepts for."""
    made = data(CELLS, nodes=3, quotas={"L-DC9F7029": 2, "L-1216C47A": 9_000})
    made["hubs"] = {
        "shared": {
            "account": HUB_ACCOUNT,
            "vpc": "vpc-0f00ba12",
            "region": "us-east-1",
            "blocks": ["10.0.0.0/16"],
            "dns_resolution": True,
            "accept": {"role": f"arn:aws:iam::{HUB_ACCOUNT}:role/accept", "via": "one"},
            "route_tables": TABLES,
        }
    }
    made["meshes"]["east"]["hubs"] = ["shared"]
    return made


@pytest.fixture(scope="module")
def ladder(tmp_path_factory: pytest.TempPathFactory, terraform_mirror: Path) -> Iterator[Ladder]:
    with climbing(tmp_path_factory.mktemp("rounds"), terraform_mirror, declared()) as ladder:
        yield ladder


def statuses(results: Mapping[str, Mapping[str, Any]]) -> set[str]:
    return {row["status"] for row in results.values()}


def connections(ladder: Ladder, account: str) -> list[dict[str, Any]]:
    """What an account asked for, or was asked, and is there."""
    told = ladder.client("ec2", account).describe_vpc_peering_connections()
    rows: list[dict[str, Any]] = told["VpcPeeringConnections"]
    return [row for row in rows if row["Status"]["Code"] != "deleted"]


def test_a_mesh_is_built_although_few_requests_may_wait(ladder: Ladder) -> None:
    results = ladder.results("apply", "--layer", "network", *EDGES)
    assert statuses(results) == {"applied"}
    assert "of 5 connections are there or asked for" in ladder.stderr
    rows = connections(ladder, LOWEST)
    assert len(rows) == CELLS
    assert {row["Status"]["Code"] for row in rows} == {"active"}


def test_the_hub_leads_back_to_each_cell_and_resolves_its_names(ladder: Ladder) -> None:
    hub = ladder.client("ec2", HUB_ACCOUNT)
    for table in hub.describe_route_tables(RouteTableIds=TABLES)["RouteTables"]:
        back = [route for route in table["Routes"] if "VpcPeeringConnectionId" in route]
        assert {route["State"] for route in back} == {"active"}
        assert len(back) == CELLS
    for row in connections(ladder, HUB_ACCOUNT):
        assert row["AccepterVpcInfo"]["PeeringOptions"]["AllowDnsResolutionFromRemoteVpc"]


def test_a_second_apply_has_nothing_to_do(ladder: Ladder) -> None:
    assert statuses(ladder.results("apply", *EDGES)) == {"no-change"}


def test_what_is_lost_is_asked_for_again_and_in_rounds(ladder: Ladder) -> None:
    ec2 = ladder.client("ec2", LOWEST)
    hub = {row["VpcPeeringConnectionId"] for row in connections(ladder, HUB_ACCOUNT)}
    lost = {row["VpcPeeringConnectionId"] for row in connections(ladder, LOWEST)} - hub
    for name in lost:
        ec2.delete_vpc_peering_connection(VpcPeeringConnectionId=name)
    ladder.results("apply", *EDGES, *FREELY)
    rows = connections(ladder, LOWEST)
    assert {row["Status"]["Code"] for row in rows} == {"active"}
    assert len(rows) == CELLS
    assert not lost & {row["VpcPeeringConnectionId"] for row in rows}
