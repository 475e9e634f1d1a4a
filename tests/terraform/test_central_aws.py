"""A mesh behind a transit gateway with a central way out, on the real provider.

What a packet of a cell meets is asked of the emulated EC2: the route tables of the cell, of the
gateway, and of the VPC that leads out, there and back. While cells change their ways, packets are
followed all the time: out of the cell that does, out of the one that does not, and between them.
The tests of this file are the steps of one story, in the order in which they stand.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

from cellfactory.documents import load_data, render_data
from tests.terraform.ladder import ROOT, Ladder, climbing
from tests.terraform.watch import Ends, watched

pytestmark = [
    pytest.mark.terraform,
    pytest.mark.sandbox,
    pytest.mark.timeout(1_500),
    pytest.mark.long,
]

REGION, MESH, NETWORK = "us-west-2", "moka-usw2", "999999999999"
ZONES = ["usw2-az1", "usw2-az2", "usw2-az3"]
CELLS = {"moka-usw2-a": "666666666666", "moka-usw2-b": "888888888888"}
USER, OTHER = CELLS
LAYERS = ("network", "gateway", "egress", "transit", "segments", "routes")
CHOSEN = tuple(word for layer in LAYERS for word in ("--layer", layer))
LETTING_GO = tuple(
    w for each in ("egress", "routes", "segments") for w in ("--allow-destroy", each)
)
INTERNET = "8.8.8.8"


def inventory() -> dict[str, Any]:
    """Two cells that do not reach each other, one of which has the central way out."""
    made: dict[str, Any] = load_data((ROOT / "cells.yaml").read_text("utf-8"))
    kind = made["cell_types"]["spark-small-usw2"]
    for name, egress in (("out", "central"), ("closed", "none")):
        made["cell_types"][name] = copy.deepcopy({**kind, "egress": egress})
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


def change_type(ladder: Ladder, name: str, *cells: str) -> None:
    """Give cells another type."""
    told = load_data((ladder.folder / "cells.yaml").read_text("utf-8"))["cells"]
    ladder.change_cells({cell: {**told[cell], "type": name} for cell in cells})
    ladder.run("lock")
    ladder.run("synth")


@dataclass(slots=True)
class Followed:
    """Packets out of each cell, and between cells, by what EC2 says at a moment."""

    ends: Ends
    moves: str  # the cell whose way changes
    seen: list[bool] = field(default_factory=list)  # whether it had a way, each change of that once

    def look(self) -> list[str]:
        """Say what is wrong: a cell that keeps its way has none, or packets get to a neighbour."""
        now, starts = self.ends.now(), self.ends.starts
        holes = {
            cell: [why for each in starts[cell] if (why := now.way(each, INTERNET).blocker)]
            for cell in CELLS
        }
        wrong = [f"{cell}: {why}" for cell in holes if cell != self.moves for why in holes[cell]]
        wrong += [
            f"{one} gets to {other}"
            for one, other in permutations(CELLS, 2)
            for start in starts[one]
            if now.way(start, self.ends.addresses[other], back=False)
        ]
        has_way = not holes[self.moves]
        if self.seen[-1:] != [has_way]:
            self.seen.append(has_way)
        return wrong


@contextmanager
def followed(ladder: Ladder, cell: str, *, seen: list[bool]) -> Iterator[None]:
    """Follow packets while the way of a cell changes; what it had is told by `seen`."""
    ends = Ends(ladder, REGION, CELLS)
    ends.find(*CELLS)
    packets = Followed(ends, cell)
    packets.look()
    with watched(packets.look) as watch:
        yield
    packets.look()
    assert packets.seen == seen
    assert watch.looks > 3


def test_a_cell_moves_from_its_own_gateways_to_the_central_way(ladder: Ladder) -> None:
    """It has no way out from when its network is applied until its routes are, as documented."""
    change_type(ladder, "out", OTHER)
    with followed(ladder, OTHER, seen=[True, False, True]):
        ladder.results("apply", "--no-bake", "--allow-destroy", "network", *CHOSEN)
    for zone in ZONES:
        routes = table(ladder, CELLS[OTHER], f"{OTHER}-node-{zone}")
        assert longest(routes, INTERNET).startswith("tgw-")
    out, own = attachment(ladder, NETWORK), attachment(ladder, CELLS[OTHER])
    assert over_gateway(ladder, own, INTERNET) == out
    assert over_gateway(ladder, out, address(ladder, OTHER)) == own
    assert over_gateway(ladder, own, address(ladder, USER)) is None
    test_a_plan_afterwards_changes_nothing(ladder)


def test_the_way_back_in_one_step_is_refused(ladder: Ladder) -> None:
    change_type(ladder, "spark-small-usw2", OTHER)
    ladder.run("apply", "--sandbox", "--no-bake", *CHOSEN, code=3)
    assert "F759" in ladder.stderr


def test_the_step_between_leaves_nothing_that_leads_to_the_cell(ladder: Ladder) -> None:
    change_type(ladder, "closed", OTHER)
    with followed(ladder, OTHER, seen=[True, False]):
        ladder.results("apply", "--no-bake", *LETTING_GO, *CHOSEN)
        assert "destroy --sandbox --gone" in ladder.stderr
        # it reaches nobody else, so that it has no such state any more
        assert set(ladder.results("destroy", "--gone")) == {f"{OTHER}-routes"}
    back = address(ladder, OTHER)
    assert over_gateway(ladder, attachment(ladder, NETWORK), back) is None
    public = table(ladder, NETWORK, f"{MESH}-egress-public")
    assert longest(public, back).startswith("igw-"), "by the default route, which is dropped"
    for zone in ZONES:
        assert longest(table(ladder, CELLS[OTHER], f"{OTHER}-node-{zone}"), INTERNET) is None
    test_a_plan_afterwards_changes_nothing(ladder)


def test_then_the_cell_has_gateways_of_its_own_again(ladder: Ladder) -> None:
    change_type(ladder, "spark-small-usw2", OTHER)
    with followed(ladder, OTHER, seen=[False, True]):
        # the endpoints go that it had as long as it had no way out
        rows = ladder.results("apply", "--no-bake", "--allow-destroy", "network", *CHOSEN)
    assert {name for name, row in rows.items() if row["status"] == "applied"} == {
        f"{OTHER}-network"
    }
    for zone in ZONES:
        routes = table(ladder, CELLS[OTHER], f"{OTHER}-node-{zone}")
        assert longest(routes, INTERNET).startswith("nat-")
    test_a_plan_afterwards_changes_nothing(ladder)


def test_the_way_out_of_a_mesh_goes_with_the_last_cell_that_takes_it(ladder: Ladder) -> None:
    file = ladder.folder / "cells.yaml"
    told = load_data(file.read_text("utf-8"))
    del told["meshes"][MESH]["gateway"]["egress"]
    file.write_text(render_data(told), "utf-8")
    change_type(ladder, "closed", USER)
    left = ("network", "gateway", "transit", "segments")
    rest = tuple(word for layer in left for word in ("--layer", layer))
    ladder.results("apply", "--no-bake", "--allow-destroy", "segments", *rest)
    rows = ladder.results("destroy", "--gone")
    assert {row["status"] for row in rows.values()} == {"destroyed"}
    assert set(rows) == {f"{MESH}-egress", f"{USER}-routes"}
    ec2 = ladder.client("ec2", NETWORK, REGION)
    assert ec2.describe_vpcs()["Vpcs"] == []
    assert ec2.describe_addresses()["Addresses"] == []
    results = ladder.results("plan", "--exit-code", *rest)
    assert {result["status"] for result in results.values()} == {"no-change"}


def test_it_goes_again_and_nothing_is_left(ladder: Ladder) -> None:
    rows = ladder.results("destroy")
    assert {row["status"] for row in rows.values()} == {"destroyed"}
    for account in (NETWORK, *CELLS.values()):
        assert ladder.leftovers(account, REGION) == []
