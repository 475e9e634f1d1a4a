"""Where a run takes place: its folder, the Terraform it runs, the registry it reads and writes."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from factory.facts.loader import load_facts
from factory.files import write_whole
from factory.inventory.schema import State
from factory.runs.notices import SandboxWiped
from factory.runs.watcher import Watcher
from factory.terraform.commands import RunContext
from factory.terraform.emulated import claim_folder, find_server
from factory.terraform.engine import find_engine
from factory.terraform.new_accounts import NewAccounts, ask_aws
from factory.terraform.registry import PREFIX, open_registry
from factory.terraform.target import Mode, Target, environment

FOLDER = Path(".cellfactory")


def folder_of(mode: Mode) -> Path:
    """Make the folder of a target below the present one; git is told to pass over it."""
    folder = Path.cwd() / FOLDER
    write_whole(folder / ".gitignore", "*\n")
    (folder / mode).mkdir(exist_ok=True)
    return folder / mode


def open_context(state: State, mode: Mode, registry: str | None, watcher: Watcher) -> RunContext:
    """Find Terraform, the target and the registry.

    Args:
        state: where the states are kept; the registry lies beside them.
        mode: what is applied to.
        registry: another place for the registry of real AWS.
        watcher: is told when the sandbox began anew.

    Raises:
        TerraformError: when there is no Terraform (F601, F602), or no emulator to use (F608).
        UsageError: when the registry's place is none.
    """
    server = find_server(Path.cwd() / FOLDER / mode) if mode == "sandbox" else None
    folder = folder_of(mode)
    mirror = os.environ.get("TF_PLUGIN_MIRROR")
    target = Target(mode=mode, folder=folder, mirror=Path(mirror).absolute() if mirror else None)
    if server is not None:
        if claim_folder(folder, server):
            watcher.noted(SandboxWiped())
        target = replace(target, endpoint=server.endpoint)
    in_aws = registry or f"s3://{state.bucket}/{PREFIX}"
    place = in_aws if mode == "aws" else str(target.registry_folder)
    return RunContext(
        engine=find_engine(os.environ, folder),
        target=target,
        registry=open_registry(place, state.region, state.kms_key),
        environment=environment(target, os.environ),
        new_accounts=_new_accounts(target),
    )


def _new_accounts(target: Target) -> NewAccounts:
    facts = load_facts()
    return NewAccounts(
        ask=ask_aws(target),
        seconds=60 * facts.policy_value("account-ready-minutes"),
        at_a_time=facts.quota("accounts-created-at-a-time").default,
    )
