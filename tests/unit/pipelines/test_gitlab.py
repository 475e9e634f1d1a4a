"""The file of GitLab: what a security team asks of it, asserted over the parsed YAML."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from cellfactory.documents import load_data
from cellfactory.errors import InventoryError
from cellfactory.facts.loader import load_facts
from cellfactory.inventory.reader import parse_inventory
from cellfactory.runs.pipelines import (
    Rendered,
    check_pipelines,
    render_pipelines,
    write_pipelines,
)

PROJECT = "example-group/cells"
TOP = {"workflow", "stages", "variables"}
KEYS = {
    *("stage", "rules", "needs", "tags", "timeout", "interruptible", "environment"),
    *("resource_group", "id_tokens", "variables", "script", "artifacts", "parallel"),
}
PLACE = Path("pipelines/gitlab/.gitlab-ci.yml")
OURS = re.compile(r"\$(CI_[A-Z0-9_]+|CELLFACTORY_[A-Z_]+|DRILL_CELL|PATH)")
Jobs = dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def text(project_root: Path) -> str:
    """Our inventory, on GitLab, with the runners that there are by default."""
    found = (project_root / "cells.yaml").read_text("utf-8")
    found = re.sub(r"\n  runners: [^\n]*", "", found)
    made, times = re.subn(r"github: \{.*\}", f"gitlab: {{project: {PROJECT}}}", found)
    assert times == 1
    return made


def rendered(text: str, folder: Path = Path("pipelines"), top: Path | None = None) -> Rendered:
    inventory = parse_inventory(text, "cells.yaml", load_facts())[0]
    return render_pipelines(inventory, load_facts(), folder, top)


def read(text: str) -> dict[str, Any]:
    found: dict[str, Any] = load_data(rendered(text).files[PLACE])
    return found


@pytest.fixture(scope="module")
def whole(text: str) -> dict[str, Any]:
    return read(text)


@pytest.fixture(scope="module")
def jobs(whole: dict[str, Any]) -> Jobs:
    return {name: body for name, body in whole.items() if name not in TOP}


def lines_of(jobs: Jobs) -> Iterator[tuple[str, str]]:
    for name, job in jobs.items():
        yield from ((name, line) for line in job["script"])


def condition(job: dict[str, Any]) -> str:
    (rule,) = job["rules"]
    return str(rule["if"])


def test_the_same_inventory_gives_the_same_bytes(text: str) -> None:
    assert rendered(text).files == rendered(text).files
    assert set(rendered(text).files) == {PLACE, Path("pipelines/cellfactory.in")}


def test_every_job_has_keys_that_gitlab_knows_and_a_stage_of_its_own(
    whole: dict[str, Any], jobs: Jobs
) -> None:
    assert whole["stages"] == list(jobs)
    for name, job in jobs.items():
        assert set(job) <= KEYS, name
        assert job["stage"] == name
        assert all(isinstance(line, str) and "\n" not in line for line in job["script"])
        assert re.fullmatch(r"\d+ minutes", job["timeout"])
        assert job["tags"] == ["ubuntu-24.04"]


def test_a_job_needs_only_what_runs_in_the_same_event(jobs: Jobs) -> None:
    """GitLab refuses a pipeline in which a needed job is not."""
    for job in jobs.values():
        for need in job["needs"]:
            assert condition(job).startswith(condition(jobs[need["job"]]))


def test_rings_are_applied_in_the_order_of_the_inventory(jobs: Jobs, text: str) -> None:
    rings = parse_inventory(text, "cells.yaml", load_facts())[0].ring_names
    order = [name for ring in rings for name in (f"plan-{ring}", f"apply-{ring}")]
    assert [name for name in jobs if name in order] == order
    assert jobs[order[0]]["needs"] == []
    for before, name in pairwise(order):
        needs = {"job": before, "artifacts": name.startswith("apply-")}
        assert jobs[name]["needs"] == [needs]
    for ring in rings:
        assert jobs[f"apply-{ring}"]["environment"] == {"name": f"apply-{ring}"}


def test_what_applies_waits_for_others_and_is_ended_by_none(jobs: Jobs) -> None:
    for name, job in jobs.items():
        assert job["interruptible"] is (name in {"static", "comment"})
        queue = "drift" if name == "drift" else "apply"
        assert job.get("resource_group") == (queue if "id_tokens" in job else None)


def test_only_a_job_of_the_default_branch_can_be_somebody_in_aws(jobs: Jobs) -> None:
    own = f'$CI_PROJECT_PATH == "{PROJECT}" && $CI_COMMIT_BRANCH == "main"'
    for name, job in jobs.items():
        takes = any("AWS_ROLE_ARN" in line for line in job["script"])
        assert ("id_tokens" in job) == takes == (name not in {"static", "comment", "issues"})
        if takes:
            assert condition(job).startswith(own)
            assert job["id_tokens"] == {"CELLFACTORY_ID_TOKEN": {"aud": "https://gitlab.com"}}


def test_the_role_is_that_of_the_environment(jobs: Jobs) -> None:
    for job in jobs.values():
        for line in job["script"]:
            if "AWS_ROLE_ARN=" in line:
                role = f"arn:aws:iam::777777777777:role/cellfactory-{job['environment']['name']}"
                assert line == f"export AWS_ROLE_ARN={role}"


def test_the_audience_is_that_of_the_trust(text: str) -> None:
    own = text.replace(f"project: {PROJECT}", f'project: {PROJECT}, url: "https://git.example.com"')
    assert read(own)["drift"]["id_tokens"]["CELLFACTORY_ID_TOKEN"] == {
        "aud": "https://git.example.com"
    }


def test_a_merge_request_has_no_credentials_and_does_not_plan(jobs: Jobs) -> None:
    of_changes = {n: j for n, j in jobs.items() if "merge_request_event" in condition(j)}
    assert set(of_changes) == {"static", "comment"}
    assert "CI_TOKEN" not in of_changes["static"]["variables"]
    assert not [line for _, line in lines_of(of_changes) if " plan" in line]
    asked = [x.split()[1] for x in of_changes["static"]["script"] if x.startswith("cellfactory")]
    assert asked == ["check", "synth", "policy", "diff"]


def test_the_comment_runs_files_of_the_base_and_not_for_a_fork(jobs: Jobs) -> None:
    comment = jobs["comment"]
    assert comment["script"][0] == 'git checkout --quiet --force --detach "$BASE_COMMIT"'
    assert f'$CI_MERGE_REQUEST_SOURCE_PROJECT_PATH == "{PROJECT}"' in condition(comment)
    for name in ("comment", "issues"):
        assert condition(jobs[name]).endswith("&& $CELLFACTORY_GITLAB_TOKEN")
        assert "environment" not in jobs[name]
    with_token = {n for n, j in jobs.items() if "CI_TOKEN" in j.get("variables", {})}
    assert with_token == {"comment", "issues"}


def test_what_a_job_kept_points_nowhere_else(jobs: Jobs) -> None:
    for job in jobs.values():
        takes = [x for x in job["script"] if x.startswith("rm -rf in ")]
        assert bool(takes) == any(need["artifacts"] for need in job["needs"])
        if takes:
            before = job["script"][job["script"].index(takes[0]) - 1]
            assert before == "find kept -type l -delete"


def test_no_variable_stands_unquoted_in_a_command(jobs: Jobs) -> None:
    for name, line in lines_of(jobs):
        bare = re.sub(r"'[^']*'", "", line)
        outside = re.sub(r'"[^"]*"', "", bare)
        assert "$" not in outside, (name, line)
        assert "`" not in line
        for found in re.findall(r"\$[A-Za-z_{(]+", bare):
            assert found in {"$BASE_COMMIT", "$CHANGE_NUMBER", "$AWS_WEB_IDENTITY_TOKEN_FILE"} or (
                OURS.match(found) or found == "$(mktemp"
            ), line


def test_what_a_person_chose_is_in_no_command(whole: dict[str, Any], jobs: Jobs) -> None:
    """Titles, names of branches and messages are in no command and no variable of ours."""
    told = [line for _, line in lines_of(jobs)]
    told += [str(v) for job in jobs.values() for v in job.get("variables", {}).values()]
    for word in ("TITLE", "DESCRIPTION", "MESSAGE", "REF_NAME", "BRANCH_NAME", "USER", "TAG"):
        assert not [line for line in told if word in line]
    assert jobs["rebuild"]["script"][-1].endswith(' -- "$DRILL_CELL"')
    assert whole["variables"]["CELLFACTORY_RESUME"]["value"] == ""


def test_what_is_installed_is_pinned_by_hash_and_by_the_base(jobs: Jobs) -> None:
    for name, job in jobs.items():
        (line,) = [x for x in job["script"] if "pip install" in x]
        words = shlex.split(line)
        assert words[:5] == ["python", "-I", "-m", "pip", "install"]
        assert {"--require-hashes", "--only-binary"} <= set(words)
        assert (words[-1] == ".base/pipelines/cellfactory.lock") is (name == "static")
        assert "image" not in job


def test_a_drill_is_chosen_started_and_alone(whole: dict[str, Any], jobs: Jobs) -> None:
    choice = whole["variables"]["DRILL_CELL"]
    assert choice["value"] == choice["options"][0] == "-"
    assert choice["options"][1:]
    (rule,) = jobs["rebuild"]["rules"]
    assert (rule["when"], rule["allow_failure"]) == ("manual", False)
    assert rule["if"].endswith('$CI_PIPELINE_SOURCE == "web" && $DRILL_CELL != "-"')
    assert '$DRILL_CELL == "-"' in condition(jobs["apply-canary"])


def test_issues_are_told_also_where_looking_failed(jobs: Jobs) -> None:
    assert jobs["issues"]["rules"][0]["when"] == "always"
    assert "schedule" in condition(jobs["drift"])


# -- any inventory ---------------------------------------------------------------------------------


@pytest.mark.parametrize("ring", ["true", "null", "y", "on", "image", "pages", "a1", "x" * 40])
def test_names_that_mean_something_else_stay_names(text: str, ring: str) -> None:
    made = text.replace("ring: canary", f'ring: "{ring}"')
    made = made.replace("cell_types:", f'rings: ["{ring}", first, rest]\ncell_types:')
    found = read(made)
    assert found[f"apply-{ring}"]["environment"] == {"name": f"apply-{ring}"}
    assert found["stages"].count(f"apply-{ring}") == 1


@pytest.mark.parametrize("name", ["$(id)", "a b", 'a"b', "a;b", "`id`", "-x", "a\nb", "$CI_TOKEN"])
@pytest.mark.parametrize("key", ["project", "default_branch", "runners"])
def test_names_that_would_act_are_no_names(text: str, key: str, name: str) -> None:
    quoted = '"' + name.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
    ways = {
        "project": (f"project: {PROJECT}", f"project: {quoted}"),
        "default_branch": ("pipeline:\n", f"pipeline:\n  default_branch: {quoted}\n"),
        "runners": ("pipeline:\n", f"pipeline:\n  runners: {{plan: {quoted}}}\n"),
    }
    before, after = ways[key]
    assert before in text
    with pytest.raises(InventoryError):
        rendered(text.replace(before, after))


def test_labels_branch_and_bake_are_those_of_the_inventory(text: str) -> None:
    made = text.replace(
        "pipeline:\n",
        "pipeline:\n  default_branch: release/2026\n  runners: {apply: [vpc, large]}\n",
    ).replace("cell_types:", "rings: {canary: {bake: 2h}, first: {}, rest: {}}\ncell_types:")
    found = read(made)
    assert found["apply-canary"]["tags"] == ["vpc", "large"]
    assert '$CI_COMMIT_BRANCH == "release/2026"' in condition(found["apply-canary"])
    assert '_TARGET_BRANCH_NAME == "release/2026"' in condition(found["static"])
    assert "--bake 2h" in found["apply-canary"]["script"][-1]
    assert "--no-bake" in found["apply-rest"]["script"][-1]


# -- files -----------------------------------------------------------------------------------------


def test_it_is_installed_at_the_top_and_held_there(text: str, tmp_path: Path) -> None:
    made = rendered(text, tmp_path / "pipelines", tmp_path)
    write_pipelines(made)
    assert list(check_pipelines(made)) == []
    top = tmp_path / ".gitlab-ci.yml"
    assert top.read_bytes() == (tmp_path / PLACE).read_bytes()
    top.write_text(top.read_text("utf-8") + "# more\n", "utf-8")
    assert [one.message for one in check_pipelines(made)] == [f"{top} is stale"]


def test_a_file_of_others_is_not_replaced(text: str, tmp_path: Path) -> None:
    theirs = tmp_path / ".gitlab-ci.yml"
    theirs.write_text("build: {script: make}\n", "utf-8")
    with pytest.raises(InventoryError) as told:
        write_pipelines(rendered(text, tmp_path / "pipelines", tmp_path))
    assert [one.finding.rule for one in told.value.problems] == ["F737"]
    assert theirs.read_text("utf-8") == "build: {script: make}\n"
    assert not (tmp_path / "pipelines").exists()


def test_who_moves_from_github_keeps_none_of_its_workflows(
    text: str, tmp_path: Path, project_root: Path
) -> None:
    before = (project_root / "cells.yaml").read_text("utf-8")
    write_pipelines(rendered(before, tmp_path / "pipelines", tmp_path))
    assert (tmp_path / ".github/workflows/apply.yml").exists()
    write_pipelines(rendered(text, tmp_path / "pipelines", tmp_path))
    assert not list(tmp_path.rglob("apply.yml"))
    write_pipelines(rendered(before, tmp_path / "pipelines", tmp_path))
    assert not list(tmp_path.rglob(".gitlab-ci.yml"))
