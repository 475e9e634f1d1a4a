"""The project's own workflows: what they may do, what they run, and that all of it is pinned."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from tools.sbom import boms, default_base

ROOT = Path(__file__).resolve().parent.parent
FILES = sorted((ROOT / ".github" / "workflows").glob("*.y*ml"))
every_file = pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)

PINNED = re.compile(r"uses: [\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$")
# What a job may be given; everything else, such as `write-all` or `secrets`, is a fault.
ALLOWED = {
    ("ci", "lint"): {"contents": "read"},
    ("ci", "test"): {"contents": "read"},
    ("ci", "packages"): {"contents": "read"},
    ("release", "build"): {"contents": "read"},
    ("release", "test"): {"contents": "read"},
    ("release", "attest"): {"id-token": "write", "attestations": "write"},
    ("release", "image"): {
        **{"contents": "read", "packages": "write"},
        **{"id-token": "write", "attestations": "write"},
    },
    ("release", "publish"): {"id-token": "write"},
    ("release", "announce"): {"contents": "write"},
}
# Where text of a stranger may stand in the pull request that started a run.
OF_STRANGERS = re.compile(r"github\.(?:event\.(?!event_name)|head_ref)")


def load(path: Path) -> dict[str, Any]:
    """Parse a workflow; YAML 1.1 takes its `on` for true."""
    held: dict[Any, Any] = yaml.safe_load(path.read_text("utf-8"))
    return {("on" if key is True else key): value for key, value in held.items()}


def jobs() -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    for path in FILES:
        for name, job in load(path)["jobs"].items():
            yield path.stem, name, job


def steps() -> Iterator[tuple[str, Mapping[str, Any]]]:
    for file, name, job in jobs():
        for step in job["steps"]:
            yield f"{file}: {name}", step


@every_file
def test_nothing_is_permitted_but_by_a_job(path: Path) -> None:
    assert load(path)["permissions"] == {}


def test_each_job_may_do_what_is_written_here_and_no_more() -> None:
    assert {(file, name): job["permissions"] for file, name, job in jobs()} == ALLOWED


@every_file
def test_each_permission_says_why_it_is_given(path: Path) -> None:
    text = path.read_text("utf-8")
    given = re.findall(r"^      [a-z-]+: (?:read|write)(.*)$", text, re.MULTILINE)
    assert given
    assert all(re.match(r" # \w+", why) for why in given)


@every_file
def test_each_action_is_pinned_by_commit_with_its_version(path: Path) -> None:
    lines = [line.strip("- ") for line in path.read_text("utf-8").splitlines() if "uses:" in line]
    assert lines
    assert [line for line in lines if not PINNED.search(line)] == []


def test_one_action_has_one_commit() -> None:
    found: dict[str, set[str]] = {}
    for path in FILES:
        for action, pin in re.findall(r"uses: (\S+)@(.+)", path.read_text("utf-8")):
            found.setdefault(action, set()).add(pin)
    assert {action: pins for action, pins in found.items() if len(pins) > 1} == {}


@every_file
def test_pull_requests_run_without_rights_of_the_repository(path: Path) -> None:
    triggers = load(path)["on"]
    assert not {"pull_request_target", "workflow_run", "issue_comment"} & set(triggers)
    assert not OF_STRANGERS.search(path.read_text("utf-8").replace("github.event_name", ""))


def test_no_checkout_leaves_its_token_behind() -> None:
    for where, step in steps():
        if step.get("uses", "").startswith("actions/checkout@"):
            assert step["with"]["persist-credentials"] is False, where


def test_no_shell_sees_an_expression_and_no_step_is_a_program() -> None:
    ours = re.compile(r'python3 dev\.py [a-z]+( --?[a-z]+( [a-z]+| "\$[A-Z_]+")?)*')
    for where, step in steps():
        run = step.get("run", "")
        assert "${{" not in run, where
        assert not run or ours.fullmatch(run) or run.startswith("gh release create "), (where, run)


def test_what_is_run_are_words_of_the_task_list() -> None:
    tasks = set(re.findall(r'^    "([a-z]+)": \w+,$', (ROOT / "dev.py").read_text("utf-8"), re.M))
    words = {
        word for _, step in steps() for word in re.findall(r"dev\.py ([a-z]+)", step.get("run", ""))
    }
    assert {"lint", "types", "test", "dist", "sbom"} <= words <= tasks


def test_whoever_gets_an_identity_or_may_write_waits_for_an_environment() -> None:
    for file, name, job in jobs():
        writes = "write" in job["permissions"].values()
        assert bool(job.get("environment")) is writes, f"{file}: {name}"


def test_no_secret_is_used_at_all() -> None:
    assert not [path.name for path in FILES if re.search(r"\bsecrets\b", path.read_text("utf-8"))]


def test_each_job_ends_in_time_on_a_named_system() -> None:
    for file, name, job in jobs():
        assert job["timeout-minutes"] <= 90, f"{file}: {name}"
        assert re.fullmatch(r"ubuntu-\d\d\.\d\d", job["runs-on"]), f"{file}: {name}"


def test_ci_runs_on_each_python_that_we_say_we_support() -> None:
    said = re.findall(r"Python :: (3\.\d+)\"", (ROOT / "pyproject.toml").read_text("utf-8"))
    assert load(ROOT / ".github/workflows/ci.yml")["jobs"]["test"]["strategy"]["matrix"] == {
        "python": said
    }


def test_nothing_is_published_before_it_was_tested_and_attested() -> None:
    held = load(ROOT / ".github" / "workflows" / "release.yml")["jobs"]
    assert set(held["attest"]["needs"]) == set(held["image"]["needs"]) == {"build", "test"}
    assert set(held["publish"]["needs"]) == {"attest", "image"}
    assert held["announce"]["needs"] == ["publish"]
    uses = {
        name: [s.get("uses", "").split("@")[0] for s in job["steps"]] for name, job in held.items()
    }
    for name in ("attest", "image"):
        assert {"actions/attest-build-provenance", "actions/attest-sbom"} <= set(uses[name])
    built = next(s for s in held["image"]["steps"] if s.get("id") == "push")["with"]
    assert (built["provenance"], built["sbom"]) == ("mode=max", True)


def test_each_sbom_that_is_attested_is_one_that_is_made() -> None:
    made = {f"sbom/{name}" for name, _ in boms(default_base())}
    attested = {str(step["with"]["sbom-path"]) for _, step in steps() if "sbom-path" in str(step)}
    assert attested == made


def test_what_is_uploaded_is_what_is_downloaded() -> None:
    names: dict[str, set[str]] = {"upload": set(), "download": set()}
    for _, step in steps():
        for way, found in names.items():
            if step.get("uses", "").startswith(f"actions/{way}-artifact@"):
                found |= {step["with"]["name"]} if "name" in step["with"] else set()
    assert names["upload"] == names["download"] == {"packages", "sbom"}
