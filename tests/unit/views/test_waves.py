"""What pipelines are told of waves."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cellfactory.errors import UsageError
from cellfactory.facts.loader import load_facts
from cellfactory.layers import list_stacks, list_waves
from cellfactory.views.waves import Waves, render_matrix, render_waves, to_json
from tests.unit.layers.test_waves import Member, fleet

FACTS = load_facts()


def told(*members: Member, hub: bool = False) -> Waves:
    of = fleet(*members, hub=hub)
    stacks = list_stacks(of, FACTS)
    bake = dict.fromkeys(of.ring_names, 1800.0)
    return Waves(inventory=of, waves=list_waves(of, stacks), bake=bake, stacks=stacks)


def jobs(line: str) -> list[dict[str, Any]]:
    start, matrix = line.split("=", 1)
    assert (start, "\n" in line) == ("matrix", False)
    found = json.loads(matrix)["include"]
    assert isinstance(found, list)
    return found


def test_only_the_last_wave_of_a_ring_bakes_and_none_of_the_last_ring() -> None:
    waves = to_json(told(Member("canary"), Member("canary"), Member("rest", is_new=True)))["waves"]
    assert [(w["ring"], w["part"], w["bake_seconds"]) for w in waves] == [
        ("canary", "cells", 1800),
        ("rest", "cells", 0),
        ("rest", "edges", 0),
    ]
    assert [w["waits_for"] for w in waves] == [[], [0], [1]]
    assert (waves[1]["accounts"], waves[1]["new_accounts"]) == ([], ["c"])
    assert "then canary bakes 30m" in render_waves(told(Member("canary"), Member("rest")))


def test_jobs_of_a_wave_are_no_more_than_asked_for_and_name_every_stack_once() -> None:
    waves = told(*[Member("canary")] * 3, *[Member("rest", "other")] * 4)
    for most in (1, 2, 8):
        made = jobs(render_matrix(waves, most))
        named = [w for job in made for w in job["arguments"].split() if w not in ("--stack",)]
        stacks = [w for w in named if not w.startswith("--") and w not in ("canary", "rest")]
        assert sorted(stacks) == sorted(s.id.name for s in waves.stacks)
        for wave in waves.waves:
            assert sum(job["wave"] == wave.index for job in made) <= most


def test_a_platform_that_may_have_been_held_back_is_named_again_with_its_way() -> None:
    """`--ring` drops it where it stands already."""
    made = jobs(render_matrix(told(Member("canary"), Member("rest"), hub=True), 1))
    assert "a-platform" in made[0]["arguments"]
    assert "a-platform" in made[-1]["arguments"]


def test_a_matrix_that_is_too_large_says_what_to_do() -> None:
    waves = told(*[Member("canary")] * 7)
    many = Waves(
        inventory=waves.inventory, waves=waves.waves * 40, bake=waves.bake, stacks=waves.stacks
    )
    with pytest.raises(UsageError, match=r"the matrix would have .* jobs"):
        render_matrix(many, 256)
    assert render_matrix(many, 1)
