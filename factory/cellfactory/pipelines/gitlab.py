"""Pipelines as the one file that GitLab reads.

A job runs by the rules of the event that it is for; jobs follow each other by `needs`. A token of
GitLab names a branch and no environment, and the roles trust the default branch: so no job of a
merge request is anybody in AWS, and none plans.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from dataclasses import replace
from fnmatch import fnmatchcase

from cellfactory.inventory.pipeline import Pipeline as Settings
from cellfactory.naming import PLAN
from cellfactory.pipelines.build import BY_HAND, IN, OUT, YES_OR_NO
from cellfactory.pipelines.model import Job, Pipeline, Variable
from cellfactory.pipelines.shell import BASE, INSTALL, LOCK, command_line, saved
from cellfactory.pipelines.yaml_text import Data, Noted, render_yaml

FOLDER = "gitlab"  # below the folder of all pipelines
NAME = ".gitlab-ci.yml"
HEAD = """\
# Made by `cellfactory pipeline render` from cells.yaml; do not edit.
# GitLab runs the copy at the top of the repository: cellfactory pipeline render --install
"""
KEPT = "kept"
"""Where artifacts lie, a folder for each name: GitLab puts them back where they were."""
PROGRAMS = ".programs"
TOKEN = "CELLFACTORY_GITLAB_TOKEN"
"""The variable of the project with which comments and issues are written, where it has one."""
ID_TOKEN = "CELLFACTORY_ID_TOKEN"
NO_CELL = "-"  # no name of a cell
QUEUE: Mapping[str, str] = {"merge": "apply", "drill": "apply", "schedule": "drift"}
"""What of each event waits for the others of its name: a drill waits for an apply."""

MOST_PARALLEL = 200
"""Equal jobs at most.

Source:
    https://docs.gitlab.com/ci/yaml/#parallel
"""

_VARIABLES: Mapping[Variable, str] = {
    "BASE_COMMIT": "$CI_MERGE_REQUEST_DIFF_BASE_SHA",
    "CHANGE_NUMBER": "$CI_MERGE_REQUEST_IID",
    "CELLFACTORY_SHARD": "$CI_NODE_INDEX/$CI_NODE_TOTAL",
    "CI_TOKEN": f"${TOKEN}",
}
"""What a job is given; the other variables are those of the whole pipeline, by the same name."""


def render_gitlab(
    pipelines: tuple[Pipeline, ...], settings: Settings, audience: str
) -> dict[str, str]:
    """Render all pipelines as one file.

    Args:
        pipelines: of the inventory.
        settings: of a project on GitLab.
        audience: whom the tokens for AWS are for, as the trust of the roles has it.

    Returns:
        The text of the file, by its name.
    """
    reachable = [_without_logins(one) if one.trigger == "change" else one for one in pipelines]
    jobs = {job.name: (one, job) for one in reachable for job in one.jobs}
    made: dict[str, Data] = {
        "workflow": {"rules": [{"if": _event(one, settings)} for one in reachable]},
        "stages": list(jobs),
        "variables": _asked(reachable),
    }
    for name, (pipeline, job) in jobs.items():
        kept = {other.name: _kept(other) for other in pipeline.jobs}
        made[name] = _job(pipeline, job, kept, settings, audience)
    return {NAME: HEAD + render_yaml(made)}


def _without_logins(pipeline: Pipeline) -> Pipeline:
    """Leave out of a pipeline whatever takes a role, and what only that needs."""
    left = [job for job in pipeline.jobs if job.login is None]
    names = {job.name for job in left}
    jobs = (
        replace(
            job,
            needs=tuple(name for name in job.needs if name in names),
            steps=tuple(step for step in job.steps if not step.yields),
        )
        for job in left
    )
    return replace(pipeline, jobs=tuple(jobs))


def _asked(pipelines: list[Pipeline]) -> dict[str, Data]:
    """What whoever starts a pipeline by hand is asked."""
    cells = [cell for one in pipelines for cell in one.choices]
    asked: dict[str, Data] = {
        variable: {"value": "false", "options": ["false", "true"], "description": told}
        if variable in YES_OR_NO
        else {"value": "", "description": told}
        for variable, told in BY_HAND.items()
    }
    return asked | {
        "DRILL_CELL": {
            "value": NO_CELL,
            "options": [NO_CELL, *cells],
            "description": "Cell that is destroyed and built again, and nothing else is done",
        },
    }


# -- when a job runs -------------------------------------------------------------------------------


def _event(pipeline: Pipeline, settings: Settings) -> str:
    """Only the project itself and its default branch are applied; a fork is checked."""
    branch = settings.default_branch
    if pipeline.trigger == "change":
        target = f'$CI_MERGE_REQUEST_TARGET_BRANCH_NAME == "{branch}"'
        return f'$CI_PIPELINE_SOURCE == "merge_request_event" && {target}'
    own = f'{_is_ours("CI_PROJECT_PATH", settings)} && $CI_COMMIT_BRANCH == "{branch}"'
    match pipeline.trigger:
        case "merge":
            by_hand = f'$CI_PIPELINE_SOURCE == "web" && $DRILL_CELL == "{NO_CELL}"'
            return f'{own} && ($CI_PIPELINE_SOURCE == "push" || ({by_hand}))'
        case "schedule":
            return f'{own} && $CI_PIPELINE_SOURCE == "schedule"'
        case "drill":
            return f'{own} && $CI_PIPELINE_SOURCE == "web" && $DRILL_CELL != "{NO_CELL}"'


def _is_ours(variable: str, settings: Settings) -> str:
    assert settings.gitlab is not None
    return f'${variable} == "{settings.gitlab.project}"'


def _rule(pipeline: Pipeline, job: Job, settings: Settings) -> dict[str, Data]:
    needed = [_event(pipeline, settings)]
    if job.condition == "trusted":
        needed.append(_is_ours("CI_MERGE_REQUEST_SOURCE_PROJECT_PATH", settings))
    if "CI_TOKEN" in _variables(job):
        needed.append(f"${TOKEN}")
    rule: dict[str, Data] = {"if": " && ".join(needed)}
    if pipeline.trigger == "drill":
        return {**rule, "when": "manual", "allow_failure": False}
    return {**rule, "when": "always"} if job.condition == "afterwards" else rule


# -- a job -----------------------------------------------------------------------------------------


def _job(
    pipeline: Pipeline,
    job: Job,
    kept: Mapping[str, str | None],
    settings: Settings,
    audience: str,
) -> dict[str, Data]:
    made: dict[str, Data] = {
        "stage": job.name,
        "rules": [_rule(pipeline, job, settings)],
        "needs": [_need(job, name, kept[name]) for name in job.needs],
        "tags": list(job.runner),
        "timeout": f"{job.minutes} minutes",
        "interruptible": pipeline.replaces,
    }
    if job.environment == PLAN:
        made["environment"] = {"name": PLAN, "action": "access"}  # it deploys nothing
    elif job.environment:
        made["environment"] = {"name": job.environment}
    if job.shards > 1:
        made["parallel"] = min(job.shards, MOST_PARALLEL)
    elif job.login:  # jobs of one resource group follow each other
        made["resource_group"] = QUEUE[pipeline.trigger]
    if job.login:
        why = f"to be {job.login.role.rpartition('/')[2]} in AWS"
        made["id_tokens"] = {ID_TOKEN: {"aud": Noted(audience, why)}}
    made |= {"variables": values} if (values := _variables(job)) else {}
    made["script"] = list(_script(pipeline, job))
    if job.keeps:
        made["artifacts"] = {
            "paths": [f"{KEPT}/"],
            "when": "always",
            "access": "developer",
            "expire_in": "7 days",
        }
    return made


def _kept(job: Job) -> str | None:
    """The name of what a job keeps; of several equal jobs, of that of the first one."""
    return f"{job.keeps}-1" if job.keeps and job.shards > 1 else job.keeps


def _need(job: Job, name: str, kept: str | None) -> dict[str, Data]:
    takes = bool(job.takes and kept and fnmatchcase(kept, job.takes))
    return {"job": name, "artifacts": takes}


def _variables(job: Job) -> dict[str, Data]:
    names = {name for step in job.steps for name in (*step.reads, step.last) if name}
    if job.reads_base:
        names.add("BASE_COMMIT")
    depth: dict[str, Data] = {"GIT_DEPTH": "0"} if job.history or job.reads_base else {}
    return depth | {name: _VARIABLES[name] for name in sorted(names & set(_VARIABLES))}


def _script(pipeline: Pipeline, job: Job) -> Iterator[str]:
    lock = LOCK
    if job.reads_base:
        yield 'git checkout --quiet --force --detach "$BASE_COMMIT"'
    elif pipeline.trigger == "change":
        lock = f"{BASE}/{LOCK}"
        yield f"rm -rf {BASE} && mkdir -p {lock.rpartition('/')[0]}"
        yield f'git show "$BASE_COMMIT:{LOCK}" > {lock}'
    yield f"python3 -I -m venv --clear {PROGRAMS}"
    yield f'export PATH="$CI_PROJECT_DIR/{PROGRAMS}/bin:$PATH"'
    yield f"{INSTALL} {lock}"
    if job.keeps:
        number = '-"$CI_NODE_INDEX"' if job.shards > 1 else ""
        folder = f"{KEPT}/{job.keeps}{number}"
        yield f"rm -rf {KEPT} {OUT} && mkdir -p {folder} && ln -s {folder} {OUT}"
    if job.takes:
        yield f"find {KEPT} -type l -delete"  # what a job kept points nowhere else
        folder = KEPT if job.takes.endswith("*") else f"{KEPT}/{job.takes}"
        yield f"rm -rf {IN} && ln -s {folder} {IN}"
    yield from _log_in(job)
    for step in job.steps:
        yield command_line(step) + saved(step)
        if step.shows:
            yield f"cat {shlex.quote(step.shows)}"


def _log_in(job: Job) -> Iterator[str]:
    """Hand the token to AWS's SDKs by a file, which ends with the job.

    They take the role again by themselves once a session ends, as long as the token lasts: as long
    as the job may.
    """
    if job.login is None:
        return
    yield f"export AWS_ROLE_ARN={shlex.quote(job.login.role)}"
    yield f"export AWS_REGION={shlex.quote(job.login.region)}"
    yield 'export AWS_ROLE_SESSION_NAME="cellfactory-$CI_JOB_ID"'
    yield 'AWS_WEB_IDENTITY_TOKEN_FILE="$(mktemp)"'
    yield "export AWS_WEB_IDENTITY_TOKEN_FILE"
    yield """trap 'rm -f "$AWS_WEB_IDENTITY_TOKEN_FILE"' EXIT"""
    yield f"""printf '%s' "${ID_TOKEN}" > "$AWS_WEB_IDENTITY_TOKEN_FILE\""""
    yield f"unset {ID_TOKEN}"  # what runs here finds it in the file alone
