"""Steps as GitHub Actions reads them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cellfactory.pipelines.actions import (
    CHECKOUT,
    CREDENTIALS,
    DOWNLOAD,
    PYTHON,
    UPLOAD,
    Action,
)
from cellfactory.pipelines.model import (
    Checkout,
    Fact,
    Fetch,
    FromInput,
    FromMatrix,
    FromRun,
    Install,
    Keep,
    Login,
    Run,
    Source,
    Step,
)
from cellfactory.pipelines.script import script_lines
from cellfactory.pipelines.yaml_text import scalar

PYTHON_VERSION = "3.11"
"""The oldest one that we take, and the one that the locks are tested with."""

_FACTS: Mapping[Fact, str] = {
    "base": "github.event.pull_request.base.sha",
    "number": "github.event.pull_request.number",
    "token": "github.token",
    "repository": "github.repository",
}
_PIP = "python -I -m pip install --no-input --disable-pip-version-check"
_EXPRESSION = "${{"


def step_lines(step: Step, flags: set[str]) -> Iterator[list[str]]:
    """Yield the steps that one of the model's comes to, each as the lines of a mapping.

    Args:
        step: of the model.
        flags: inputs of the workflow that are yes or no.
    """
    match step:
        case Checkout():
            yield _checkout(step)
        case Install():
            given = {"python-version": PYTHON_VERSION}
            yield _uses("Set Python up", PYTHON, given)
            yield ["name: Install cellfactory by hash", "run: |", *_install(step)]
        case Login():
            yield _login(step)
        case Run():
            yield list(_run(step, flags))
        case Keep():
            yield _keep(step)
        case Fetch():
            given = {"pattern": step.pattern, "path": step.folder}
            yield _uses(f"Fetch {step.folder}", DOWNLOAD, given)


def _uses(
    name: str, action: Action, given: Mapping[str, str | int | bool], *more: str
) -> list[str]:
    return [
        f"name: {scalar(name)}",
        *more,
        f"uses: {action.repository}@{action.commit} # {action.version}",
        "with:",
        *(f"  {key}: {scalar(value)}" for key, value in given.items()),
    ]


def _checkout(step: Checkout) -> list[str]:
    given: dict[str, str | int | bool] = {}
    if step.base:
        given["ref"] = _expression(_FACTS["base"])
    if step.folder:
        given["path"] = step.folder
    if step.history:
        given["fetch-depth"] = 0
    given["persist-credentials"] = False
    return _uses("Check out the base" if step.base else "Check out", CHECKOUT, given)


def _install(step: Install) -> list[str]:
    return [f"  {_PIP} --require-hashes --only-binary :all: --requirement {step.lock}"]


def _login(step: Login) -> list[str]:
    account = step.role.split(":")[4]
    given: dict[str, str | int | bool] = {
        "role-to-assume": step.role,
        "role-duration-seconds": step.seconds,
        "aws-region": step.region,
        "allowed-account-ids": account,
    }
    return _uses(f"Take the role {step.role.rpartition('/')[2]}", CREDENTIALS, given)


def _keep(step: Keep) -> list[str]:
    rows = "".join(f"-{_expression(f'matrix.{key}')}" for key in step.matrix_keys)
    lines = _uses(
        f"Keep {step.path}",
        UPLOAD,
        {
            "path": step.path,
            "if-no-files-found": "warn" if step.always else "error",
            "retention-days": step.days,
        },
        *(["if: ${{ !cancelled() }}"] if step.always else []),
    )
    at = lines.index("with:") + 1
    return [*lines[:at], f"  name: {scalar(step.name)}{rows}", *lines[at:]]


def _run(step: Run, flags: set[str]) -> Iterator[str]:
    yield f"name: {scalar(step.name)}"
    if step.output:
        yield f"id: {step.output}"
    if step.always:
        yield "if: ${{ !cancelled() }}"
    if step.variables:
        yield "env:"
        yield from (f"  {name}: {_value(value, flags)}" for name, value in step.variables)
    *first, command = script_lines(step)
    lines = [*first, command + _where(step)]
    if any(_EXPRESSION in line for line in lines):
        msg = f"GitHub Actions would evaluate what a command holds: {lines}"
        raise AssertionError(msg)
    yield "run: |"
    yield from (f"  {line}" for line in lines)


def _where(step: Run) -> str:
    if step.output:
        return ' >> "$GITHUB_OUTPUT"'
    if step.saves and step.summary:
        return f' | tee {step.saves} >> "$GITHUB_STEP_SUMMARY"'
    return f" > {step.saves}" if step.saves else ""


def _value(source: Source, flags: set[str]) -> str:
    match source:
        case FromMatrix(key):
            return _expression(f"matrix.{key}")
        case FromInput(name):
            given = f"inputs.{name}"
            return _expression(f"{given} && 'true' || ''" if name in flags else given)
        case FromRun(fact):
            return _expression(_FACTS[fact])
        case _:
            return scalar(source)


def _expression(inner: str) -> str:
    return f"${{{{ {inner} }}}}"
