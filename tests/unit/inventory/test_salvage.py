"""Rules go on beside what the schema refused, and say nothing that is only its shadow."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cellfactory.documents import load_data, render_data
from cellfactory.errors import InventoryError
from cellfactory.facts.loader import load_facts
from cellfactory.inventory.reader import parse_inventory
from cellfactory.inventory.salvage import salvage
from cellfactory.inventory.schema import Inventory, Mesh
from cellfactory.inventory.unreadable import HOLE, UnreadableError, lacks, names_of, readable
from tests import inventories
from tests.inventories import changed, paths

EXAMPLE: dict[str, Any] = load_data(
    (Path(__file__).resolve().parents[3] / "cells.yaml").read_text("utf-8")
)
for alike in ("moka-use1-b", "moka-use1-c"):
    del EXAMPLE["cells"][alike]
del EXAMPLE["cell_types"]["spark-small"]
SCHEMA_RULES = {"F102", "F103", "F104", "F105", "F106"}


def rules(made: dict[str, Any]) -> list[str]:
    """Read plain data and list the rules that it breaks; warnings are told beside errors only."""
    try:
        parse_inventory(render_data(made), "cells.yaml", load_facts())
    except InventoryError as error:
        found = (problem.finding for problem in error.problems)
        return [finding.rule for finding in found]
    return []


def misspell(parent: Any, key: Any) -> None:
    if isinstance(parent, dict):
        renamed = {(f"{k}x" if k == key else k): v for k, v in parent.items()}
        parent.clear()
        parent.update(renamed)


def rename(parent: Any, key: Any) -> None:
    """Give a key a name that is like no other, and that is no name either."""
    if isinstance(parent, dict):
        parent["Zz_9"] = parent.pop(key)


CHANGES: dict[str, Callable[[Any, Any], None]] = {
    "empty": lambda parent, key: parent.__setitem__(key, None),
    "list": lambda parent, key: parent.__setitem__(key, [[]]),
    "mapping": lambda parent, key: parent.__setitem__(key, {"?": 1}),
    "misspelt": misspell,
    "missing": lambda parent, key: parent.pop(key),
    "renamed": rename,
}


@pytest.mark.parametrize("change", CHANGES)
def test_one_mistake_in_a_sound_inventory_casts_no_shadow(change: str) -> None:
    """Nothing else is wrong with the example: what rules find fault with is a shadow."""
    told = 0
    for path in paths(EXAMPLE):
        found = set(rules(changed(EXAMPLE, path, CHANGES[change])))
        if found & SCHEMA_RULES:
            told += 1
            assert found <= SCHEMA_RULES, (path, found)
    assert told > 20


DANGLING: dict[tuple[Any, ...], tuple[str, tuple[str, ...]]] = {
    ("cells", "moka-usw2-a", "ring"): ("canari", ("rings",)),
    ("cells", "moka-usw2-a", "type"): ("sparc", ("cell_types",)),
    ("cells", "moka-usw2-a", "mesh"): ("moka-usw3", ("meshes",)),
    ("cells", "moka-usw2-a", "organization"): ("nxt", ("organizations",)),
    ("meshes", "moka-use1", "hubs", 0): ("shared", ("hubs",)),
    ("cell_types", "spark", "ingress", "node_group"): (
        "drivers",
        ("cell_types", "spark", "node_groups"),
    ),
}


@pytest.mark.parametrize("where", DANGLING, ids=lambda where: ".".join(map(str, where)))
def test_a_dangling_name_is_told_beside_any_other_mistake(where: tuple[Any, ...]) -> None:
    name, section = DANGLING[where]
    for path in paths(EXAMPLE):
        if len(path) > 3 or path == where[: len(path)] or path == section[: len(path)]:
            continue  # then it cannot be told any more
        made = changed(EXAMPLE, path, CHANGES["mapping"])
        inner: Any = made
        for key in where[:-1]:
            inner = inner[key]
        inner[where[-1]] = name
        assert "F110" in rules(made), path


def test_a_section_with_a_misnamed_entry_lacks_nothing_for_sure() -> None:
    made = inventories.data()
    made["meshes"]["East_Coast"] = made["meshes"].pop("east")
    assert rules(made) == ["F106"]


def test_lists_keep_the_places_of_what_is_sound() -> None:
    made = inventories.data(zones=["use1-az1", 7, "use1-az99", "use1-az1"])
    with pytest.raises(InventoryError) as error:
        parse_inventory(render_data(made), "cells.yaml", load_facts())
    shown = [p.finding.message for p in error.value.problems]
    assert shown == [
        "zones[1] must be text, not a number",
        "unknown zone 'use1-az99'; did you mean 'use1-az6'?",
        "'use1-az1' is duplicated in zones",
    ]
    assert [p.finding.path[-1] for p in error.value.problems] == [1, 2, 3]


def test_what_was_refused_cannot_be_read_and_neither_can_its_default() -> None:
    made = inventories.data(egress="door", max_pods="many")
    refused = [("cell_types", "plain", "egress"), ("cell_types", "plain", "max_pods")]
    read = salvage(Inventory, made, dict.fromkeys(refused, "value"))
    assert read is not None
    cell_type = read.cell_types["plain"]
    assert cell_type.zones == ["use1-az1", "use1-az2", "use1-az4"]
    assert cell_type.node_ceiling is None
    for name in ("egress", "max_pods"):
        with pytest.raises(UnreadableError):
            getattr(cell_type, name)
    with pytest.raises(AttributeError):
        getattr(cell_type, "no_such_key")  # noqa: B009 - a name that a type checker refuses


def test_of_an_inventory_that_is_refused_whole_nothing_is_left() -> None:
    assert salvage(Inventory, 7, {(): "value"}) is None


def test_names_of_what_was_refused_are_known() -> None:
    made = inventories.data()
    made["meshes"]["west"] = 7
    read = salvage(Inventory, made, {("meshes", "west"): "value"})
    assert read is not None
    assert list(names_of(read.meshes)) == ["east", "west"]
    assert not lacks(read.meshes, "west")
    assert lacks(read.meshes, "north")
    with pytest.raises(UnreadableError):
        read.meshes["west"]
    with pytest.raises(KeyError):
        read.meshes["north"]
    assert isinstance(read.meshes["east"], Mesh)


def test_items_of_a_list_are_numbered_as_they_were_written() -> None:
    assert list(readable(["a", HOLE, "c"])) == [(0, "a"), (2, "c")]
    assert not lacks(["a", HOLE], "b")
    assert lacks(["a"], "b")
    with pytest.raises(UnreadableError):
        HOLE.key  # noqa: B018 - reading it is what is tested


def test_a_group_that_cannot_be_read_may_be_the_one_without_a_taint() -> None:
    made = inventories.data()
    groups = made["cell_types"]["plain"]["node_groups"]
    groups["all"]["taints"] = [{"key": "a", "effect": "NoSchedule"}]
    assert rules(made) == ["F132"]
    groups["other"] = 7
    assert rules(made) == ["F104"]
