"""Pipelines as workflows of GitHub Actions.

A workflow grants nothing at its top; each job says what it takes and why. Actions are pinned by
commit. An expression stands in `env`, `if` and `with`, never in a command.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping

from cellfactory.inventory.pipeline import Pipeline as Settings
from cellfactory.inventory.schema import Inventory
from cellfactory.pipelines.build import BY_HAND, IN, OUT, YES_OR_NO
from cellfactory.pipelines.model import Grant, Job, Pipeline, Step, Variable
from cellfactory.pipelines.shell import BASE, INSTALL, LOCK, command_line, saved
from cellfactory.pipelines.yaml_text import Data, Lines, Noted, render_yaml

FOLDER = "github"  # below the folder of all pipelines
PYTHON = "3.11"
CACHE = "~/.cache/cellfactory"
"""Where the program keeps what it works out, on the Linux of a runner."""
HEAD = """\
# Made by `cellfactory pipeline render` from cells.yaml; do not edit.
# GitHub runs the copy in .github/workflows: cellfactory pipeline render --install
"""

ACTIONS: Mapping[str, tuple[str, str]] = {
    "actions/cache": ("55cc8345863c7cc4c66a329aec7e433d2d1c52a9", "v6.1.0"),
    "actions/checkout": ("3d3c42e5aac5ba805825da76410c181273ba90b1", "v7.0.1"),
    "actions/setup-python": ("5fda3b95a4ea91299a34e894583c3862153e4b97", "v7.0.0"),
    "actions/upload-artifact": ("043fb46d1a93c77aae656e7c1c64a875d1fc6a0a", "v7.0.1"),
    "actions/download-artifact": ("3e5f45b2cfb9172054b4087a40e8e0b5a5461e7c", "v8.0.1"),
    "aws-actions/configure-aws-credentials": (
        "e6de054238d6b7531b4efff3b6587d9aade6a06c",
        "v6.2.3",
    ),
}
"""Each action that is used: the commit, and the release that it is."""

_EXPRESSIONS: Mapping[Variable, str] = {
    "BASE_COMMIT": "github.event.pull_request.base.sha",
    "CHANGE_NUMBER": "github.event.pull_request.number",
    "CELLFACTORY_STACKS": "matrix.stacks",
    "CELLFACTORY_SHARD": "matrix.shard",
    "CELLFACTORY_RESUME": "inputs.resume",
    "CELLFACTORY_ALLOW_DESTROY": "inputs.allow_destroy",
    "CELLFACTORY_OVERRIDE": "inputs.override",
    "CELLFACTORY_FIRST_APPLY": "inputs.first_apply && 'true' || ''",
    "DRILL_CELL": "inputs.cell",
    "CI_TOKEN": "github.token",
}
_BASE_REF = f"${{{{ {_EXPRESSIONS['BASE_COMMIT']} }}}}"
_INPUTS: Mapping[str, tuple[str, str]] = {
    variable.removeprefix("CELLFACTORY_").lower(): (
        told,
        "boolean" if variable in YES_OR_NO else "string",
    )
    for variable, told in BY_HAND.items()
}
"""What a person can say who starts an apply by hand: description and type."""
_GRANTS: Mapping[Grant, tuple[str, str, str]] = {
    "read": ("contents", "read", "to read the files of this repository"),
    "comments": ("pull-requests", "write", "to write the one comment"),
    "issues": ("issues", "write", "to open, update and close the issues of cells"),
}
_SAME_REPOSITORY = "github.event.pull_request.head.repo.full_name == github.repository"


def render_github(pipelines: tuple[Pipeline, ...], inventory: Inventory) -> dict[str, str]:
    """Render each pipeline as a workflow.

    Returns:
        The text of each file, by its name within the folder of workflows.
    """
    assert inventory.pipeline is not None
    settings = inventory.pipeline
    return {f"{one.name}.yml": HEAD + render_yaml(_workflow(one, settings)) for one in pipelines}


def _workflow(pipeline: Pipeline, settings: Settings) -> dict[str, Data]:
    branch = settings.default_branch
    guard = _guard(pipeline, settings)
    is_change = pipeline.trigger == "change"
    return {
        "name": pipeline.title,
        "on": _trigger(pipeline, branch),
        "permissions": Noted({}, "nothing that a job does not ask for"),
        "concurrency": _concurrency(pipeline),
        "jobs": {job.name: _job(job, guard, is_change) for job in pipeline.jobs},
    }


def _asked(description: str, kind: str) -> Data:
    return {"description": description, "required": False, "type": kind}


def _trigger(pipeline: Pipeline, branch: str) -> dict[str, Data]:
    match pipeline.trigger:
        case "change":
            return {"pull_request": {"branches": [branch]}}
        case "merge":
            dispatch: Data = {"inputs": {name: _asked(*told) for name, told in _INPUTS.items()}}
            return {"push": {"branches": [branch]}, "workflow_dispatch": dispatch}
        case "schedule":
            return {"schedule": [{"cron": "23 4 * * *"}], "workflow_dispatch": {}}
        case "drill":
            cell: Data = {
                "description": "Cell that is destroyed and built again",
                "required": True,
                "type": "choice",
                "options": list(pipeline.choices),
            }
            return {"workflow_dispatch": {"inputs": {"cell": cell}}}


def _guard(pipeline: Pipeline, settings: Settings) -> str:
    """Only the default branch is applied, whoever starts a workflow by hand on another one.

    A copy of the repository runs nothing by the clock, and has no roles to wait for.
    """
    if pipeline.trigger == "change":
        return ""
    branch = f"github.ref == 'refs/heads/{settings.default_branch}'"
    own = settings.github
    return f"github.repository == '{own.repository}' && {branch}" if own else branch


def _concurrency(pipeline: Pipeline) -> dict[str, Data]:
    if pipeline.replaces:
        group = f"{pipeline.name}-${{{{ github.event.pull_request.number }}}}"
        return {"group": group, "cancel-in-progress": True}
    name = "drift" if pipeline.trigger == "schedule" else "apply"  # a drill waits for an apply
    return {"group": name, "cancel-in-progress": False, "queue": "max"}


# -- a job -----------------------------------------------------------------------------------------


def _job(job: Job, guard: str, is_change: bool) -> dict[str, Data]:
    labels: Data = list(job.runner) if len(job.runner) > 1 else job.runner[0]
    made: dict[str, Data] = {"name": job.title}
    if job.matrix or job.shards > 1:
        made["name"] = f"{job.title} ${{{{ matrix.{'name' if job.matrix else 'shard'} }}}}"
    if job.needs:
        made["needs"] = list(job.needs)
    if condition := " && ".join(filter(None, (guard, _condition(job)))):
        made["if"] = f"${{{{ {condition} }}}}"
    made |= {"runs-on": labels, "timeout-minutes": job.minutes}
    if job.environment:
        made["environment"] = job.environment
    made["permissions"] = _permissions(job)
    if job.matrix:
        entries = f"${{{{ fromJSON(needs.{job.matrix}.outputs.matrix) }}}}"
        made["strategy"] = {"fail-fast": False, "matrix": entries}
    elif job.shards > 1:
        shards: Data = [f"{number}/{job.shards}" for number in range(1, job.shards + 1)]
        made["strategy"] = {"fail-fast": False, "matrix": {"shard": shards}}
    if any(step.yields for step in job.steps):
        made["outputs"] = {"matrix": "${{ steps.yields.outputs.matrix }}"}
    made["steps"] = list(_steps(job, is_change))
    return made


def _condition(job: Job) -> str:
    match job.condition:
        case "always":
            return ""
        case "afterwards":
            return "!cancelled()"
        case "changed":
            return f"""needs.static.outputs.matrix != '{{"include":[]}}' && {_SAME_REPOSITORY}"""
        case "trusted":
            return f"!cancelled() && needs.static.result == 'success' && {_SAME_REPOSITORY}"


def _permissions(job: Job) -> dict[str, Data]:
    found: dict[str, Data] = {}
    for grant in job.grants:
        name, level, why = _GRANTS[grant]
        found[name] = Noted(level, why)
    if job.login:
        found["id-token"] = Noted("write", f"to be {job.login.role.rpartition('/')[2]} in AWS")
    return found


def _steps(job: Job, is_change: bool) -> Iterator[dict[str, Data]]:
    yield _checkout(job)
    lock = LOCK
    if is_change and not job.reads_base:
        yield _checkout_base()
        lock = f"{BASE}/{LOCK}"
    yield _uses("actions/setup-python", "Take Python", {"python-version": PYTHON})
    yield {"name": "Install cellfactory, by hash", "run": f"{INSTALL} {lock}"}
    if job.keeps:
        yield {"name": "Make the folder of what is kept", "run": f"mkdir -p {OUT}"}
    if job.takes:
        how: dict[str, Data] = {"pattern": job.takes, "path": IN, "merge-multiple": True}
        if job.takes.endswith("*"):
            how["merge-multiple"] = False
        yield _uses("actions/download-artifact", "Take what was kept", how)
    if job.memory == "reads":
        yield _remember(lock)
    if job.login:
        yield _log_in(job)
    yield from (_step(step) for step in job.steps)
    if job.memory == "writes":
        yield _memorize(lock)
    if job.keeps:
        yield _keep(job)


def _checkout(job: Job) -> dict[str, Data]:
    how: dict[str, Data] = {"persist-credentials": False}
    if job.history:
        how["fetch-depth"] = 0
    if job.reads_base:
        how["ref"] = _BASE_REF
    return _uses(
        "actions/checkout",
        "Take the files of the base" if job.reads_base else "Take the files",
        how,
    )


def _checkout_base() -> dict[str, Data]:
    how: dict[str, Data] = {
        "persist-credentials": False,
        "ref": _BASE_REF,
        "path": BASE,
    }
    return _uses("actions/checkout", "Take the files of the base, for its lock", how)


def _log_in(job: Job) -> dict[str, Data]:
    assert job.login is not None
    how: dict[str, Data] = {
        "role-to-assume": job.login.role,
        "role-duration-seconds": job.login.seconds,
        "role-session-name": "cellfactory-${{ github.run_id }}",
        "aws-region": job.login.region,
        "mask-aws-account-id": False,
    }
    return _uses("aws-actions/configure-aws-credentials", "Log in to AWS", how)


def _remember(lock: str) -> dict[str, Data]:
    """Begin with what a run of the default branch has left, the base of the change first."""
    same = _cache_of(lock)
    how: dict[str, Data] = {
        "path": CACHE,
        "key": same + _BASE_REF,
        "restore-keys": same,
    }
    return _uses("actions/cache", "Take what the default branch has worked out", how, "/restore")


def _memorize(lock: str) -> dict[str, Data]:
    how: dict[str, Data] = {"path": CACHE, "key": _cache_of(lock) + "${{ github.sha }}"}
    return _uses("actions/cache", "Keep what was worked out, for changes", how, "/save")


def _cache_of(lock: str) -> str:
    """Name a cache by the machine and the versions that have made it."""
    return (
        f"cellfactory-${{{{ runner.os }}}}-${{{{ runner.arch }}}}-${{{{ hashFiles('{lock}') }}}}-"
    )


def _keep(job: Job) -> dict[str, Data]:
    is_one_of_many = job.matrix or job.shards > 1
    name = f"{job.keeps}-${{{{ strategy.job-index }}}}" if is_one_of_many else job.keeps
    how: dict[str, Data] = {"name": name or "", "path": OUT, "retention-days": 7}
    return {
        **_uses("actions/upload-artifact", "Keep what was found", how),
        "if": "${{ !cancelled() }}",
    }


def _uses(action: str, title: str, how: Mapping[str, Data], part: str = "") -> dict[str, Data]:
    commit, release = ACTIONS[action]
    return {"name": title, "uses": Noted(f"{action}{part}@{commit}", release), "with": dict(how)}


def _step(step: Step) -> dict[str, Data]:
    made: dict[str, Data] = {"name": step.title}
    if step.yields:
        made["id"] = "yields"
    names = (*step.reads, *((step.last,) if step.last else ()))
    if names:
        made["env"] = {name: f"${{{{ {_EXPRESSIONS[name]} }}}}" for name in names}
    lines = _command(step)
    made["run"] = lines[0] if len(lines) == 1 else Lines(lines)
    return made


def _command(step: Step) -> tuple[str, ...]:
    line = command_line(step, "github")
    if step.yields:
        line += ' >> "$GITHUB_OUTPUT"'
    line += saved(step)
    shown = (f'cat {shlex.quote(step.shows)} >> "$GITHUB_STEP_SUMMARY"',) if step.shows else ()
    return (line, *shown)
