"""`doctor` in the account of a hub: the role, the VPC, its blocks, room for peerings and routes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pytest

from cellfactory.credentials import Session
from cellfactory.errors import Finding, TerraformError
from cellfactory.facts.iam import load_iam
from cellfactory.facts.loader import load_facts
from cellfactory.layers.hub_rights import hub_statements
from cellfactory.layers.stack import Access
from cellfactory.runs.doctor import Doors, choose_subjects, examine
from cellfactory.runs.questions import Answer, Subject, finding_of
from tests.inventories import cell, data, inventory
from tests.unit.runs.test_doctor import Fake, refused

FACTS = load_facts()
HUB = Subject("hub", "shared")
VPC, TABLE = "vpc-0f00ba12", "rtb-0f00ba12"
ROLE = "arn:aws:iam::333333333333:role/accept"
Table = dict[tuple[str, str], Any]


def joined(**hub: Any) -> Any:
    """Three cells and a hub that a role accepts for; another one, by hand, that nobody reaches."""
    made = data(0)
    made["cells"] = {name: cell(number) for number, name in enumerate("abc")}
    told = {
        "account": "333333333333",
        "vpc": VPC,
        "region": "us-east-1",
        "blocks": ["10.0.0.0/16"],
        "accept": {"role": ROLE, "via": "one"},
        "route_tables": [TABLE],
    }
    by_hand = {**told, "vpc": "vpc-0f00ba13", "blocks": ["10.1.0.0/16"], "accept": "manual"}
    made["hubs"] = {"shared": {**told, **hub}, "other": {**by_hand, "route_tables": []}}
    made["meshes"]["east"] |= {"hubs": ["shared"], "cell_to_cell": "none"}
    return inventory(made)


def vpc(*blocks: str) -> dict[str, Any]:
    rows = [{"CidrBlock": b, "CidrBlockState": {"State": "associated"}} for b in blocks]
    gone = {"CidrBlock": "10.9.0.0/16", "CidrBlockState": {"State": "disassociated"}}
    return {"Vpcs": [{"VpcId": VPC, "CidrBlockAssociationSet": [*rows, gone]}]}


def peerings(others: int, ours: int = 0) -> dict[str, Any]:
    rows: list[dict[str, Any]] = [
        {"VpcPeeringConnectionId": f"pcx-{n}", "RequesterVpcInfo": {"OwnerId": "777777777777"}}
        for n in range(others)
    ]
    tagged = [{"Key": "cellfactory:hub", "Value": "shared"}]
    rows += [
        {
            "VpcPeeringConnectionId": f"pcx-our-{n}",
            "RequesterVpcInfo": {"OwnerId": "777777777777"},
            "Tags": tagged,
        }
        for n in range(ours)
    ]
    return {"VpcPeeringConnections": rows}


def routes(others: int, ours: int = 0, owner: str = VPC) -> dict[str, Any]:
    rows: list[dict[str, Any]] = [
        {"DestinationCidrBlock": f"10.{n}.0.0/16", "NatGatewayId": "nat-1"} for n in range(others)
    ]
    rows += [
        {"DestinationCidrBlock": f"10.{n}.1.0/24", "VpcPeeringConnectionId": f"pcx-our-{n}"}
        for n in range(ours)
    ]
    rows.append({"DestinationIpv6CidrBlock": "::/0", "GatewayId": "igw-1"})
    propagated = {"Origin": "EnableVgwRoutePropagation", "GatewayId": "vgw-1"}
    rows.append({"DestinationCidrBlock": "192.168.0.0/16", **propagated})
    return {"RouteTables": [{"RouteTableId": TABLE, "VpcId": owner, "Routes": rows}]}


def well() -> Table:
    return {
        ("ec2", "describe_vpcs"): vpc("10.0.0.0/16"),
        ("ec2", "describe_vpc_peering_connections"): peerings(47, 3),
        ("ec2", "describe_route_tables"): routes(497, 3),
    }


def ask(
    made: Any, table: Mapping[tuple[str, str], Any] | None = None, fault: Exception | None = None
) -> list[Answer]:
    went: list[Access] = []

    def enter(access: Access) -> Session:
        went.append(access)
        if fault:
            raise fault
        return Fake(well() | dict(table or {}))

    doors = Doors(enter=enter, find_terraform=object)
    told = list(examine(made, FACTS, HUB, doors))
    assert {access.roles[-1] for access in went} == {ROLE}
    return told


def test_where_all_is_well_every_claim_holds() -> None:
    answers = ask(joined())
    assert {answer.status for answer in answers} == {"ok"}
    assert [answer.claim for answer in answers] == [
        f"{ROLE} can be assumed from arn:aws:iam::111111111111:role/CellFactory",
        f"{VPC} is there",
        "its blocks are those of cells.yaml",
        "it has room for peerings with 3 cells",
        f"{TABLE} has room for routes to 3 cells",
    ]


BROKEN: dict[str, tuple[str, Any, str, str]] = {  # what, its answer, the status, what is seen
    "no VPC": ("vpcs", refused("InvalidVpcID.NotFound"), "failed", "333333333333 has no vpc-"),
    "other blocks": ("vpcs", vpc("10.4.0.0/16"), "failed", "has no 10.0.0.0/16; it has 10.4.0"),
    "more blocks": ("vpcs", vpc("10.0.0.0/16", "10.4.0.0/16"), "warning", "also has 10.4.0.0/16"),
    "full of peerings": ("vpc_peering_connections", peerings(48, 3), "failed",
                         "48 peerings with others: with those of 3 cells 51; its quota is 50"),
    "full of routes": ("route_tables", routes(498), "failed",
                       "498 routes to others: with those of 3 cells 501; its quota is 500"),
    "table of another": ("route_tables", routes(0, owner="vpc-1"), "failed", "table of vpc-1"),
    "no table": ("route_tables", refused("InvalidRouteTableID.NotFound"), "failed", "no rtb-0f"),
    "may not look": ("route_tables", refused("UnauthorizedOperation"), "warning", "not known"),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_wrong_is_named_with_a_fix(name: str) -> None:
    call, answer, status, seen = BROKEN[name]
    answers = ask(joined(), {("ec2", f"describe_{call}"): answer})
    found = [a for a in answers if a.status in ("failed", "warning")]
    assert [a.status for a in found] == [status]
    assert re.search(seen, found[0].seen), found[0].seen
    assert found[0].fix
    finding = finding_of(found[0])
    assert finding is not None
    assert finding.path[:2] == ("hubs", "shared")


def test_quotas_of_the_hub_count() -> None:
    made = joined(quotas={"L-7E9ECCDB": 60, "L-93826ACB": 600})
    table = {
        ("ec2", "describe_vpc_peering_connections"): peerings(57),
        ("ec2", "describe_route_tables"): routes(597),
    }
    assert {answer.status for answer in ask(made, table)} == {"ok"}


def test_what_lies_behind_a_gateway_may_be_no_block_of_the_vpc() -> None:
    made = joined(blocks=["10.0.0.0/16", "10.6.0.0/16"])
    attached = made.hubs["shared"].model_copy(update={"attachments": {"east": "tgw-attach-0a"}})
    beside = made.model_copy(update={"hubs": {**made.hubs, "shared": attached}})
    for one, status in ((made, "failed"), (beside, "warning")):
        (answer,) = [a for a in ask(one) if a.status != "ok"]
        assert (answer.status, answer.claim) == (status, "its blocks are those of cells.yaml")


def test_a_role_that_does_not_trust_us_bars_the_rest() -> None:
    fault = TerraformError(Finding(rule="F622", message="AccessDenied"))
    fault.__cause__ = refused("AccessDenied")
    first, *rest = ask(joined(), fault=fault)
    assert (first.status, first.fix) == (
        "failed",
        "docs/prerequisites.md, By a role, has what its owner lets the role do, and for whom",
    )
    assert {answer.status for answer in rest} == {"skipped"}


def test_nothing_is_asked_where_the_owner_accepts_by_hand() -> None:
    def enter(access: Access) -> Session:
        raise AssertionError(access)

    doors = Doors(enter=enter, find_terraform=object)
    told = list(examine(joined(), FACTS, Subject("hub", "other"), doors))
    assert [(answer.status, answer.path) for answer in told] == [
        ("skipped", ("hubs", "other", "account"))
    ]


def test_a_cell_comes_with_its_hubs() -> None:
    def hubs(*cells: str) -> list[str]:
        return [s.name for s in choose_subjects(joined(), cells) if s.kind == "hub"]

    assert hubs() == ["shared", "other"]
    assert hubs("a") == ["shared"]


def test_the_role_may_ask_all_of_it() -> None:
    asked = {"ec2:DescribeVpcs", "ec2:DescribeRouteTables", "ec2:DescribeVpcPeeringConnections"}
    plain = joined(route_tables=[]).hubs["shared"]
    for reads in (False, True):
        (look,) = [one for one in hub_statements(plain, reads=reads) if one.sid == "HubLook"]
        assert asked <= set(look.actions)
    assert {load_iam().actions[action].reads for action in asked} == {True}
