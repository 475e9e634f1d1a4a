"""Central egress: where each packet of a cell goes, by the route tables that are written.

The routes are followed as AWS follows them, the longest block first, through the tables of cells,
of the gateway, and of the VPC that leads out.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from typing import Any

import pytest

from cellfactory.addressing.lock import EMPTY_LOCK
from cellfactory.addressing.plan import plan_addresses
from cellfactory.facts.loader import load_facts
from cellfactory.layers import list_stacks
from cellfactory.policy.catalogue import RULES
from cellfactory.policy.engine import check_stack
from cellfactory.policy.expected import NOTHING_EXPECTED
from cellfactory.stacks.synth import synth_stacks
from cellfactory.tree.document import read_document
from tests import inventories
from tests.synth.conftest import synthesize
from tests.synth.provider_schema import unknown_attributes
from tests.synth.test_policy import standing
from tests.unit.inventory.test_central_rules import ATTACHED, data

pytestmark = pytest.mark.synth

FACTS = load_facts()
INTERNET = "198.51.100.7"
NONE, CENTRAL = "cell-000", "cell-001"


@dataclass(frozen=True)
class Net:
    """What is written, and the blocks of the cells."""

    documents: dict[str, Any]
    primaries: dict[str, IPv4Network]
    pods: dict[str, tuple[IPv4Network, ...]]

    def rows(self, stack: str, local: str) -> list[dict[str, str]]:
        found = self.documents[stack]["locals"].get(local, {})
        return list(found.values())

    def from_cell(self, cell: str, to: str) -> str | None:
        """What a node's route table leads to: `gateway`, or None."""
        routes = {IPv4Network(row["block"]): row for row in self.rows(f"{cell}-routes", "routes")}
        row = longest(routes, to)
        return str(row["over"]) if row else None

    def through_gateway(self, table: str, to: str) -> str | None:
        """The attachment that a table of the gateway leads to; None for none, or a black hole."""
        routes: dict[IPv4Network, str | None] = {}
        for row in self.rows("east-segments", "routes"):
            if row["table"] == table:
                routes[IPv4Network(row["block"])] = row["to"]
        for row in self.rows("east-segments", "closed"):
            if row["table"] == table:
                assert IPv4Network(row["block"]) not in routes
                routes[IPv4Network(row["block"])] = None
        for row in self.rows("east-segments", "defaults"):
            if row["table"] == table:
                routes[IPv4Network("0.0.0.0/0")] = row["to"]
        found: str | None = longest(routes, to)
        return found

    def table_of(self, name: str) -> str:
        if name == "egress":
            return "egress"
        (row,) = [
            row
            for key, row in self.documents["east-segments"]["locals"]["attachments"].items()
            if key == name
        ]
        return str(row["table"])


def longest(routes: dict[IPv4Network, Any], to: str) -> Any:
    fitting = [block for block in routes if IPv4Address(to) in block]
    return routes[max(fitting, key=lambda block: block.prefixlen)] if fitting else None


def net(made: dict[str, Any]) -> Net:
    inventory = inventories.inventory(made)
    plan, _ = plan_addresses(inventory, EMPTY_LOCK, FACTS)
    assert [f for f in plan.findings if f.severity == "error"] == []
    written = synth_stacks(inventory, plan, FACTS, list_stacks(inventory, FACTS)).stacks
    return Net(
        documents={name: json.loads(text) for name, text in dict(written).items()},
        primaries={name: cell.primary for name, cell in plan.cells.items()},
        pods={name: cell.pod_blocks for name, cell in plan.cells.items()},
    )


@pytest.fixture(scope="module", params=["cell", "mesh"])
def plain(request: pytest.FixtureRequest) -> Net:
    made = data(hub=ATTACHED)
    made["meshes"]["east"]["gateway"]["route_tables"] = request.param
    return net(made)


@pytest.fixture(scope="module")
def inspected() -> Net:
    return net(data(hub=ATTACHED, inspection="shared"))


@pytest.fixture(scope="module")
def apart() -> Net:
    """Cells that must not reach each other, both with a way out."""
    made = data()
    made["meshes"]["east"]["cell_to_cell"] = "none"
    made["cells"]["cell-000"]["type"] = "out"
    return net(made)


def first(block: IPv4Network) -> str:
    return str(block.network_address + 9)


def test_the_provider_knows_all_of_it(plain: Net, inspected: Net) -> None:
    for each in (plain, inspected):
        for name, document in each.documents.items():
            assert unknown_attributes(document) == [], name


def test_the_internet_is_reached_by_the_way_out_and_by_those_who_have_it(plain: Net) -> None:
    assert plain.from_cell(CENTRAL, INTERNET) == "gateway"
    assert plain.through_gateway(plain.table_of(CENTRAL), INTERNET) == "egress"
    assert plain.from_cell(NONE, INTERNET) is None
    assert plain.through_gateway("egress", first(plain.primaries[CENTRAL])) == CENTRAL
    assert plain.through_gateway("egress", first(plain.primaries[NONE])) is None


def test_who_inspects_sees_both_directions(inspected: Net) -> None:
    assert inspected.through_gateway(inspected.table_of(CENTRAL), INTERNET) == "shared"
    assert inspected.through_gateway("hubs", INTERNET) == "egress"
    back = first(inspected.primaries[CENTRAL])
    assert inspected.through_gateway("egress", back) == "shared"
    assert inspected.through_gateway("hubs", back) == CENTRAL


@pytest.mark.parametrize("private", ["10.1.2.3", "172.16.0.9", "192.168.0.1", "100.100.0.1"])
def test_nothing_private_goes_out_that_has_no_way(plain: Net, private: str) -> None:
    assert plain.through_gateway(plain.table_of(CENTRAL), private) is None


def test_cells_that_are_apart_do_not_meet_at_the_way_out(apart: Net) -> None:
    """NAT and the way back would join them, were their blocks not kept from it."""
    for cell, other in ((NONE, CENTRAL), (CENTRAL, NONE)):
        assert apart.from_cell(cell, INTERNET) == "gateway"
        assert apart.through_gateway(apart.table_of(cell), INTERNET) == "egress"
        assert apart.through_gateway(apart.table_of(cell), first(apart.primaries[other])) is None


def test_pod_blocks_are_routed_nowhere(plain: Net, inspected: Net, apart: Net) -> None:
    for each in (plain, inspected, apart):
        for document in each.documents.values():
            blocks = [
                row["block"]
                for rows in document.get("locals", {}).values()
                for key, row in rows.items()
                if isinstance(row, dict) and "block" in row
            ] + [
                row["destination_cidr_block"]
                for row in document.get("resource", {}).get("aws_route", {}).values()
                if "$" not in row["destination_cidr_block"]
            ]
            closed = {r["block"] for r in document.get("locals", {}).get("closed", {}).values()}
            for block in set(blocks) - closed - {"0.0.0.0/0"}:
                for pods in each.pods.values():
                    assert not any(IPv4Network(block).overlaps(one) for one in pods), block
        for table in {row["table"] for row in each.rows("east-segments", "attachments")} | {
            "egress"
        }:
            for pods in each.pods.values():
                assert all(each.through_gateway(table, first(block)) is None for block in pods)


def test_each_zone_has_a_nat_gateway_of_its_own_and_flows_stay_in_it(plain: Net) -> None:
    found = plain.documents["east-egress"]["resource"]
    assert len(found["aws_nat_gateway"]) == len(found["aws_eip"]) == 3
    (attachment,) = found["aws_ec2_transit_gateway_vpc_attachment"].values()
    assert attachment["appliance_mode_support"] == "enable"
    for zone in ("use1-az1", "use1-az2", "use1-az4"):
        route = found["aws_route"][f"default-of-attachment-{zone}"]
        assert route["nat_gateway_id"] == f"${{aws_nat_gateway.nat-{zone}.id}}"
        table = found["aws_route_table_association"][f"table-of-attachment-{zone}"]
        assert table["route_table_id"] == f"${{aws_route_table.table-attachment-{zone}.id}}"


def test_a_cell_with_central_egress_has_no_gateway_of_its_own(plain: Net) -> None:
    found = plain.documents[f"{CENTRAL}-network"]["resource"]
    assert not found.keys() & {"aws_nat_gateway", "aws_internet_gateway", "aws_eip"}


def test_before_anything_is_attached_there_is_the_vpc_alone() -> None:
    made = data("prepare")
    made["cells"]["cell-001"]["type"] = "plain"
    early = net(made)
    locals_ = early.documents["east-egress"]["locals"]
    assert (locals_["attachments"], locals_["back"]) == ({}, {})
    assert early.documents["east-segments"]["locals"]["defaults"] == {}
    assert "aws_vpc" in early.documents["east-egress"]["resource"]


def test_the_way_out_breaks_no_policy_and_others_still_do(tmp_path: Path) -> None:
    file = tmp_path / "cells.yaml"
    file.write_text(inventories.render(data(hub=ATTACHED)), "utf-8")
    made = synthesize(file)
    about_ways = [v for v in standing(made) if v.rule in ("P103", "P104", "P105", "P120")]
    assert about_ways == []
    of_mesh = [v for v in standing(made) if v.stack[:5] == "east-" and v.severity == "error"]
    assert of_mesh == []
    # The same documents, were the inventory to give nobody a way out.
    document = made.texts[f"{CENTRAL}-routes"]
    report = check_stack(read_document(document, "x"), NOTHING_EXPECTED, RULES.values())
    assert {v.rule for v in report.violations if v.severity == "error"} == {"P103", "P104"}
