"""The one way in: all that can be found is told at once, and every rule runs once."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

import pytest

from cellfactory import design as module
from cellfactory.addressing.lock import EMPTY_LOCK
from cellfactory.addressing.lock_file import render_lock
from cellfactory.design import Asked, Design, Texts, declare, make_design, parse_state
from cellfactory.errors import MOST_PROBLEMS, InventoryError, ProblemsError, SizingError, UsageError
from cellfactory.facts.loader import load_facts
from cellfactory.inventory import reader
from tests import inventories

FACTS = load_facts()
FEW_VCPUS = {"L-1216C47A": 5}


def texts(made: Mapping[str, Any] | str, lock: str | None = None) -> Texts:
    text = made if isinstance(made, str) else inventories.render(made)
    return Texts(
        inventory=text, inventory_file="cells.yaml", lock=lock, lock_file="cells.lock.yaml"
    )


def design(made: Mapping[str, Any] | str, lock: str | None = None, **options: Any) -> Design:
    return make_design(texts(made, lock), FACTS, **options)


def fitting(**changes: Any) -> dict[str, Any]:
    quotas = {"L-1216C47A": 2_000, "L-7A658B76": 200}
    return inventories.data(cells=2, **{"quotas": quotas, **changes})


def rules(error: ProblemsError) -> list[str]:
    return [problem.finding.rule for problem in error.problems]


def old_type() -> dict[str, Any]:
    """Make a cell type of which there is a warning: its Kubernetes is in extended support."""
    old = copy.deepcopy(dict(inventories.CELL_TYPE))
    old["addons"]["kube-proxy"] = "v1.33.0-eksbuild.2"
    return {**old, "kubernetes_version": "1.33"}


def warned(made: dict[str, Any]) -> dict[str, Any]:
    """Add a warning to an inventory."""
    made["cell_types"]["old"] = old_type()
    return made


def test_a_design_holds_everything_that_follows_from_its_texts() -> None:
    made = design(fitting())
    assert made.fits
    assert made.require_fit() is made
    assert made.plan.cells.keys() == made.lock.cells.keys() == made.inventory.cells.keys()
    assert {usage.scope.owner for usage in made.ledger} > set(made.inventory.cells)
    assert made.before == EMPTY_LOCK
    assert not made.is_locked
    assert design(fitting(), render_lock(made.lock)).is_locked


def test_the_same_texts_give_the_same_design() -> None:
    assert design(fitting()) == design(fitting())


def test_what_does_not_fit_is_a_design_that_nobody_may_apply() -> None:
    made = design(fitting(quotas=FEW_VCPUS))
    assert not made.fits
    with pytest.raises(SizingError) as caught:
        made.require_fit()
    assert caught.value.problems == made.problems
    assert "F355" in rules(caught.value)


def test_mistakes_of_the_inventory_and_of_its_lock_are_told_together() -> None:
    with pytest.raises(InventoryError) as caught:
        design({**fitting(), "colour": "red"}, "version: 7\n")
    shown = str(caught.value)
    assert "cells.yaml:" in shown
    assert "F102" in shown
    assert "cells.lock.yaml:1:10: F200" in shown


def test_errors_of_addresses_hide_neither_warnings_nor_quotas() -> None:
    made = warned(fitting(nodes=700, quotas={"L-00000000": 1}))
    with pytest.raises(InventoryError) as caught:
        design(made)
    assert {"F203", "F131", "F392"} <= set(rules(caught.value))


def test_an_outdated_lock_hides_nothing_that_does_not_fit() -> None:
    with pytest.raises(InventoryError) as caught:
        design(fitting(quotas=FEW_VCPUS), locked=True)
    assert {"F211", "F355"} <= set(rules(caught.value))
    lock = render_lock(design(fitting()).lock)
    assert design(fitting(), lock, locked=True).is_locked


def test_a_released_cell_is_one_that_left() -> None:
    lock = render_lock(design(fitting()).lock)
    fewer = fitting()
    del fewer["cells"]["cell-001"]
    assert set(design(fewer, lock).lock.removed) == {"cell-001"}
    assert not design(fewer, lock, asked=Asked(released=("cell-001",))).lock.removed
    with pytest.raises(UsageError, match="still uses its blocks"):
        design(fitting(), lock, asked=Asked(released=("cell-001",)))


def test_mistakes_hide_nothing_that_cannot_change() -> None:
    lock = render_lock(design(fitting()).lock)
    made = fitting(color="red")
    made["meshes"]["east"]["region"] = "us-west-2"
    made["cells"]["cell-001"]["account"] = {"id": "999999999999"}
    with pytest.raises(InventoryError) as caught:
        design(made, lock)
    assert {"F102", "F111", "F213", "F214"} <= set(rules(caught.value))


@pytest.mark.parametrize(
    "change",
    [
        lambda d: d.update(cells=7),
        lambda d: d["cells"].update({"Cell": d["cells"].pop("cell-001")}),
        lambda d: d.pop("meshes"),
        lambda d: d["cell_types"]["plain"].pop("zones"),
        lambda d: d["cell_types"]["plain"]["zones"].append("nowhere"),
        lambda d: d["cells"]["cell-000"].update(type="other", mesh="other", organization="other"),
        lambda d: d["cells"]["cell-000"].update(account=7),
        lambda d: d.update(state={}),
    ],
)
def test_a_mistake_contradicts_no_birth_by_itself(change: Any) -> None:
    lock = render_lock(design(fitting()).lock)
    made = fitting()
    change(made)
    with pytest.raises(InventoryError) as caught:
        design(made, lock)
    assert all(rule.startswith("F1") for rule in rules(caught.value))


def test_every_rule_runs_once(monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[str] = []

    def counted(where: Any, name: str) -> None:
        real = getattr(where, name)

        def count(*arguments: Any, **named: Any) -> Any:
            ran.append(name)
            return real(*arguments, **named)

        monkeypatch.setattr(where, name, count)

    counted(reader, "check_inventory")
    for name in ("plan_addresses", "size_inventory", "check_quotas", "check_ledger", "parse_lock"):
        counted(module, name)
    made = warned(fitting())
    shown = design(made, render_lock(EMPTY_LOCK)).problems
    assert sorted(ran) == sorted(set(ran))
    assert len(ran) == 6
    assert [str(p) for p in shown] == sorted({str(p) for p in shown}), "nothing is told twice"


def test_warnings_hide_no_error() -> None:
    made = fitting()
    made["cell_types"] |= {f"old-{number}": old_type() for number in range(MOST_PROBLEMS + 50)}
    made["address_pools"]["pod"] = ["10.0.0.0/8"]  # held against the node pool after the versions
    with pytest.raises(InventoryError) as caught:
        declare(inventories.render(made), "cells.yaml", FACTS)
    assert "F118" in rules(caught.value)


def test_an_inventory_can_be_read_though_its_addresses_do_not_work_out() -> None:
    made = inventories.render(fitting(nodes=700))
    with pytest.raises(InventoryError, match="F203"):
        design(made)
    declared = declare(made, "cells.yaml", FACTS)
    assert declared.inventory.cells.keys() == {"cell-000", "cell-001"}


# -- where the states are kept ---------------------------------------------------------------------


def test_the_state_is_read_whatever_else_is_wrong() -> None:
    made = {**fitting(), "colour": "red", "cells": 7}
    state = parse_state(inventories.render(made), "cells.yaml")
    assert (state.bucket, state.region) == ("example-cells-tfstate", "us-east-1")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the file is empty"),
        ("cells: {}\n", "F103"),
        ("state: {bucket: x}\n", "F105"),
        ("state: {bucket: example-cells, region: us-east-1}\nstate: {}\n", "F101"),
        ("state: [\n", "F100"),
        ("7\n", "F104"),
    ],
)
def test_a_state_that_cannot_be_read_is_refused(text: str, message: str) -> None:
    with pytest.raises(InventoryError, match=message):
        parse_state(text, "cells.yaml")
