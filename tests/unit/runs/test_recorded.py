"""What the registry knows of each cell, and that it can stop a plan."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Network
from typing import Any

import pytest

from factory.design import Design, Texts, make_design
from factory.errors import Finding, InventoryError, Severity, SizingError
from factory.facts.loader import load_facts
from factory.runs import recorded as module
from factory.runs.plan import plan_design
from factory.runs.recorded import (
    Check,
    RecordedCell,
    RecordedCells,
    read_recorded,
    recorded_cell,
    require_recorded,
)
from factory.runs.request import Request
from tests import inventories
from tests.unit.runs.conftest import Place, Watched, recorded


def network() -> dict[str, Any]:
    """Make what stands in the configuration of a network, as far as it is read."""
    pods = {f"pods-{b}": {"cidr_block": b} for b in ("100.65.0.0/16", "100.64.0.0/16")}
    return {
        "resource": {
            "aws_vpc": {"cell": {"cidr_block": "10.128.0.0/21"}},
            "aws_vpc_ipv4_cidr_block_association": pods,
        },
    }


def design(quotas: dict[str, int] | None = None) -> Design:
    made = inventories.data(cells=1, quotas=quotas or {"L-1216C47A": 2_000, "L-7A658B76": 200})
    texts = Texts(
        inventory=inventories.render(made),
        inventory_file="cells.yaml",
        lock=None,
        lock_file="cells.lock.yaml",
    )
    return make_design(texts, load_facts())


def test_a_network_tells_the_account_the_region_and_the_blocks() -> None:
    assert recorded_cell("a", [recorded("a", document=network())]) == RecordedCell(
        cell="a",
        region="us-east-1",
        account_id="444444444444",
        primary=IPv4Network("10.128.0.0/21"),
        pod_blocks=(IPv4Network("100.64.0.0/16"), IPv4Network("100.65.0.0/16")),
    )


def test_an_account_that_was_made_is_told_by_its_output_or_by_where_the_network_is() -> None:
    made = recorded("a", "account", outputs={"account_id": "555555555555"})
    alone = recorded_cell("a", [made])
    assert (alone.account_id, alone.primary, alone.pod_blocks) == ("555555555555", None, ())
    after = recorded("a", document=network(), account="555555555555")
    assert recorded_cell("a", [after]).account_id == "555555555555"


def test_a_configuration_that_tells_nothing_is_no_error() -> None:
    cell = recorded_cell("a", [recorded("a", document={})])
    assert (cell.account_id, cell.primary, cell.pod_blocks) == ("444444444444", None, ())


def test_every_cell_of_the_registry_is_read_also_orphaned_ones(place: Place) -> None:
    place.remember("gone", document=network())
    place.remember("gone", "cluster")
    place.remember("new", "account", outputs={"account_id": "555555555555"})
    place.remember("odd", "cluster")
    assert sorted(read_recorded(place.registry)) == ["gone", "new"]


def says(severity: Severity) -> Check:
    def check(made: Design, cells: RecordedCells) -> Iterator[Finding]:
        for name in cells.keys() & made.inventory.cells.keys():
            yield Finding(
                rule="F000", path=("cells", name, "account"), message="no", severity=severity
            )

    return check


def test_what_contradicts_the_registry_is_told_at_its_place(place: Place) -> None:
    place.remember("cell-000", document=network())
    with pytest.raises(InventoryError, match=r"cells\.yaml:\d+:5: F000 no"):
        require_recorded(design(), place.registry, [says("error")])
    require_recorded(design(), place.registry, [says("warning")])
    require_recorded(design(), place.registry, [])


def test_a_plan_stops_before_anything_is_synthesized(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.remember("cell-000", document=network())
    monkeypatch.setattr(module, "CHECKS", (says("error"),))
    asked = Request(mode="aws", registry=place.registry_folder)
    with pytest.raises(InventoryError, match="F000"):
        plan_design(design(), asked, Watched())
    assert place.commands() == []


def test_what_does_not_fit_is_refused_before_anything_is_looked_for(place: Place) -> None:
    with pytest.raises(SizingError, match="F355"):
        plan_design(design({"L-1216C47A": 5}), Request(mode="sandbox"), Watched())
    assert not (place.folder / ".cellfactory").exists()
