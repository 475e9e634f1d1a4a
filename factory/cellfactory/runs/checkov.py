"""Checkov as a second engine. It lives in an environment of its own, since it pins an old boto3.

`curated` holds resources against checks that were chosen, without Checkov's loader and graph;
`stock` runs the program itself over a copy of the folder, with everything it has.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from cellfactory.errors import Finding, PolicyError, Problem
from cellfactory.policy.checkov_checks import CURATED
from cellfactory.policy.found import Violation
from cellfactory.policy.lines import lines_of
from cellfactory.processes import run_process
from cellfactory.runs.documents import Source, document_of
from cellfactory.runs.policy_request import CheckovMode

FAILED = "F727"
PROGRAM = "CELLFACTORY_CHECKOV"
_WORKER = Path(__file__).with_name("checkov_worker.py")
_MOST_SAID = 5  # lines of what a program says that failed
_QUIET = {"BC_SKIP_MAPPING": "TRUE", "LOG_LEVEL": "ERROR", "PYTHONDONTWRITEBYTECODE": "1"}
_INSTALL = (
    "uv tool install checkov==3.3.30, or pipx install checkov==3.3.30, puts it on PATH;\n"
    f"{PROGRAM} names the program elsewhere"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What came of a run of Checkov."""

    version: str
    checks: int  # resource times check
    violations: tuple[Violation, ...]


def run_checkov(sources: Sequence[Source], mode: CheckovMode) -> Checked:
    """Hold stacks against Checkov's checks.

    Args:
        sources: the stacks.
        mode: `curated` or `stock`.

    Raises:
        PolicyError: F727, when it is not there, fails, or cannot read a stack.
    """
    return _stock(sources) if mode == "stock" else _curated(sources)


@cache
def checkov_version() -> str:
    """Ask Checkov for its version.

    Raises:
        PolicyError: F727, when it is not there.
    """
    return str(_ask({"documents": {}, "checks": None})["version"])


def _curated(sources: Iterable[Source]) -> Checked:
    documents = {source.name: _text(source) for source in sources}
    told = _ask({"documents": documents, "checks": sorted(CURATED)})
    _refuse_errors(told["errors"])
    found = [_violation(*row) for row in told["failed"]]
    return Checked(version=told["version"], checks=told["checks"], violations=tuple(found))


def _text(source: Source) -> str:
    document = document_of(source)
    if isinstance(document, str):
        return document
    if isinstance(document, bytes):
        return document.decode("utf-8", "replace")
    return json.dumps(document)


def _violation(stack: str, address: str, check: str, name: str) -> Violation:
    return Violation(
        rule=check,
        stack=stack,
        address=address,
        message=f"does not pass: {name}",
        hint=f"{CURATED[check]} covers it" if CURATED.get(check) else "",
    )


def _ask(asked: Mapping[str, Any]) -> Any:
    """Give the worker a task in a file; as text, so that no module of ours lies beside it."""
    python = _python(_program())
    with tempfile.TemporaryDirectory(prefix="cellfactory-checkov-") as scratch:
        task = Path(scratch, "task.json")
        task.write_text(json.dumps(asked), "utf-8")
        argv = (python, "-c", _WORKER.read_text("utf-8"), str(task))
        return json.loads(_run(argv, Path(scratch)))


def _stock(sources: Sequence[Source]) -> Checked:
    """Run the program over the stacks, each in a folder that is called by its number."""
    with tempfile.TemporaryDirectory(prefix="cellfactory-checkov-") as scratch:
        for number, source in enumerate(sources):
            place = Path(scratch, str(number))
            place.mkdir()
            (place / "cdk.tf.json").write_text(_text(source), "utf-8")
        argv = (
            *(_program(), "--directory", scratch, "--framework", "terraform_json"),
            *("--output", "json", "--skip-download", "--compact", "--soft-fail"),
        )
        told = json.loads(_run(argv, Path(scratch)))
        return _read_stock(told, sources)


def _read_stock(told: Any, sources: Sequence[Source]) -> Checked:
    reports = told if isinstance(told, list) else [told]
    summaries = [report.get("summary", report) for report in reports]
    broken = sum(int(summary.get("parsing_errors", 0)) for summary in summaries)
    if broken:
        _refuse_errors([["", f"{broken} of {len(sources)} files could not be parsed"]])
    addresses = [
        {line: address for address, line in lines_of(_text(source)).items()} for source in sources
    ]
    found = []
    for row in _failed(reports):
        number = int(str(row["file_path"]).strip("/").partition("/")[0])
        address = addresses[number].get(row["file_line_range"][0], str(row["resource"]))
        found.append(_violation(sources[number].name, address, row["check_id"], row["check_name"]))
    checks = sum(int(one.get("passed", 0)) + int(one.get("failed", 0)) for one in summaries)
    version = next((one["checkov_version"] for one in summaries if "checkov_version" in one), "")
    return Checked(version=version, checks=checks, violations=tuple(dict.fromkeys(found)))


def _failed(reports: Iterable[Mapping[str, Any]]) -> Iterable[Mapping[str, Any]]:
    for report in reports:
        yield from report.get("results", {}).get("failed_checks", ())


def _refuse_errors(errors: Sequence[Sequence[str]]) -> None:
    """Stop where something was not checked: what is not looked at has not passed."""
    if errors:
        named = "\n".join(f"{stack}: {why}".removeprefix(": ") for stack, why in errors)
        told = "Checkov could not check everything"
        raise _failure(told, named)


def _failure(message: str, hint: str) -> PolicyError:
    return PolicyError([Problem(None, Finding(rule=FAILED, message=message, hint=hint))])


def _run(argv: Sequence[str], cwd: Path) -> str:
    env = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    try:
        done = run_process(argv, cwd=cwd, env={**env, **_QUIET})
    except OSError as error:
        told = f"Checkov cannot be started: {error.strerror}"
        raise _failure(told, _INSTALL) from error
    if done.code:
        said = "\n".join(done.stderr.splitlines()[-_MOST_SAID:])
        told = f"Checkov ended with exit code {done.code}"
        raise _failure(told, said)
    return done.stdout


def _program() -> str:
    named = os.environ.get("CELLFACTORY_CHECKOV")
    found = shutil.which(named or "checkov")
    if found is None:
        where = f"{PROGRAM}={named}" if named else "there is no checkov on PATH"
        told = f"Checkov was not found: {where}"
        raise _failure(told, _INSTALL)
    return found


def _python(program: str) -> str:
    """Find the Python of Checkov's environment: the one beside its program, or in its first line.

    Raises:
        PolicyError: F727, when there is none.
    """
    beside = Path(program).resolve().with_name("python")
    if beside.exists():
        return str(beside)
    with Path(program).open("rb") as stream:
        first = stream.readline().decode("utf-8", "replace").strip()
    named = first.removeprefix("#!").split(" ")[0]
    if not first.startswith("#!") or not Path(named).exists():
        told = f"{program} does not say which Python runs it"
        raise _failure(told, _INSTALL)
    return named
