"""Workflows as GitHub Actions reads them; the same inventory makes the same bytes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from cellfactory.pipelines.github_steps import step_lines
from cellfactory.pipelines.model import (
    Condition,
    Job,
    OnBranch,
    OnDemand,
    OnProposal,
    OnSchedule,
    Permission,
    Pipelines,
    Scope,
    Trigger,
    Workflow,
)
from cellfactory.pipelines.yaml_text import comment, indented, item, scalar, sequence

MARK = "# made by cellfactory pipeline render; do not edit"
"""The first line of each file that is ours to write, and to remove."""

NO_ROWS = '{"include":[]}'
"""What `waves --format github` writes where nothing has to be done."""

_SCOPES: Mapping[Scope, str] = {
    "code": "contents",
    "identity": "id-token",
    "comments": "pull-requests",
    "issues": "issues",
}


def render_github(pipelines: Pipelines) -> dict[str, str]:
    """Render all workflows: their texts by the name of the file."""
    return {f"{one.id}.yml": _render(one) for one in pipelines.workflows}


def _render(workflow: Workflow) -> str:
    flags = {
        one.name
        for trigger in workflow.triggers
        if isinstance(trigger, OnDemand)
        for one in trigger.inputs
        if one.is_flag
    }
    lines = [
        MARK,
        "#",
        *comment(workflow.says),
        f"name: {scalar(workflow.name)}",
        "",
        "on:",
        *indented((line for one in workflow.triggers for line in _trigger(one)), 2),
        "",
        "permissions: {} # each job says what it needs, and why",
        "",
        *_concurrency(workflow),
        "",
        "defaults:",
        "  run:",
        "    shell: bash # with pipefail",
        "",
        "jobs:",
    ]
    for job in workflow.jobs:
        lines += [*indented(_job(job, flags), 2), ""]
    return "\n".join(lines[:-1]) + "\n"


def _trigger(trigger: Trigger) -> Iterator[str]:
    match trigger:
        case OnProposal():
            yield "pull_request:"
        case OnBranch(branch):
            yield from ("push:", f"  branches: {sequence([branch])}")
        case OnSchedule(cron):
            yield from ("schedule:", f"  - cron: {json.dumps(cron)}")
        case OnDemand(inputs):
            yield "workflow_dispatch:"
            if inputs:
                yield "  inputs:"
            for one in inputs:
                yield f"    {one.name}:"
                yield f"      description: {scalar(one.description)}"
                yield f"      required: {scalar(one.required)}"
                yield f"      type: {'boolean' if one.is_flag else 'string'}"


def _concurrency(workflow: Workflow) -> Iterator[str]:
    yield "concurrency:"
    if workflow.newest_only:
        yield f"  group: {workflow.queue}-${{{{ github.ref }}}}"
        yield "  cancel-in-progress: true # it changes nothing, and what is newer says more"
    else:
        yield f"  group: {scalar(workflow.queue)}"
        yield "  cancel-in-progress: false # who is at work ends in order"
        yield "  queue: max # and whoever comes meanwhile is not dropped"


def _job(job: Job, flags: set[str]) -> Iterator[str]:
    yield f"{job.id}:"
    yield from indented(_job_lines(job, flags), 2)


def _job_lines(job: Job, flags: set[str]) -> Iterator[str]:
    yield from comment(job.says)
    shown = f" (${{{{ matrix.{job.matrix.shown} }}}})" if job.matrix else ""
    yield f"name: {scalar(job.name)}{shown}"
    if job.needs:
        yield f"needs: {sequence(job.needs)}"
    if expression := " && ".join([*_has_rows(job), *_condition(job.condition)]):
        yield f"if: {scalar(f'${{{{ {expression} }}}}')}"
    runner = job.runner
    yield f"runs-on: {scalar(runner) if isinstance(runner, str) else sequence(runner)}"
    yield f"timeout-minutes: {job.minutes}"
    if job.environment:
        yield f"environment: {scalar(job.environment)}"
    yield "permissions:" if job.permissions else "permissions: {}"
    yield from indented(map(_permission, job.permissions), 2)
    yield from _strategy(job)
    yield from _outputs(job)
    yield "steps:"
    for step in job.steps:
        for lines in step_lines(step, flags):
            yield from indented(item(lines), 2)


def _permission(permission: Permission) -> str:
    access = "write" if permission.writes else "read"
    return f"{_SCOPES[permission.scope]}: {access} # {permission.reason}"


def _strategy(job: Job) -> Iterator[str]:
    if job.matrix is None:
        return
    yield "strategy:"
    yield "  fail-fast: false"
    if job.matrix.at_once is not None:
        yield f"  max-parallel: {job.matrix.at_once}"
    source = f"needs.{job.matrix.job}.outputs.{job.matrix.output}"
    yield f"  matrix: ${{{{ fromJSON({source}) }}}}"


def _outputs(job: Job) -> Iterator[str]:
    names = list(job.outputs)
    if names:
        yield "outputs:"
    for name in names:
        yield f"  {name}: ${{{{ steps.{name}.outputs.{name} }}}}"


def _has_rows(job: Job) -> Iterator[str]:
    """Skip a job of a matrix without rows; GitHub takes none for a mistake."""
    if job.matrix is not None:
        source = f"needs.{job.matrix.job}.outputs.{job.matrix.output}"
        yield f"{source} != {_literal(NO_ROWS)}"


def _condition(condition: Condition) -> list[str]:
    """Say when a job runs, as parts of one expression; every text in it is a literal."""
    parts = []
    if condition.even_after_failure:
        parts.append("!cancelled()")
    if condition.own_code_only:
        parts.append("github.event.pull_request.head.repo.full_name == github.repository")
    if condition.repository:
        parts.append(f"github.repository == {_literal(condition.repository)}")
    if condition.branch:
        parts.append(f"github.ref == {_literal(f'refs/heads/{condition.branch}')}")
    if condition.input_is_one_of is not None:
        name, values = condition.input_is_one_of
        listed = json.dumps(list(values), separators=(",", ":"))
        parts.append(f"contains(fromJSON({_literal(listed)}), inputs.{name})")
    return parts


def _literal(text: str) -> str:
    doubled = text.replace("'", "''")
    return f"'{doubled}'"
