"""The Terraform of a mesh on its way from peerings to a transit gateway, and at both ends."""

from __future__ import annotations

import json
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

import pytest

from cellfactory.inventory.interconnect import ROWS, STEPS, Interconnect
from tests.synth.conftest import ROOT, Example, synthesize
from tests.synth.provider_schema import unknown_attributes

pytestmark = pytest.mark.synth

HERE = Path(__file__).parent
CELLS = ("moka-use1-a", "moka-use1-b", "moka-use1-c")
GATEWAY = '    gateway: {account: "888888888888", organization: legacy}\n'
ATTACHED = "    attachments: {moka-use1: tgw-attach-0f00ba120f00ba120}\n"


def shipped_at(step: str, folder: Path, *, more: str = "") -> Example:
    """Synthesize the shipped inventory with its first mesh at a step, its hub attached."""
    text = (ROOT / "cells.yaml").read_text("utf-8")
    canary = "    canary: [moka-use1-b]\n" if step == "canary" else ""
    mesh = f"    interconnect: {step}\n{canary}{GATEWAY}{more}"
    text = text.replace("    interconnect: peering\n", mesh, 1)
    text = text.replace("    accept: manual\n", f"    accept: manual\n{ATTACHED}", 1)
    (folder / "cells.yaml").write_text(text, "utf-8")
    return synthesize(folder / "cells.yaml")


@pytest.fixture(scope="module")
def at_steps(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Example]:
    return {step: shipped_at(step, tmp_path_factory.mktemp(step)) for step in STEPS}


def routes_of(example: Example, cell: str) -> dict[str, Any]:
    found: dict[str, Any] = example.documents[f"{cell}-routes"]["locals"]["routes"]
    return found


def test_a_route_keeps_its_address_at_every_step(at_steps: dict[str, Example]) -> None:
    for cell in CELLS:
        keys = {tuple(routes_of(example, cell)) for example in at_steps.values()}
        assert len(keys) == 1


@pytest.mark.parametrize("step", STEPS)
def test_each_route_leads_over_what_the_step_says(
    at_steps: dict[str, Example], step: Interconnect
) -> None:
    for cell in CELLS:
        for route in routes_of(at_steps[step], cell).values():
            canary = "moka-use1-b" in (cell, route["peer"])
            moved = {"peering": False, "canary": canary, "gateway": True}[ROWS[step].routes]
            if not ROWS[step].gateway:
                assert "over" not in route, "a mesh without a gateway is as it always was"
            else:
                assert route["over"] == ("gateway" if moved else "peering")


def test_connections_are_rows_as_long_as_they_are_a_way_back(at_steps: dict[str, Example]) -> None:
    counts = {
        step: len(example.documents["moka-use1-a-peering"]["locals"]["edges"])
        for step, example in at_steps.items()
        if "moka-use1-a-peering" in example.documents
    }
    assert counts == {**dict.fromkeys(STEPS[:5], 3), "retire": 0}


def test_no_pod_block_is_routed_anywhere(at_steps: dict[str, Example]) -> None:
    for example in at_steps.values():
        pods = [b for cell in example.design.plan.cells.values() for b in cell.pod_blocks]
        for name, document in example.documents.items():
            rows = document.get("locals", {}).get("routes", {})
            for row in rows.values():
                block = IPv4Network(row["block"])
                assert not any(block.overlaps(pod) for pod in pods), name


@pytest.mark.parametrize("tables", ["cell", "mesh"])
@pytest.mark.parametrize("cell_to_cell", ["full", "none"])
def test_an_attachment_reaches_what_the_mesh_says_and_nothing_else(
    tmp_path: Path, tables: str, cell_to_cell: str
) -> None:
    more = "" if cell_to_cell == "full" else "    cell_to_cell: none\n"
    text = (ROOT / "cells.yaml").read_text("utf-8").replace("    cell_to_cell: full\n", more)
    gateway = GATEWAY.replace("}", f", route_tables: {tables}}}")
    text = text.replace("    interconnect: peering\n", f"    interconnect: gateway\n{gateway}", 1)
    text = text.replace("    accept: manual\n", f"    accept: manual\n{ATTACHED}", 1)
    (tmp_path / "cells.yaml").write_text(text, "utf-8")
    example = synthesize(tmp_path / "cells.yaml")
    told = example.documents["moka-use1-segments"]["locals"]
    reached: dict[str, set[str]] = {
        name: {r["to"] for r in told["routes"].values() if r["table"] == row["table"]} - {name}
        for name, row in told["attachments"].items()
    }
    others = set(CELLS) if cell_to_cell == "full" else set()
    assert reached["shared-services"] == set(CELLS), "a hub reaches cells, and no other hub"
    for cell in CELLS:
        assert reached[cell] == (others | {"shared-services"}) - {cell}
    assert len(told["tables"]) == (4 if tables == "cell" else 2)


def test_the_gateway_is_shared_with_the_accounts_of_the_mesh_alone(
    at_steps: dict[str, Example],
) -> None:
    document = at_steps["prepare"].documents["moka-use1-gateway"]
    members = {cell: row["account_id"] for cell, row in document["locals"]["members"].items()}
    assert members["moka-use1-a"] == "444444444444"
    assert members["moka-use1-c"] == '${var.account_ids["moka-use1-c"]}', "made by its own stack"
    assert list(document["locals"]["hubs"]) == ["333333333333"]
    (gateway,) = document["resource"]["aws_ec2_transit_gateway"].values()
    assert gateway["auto_accept_shared_attachments"] == "disable"
    assert gateway["default_route_table_association"] == "disable"
    assert gateway["default_route_table_propagation"] == "disable"


def test_the_stacks_of_a_gateway_are_what_they_were(
    at_steps: dict[str, Example], request: pytest.FixtureRequest
) -> None:
    for layer, stack in (
        ("gateway", "moka-use1-gateway"),
        ("transit", "moka-use1-c-transit"),
        ("segments", "moka-use1-segments"),
        ("routes", "moka-use1-b-routes"),
    ):
        golden = HERE / "golden" / f"canary-{layer}.tf.json"
        text = at_steps["canary"].texts[stack]
        if request.config.getoption("--update-cases"):
            golden.write_text(text, "utf-8")
        assert text == golden.read_text("utf-8")


def test_every_attribute_is_one_of_the_provider(at_steps: dict[str, Example]) -> None:
    for example in at_steps.values():
        for name, document in example.documents.items():
            assert not list(unknown_attributes(document)), name


def test_one_more_cell_adds_rows_and_changes_none(tmp_path: Path) -> None:
    first = shipped_at("gateway", tmp_path)
    before = json.loads(first.texts["moka-use1-segments"])["locals"]
    text = (tmp_path / "cells.yaml").read_text("utf-8")
    more = "  moka-use1-d: {type: spark-small, mesh: moka-use1, organization: next, ring: rest, "
    more += 'account: {id: "101010101010"}, quotas: {L-CD17FD4B: 512000, L-1216C47A: 2000}}\n'
    (tmp_path / "cells.yaml").write_text(text + more, "utf-8")
    after = json.loads(synthesize(tmp_path / "cells.yaml").texts["moka-use1-segments"])["locals"]
    for rows in ("attachments", "tables", "routes"):
        assert before[rows].items() <= after[rows].items()


def linked(folder: Path) -> Example:
    """Synthesize the shipped inventory with the gateways of both of its meshes peered."""
    text = (ROOT / "cells.yaml").read_text("utf-8")
    gateway = GATEWAY.replace("}", ", peers: [moka-usw2]}")
    text = text.replace("    interconnect: peering\n", f"    interconnect: both\n{gateway}", 1)
    west = '{account: "888888888888", organization: legacy, asn: 64513}'
    text = text.replace(
        "{region: us-west-2, hubs: []}",
        f"{{region: us-west-2, hubs: [], interconnect: gateway, gateway: {west}}}",
        1,
    )
    (folder / "cells.yaml").write_text(text, "utf-8")
    return synthesize(folder / "cells.yaml")


def test_meshes_whose_gateways_are_peered_reach_each_others_cells(tmp_path: Path) -> None:
    example = linked(tmp_path)
    order = [stack.id.name for stack in example.stacks]
    for before, after in (
        ("moka-usw2-gateway", "moka-use1-link"),
        ("moka-use1-link", "moka-usw2-linked"),
        ("moka-usw2-linked", "moka-use1-segments"),
        ("moka-use1-segments", "moka-use1-a-routes"),
    ):
        assert order.index(before) < order.index(after)
    far = example.design.plan.cells["moka-usw2-a"].primary
    near = {str(example.design.plan.cells[cell].primary) for cell in CELLS}
    for cell in CELLS:
        rows = [r for r in routes_of(example, cell).values() if r["block"] == str(far)]
        assert {(r["peer"], r["over"]) for r in rows} == {("moka-usw2-a", "gateway")}
    assert {row["block"] for row in routes_of(example, "moka-usw2-a").values()} == near
    here = example.documents["moka-use1-segments"]["locals"]
    assert set(here["link-routes"]) == {f"{cell} {far}" for cell in CELLS}
    assert {r["to"] for r in here["routes"].values() if r["table"] == "links"} == set(CELLS)
    there = example.documents["moka-usw2-segments"]["locals"]
    assert {row["block"] for row in there["link-routes"].values()} == near
    for name, document in example.documents.items():
        assert not list(unknown_attributes(document)), name
