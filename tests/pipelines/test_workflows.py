"""The rendered workflows: what a security team asks of them, asserted over the parsed YAML."""

from __future__ import annotations

import copy
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from cellfactory.documents import load_data, render_data
from cellfactory.facts.loader import load_facts
from cellfactory.inventory.reader import parse_inventory
from cellfactory.inventory.schema import Inventory
from cellfactory.pipelines.github import ACTIONS
from cellfactory.runs.pipelines import check_pipelines, render_pipelines

GRANTED = {
    ("contents", "read"),
    ("id-token", "write"),
    ("issues", "write"),
    ("pull-requests", "write"),
}
EXPRESSION = "${{"
BIN = Path(sys.executable).parent


def inventory_of(text: str) -> Inventory:
    return parse_inventory(text, "cells.yaml", load_facts())[0]


@pytest.fixture(scope="module")
def workflows(project_root: Path) -> dict[str, Any]:
    folder = project_root / "pipelines" / "github"
    return {p.stem: load_data(p.read_text("utf-8")) for p in sorted(folder.glob("*.yml"))}


def jobs_of(workflows: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for name, workflow in workflows.items():
        for job, body in workflow["jobs"].items():
            yield name, job, body


def steps_of(workflows: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, job, body in jobs_of(workflows):
        yield from ((f"{name}.{job}", step) for step in body["steps"])


def test_the_shipped_files_are_what_the_inventory_makes(project_root: Path) -> None:
    text = (project_root / "cells.yaml").read_text("utf-8")
    made = render_pipelines(inventory_of(text), load_facts(), project_root / "pipelines")
    assert list(check_pipelines(made)) == []


def test_there_are_four_workflows(workflows: dict[str, Any]) -> None:
    assert set(workflows) == {"plan", "apply", "drift", "rebuild-drill"}


def test_no_workflow_grants_anything_at_its_top(workflows: dict[str, Any]) -> None:
    assert all(workflow["permissions"] == {} for workflow in workflows.values())


def test_each_grant_is_on_the_list_and_has_its_reason(
    workflows: dict[str, Any], project_root: Path
) -> None:
    for _, _, job in jobs_of(workflows):
        assert set(job["permissions"].items()) <= GRANTED
    for path in (project_root / "pipelines" / "github").glob("*.yml"):
        for line in path.read_text("utf-8").splitlines():
            if re.match(r"      (contents|id-token|issues|pull-requests): ", line):
                assert re.search(r"  # to \w+", line), line


def test_only_the_default_branch_leaves_something_for_changes_and_no_apply_takes_it(
    workflows: dict[str, Any],
) -> None:
    memory = "cellfactory-${{ runner.os }}-${{ runner.arch }}-${{ hashFiles('"
    found: dict[str, list[str]] = {}
    for place, step in steps_of(workflows):
        action, _, _ = step.get("uses", "").partition("@")
        if action.startswith("actions/cache"):
            found.setdefault(action, []).append(place)
            assert step["with"]["key"].startswith(memory)
    assert found == {
        "actions/cache/restore": ["plan.static", "plan.plan"],
        "actions/cache/save": ["apply.plan-canary"],
    }


def test_only_jobs_with_an_environment_get_a_token_of_oidc(workflows: dict[str, Any]) -> None:
    for name, key, job in jobs_of(workflows):
        assert ("id-token" in job["permissions"]) == ("environment" in job), (name, key)


def test_only_the_comment_and_the_issues_may_write_and_they_have_no_role(
    workflows: dict[str, Any],
) -> None:
    writing = {
        (name, key)
        for name, key, job in jobs_of(workflows)
        if {"issues", "pull-requests"} & set(job["permissions"])
    }
    assert writing == {("plan", "comment"), ("drift", "issues")}
    comment = workflows["plan"]["jobs"]["comment"]
    assert comment["steps"][0]["with"]["ref"] == "${{ github.event.pull_request.base.sha }}"
    assert "head.repo.full_name == github.repository" in comment["if"]
    runs = [step["run"] for step in comment["steps"] if "run" in step]
    assert [run.split()[0] for run in runs] == ["python", "cellfactory"]


def test_a_fork_gets_what_needs_no_credentials(workflows: dict[str, Any]) -> None:
    jobs = workflows["plan"]["jobs"]
    assert set(workflows["plan"][True]) == {"pull_request"}
    assert "if" not in jobs["static"]
    assert jobs["static"]["permissions"] == {"contents": "read"}
    for key in ("plan", "comment"):
        assert "head.repo.full_name == github.repository" in jobs[key]["if"]


def test_each_action_is_pinned_by_commit_and_says_its_release(project_root: Path) -> None:
    for path in (project_root / "pipelines" / "github").glob("*.yml"):
        for line in path.read_text("utf-8").splitlines():
            if "uses:" in line:
                found = re.search(r"uses: (\S+)@([0-9a-f]{40})  # (v\d+\.\d+\.\d+)$", line)
                assert found, line
                action = "/".join(found[1].split("/")[:2])  # some are a folder of a repository
                assert ACTIONS[action] == (found[2], found[3])


def test_no_checkout_keeps_its_token(workflows: dict[str, Any]) -> None:
    checkouts = [s for _, s in steps_of(workflows) if "checkout" in s.get("uses", "")]
    assert checkouts
    assert all(step["with"]["persist-credentials"] is False for step in checkouts)


def test_each_step_is_one_line_of_ours_and_holds_no_expression(workflows: dict[str, Any]) -> None:
    for where, step in steps_of(workflows):
        if "run" not in step:
            continue
        lines = step["run"].strip().splitlines()
        assert EXPRESSION not in step["run"], where
        assert len(lines) <= 3, where
        assert re.match(
            r"cellfactory |python -I -m pip install --require-hashes|mkdir -p out$", lines[0]
        )
        assert all(line.startswith("cat out/") for line in lines[1:]), where


def test_a_change_does_not_say_which_program_looks_at_it(workflows: dict[str, Any]) -> None:
    for job in workflows["plan"]["jobs"].values():
        steps = job["steps"]
        base = "${{ github.event.pull_request.base.sha }}"
        (taken,) = (s["with"] for s in steps if s.get("with", {}).get("ref") == base)
        lock = f"{taken.get('path', '.')}/pipelines/cellfactory.lock".removeprefix("./")
        (install,) = (s["run"] for s in steps if "pip install" in s.get("run", ""))
        assert install.startswith("python -I ")
        assert install.endswith(f" --requirement {lock}")


def test_the_role_that_reads_is_asked_for_reading_alone(workflows: dict[str, Any]) -> None:
    for name, _, job in jobs_of(workflows):
        for step in job["steps"] if job.get("environment") == "plan" else ():
            if step.get("run", "").startswith(("cellfactory plan ", "cellfactory drift ")):
                assert " --read-only " in step["run"], name


def test_a_copy_of_the_repository_applies_nothing(workflows: dict[str, Any]) -> None:
    for name, _, job in jobs_of(workflows):
        if name != "plan":
            assert "github.repository == 'example-org/cells' && " in job["if"]


def test_rings_are_applied_in_the_order_of_the_inventory(
    workflows: dict[str, Any], project_root: Path
) -> None:
    inventory = inventory_of((project_root / "cells.yaml").read_text("utf-8"))
    jobs = workflows["apply"]["jobs"]
    order = [name for ring in inventory.ring_names for name in (f"plan-{ring}", f"apply-{ring}")]
    assert list(jobs) == order
    for before, name in pairwise(order):
        assert jobs[name]["needs"] == [before]
    for ring in inventory.ring_names:
        assert jobs[f"apply-{ring}"]["environment"] == f"apply-{ring}"
    assert workflows["apply"]["concurrency"] == {
        "group": "apply",
        "cancel-in-progress": False,
        "queue": "max",
    }


def test_the_role_is_that_of_the_environment(workflows: dict[str, Any]) -> None:
    for _, _, job in jobs_of(workflows):
        for step in job["steps"]:
            if "configure-aws-credentials" in step.get("uses", ""):
                arn = f"arn:aws:iam::777777777777:role/cellfactory-{job['environment']}"
                assert step["with"]["role-to-assume"] == arn
                seconds = 12 * 3600 if job["environment"].startswith("apply-") else 3600
                assert step["with"]["role-duration-seconds"] == seconds


def test_no_secret_is_read(project_root: Path) -> None:
    for path in (project_root / "pipelines" / "github").glob("*.yml"):
        text = path.read_text("utf-8")
        assert "secrets." not in text
        assert "pull_request_target" not in text


# -- the same of any inventory ---------------------------------------------------------------------


def test_rings_without_cells_are_left_out_and_the_last_does_not_bake(project_root: Path) -> None:
    text = (project_root / "cells.yaml").read_text("utf-8")
    text = text.replace("ring: rest", "ring: first").replace("ring: first", "ring: canary")
    made = render_pipelines(inventory_of(text), load_facts(), Path("pipelines"))
    jobs = load_data(made.files[Path("pipelines/github/apply.yml")])["jobs"]
    assert list(jobs) == ["plan-canary", "apply-canary"]
    assert "--no-bake" in jobs["apply-canary"]["steps"][-1]["run"]


def test_a_ring_bakes_as_the_inventory_says(project_root: Path) -> None:
    text = (project_root / "cells.yaml").read_text("utf-8")
    text = text.replace(
        "cell_types:", "rings: {canary: {bake: 2h}, first: {}, rest: {}}\ncell_types:"
    )
    made = render_pipelines(inventory_of(text), load_facts(), Path("pipelines"))
    jobs = load_data(made.files[Path("pipelines/github/apply.yml")])["jobs"]
    assert "--bake 2h" in jobs["apply-canary"]["steps"][-1]["run"]


@pytest.mark.parametrize("ring", ["true", "null", "y", "on", "a1", "x" * 40])
def test_names_that_yaml_reads_as_something_else_stay_names(project_root: Path, ring: str) -> None:
    text = (project_root / "cells.yaml").read_text("utf-8")
    text = text.replace("ring: canary", f'ring: "{ring}"')
    text = text.replace("cell_types:", f'rings: ["{ring}", first, rest]\ncell_types:')
    made = render_pipelines(inventory_of(text), load_facts(), Path("pipelines"))
    jobs = load_data(made.files[Path("pipelines/github/apply.yml")])["jobs"]
    assert f"apply-{ring}" in jobs
    assert jobs[f"apply-{ring}"]["name"] == f"Apply {ring}"


# -- linters ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module", params=["shipped", "many cells"])
def repository(
    request: pytest.FixtureRequest, project_root: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    folder = tmp_path_factory.mktemp("linted")
    workflows = folder / ".github" / "workflows"
    shutil.copytree(project_root / "pipelines" / "github", workflows)
    subprocess.run(["git", "init", "-q"], cwd=folder, check=True)
    if request.param == "shipped":
        return folder
    text = render_data(with_many_cells((project_root / "cells.yaml").read_text("utf-8")))
    made = render_pipelines(inventory_of(text), load_facts(), project_root / "pipelines")
    for path, body in made.files.items():
        if path.suffix == ".yml":
            (workflows / path.name).write_text(body, "utf-8")
    assert "matrix.shard" in (workflows / "drift.yml").read_text("utf-8")
    return folder


def with_many_cells(text: str) -> dict[str, Any]:
    """As many as take several jobs to look for drift."""
    inventory: dict[str, Any] = load_data(text)
    like = inventory["cells"]["moka-usw2-a"]
    more = {
        f"moka-usw2-{n}": {**copy.deepcopy(like), "account": {"id": f"{n:012}"}}
        for n in range(100, 106)
    }
    return {**inventory, "cells": {**inventory["cells"], **more}}


def lint(folder: Path, program: str, *words: str) -> subprocess.CompletedProcess[str]:
    if not (BIN / program).exists():
        pytest.skip(f"{program} is not installed")
    return subprocess.run(
        [str(BIN / program), *words],
        cwd=folder,
        env={"PATH": f"{BIN}:/usr/bin:/bin", "HOME": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_zizmor_finds_nothing(repository: Path) -> None:
    done = lint(repository, "zizmor", "--offline", ".")
    assert done.returncode == 0, done.stdout + done.stderr


def test_actionlint_and_shellcheck_find_nothing(repository: Path) -> None:
    done = lint(repository, "actionlint", "-shellcheck", str(BIN / "shellcheck"))
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_linters_see_what_is_wrong(repository: Path, tmp_path: Path) -> None:
    """Each fault that the renderer must not make is one that a linter would find."""
    shutil.copytree(repository, tmp_path / "bad")
    workflow = tmp_path / "bad" / ".github" / "workflows" / "plan.yml"
    good = workflow.read_text("utf-8")
    faults = {
        "pull_request:": "pull_request_target:",
        'base "$BASE_COMMIT"': 'base "${{ github.head_ref }}"',
        "@3d3c42e5aac5ba805825da76410c181273ba90b1": "@v7",
    }
    for right, wrong in faults.items():
        assert right in good
        workflow.write_text(good.replace(right, wrong), "utf-8")
        done = lint(tmp_path / "bad", "zizmor", "--offline", "--min-severity", "low", ".")
        assert done.returncode != 0, wrong
