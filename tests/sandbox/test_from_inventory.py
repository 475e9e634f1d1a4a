"""The world of an inventory."""

from __future__ import annotations

from pathlib import Path

from cellfactory.facts.loader import load_facts
from cellfactory.inventory.reader import parse_inventory
from cellfactory.sandbox.from_inventory import plan_world
from cellfactory.sandbox.world import Member

ROOT = Path(__file__).resolve().parents[2]


def test_a_world_has_the_units_and_accounts_that_its_inventory_names() -> None:
    text = (ROOT / "cells.yaml").read_text("utf-8")
    text = text.replace(
        "    member_role: CellFactoryMember\n",
        "    member_role: CellFactoryMember\n    quotas: {L-E619E033: 40}\n",
    )
    facts = load_facts()
    inventory, *_ = parse_inventory(text, "cells.yaml", facts)
    legacy, following = plan_world(inventory, facts).organizations
    assert legacy.management_account == "111111111111"
    assert Member(account="444444444444", role="OrganizationAccountAccessRole") in legacy.members
    assert (legacy.units, legacy.most_accounts) == ((), 10)
    assert Member(account="666666666666", role="CellFactoryMember") in following.members
    assert (following.units, following.most_accounts) == (("ou-ab12-cdefgh34",), 40)
