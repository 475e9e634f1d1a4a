"""A mesh behind a transit gateway with a central way out, on the real provider.

What a packet of a cell meets is asked of the emulated EC2: the route tables of the cell, of the
gateway, and of the VPC that leads out, there and back.
"""

from __future__ import annotations

import copy
import os
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from typing import Any

import pytest

from cellfactory.documents import load_data
from tests.terraform.ladder import ROOT, Ladder, climbing

pytestmark = [
    pytest.mark.terraform,
    pytest.mark.sandbox,
    pytest.mark.timeout(1_500),
    pytest.mark.skipif(
        "CELLFACTORY_LONG" not in os.environ, reason="opt-in: `python3 dev.py long`"
    ),
]

REGION, MESH, NETWORK = "us-west-2", "moka-usw2", "999999999999"
ZONES = ["usw2-az1", "usw2-az2", "usw2-az3"]
CELLS = {"moka-usw2-a": "666666666666", "moka-usw2-b": "888888888888"}
USER, OTHER = CELLS
LAYERS = ("network", "gateway", "egress", "transit", "segments", "routes")
CHOSEN = tuple(word for layer in LAYERS for word in ("--layer", layer))
INTERNET = "198.51.100.7"


def inventory() -> dict[str, Any]:
    """Two cells that do not reach each other, one of which has the central way out."""
    made: dict[str, Any] = load_data((ROOT / "cells.yaml").read_text("utf-8"))
    kind = made["cell_types"]["spark-small-usw2"]
    made["cell_types"]["out"] = copy.deepcopy({**kind, "egress": "central"})
    made["meshes"][MESH] |= {
        "interconnect": "gateway",
        "cell_to_cell": "none",
        "gateway": {
            "account": NETWORK,
            "organization": "next",
            "egress": {"block": "10.32.0.0/24", "zones": ZONES},
        },
    }
    made["organizations"]["next"]["resource_sharing"] = True
    shipped = made["cells"][USER]
    made["cells"] = {
        name: copy.deepcopy({**shipped, "account": {"id": account}})
        for name, account in CELLS.items()
    }
    made["cells"][USER]["type"] = "out"
    return made


@pytest.fixture(scope="module")
def ladder(tmp_path_factory: pytest.TempPathFactory, terraform_mirror: Path) -> Iterator[Ladder]:
    with climbing(tmp_path_factory.mktemp("central"), terraform_mirror, inventory()) as ladder:
        ladder.results("apply", "--no-bake", *CHOSEN)
        yield ladder


def longest(routes: dict[str, Any], to: str) -> Any:
    """The target of the longest block that an address is in."""
    fitting = [block for block in routes if IPv4Address(to) in IPv4Network(block)]
    return routes[max(fitting, key=lambda b: IPv4Network(b).prefixlen)] if fitting else None


def table(ladder: Ladder, account: str, name: str) -> dict[str, Any]:
    """The routes of a route table of a VPC, by its name."""
    ec2 = ladder.client("ec2", account, REGION)
    (found,) = ec2.describe_route_tables(Filters=[{"Name": "tag:Name", "Values": [name]}])[
        "RouteTables"
    ]
    return {
        row["DestinationCidrBlock"]: row["GatewayId"]
        if row.get("GatewayId")
        else row.get("NatGatewayId") or row.get("TransitGatewayId")
        for row in found["Routes"]
        if "DestinationCidrBlock" in row
    }


def attachment(ladder: Ladder, account: str) -> str:
    """The attachment of the one VPC of an account."""
    ec2 = ladder.client("ec2", account, REGION)
    rows = ec2.describe_transit_gateway_vpc_attachments()["TransitGatewayVpcAttachments"]
    (own,) = [row for row in rows if row["VpcOwnerId"] == account]
    return str(own["TransitGatewayAttachmentId"])


def over_gateway(ladder: Ladder, source: str, to: str) -> str | None:
    """The attachment that the gateway sends a packet of another one to; None where it drops it."""
    ec2 = ladder.client("ec2", NETWORK, REGION)
    (found,) = [
        row
        for row in ec2.describe_transit_gateway_attachments()["TransitGatewayAttachments"]
        if row["TransitGatewayAttachmentId"] == source
    ]
    rows = ec2.search_transit_gateway_routes(
        TransitGatewayRouteTableId=found["Association"]["TransitGatewayRouteTableId"],
        Filters=[{"Name": "type", "Values": ["static"]}],
    )["Routes"]
    routes = {
        row["DestinationCidrBlock"]: None
        if row["State"] == "blackhole"
        else row["TransitGatewayAttachments"][0]["TransitGatewayAttachmentId"]
        for row in rows
    }
    target: str | None = longest(routes, to)
    return target


def address(ladder: Ladder, cell: str) -> str:
    """An address of a node of a cell."""
    ec2 = ladder.client("ec2", CELLS[cell], REGION)
    (vpc,) = ec2.describe_vpcs(Filters=[{"Name": "tag:Name", "Values": [cell]}])["Vpcs"]
    return str(IPv4Network(vpc["CidrBlock"]).network_address + 9)


def test_a_plan_afterwards_changes_nothing(ladder: Ladder) -> None:
    results = ladder.results("plan", "--exit-code", *CHOSEN)
    assert {result["status"] for result in results.values()} == {"no-change"}


def test_the_internet_is_reached_and_the_way_back_leads_to_the_cell(ladder: Ladder) -> None:
    out, own = attachment(ladder, NETWORK), attachment(ladder, CELLS[USER])
    for zone in ZONES:
        routes = table(ladder, CELLS[USER], f"{USER}-node-{zone}")
        assert longest(routes, INTERNET).startswith("tgw-")
        inside = table(ladder, NETWORK, f"{MESH}-egress-attachment-{zone}")
        assert longest(inside, INTERNET).startswith("nat-")
    assert over_gateway(ladder, own, INTERNET) == out
    public = table(ladder, NETWORK, f"{MESH}-egress-public")
    assert longest(public, INTERNET).startswith("igw-")
    back = address(ladder, USER)
    assert longest(public, back).startswith("tgw-")
    assert over_gateway(ladder, out, back) == own


def test_a_cell_without_it_has_no_way_out_and_none_leads_to_it(ladder: Ladder) -> None:
    for zone in ZONES:
        routes = table(ladder, CELLS[OTHER], f"{OTHER}-node-{zone}")
        assert not str(longest(routes, INTERNET)).startswith("tgw-")
    own = attachment(ladder, CELLS[USER])
    assert over_gateway(ladder, own, address(ladder, OTHER)) is None
    assert over_gateway(ladder, attachment(ladder, NETWORK), address(ladder, OTHER)) is None


def change_type(ladder: Ladder, cell: str, name: str) -> None:
    """Give a cell another type."""
    cells = load_data((ladder.folder / "cells.yaml").read_text("utf-8"))["cells"]
    ladder.change_cells({cell: {**cells[cell], "type": name}})
    ladder.run("lock")
    ladder.run("synth")


def test_a_cell_moves_from_its_own_gateways_to_the_central_way(ladder: Ladder) -> None:
    change_type(ladder, OTHER, "out")
    ladder.results("apply", "--no-bake", "--allow-destroy", "network", *CHOSEN)
    for zone in ZONES:
        routes = table(ladder, CELLS[OTHER], f"{OTHER}-node-{zone}")
        assert longest(routes, INTERNET).startswith("tgw-")
    out, own = attachment(ladder, NETWORK), attachment(ladder, CELLS[OTHER])
    assert over_gateway(ladder, own, INTERNET) == out
    assert over_gateway(ladder, out, address(ladder, OTHER)) == own
    assert over_gateway(ladder, own, address(ladder, USER)) is None
    test_a_plan_afterwards_changes_nothing(ladder)


def test_it_goes_again_and_nothing_is_left(ladder: Ladder) -> None:
    rows = ladder.results("destroy")
    assert {row["status"] for row in rows.values()} == {"destroyed"}
    assert ladder.leftovers(NETWORK, REGION) == []
