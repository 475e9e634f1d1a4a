"""What a cell was born with: which edits of an inventory contradict it, and who may vouch."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from cellfactory.addressing.births import birth_of, keep_births, learn_accounts
from cellfactory.addressing.lock import EMPTY_LOCK, Lock, forget, release
from cellfactory.addressing.lock_file import parse_lock, render_lock
from cellfactory.addressing.plan import plan_addresses
from cellfactory.errors import UsageError
from cellfactory.facts.loader import load_facts
from tests import inventories

FACTS = load_facts()
MADE = {"email": "aws+cell-001@example.com", "ou": "ou-ab12-cdefgh34"}


def standing() -> dict[str, Any]:
    """Two cells that stand: the account of the first was given, that of the second is made."""
    made = inventories.data(cells=2)
    made["cells"]["cell-001"]["account"] = dict(MADE)
    made["organizations"]["two"] = {
        "management_account": "222222222222",
        "provisioning_role": "CellFactory",
    }
    made["meshes"]["far"] = {"region": "us-west-2"}
    made["meshes"]["near"] = {"region": "us-east-1"}
    return made


def locked(made: dict[str, Any], lock: Lock = EMPTY_LOCK, *accepted: str) -> Lock:
    return plan_addresses(inventories.inventory(made), lock, FACTS, accepted=accepted)[1]


LOCK = locked(standing())


def rules(made: dict[str, Any], lock: Lock = LOCK, *accepted: str) -> list[tuple[str, str]]:
    """Each finding's rule, and where in the inventory it is."""
    plan, _ = plan_addresses(inventories.inventory(made), lock, FACTS, accepted=accepted)
    return [(f.rule, ".".join(map(str, f.path))) for f in plan.findings]


Edit = Callable[[dict[str, Any]], object]
FREE: dict[str, Edit] = {
    "nodes": lambda d: d["cell_types"]["plain"]["node_groups"]["all"].update(nodes_per_zone=9),
    "version": lambda d: d["cell_types"]["plain"].update(node_image="v20251104"),
    "ring": lambda d: d["cells"]["cell-000"].update(ring="rest"),
    "unit": lambda d: d["cells"]["cell-001"]["account"].update(ou="ou-ab12-zzzzzz34"),
    "order of zones": lambda d: d["cell_types"]["plain"]["zones"].reverse(),
    "key": lambda d: d["state"].update(kms_key="alias/other"),
    "provisioning role": lambda d: d["organizations"]["one"].update(provisioning_role="Other"),
}
REFUSED: dict[str, tuple[Edit, list[tuple[str, str]]]] = {
    "organization": (
        lambda d: d["cells"]["cell-000"].update(organization="two"),
        [("F212", "cells.cell-000.organization")],
    ),
    "management account": (
        lambda d: d["organizations"]["one"].update(management_account="333333333333"),
        [("F212", "organizations.one.management_account")] * 2,
    ),
    "account": (
        lambda d: d["cells"]["cell-000"].update(account={"id": "999999999999"}),
        [("F213", "cells.cell-000.account")],
    ),
    "account in place of another": (
        lambda d: d["cells"]["cell-000"].update(account={**MADE, "email": "other@example.com"}),
        [("F213", "cells.cell-000.account")],
    ),
    "e-mail": (
        lambda d: d["cells"]["cell-001"]["account"].update(email="other@example.com"),
        [("F213", "cells.cell-001.account")],
    ),
    "id of a made account": (
        lambda d: d["cells"]["cell-001"].update(account={"id": "999999999999"}),
        [("F213", "cells.cell-001.account")],
    ),
    "zone more": (
        lambda d: d["cell_types"]["plain"]["zones"].append("use1-az6"),
        [("F216", "cell_types.plain.zones")] * 2,
    ),
    "zone less": (
        lambda d: d["cell_types"]["plain"]["zones"].pop(),
        [("F216", "cell_types.plain.zones")] * 2,
    ),
    "zone for another": (
        lambda d: d["cell_types"]["plain"].update(zones=["use1-az1", "use1-az2", "use1-az6"]),
        [("F216", "cell_types.plain.zones")] * 2,
    ),
    "service block": (
        lambda d: d["cell_types"]["plain"].update(service_block="172.21.0.0/16"),
        [("F217", "cell_types.plain.service_block")] * 2,
    ),
    "type of another service block": (
        lambda d: (
            d["cell_types"].update(
                other={**copy.deepcopy(d["cell_types"]["plain"]), "service_block": "172.21.0.0/16"}
            ),
            d["cells"]["cell-000"].update(type="other"),
        ),
        [("F217", "cell_types.other.service_block")],
    ),
    "state bucket": (
        lambda d: d["state"].update(bucket="other-bucket"),
        [("F219", "state.bucket")],
    ),
    "state Region": (lambda d: d["state"].update(region="us-west-2"), [("F219", "state.region")]),
    "member role": (
        lambda d: d["organizations"]["one"].update(member_role="Other"),
        [("F220", "organizations.one.member_role")],
    ),
    "name": (
        lambda d: d["cells"].update(omega=d["cells"].pop("cell-000")),
        [("F218", "cells.omega.account")],
    ),
    "name of a made account": (
        lambda d: d["cells"].update(omega=d["cells"].pop("cell-001")),
        [("F218", "cells.omega.account")],
    ),
}


@pytest.mark.parametrize("edit", FREE)
def test_what_can_change_may_change(edit: str) -> None:
    made = copy.deepcopy(standing())
    FREE[edit](made)
    assert rules(made) == []


@pytest.mark.parametrize("edit", REFUSED)
def test_what_cannot_change_is_refused_at_its_line(edit: str) -> None:
    made = copy.deepcopy(standing())
    change, told = REFUSED[edit]
    change(made)
    assert rules(made) == told
    assert rules(made, EMPTY_LOCK) == [], "where nothing stands, anything may be asked"


def test_a_region_is_told_where_it_was_edited_and_shadows_the_zones_that_follow() -> None:
    made = standing()
    zones = ["usw2-az1", "usw2-az2", "usw2-az3"]
    made["cell_types"]["west"] = {**copy.deepcopy(made["cell_types"]["plain"]), "zones": zones}
    made["cells"]["cell-000"] |= {"mesh": "far", "type": "west"}
    assert rules(made) == [("F214", "cells.cell-000.mesh")]
    made = standing()
    made["meshes"]["east"]["region"] = "us-west-2"
    made["cell_types"]["plain"]["zones"] = list(zones)
    assert rules(made) == [("F214", "meshes.east.region")] * 2


def test_another_mesh_of_the_region_is_a_warning_once() -> None:
    made = standing()
    made["cells"]["cell-000"]["mesh"] = "near"
    assert rules(made) == [("F215", "cells.cell-000.mesh")]
    assert rules(made, locked(made, LOCK)) == []


def test_an_organization_may_have_another_name() -> None:
    made = standing()
    made["organizations"]["uno"] = made["organizations"].pop("one")
    for cell in made["cells"].values():
        cell["organization"] = "uno"
    assert rules(made) == []
    assert locked(made, LOCK).births["cell-000"].organization == "uno"


@pytest.mark.parametrize("edit", ["organization", "e-mail", "id of a made account", "member role"])
def test_what_was_changed_by_hand_is_accepted_for_the_cell_that_is_named(edit: str) -> None:
    made = copy.deepcopy(standing())
    REFUSED[edit][0](made)
    cell = "cell-000" if edit == "organization" else "cell-001"
    other = "cell-001" if cell == "cell-000" else "cell-000"
    assert rules(made, LOCK, other) == REFUSED[edit][1]
    assert rules(made, LOCK, cell) == []
    assert rules(made, locked(made, LOCK, cell)) == []


@pytest.mark.parametrize(
    "edit", ["zone more", "service block", "account", "account in place of another"]
)
def test_what_nobody_can_change_by_hand_is_not_accepted(edit: str) -> None:
    made = copy.deepcopy(standing())
    REFUSED[edit][0](made)
    assert rules(made, LOCK, "all") == REFUSED[edit][1]


def test_states_that_were_moved_are_accepted_all_at_once() -> None:
    made = standing()
    made["state"]["bucket"] = "other-bucket"
    assert rules(made, LOCK, "all") == []
    moved = locked(made, LOCK, "all")
    assert {born.state_bucket for born in moved.births.values()} == {"other-bucket"}
    assert rules(made, moved) == []
    assert rules(standing(), moved) == [("F219", "state.bucket")]
    left = locked({**made, "cells": {"cell-000": made["cells"]["cell-000"]}}, LOCK, "all")
    assert left.births["cell-001"].state_bucket == "other-bucket", "it left, and moved along"


def test_the_id_of_a_made_account_is_learnt_once_and_then_it_may_be_named() -> None:
    known = Lock(cells=LOCK.cells, births=learn_accounts(LOCK.births, {"cell-001": "999999999999"}))
    assert known.births["cell-001"].account == "999999999999"
    again = learn_accounts(known.births, {"cell-001": "888888888888", "cell-000": "7" * 12})
    assert again == known.births
    made = standing()
    assert rules(made, known) == []
    made["cells"]["cell-001"]["account"] = {"id": "999999999999"}
    assert rules(made, known) == []
    made["cells"]["cell-001"]["account"] = {"id": "888888888888"}
    assert rules(made, known) == [("F213", "cells.cell-001.account")]
    assert locked(standing(), known).births["cell-001"].account == "999999999999"


def test_the_account_of_a_released_cell_may_be_used_again() -> None:
    made = standing()
    made["cells"]["omega"] = made["cells"].pop("cell-000")
    left = locked({**made, "cells": {"cell-001": made["cells"]["cell-001"]}}, LOCK)
    assert rules(made, left) == [("F218", "cells.omega.account")]
    assert rules(made, release(left, "cell-000")) == []


def test_a_cell_that_comes_back_is_held_to_its_birth() -> None:
    made = standing()
    only = {"cell-001": made["cells"]["cell-001"]}
    left = locked({**made, "cells": only}, LOCK)
    made["cells"]["cell-000"]["account"] = {"id": "999999999999"}
    assert rules(made, left) == [("F213", "cells.cell-000.account")]


def test_a_cell_that_was_never_applied_is_born_anew() -> None:
    made = standing()
    made["cell_types"]["plain"]["zones"].append("use1-az6")
    renewed = forget(forget(LOCK, "cell-000"), "cell-001")
    assert rules(made, renewed) == []
    assert set(locked(made, renewed).cells["cell-000"].zones) == set(
        made["cell_types"]["plain"]["zones"]
    )
    with pytest.raises(UsageError, match="the lock has no cell 'cell-009'; its cells: cell-000"):
        forget(LOCK, "cell-009")


def test_a_lock_of_version_one_takes_births_from_the_inventory_as_it_is() -> None:
    text = render_lock(Lock(cells=LOCK.cells)).replace("version: 2", "version: 1")
    old = parse_lock(text, "cells.lock.yaml", FACTS)
    assert (old.version, old.births) == (1, {})
    made = standing()
    made["cells"]["cell-000"]["account"] = {"id": "999999999999"}
    assert rules(made, old) == [], "nothing is known that it could contradict"
    now = locked(made, old)
    assert (now.version, now.births["cell-000"].account) == (2, "999999999999")
    assert now.cells == LOCK.cells


def test_births_read_back_as_they_were_written() -> None:
    again = parse_lock(render_lock(LOCK), "cells.lock.yaml", FACTS)
    assert again == LOCK
    made = inventories.inventory(standing())
    assert again.births == {cell: birth_of(made, cell) for cell in made.cells}
    assert keep_births(again.births, made, ()) == again.births


def test_a_type_that_was_switched_is_told_at_the_cell() -> None:
    made = standing()
    zones = ["use1-az1", "use1-az2", "use1-az6"]
    made["cell_types"]["other"] = {**copy.deepcopy(made["cell_types"]["plain"]), "zones": zones}
    made["cells"]["cell-002"] = inventories.cell(2, type_="other")
    lock = locked(made)
    made["cells"]["cell-000"]["type"] = "other"
    assert rules(made, lock) == [("F216", "cells.cell-000.type")]


def test_an_account_that_was_made_belongs_to_its_cell_even_by_id() -> None:
    known = Lock(cells=LOCK.cells, births=learn_accounts(LOCK.births, {"cell-001": "9" * 12}))
    made = standing()
    made["cells"]["cell-002"] = {**inventories.cell(2), "account": {"id": "9" * 12}}
    assert rules(made, known) == [("F218", "cells.cell-002.account")]


def test_capitals_make_no_other_address() -> None:
    made = standing()
    made["cells"]["omega"] = made["cells"].pop("cell-001")
    made["cells"]["omega"]["account"]["email"] = MADE["email"].upper()
    assert rules(made) == [("F218", "cells.omega.account")]


def test_who_accepts_all_of_a_move_keeps_each_known_account() -> None:
    made = standing()
    made["state"]["bucket"] = "other-bucket"
    made["cells"]["cell-000"]["account"] = {"id": "999999999999"}
    assert rules(made, LOCK, "all") == [("F213", "cells.cell-000.account")]
    assert locked(made, LOCK, "all").births["cell-000"].account == "444444444444"


def test_an_account_that_is_named_by_its_id_is_still_the_one_that_was_made() -> None:
    made = standing()
    made["cells"]["cell-001"]["account"] = {"id": "999999999999"}
    named = locked(made, LOCK, "cell-001")
    assert rules(made, named) == []
    assert rules(standing(), named) == [], "its e-mail address is not forgotten"
    assert named.births["cell-001"].account == "999999999999"


@pytest.mark.parametrize("word", ["null", "true", "false"])
def test_a_name_that_yaml_has_another_word_for_reads_back(word: str) -> None:
    made = standing()
    made["meshes"][word] = made["meshes"].pop("east")
    made["organizations"][word] = made["organizations"].pop("one")
    for cell in made["cells"].values():
        cell |= {"mesh": word, "organization": word}
    lock = locked(made)
    assert parse_lock(render_lock(lock), "cells.lock.yaml", FACTS) == lock
