"""Rules are data: each has an id of its own, a source, and speaks of options that there are."""

from __future__ import annotations

from pathlib import Path

import pytest

from cellfactory.facts.loader import load_facts
from cellfactory.options import meshes, pods
from cellfactory.options.answer import judge_options
from cellfactory.options.model import OptionRule
from tests import inventories
from tests.unit.pricing.sample import data

ROOT = Path(__file__).parents[3]
RULES: tuple[OptionRule, ...] = (*meshes.RULES, *pods.RULES)  # type: ignore[type-arg]


def test_no_id_stands_twice() -> None:
    ids = [rule.id for rule in RULES]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_rule_says_what_it_rests_on(rule: OptionRule) -> None:  # type: ignore[type-arg]
    assert rule.title
    assert rule.options
    if rule.source.startswith("docs/"):
        assert (ROOT / rule.source).is_file()
    else:
        assert rule.source.startswith("https://")


def test_each_rule_speaks_of_some_option_and_each_option_is_spoken_of() -> None:
    made = data(3, to_cells_gb=100, with_hubs_gb=100)
    found = judge_options(inventories.inventory(made), load_facts())
    options = [*found.meshes[0].options, *found.types[0].options]
    assert {r.rule for option in options for r in option.reasons} == {rule.id for rule in RULES}
    assert all(option.reasons for option in options)


def test_a_rank_is_a_place_and_what_is_refused_has_none() -> None:
    found = judge_options(inventories.inventory(data(3)), load_facts())
    options = found.meshes[0].options
    placed = [option.rank for option in options if option.verdict != "refused"]
    assert placed == list(range(1, len(placed) + 1))
    assert all(option.rank == 0 for option in options if option.verdict == "refused")
    assert [option.is_chosen for option in options].count(True) == 1


def test_only_the_meshes_that_are_asked_for() -> None:
    made = inventories.inventory(data())
    assert judge_options(made, load_facts(), ["east"]).meshes
    assert not judge_options(made, load_facts(), ["west"]).meshes
