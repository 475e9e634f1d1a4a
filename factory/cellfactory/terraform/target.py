"""Where stacks are applied: real AWS, an emulated one on loopback, or nowhere (validate).

A target says which files Terraform finds beside the synthesized one and which environment it
runs in. The synthesized file itself is the same for all of them.
"""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from cellfactory.errors import UsageError
from cellfactory.files import write_whole
from cellfactory.layers import StackId
from cellfactory.naming import reading_role_name, state_key
from cellfactory.terraform.placed import Places

Mode = Literal["aws", "sandbox", "offline"]

_KEPT_TERRAFORM = ("TF_LOG", "TF_TOKEN_", "TF_PLUGIN_CACHE_DIR", "TF_REGISTRY_")


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One place to apply to, and the folder that holds everything about it."""

    mode: Mode
    folder: Path  # absolute, such as …/.cellfactory/sandbox
    endpoint: str | None = None  # URL of the emulated AWS, in sandbox mode
    mirror: Path | None = None  # file-system mirror of provider plugins
    reads: bool = False  # whether it is entered by the roles that only read
    placed: Places = field(default_factory=dict)  # stacks that are reached in another way

    def work_folder(self, stack: StackId) -> Path:
        """Where Terraform runs for a stack."""
        return self.folder / "work" / stack.name

    def state_file(self, stack: StackId) -> Path:
        """Where the sandbox keeps the state of a stack."""
        return self.folder / "state" / state_key(stack.kind, stack.owner, stack.layer)

    @property
    def locks_folder(self) -> Path:
        """Where a run says which stacks it is at work on."""
        return self.folder / "locks"

    @property
    def logs_folder(self) -> Path:
        """Where what Terraform said lies, by stack and command."""
        return self.folder / "logs"

    @property
    def registry_folder(self) -> Path:
        """Where the sandbox keeps the outputs registry."""
        return self.folder / "registry"

    @property
    def runs_folder(self) -> Path:
        """Where the journals of the runs lie."""
        return self.folder / "runs"


def override(target: Target, stack: StackId, has_aws: bool) -> dict[str, Any] | None:
    """Make what a file beside the synthesized one says; None where there is nothing to override.

    Terraform merges an override into the provider block of the same name: the chain of
    `assume_role` and `allowed_account_ids` stay as they were synthesized, and are tried.

    Args:
        target: where the stack is applied.
        stack: the stack.
        has_aws: whether it configures the provider `aws`.

    Source:
        https://developer.hashicorp.com/terraform/language/files/override
    """
    base = _of_sandbox(target, stack, has_aws) if target.mode == "sandbox" else None
    placed = target.placed.get(stack)
    return base if placed is None else placed.merged(base)


def _of_sandbox(target: Target, stack: StackId, has_aws: bool) -> dict[str, Any]:
    document: dict[str, Any] = {
        "terraform": {"backend": {"local": {"path": str(target.state_file(stack))}}}
    }
    if has_aws:
        document["provider"] = {
            "aws": {
                "access_key": "sandbox",
                "secret_key": "sandbox",
                "s3_use_path_style": True,
                "skip_credentials_validation": True,
                "skip_metadata_api_check": True,
                "skip_requesting_account_id": False,
            }
        }
    return document


def by_reading_roles(
    document: Mapping[str, Any], added: dict[str, Any] | None
) -> dict[str, Any] | None:
    """Have a stack entered by the roles beside its own that may only look.

    Args:
        document: the synthesized stack.
        added: what is said beside it already.
    """
    providers = document.get("provider", {}).get("aws", [])
    roles = [role for one in providers for role in one.get("assume_role") or ()]
    if not roles:
        return added
    made = dict(added or {})
    reads = [{**role, "role_arn": reading_role_name(role["role_arn"])} for role in roles]
    old = made.get("provider", {}).get("aws", {})
    made["provider"] = {"aws": {**old, "assume_role": reads}}
    return made


def plugin_mirror(environ: Mapping[str, str]) -> Path | None:
    """Find the folder that providers are taken from instead of a registry, where one is named.

    Raises:
        UsageError: when what is named is no folder, as a volume that is not mounted.
    """
    named = environ.get("TF_PLUGIN_MIRROR")
    if not named:
        return None
    folder = Path(named).absolute()
    if not folder.is_dir():
        msg = f"TF_PLUGIN_MIRROR names {named}, which is not a folder"
        raise UsageError(msg)
    return folder


GOGC = "400"
"""How far the memory of Terraform and of its provider may grow before they clean up (%).

Go's own 100 spends a quarter of their time on cleaning a heap that ends with the command.
"""


def only_ours(environ: Mapping[str, str]) -> dict[str, str]:
    """Leave out what would change a run of Terraform unseen, such as `TF_CLI_ARGS`."""
    kept = {k: v for k, v in environ.items() if not k.startswith("TF_")}
    return kept | {k: v for k, v in environ.items() if k.startswith(_KEPT_TERRAFORM)}


def environment(
    target: Target, environ: Mapping[str, str], *, pinned: bool = False
) -> dict[str, str]:
    """Make the whole environment that Terraform runs in.

    What would change a run unseen (`TF_VAR_…`, `TF_CLI_ARGS`, `TF_WORKSPACE`) is left out. The
    sandbox also drops every AWS setting and names its own endpoint for all services, so that
    nothing in it can reach the real AWS.

    Args:
        target: where stacks are applied; its folder gets a plugin cache and, where one is
            needed, a CLI configuration.
        environ: the process environment.
        pinned: whether every work folder has a provider lock, which plugins are held against.
    """
    kept = {
        "GOGC": GOGC,
        **only_ours(environ),
        "CHECKPOINT_DISABLE": "1",
        "TF_IN_AUTOMATION": "1",
        "TF_INPUT": "0",
    }
    if target.mode == "sandbox":
        kept = {k: v for k, v in kept.items() if not k.startswith("AWS_")} | {
            "AWS_ENDPOINT_URL": str(target.endpoint),
            "AWS_CONFIG_FILE": "/dev/null",
            "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
            "AWS_EC2_METADATA_DISABLED": "true",
        }
    path = os.pathsep.join(p for p in (str(_our_command(target)), environ.get("PATH", "")) if p)
    return kept | {"PATH": path} | _plugin_settings(target, environ, pinned)


def _our_command(target: Target) -> Path:
    """Make a folder that holds this very program as `cellfactory`, whatever PATH has.

    Helm's provider calls it for a token. Nothing is run from the working directory (`-P`).
    """
    folder = target.folder / "bin"
    script = folder / "cellfactory"
    python = shlex.quote(sys.executable)
    write_whole(script, f'#!/bin/sh\nexec {python} -P -m cellfactory "$@"\n')
    script.chmod(0o755)
    return folder


def _plugin_settings(target: Target, environ: Mapping[str, str], pinned: bool) -> dict[str, str]:
    """Say where provider plugins come from: the mirror, or as the user has it, with a cache.

    Without a lock Terraform would download a provider anew for each work folder, and put it over
    the one in the cache that other stacks are running: it is told to take what is there instead.
    With a lock it takes what is there because the hashes match.
    """
    settings = _plugin_source(target, environ)
    cached = "TF_PLUGIN_CACHE_DIR" in {**environ, **settings}
    if cached and not pinned:
        settings["TF_PLUGIN_CACHE_MAY_BREAK_DEPENDENCY_LOCK_FILE"] = "1"
    return settings


def _plugin_source(target: Target, environ: Mapping[str, str]) -> dict[str, str]:
    own = target.folder / "terraform.rc"
    if target.mirror is not None:
        path = str(target.mirror).replace("\\", "\\\\").replace('"', '\\"')
        write_whole(
            own,
            f'provider_installation {{\n  filesystem_mirror {{\n    path = "{path}"\n  }}\n}}\n',
        )
        return {"TF_CLI_CONFIG_FILE": str(own)}
    settings = {}
    if "TF_PLUGIN_CACHE_DIR" not in environ:
        cache = target.folder.parent / "plugins"
        cache.mkdir(parents=True, exist_ok=True)
        settings["TF_PLUGIN_CACHE_DIR"] = str(cache)
    named = environ.get("TF_CLI_CONFIG_FILE")
    if named is not None and Path(named).is_file():
        settings["TF_CLI_CONFIG_FILE"] = str(Path(named).absolute())
    elif named is not None:  # a file that is not there: Terraform would warn on every command
        write_whole(own, "")
        settings["TF_CLI_CONFIG_FILE"] = str(own)
    return settings
