"""Drift of many cells is looked for by several equal jobs; each looks at whole cells."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cellfactory.documents import load_data
from cellfactory.errors import UsageError
from cellfactory.facts.loader import load_facts
from cellfactory.inventory.reader import parse_inventory
from cellfactory.layers import StackId
from cellfactory.pipelines.build import CELLS_OF_A_SHARD, MOST_JOBS, Wanted, build_pipelines
from cellfactory.pipelines.github import render_github
from cellfactory.pipelines.gitlab import MOST_PARALLEL, render_gitlab
from cellfactory.runs.shards import EVERYTHING, Shard, parse_shard
from tests import inventories

GITHUB = {"account": "777777777777", "github": {"repository": "example-org/cells"}}
GITLAB = {"account": "777777777777", "gitlab": {"project": "example-group/cells"}}


def drift(cells: int, pipeline: dict[str, Any]) -> dict[str, Any]:
    """The jobs that look for drift in so many cells, as they are rendered."""
    made = {**inventories.data(cells), "pipeline": pipeline}
    inventory = parse_inventory(inventories.render(made), "cells.yaml", load_facts())[0]
    assert inventory.pipeline is not None
    wanted = Wanted(inventory=inventory, settings=inventory.pipeline, bake={"": 0.0})
    if "github" in pipeline:
        text = render_github(build_pipelines(wanted)[2:3], inventory)["drift.yml"]
        return dict(load_data(text)["jobs"])
    files = render_gitlab(build_pipelines(wanted)[2:3], inventory.pipeline, "aud")
    return dict(load_data(next(iter(files.values()))))


def test_few_cells_are_one_job() -> None:
    job = drift(CELLS_OF_A_SHARD, GITHUB)["drift"]
    assert "strategy" not in job
    assert "parallel" not in drift(CELLS_OF_A_SHARD, GITLAB)["drift"]


@pytest.mark.parametrize(("cells", "jobs"), [(CELLS_OF_A_SHARD + 1, 2), (126, 16), (3_000, 256)])
def test_many_cells_are_a_matrix_that_github_takes(cells: int, jobs: int) -> None:
    made = drift(cells, GITHUB)
    shards = made["drift"]["strategy"]["matrix"]["shard"]
    assert shards == [f"{number}/{jobs}" for number in range(1, jobs + 1)]
    assert len(shards) <= MOST_JOBS
    assert made["drift"]["strategy"]["fail-fast"] is False
    (step,) = [one for one in made["drift"]["steps"] if "drift" in one.get("run", "")]
    assert step["env"] == {"CELLFACTORY_SHARD": "${{ matrix.shard }}"}
    kept, taken = (made[job]["steps"] for job in ("drift", "issues"))
    assert kept[-1]["with"]["name"] == "drift-${{ strategy.job-index }}"
    (taking,) = [one for one in taken if "download" in one.get("uses", "")]
    assert taking["with"] == {"pattern": "drift-*", "path": "in", "merge-multiple": False}
    assert taken[-1]["run"] == "cellfactory pipeline issues in"


def test_gitlab_runs_them_beside_each_other_and_each_keeps_its_own() -> None:
    made = drift(126, GITLAB)
    assert made["drift"]["parallel"] == 16
    assert "resource_group" not in made["drift"]
    assert made["drift"]["variables"]["CELLFACTORY_SHARD"] == "$CI_NODE_INDEX/$CI_NODE_TOTAL"
    assert any('kept/drift-"$CI_NODE_INDEX"' in line for line in made["drift"]["script"])
    assert made["issues"]["needs"] == [{"job": "drift", "artifacts": True}]
    assert any("ln -s kept in" in line for line in made["issues"]["script"])
    assert drift(3_000, GITLAB)["drift"]["parallel"] == MOST_PARALLEL


STACKS = [StackId(f"cell-{n}", layer) for n in range(11) for layer in ("network", "cluster")]
STACKS += [StackId("east", "gateway"), StackId("one", "bootstrap")]


@pytest.mark.parametrize("of", [1, 2, 5, 13, 40])
def test_every_stack_is_in_one_shard_and_an_owner_in_no_two(of: int) -> None:
    parts = [Shard(number, of).take(STACKS) for number in range(1, of + 1)]
    assert sorted(stack for part in parts for stack in part) == sorted(STACKS)
    owners = [{(stack.kind, stack.owner) for stack in part} for part in parts]
    assert sum(map(len, owners)) == len(set.union(*owners)) == 13
    assert max(map(len, owners)) - min(map(len, owners)) <= 1


def test_a_shard_is_read_as_it_is_written() -> None:
    assert parse_shard(None) == parse_shard("") == EVERYTHING
    assert parse_shard("2/8") == Shard(2, 8)
    for text in ("0/8", "9/8", "8", "1/0", "a/b", "1/8 ", "-1/8", "$CI_NODE_INDEX/$CI_NODE_TOTAL"):
        with pytest.raises(UsageError, match="no part of a whole"):
            parse_shard(text)


def test_gitlab_asks_for_all_that_github_asks_for(project_root: Path) -> None:
    made = load_data((project_root / "pipelines/github/apply.yml").read_text("utf-8"))
    github = set(made[True]["workflow_dispatch"]["inputs"])
    inventory = {**inventories.data(1), "pipeline": GITLAB}
    read = parse_inventory(inventories.render(inventory), "cells.yaml", load_facts())[0]
    assert read.pipeline is not None
    wanted = Wanted(inventory=read, settings=read.pipeline, bake={"": 0.0})
    (text,) = render_gitlab(build_pipelines(wanted)[2:], read.pipeline, "aud").values()
    asked = load_data(text)["variables"]
    own = {name.removeprefix("CELLFACTORY_").lower() for name in asked} - {"drill_cell"}
    assert own == github
    assert all(told["description"] for told in asked.values())
    for told in asked.values():
        assert told["value"] in told.get("options", [told["value"]])
