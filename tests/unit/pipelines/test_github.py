"""What each workflow may do, whatever the inventory: permissions, pins, scripts, order."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cellfactory.documents import load_data
from cellfactory.facts.loader import load_facts
from cellfactory.inventory.schema import Inventory
from cellfactory.pipelines import build_pipelines, render_github
from cellfactory.pipelines.actions import ACTIONS
from tests.inventories import data, inventory

RINGS = ["canary", "next", "a1-b2", "rest"]
ALLOWED = {
    "plan": {
        "static": {"contents": "read"},
        "plan": {"contents": "read", "id-token": "write"},
        "comment": {"contents": "read", "pull-requests": "write"},
    },
    "drift": {
        "drift": {"contents": "read", "id-token": "write"},
        "issues": {"contents": "read", "issues": "write"},
    },
}
IN_AWS = {"contents": "read", "id-token": "write"}
NAME = st.from_regex(r"[a-z][a-z0-9]{0,8}(-[a-z0-9]{1,8}){0,2}", fullmatch=True)
BRANCH = st.from_regex(r"[A-Za-z0-9_]{1,9}([./-][A-Za-z0-9_]{1,9}){0,3}", fullmatch=True)
LABEL = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,9}", fullmatch=True)
REPOSITORY = st.from_regex(r"[A-Za-z0-9](-?[A-Za-z0-9]){0,9}/[A-Za-z0-9_-]{1,9}", fullmatch=True)
LISTED = st.lists(LABEL, min_size=1, max_size=3, unique=True)


def made(cells: int = 6, rings: Any = None, **pipeline: Any) -> Inventory:
    names = list(rings or RINGS)
    values = data(cells, nodes=1)
    values["rings"] = rings or RINGS
    for number, cell in enumerate(values["cells"].values()):
        cell["ring"] = names[number % len(names)]
    values["pipeline"] = {
        "account": "777777777777",
        "github": {"repository": "example-org/cells"},
        "session_hours": 12,
        **pipeline,
    }
    return inventory(values)


def texts(cells: Inventory) -> dict[str, str]:
    assert cells.pipeline is not None
    return render_github(build_pipelines(cells, load_facts(), cells.pipeline, "0.1.0"))


def read(cells: Inventory | None = None) -> dict[str, Any]:
    """Every workflow as GitHub reads it; YAML 1.1 takes the key `on` for true."""
    return {
        name.removesuffix(".yml"): load_data(text.replace("\non:\n", '\n"on":\n'))
        for name, text in texts(cells or made()).items()
    }


def jobs(workflows: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for name, workflow in workflows.items():
        for job, body in workflow["jobs"].items():
            yield name, job, body


def steps(workflows: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for _, _, job in jobs(workflows):
        yield from job["steps"]


def test_nothing_is_permitted_but_what_a_job_says() -> None:
    for name, workflow in read().items():
        assert workflow["permissions"] == {}, name
    for name, job, body in jobs(read()):
        wanted = ALLOWED.get(name, {}).get(job, IN_AWS)
        assert body["permissions"] == wanted, (name, job)


def test_each_permission_has_its_reason_beside_it() -> None:
    for text in texts(made()).values():
        for line in text.splitlines():
            if re.match(r" {6}[a-z-]+: (read|write)", line):
                assert re.search(r" # [a-z].{10,}", line), line


def test_who_gets_a_token_for_aws_is_in_an_environment_and_takes_its_role() -> None:
    for name, job, body in jobs(read()):
        takes = body["permissions"].get("id-token") == "write"
        assert takes == ("environment" in body), (name, job)
        roles = [s["with"]["role-to-assume"] for s in body["steps"] if "role" in str(s.get("with"))]
        if takes:
            role = f"arn:aws:iam::777777777777:role/cellfactory-{body['environment']}"
            assert roles == [role], (name, job)
        else:
            assert roles == []


def test_no_secret_and_no_stored_key_is_asked_for() -> None:
    for text in texts(made()).values():
        assert "secrets." not in text
        assert "access-key" not in text
        assert "pull_request_target" not in text
        assert "workflow_run" not in text


def test_each_action_is_one_commit_with_its_version_beside_it() -> None:
    known = {f"{a.repository}@{a.commit} # {a.version}" for a in ACTIONS}
    assert all(re.fullmatch(r"[0-9a-f]{40}", a.commit) for a in ACTIONS)
    seen = set()
    for text in texts(made()).values():
        seen |= {line.strip()[6:] for line in text.splitlines() if line.strip()[:6] == "uses: "}
    assert seen == known


def test_no_checkout_leaves_its_token() -> None:
    found = [s for s in steps(read()) if s.get("uses", "").startswith("actions/checkout@")]
    assert found
    assert all(step["with"]["persist-credentials"] is False for step in found)


def test_a_script_is_one_command_and_holds_no_expression() -> None:
    for step in steps(read()):
        lines = str(step.get("run", "cellfactory")).strip().splitlines()
        assert "${{" not in step.get("run", "")
        assert lines[-1].startswith(("cellfactory ", "cellfactory", "python -I -m pip install "))
        assert all(line.startswith('read -ra words <<< "$') for line in lines[:-1])
        assert len(lines) <= 2


def test_every_variable_of_a_script_is_in_quotes() -> None:
    for step in steps(read()):
        run = str(step.get("run", ""))
        plain = re.sub(r'\$\{[A-Z_]+:\+--[a-z-]+( "\$[A-Z_]+")?\}', "", run)
        for found in re.finditer(r"\$", plain):
            assert plain[found.start() - 1] == '"', run


def test_what_comments_runs_nothing_of_what_is_proposed() -> None:
    body = read()["plan"]["jobs"]["comment"]
    (checkout,) = (s for s in body["steps"] if s.get("uses", "").startswith("actions/checkout@"))
    assert checkout["with"]["ref"] == "${{ github.event.pull_request.base.sha }}"
    writers = [(n, j) for n, j, b in jobs(read()) if "pull-requests" in b["permissions"]]
    assert writers == [("plan", "comment")]


def test_a_fork_gets_what_needs_no_credentials_and_nothing_else() -> None:
    own = "github.event.pull_request.head.repo.full_name == github.repository"
    found = read()["plan"]["jobs"]
    assert "if" not in found["static"]
    assert "environment" not in found["static"]
    assert own in found["plan"]["if"]
    assert own in found["comment"]["if"]


def test_a_proposal_does_not_say_which_program_is_installed() -> None:
    for name in ("static", "plan"):
        runs = [s.get("run", "") for s in read()["plan"]["jobs"][name]["steps"]]
        assert any("--requirement .base/pipelines/cellfactory.lock" in run for run in runs)
        assert not any("--requirement pipelines/" in run for run in runs)


def test_rings_are_applied_in_the_order_of_the_inventory() -> None:
    found = read()["apply"]["jobs"]
    wanted = [f"{what}-{ring}" for ring in RINGS for what in ("plan", "apply")]
    assert list(found) == wanted
    earlier: list[str] = []
    for ring in RINGS:
        assert found[f"plan-{ring}"].get("needs", []) == earlier
        assert found[f"apply-{ring}"]["needs"] == [f"plan-{ring}", *earlier]
        assert found[f"apply-{ring}"]["environment"] == f"apply-{ring}"
        assert "always()" not in str(found[f"apply-{ring}"])
        assert "cancelled" not in found[f"apply-{ring}"]["if"]
        earlier = [f"apply-{ring}"]


def test_rings_without_cells_have_no_jobs_and_the_last_one_does_not_bake() -> None:
    cells = made(2, {"canary": {"bake": "5m"}, "empty": {}, "rest": {"bake": "7m"}})
    values = cells.model_copy(
        update={
            "cells": {
                name: cell.model_copy(update={"ring": ring})
                for (name, cell), ring in zip(cells.cells.items(), ("canary", "rest"), strict=True)
            }
        }
    )
    found = read(values)["apply"]["jobs"]
    assert list(found) == ["plan-canary", "apply-canary", "plan-rest", "apply-rest"]
    assert "--bake 5m" in str(found["apply-canary"])
    assert "--bake" not in str(found["apply-rest"])


def test_whoever_changes_aws_is_in_one_queue_and_never_cut_off() -> None:
    for name, workflow in read().items():
        group = workflow["concurrency"]
        if name == "plan":
            assert group["cancel-in-progress"] is True
            continue
        assert group["cancel-in-progress"] is False
        assert group["queue"] == "max"
        assert group["group"] == ("cellfactory-drift" if name == "drift" else "cellfactory-apply")


def test_a_job_ends_no_later_than_its_credentials() -> None:
    for name, job, body in jobs(read()):
        seconds = [s["with"]["role-duration-seconds"] for s in body["steps"] if "role-" in str(s)]
        if seconds:
            assert body["timeout-minutes"] * 60 <= seconds[0], (name, job)


def test_what_is_kept_is_no_plan_and_no_state() -> None:
    kept = {s["with"]["path"] for s in steps(read()) if "upload-artifact" in s.get("uses", "")}
    assert kept == {"diff.md", "plan.md", "plan.json", "drift.json"}


def test_jobs_that_change_aws_run_here_and_on_the_default_branch_alone() -> None:
    for name, job, body in jobs(read(made(default_branch="release/2"))):
        if body.get("environment", "").startswith("apply-"):
            assert "github.repository == 'example-org/cells'" in body["if"], (name, job)
            assert "github.ref == 'refs/heads/release/2'" in body["if"], (name, job)


def test_a_matrix_without_rows_is_skipped() -> None:
    assert (
        "needs.static.outputs.matrix != '{\"include\":[]}'" in read()["plan"]["jobs"]["plan"]["if"]
    )


@pytest.mark.parametrize("cells", [1, 16, 17, 120])
def test_no_matrix_has_more_rows_than_github_takes(cells: int) -> None:
    text = texts(made(cells))["plan.yml"]
    shards = int(re.findall(r"--shards (\d+)", text)[0])
    assert 1 <= shards * 2 * len(RINGS) <= 256


@given(
    rings=st.lists(NAME, min_size=1, max_size=4, unique=True),
    branch=BRANCH,
    repository=REPOSITORY,
    plan=LABEL | LISTED,
    apply=LABEL | LISTED,
)
def test_whatever_the_schema_takes_is_read_back_as_it_was(
    rings: list[str], branch: str, repository: str, plan: Any, apply: Any
) -> None:
    cells = made(
        len(rings),
        rings,
        default_branch=branch,
        github={"repository": repository},
        runners={"plan": plan, "apply": apply},
    )
    found = read(cells)
    assert found["apply"]["on"]["push"]["branches"] == [branch]
    ring = rings[-1]
    assert found["apply"]["jobs"][f"apply-{ring}"]["environment"] == f"apply-{ring}"
    assert found["apply"]["jobs"][f"apply-{ring}"]["runs-on"] == apply
    assert found["plan"]["jobs"]["static"]["runs-on"] == plan
    assert f"'{repository}'" in found["drift"]["jobs"]["drift"]["if"]
    assert texts(cells) == texts(cells)
