"""The most cells of a mesh: so many pass the check, and one more does not."""

from __future__ import annotations

import copy
from random import Random
from typing import Any

import pytest

from cellfactory.addressing.lock import EMPTY_LOCK, Lock
from cellfactory.addressing.plan import plan_addresses
from cellfactory.addressing.room import room_for_more
from cellfactory.errors import has_error
from cellfactory.facts.loader import load_facts
from cellfactory.inventory.schema import Inventory
from cellfactory.sizing.answers import solve
from cellfactory.sizing.joining import joined_mesh
from cellfactory.sizing.ledger import size_inventory
from cellfactory.sizing.setting import setting_of
from tests import inventories

FACTS = load_facts()
ENOUGH = {"L-BB24F6E5": 256_000, "L-1216C47A": 200_000, "L-7A658B76": 900, "L-FE5A380F": 5}
LIKE = "cell-000"


def hub(number: int, random: Random) -> dict[str, Any]:
    return {
        "account": f"{333333333330 + number}",
        "vpc": f"vpc-0f00ba1{number}",
        "region": "us-east-1",
        "blocks": [f"10.{200 + number}.0.0/16"],
        "nau": random.choice([0, 50_000]),
        "quotas": random.choice([{}, {"L-7E9ECCDB": random.randint(3, 30)}]),
    }


def generated(seed: int) -> dict[str, Any]:
    """Make cells of one type, some in another mesh that may share hubs, in pools of any size."""
    random = Random(seed)
    made = inventories.data(
        random.randint(1, 4), nodes=random.choice([3, 40, 300]), quotas=dict(ENOUGH)
    )
    made["hubs"] = {f"hub-{n}": hub(n, random) for n in range(random.randint(0, 2))}
    east = {"region": "us-east-1", "cell_to_cell": random.choice(["full", "none"])}
    made["meshes"] = {
        "east": east | {"hubs": list(made["hubs"])},
        "else": {"region": "us-east-1", "hubs": random.sample(list(made["hubs"]), k=0)},
    }
    if made["hubs"] and random.random() < 0.6:
        made["meshes"]["else"]["hubs"] = ["hub-0"]
    for number in range(random.randint(0, 2)):
        made["cells"][f"other-{number}"] = inventories.cell(500 + number, mesh="else")
    for cell in made["cells"].values():
        cell["quotas"] = {
            "L-CD17FD4B": random.choice([128_000, 300_000]),
            "L-7E9ECCDB": random.randint(10, 60),
            "L-DC9F7029": random.randint(10, 60),
        }
    made["address_pools"] = {
        "node": [random.choice(["10.64.0.0/16", "10.64.0.0/10"])],
        "pod": [random.choice(["100.64.0.0/12", "100.64.0.0/10", "100.96.0.0/13"])],
        "reserved": [random.choice(["100.96.64.0/18", "10.64.3.0/28"])],
    }
    return made


def grown(made: dict[str, Any], more: int) -> dict[str, Any]:
    """Add cells like the first one, named after all others."""
    larger = copy.deepcopy(made)
    for number in range(more):
        new = inventories.cell(1000 + number)
        larger["cells"][f"z-{number:04}"] = new | {
            "quotas": copy.deepcopy(made["cells"][LIKE]["quotas"])
        }
    return larger


def checked(inventory: Inventory, lock: Lock) -> tuple[bool, Lock]:
    """Say whether an inventory passes, as `check` says it, and the lock that it makes."""
    plan, planned = plan_addresses(inventory, lock, FACTS)
    if has_error(plan.findings) or plan.cells.keys() != inventory.cells.keys():
        return False, planned
    return size_inventory(inventory, plan, FACTS).fits, planned


@pytest.mark.parametrize("seed", range(16))
def test_as_many_cells_as_are_said_fit_and_one_more_does_not(seed: int) -> None:
    made = generated(seed)
    before = inventories.data(0) | {"address_pools": made["address_pools"]}
    before["cells"] = {"gone": inventories.cell(900)}
    _, lock = checked(inventories.inventory(before), EMPTY_LOCK)
    inventory = inventories.inventory(made)
    fits, lock = checked(inventory, lock)
    if not fits:
        pytest.skip("does not fit as it is")
    plan, _ = plan_addresses(inventory, lock, FACTS)
    solved = solve(
        setting_of(inventory, plan, LIKE, FACTS),
        joined_mesh(inventory, plan, LIKE, FACTS),
        room_for_more(inventory, lock, LIKE, FACTS),
    )
    most = solved.fewest(solved.most_cells)
    if most is None:
        pytest.skip("nothing binds")
    there = sum(1 for cell in inventory.cells.values() if cell.mesh == "east")
    assert most >= there
    assert checked(inventories.inventory(grown(made, most - there)), lock)[0], solved.most_cells
    more = inventories.inventory(grown(made, most - there + 1))
    assert not checked(more, lock)[0], solved.most_cells
