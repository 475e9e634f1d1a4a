"""What the registry knows of each cell, and that it can stop a plan."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Network
from typing import Any

import pytest

from cellfactory.addressing.lock_file import render_lock
from cellfactory.design import Design, Texts, make_design
from cellfactory.errors import Finding, InventoryError, Severity, SizingError
from cellfactory.facts.loader import load_facts
from cellfactory.runs import recorded as module
from cellfactory.runs.plan import plan_design
from cellfactory.runs.recorded import (
    Check,
    RecordedCell,
    RecordedCells,
    read_accounts,
    read_recorded,
    recorded_cell,
    require_recorded,
)
from cellfactory.runs.request import Request
from tests import inventories
from tests.unit.runs.conftest import Place, Watched, recorded

CELL = "cell-000"


def network() -> dict[str, Any]:
    """Make what stands in the configuration of a network, as far as it is read."""
    pods = {f"pods-{b}": {"cidr_block": b} for b in ("100.65.0.0/16", "100.64.0.0/16")}
    return {
        "resource": {
            "aws_vpc": {"cell": {"cidr_block": "10.128.0.0/21"}},
            "aws_vpc_ipv4_cidr_block_association": pods,
        },
    }


def design(quotas: dict[str, int] | None = None, lock: str | None = "version: 2") -> Design:
    made = inventories.data(cells=1, quotas=quotas or {"L-1216C47A": 2_000, "L-7A658B76": 200})
    texts = Texts(
        inventory=inventories.render(made),
        inventory_file="cells.yaml",
        lock=lock,
        lock_file="cells.lock.yaml",
    )
    return make_design(texts, load_facts())


def test_a_network_tells_the_account_the_region_and_the_blocks() -> None:
    assert recorded_cell("a", [recorded("a", document=network())]) == RecordedCell(
        cell="a",
        region="us-east-1",
        account_id="444444444444",
        email=None,
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


def account_of(cell: str, email: str, account: str, place: Place) -> None:
    """Let the registry hold an account that was made."""
    document = {"resource": {"aws_organizations_account": {"cell": {"email": email}}}}
    place.remember(cell, "account", document=document, outputs={"account_id": account})


def refused(made: Design, place: Place, *, first_apply: bool = True) -> list[str]:
    """The first line of each problem that the registry gives rise to."""
    try:
        require_recorded(made, place.registry, first_apply=first_apply)
    except InventoryError as error:
        return [problem.finding.message for problem in error.problems]
    return []


def test_a_cell_that_lies_where_it_was_applied_is_fine(place: Place) -> None:
    made = design()
    pods = {str(n): {"cidr_block": str(b)} for n, b in enumerate(made.plan.cells[CELL].pod_blocks)}
    document = network()
    document["resource"]["aws_vpc"]["cell"]["cidr_block"] = str(made.plan.cells[CELL].primary)
    document["resource"]["aws_vpc_ipv4_cidr_block_association"] = pods
    place.remember(CELL, document=document)
    assert refused(made, place) == []


def test_a_lock_that_gives_other_blocks_is_not_the_right_one(place: Place) -> None:
    place.remember(CELL, document=network())
    (said,) = refused(design(), place)
    assert said.startswith("cell 'cell-000' was applied with 10.128.0.0/21, and the lock gives it")


def test_a_cell_that_was_applied_in_another_region_or_account_is_told(place: Place) -> None:
    place.remember(CELL, document={}, region="us-west-2")
    assert refused(design(), place) == [
        "cell 'cell-000' was applied in us-west-2, and lies in us-east-1 now"
    ]
    place.remember(CELL, document={}, account="999999999999")
    assert refused(design(), place) == [
        "cell 'cell-000' was applied in account 999999999999, and the lock names 444444444444"
    ]


def test_an_account_that_stands_under_another_name_is_told_with_its_id(place: Place) -> None:
    account_of("old", "aws+old@example.com", "444444444444", place)
    assert refused(design(), place) == [
        "the account of cell 'cell-000' is 444444444444, which belongs to 'old'"
    ]


def test_an_empty_registry_is_not_taken_for_a_first_apply(place: Place) -> None:
    before = render_lock(design().lock)
    made = design(lock=before)
    assert refused(made, place, first_apply=True) == []
    assert refused(made, place, first_apply=False) == [
        "the outputs registry is empty, though the lock holds 1 cell"
    ]
    place.remember("another", document={}, account="999999999999")
    assert refused(made, place, first_apply=False) == [], "a new cell among old ones"


def test_accounts_are_read_out_of_a_registry(place: Place) -> None:
    account_of("old", "aws+old@example.com", "444444444444", place)
    file = place.folder / "cells.yaml"
    file.write_text(inventories.render(inventories.data(cells=1)), "utf-8")
    assert read_accounts(file, place.registry_folder) == {"old": "444444444444"}


def routed(*blocks: str) -> dict[str, Any]:
    """Make what stands in the configuration of a cell's routes, as far as it is read."""
    rows = {f"node-use1-az1 {b}": {"block": b, "peer": "x", "zone": "use1-az1"} for b in blocks}
    return {"locals": {"routes": rows}}


@pytest.mark.parametrize(
    ("blocks", "is_found"), [(("10.0.0.0/16", "0.0.0.0/0"), True), (("10.0.0.0/16",), False)]
)
def test_a_way_out_over_a_gateway_goes_before_another_one_comes(
    blocks: tuple[str, ...], is_found: bool
) -> None:
    """The inventory has egress nat_gateway now."""
    records = [
        recorded(CELL, document=network()),
        recorded(CELL, "routes", document=routed(*blocks)),
    ]
    known = recorded_cell(CELL, records)
    assert known.leaves_by_gateway == is_found
    found = list(module.check_way_out(design(), {CELL: known}))
    assert [(f.rule, f.path) for f in found] == [("F759", ("cells", CELL, "type"))] * is_found


def test_routes_alone_are_no_cell(place: Place) -> None:
    place.remember("odd", "routes", document=routed("0.0.0.0/0"))
    assert read_recorded(place.registry) == {}
