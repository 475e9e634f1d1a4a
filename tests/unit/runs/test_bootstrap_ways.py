"""By whose keys `bootstrap` gets into each account."""

from __future__ import annotations

from pathlib import Path

import pytest

from cellfactory.errors import TerraformError, UsageError
from cellfactory.facts.loader import load_facts
from cellfactory.layers import list_bootstrap_stacks
from cellfactory.layers.bootstrap import PIPELINE
from cellfactory.layers.stack import StackId
from cellfactory.runs.bootstrap_ways import Keys, find_ways, parse_profiles
from cellfactory.runs.reading import read_declared
from cellfactory.terraform.placed import Way

INVENTORY = read_declared(Path(__file__).parents[3] / "cells.yaml").inventory
STACKS = list_bootstrap_stacks(INVENTORY, load_facts())
NEXT, MEMBER = StackId("next", "bootstrap"), StackId("moka-usw2-a", "member")


def test_an_account_is_reached_by_its_profile_what_is_at_hand_or_a_role() -> None:
    keys = Keys(via="Admin", profiles={"111111111111": "legacy"})
    ways = find_ways(INVENTORY, STACKS, keys, "777777777777")
    assert ways[PIPELINE] == Way()
    assert ways[StackId("legacy", "bootstrap")] == Way(profile="legacy")
    assert ways[NEXT] == Way(roles=("arn:aws:iam::222222222222:role/Admin",))


def test_the_account_of_a_cell_is_reached_by_way_of_its_management_account() -> None:
    keys = Keys(profiles={"222222222222": "next", "111111111111": "legacy"})
    ways = find_ways(INVENTORY, STACKS, keys, "777777777777")
    made = "arn:aws:iam::666666666666:role/OrganizationAccountAccessRole"
    assert ways[MEMBER] == Way(roles=(made,), profile="next")
    own = Keys(profiles={**keys.profiles, "666666666666": "cell"})
    assert find_ways(INVENTORY, STACKS, own, "777777777777")[MEMBER] == Way(profile="cell")
    via = find_ways(INVENTORY, STACKS, Keys(via="Admin"), "777777777777")[MEMBER]
    assert via.roles == ("arn:aws:iam::222222222222:role/Admin", made)


def test_every_account_without_a_way_is_named_at_once() -> None:
    with pytest.raises(TerraformError) as caught:
        find_ways(INVENTORY, STACKS, Keys(), "999999999999")
    told = [problem.finding for problem in caught.value.problems]
    assert {finding.rule for finding in told} == {"F719"}
    named = " ".join(finding.message for finding in told)
    for account in ("777777777777", "111111111111", "222222222222", "666666666666"):
        assert account in named
    assert all("--profile" in finding.hint and "--via" in finding.hint for finding in told)


@pytest.mark.parametrize("word", ["", "x", "111111111111", "1=a", "111111111111=", "=a"])
def test_a_profile_is_said_for_an_account(word: str) -> None:
    with pytest.raises(UsageError, match="ACCOUNT=PROFILE"):
        parse_profiles([word])
