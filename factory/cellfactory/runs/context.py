"""Where a run takes place: its folder, the Terraform it runs, the registry it reads and writes."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path

from cellfactory.errors import Finding, TerraformError
from cellfactory.facts.loader import load_facts
from cellfactory.files import make_private, read_text, write_whole
from cellfactory.inventory.schema import State
from cellfactory.processes import Children
from cellfactory.runs.notices import SandboxWiped, Unpinned
from cellfactory.runs.places import FOLDER
from cellfactory.runs.request import Request
from cellfactory.runs.watcher import Watcher
from cellfactory.terraform.chart_registries import log_in_to
from cellfactory.terraform.emulated import Server, claim_folder, find_server
from cellfactory.terraform.engine import find_engine
from cellfactory.terraform.new_accounts import NewAccounts, ask_aws
from cellfactory.terraform.provider_lock import COMMAND, parse_provider_lock
from cellfactory.terraform.registry import PREFIX, Registry, open_registry
from cellfactory.terraform.running import RunContext
from cellfactory.terraform.sessions import sessions
from cellfactory.terraform.sweep import Sweeper
from cellfactory.terraform.target import Mode, Target, environment, plugin_mirror
from cellfactory.terraform.turns import remove_plans
from cellfactory.terraform.workspace import Pins


def folder_of(home: Path, mode: Mode) -> Path:
    """Make the folder of a target below that of the inventory; git is told to pass over it."""
    folder = home / FOLDER
    write_whole(folder / ".gitignore", "*\n")
    make_private(folder / mode)
    return folder / mode


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where runs take place, and keep what others read."""

    target: Target
    registry: Registry


def find_place(request: Request) -> Server | None:
    """Find the emulator that a request is about; None where it is about none.

    Raises:
        TerraformError: when there is no emulator to use (F608).
    """
    if request.mode != "sandbox":
        return None
    return find_server(request.home / FOLDER / request.mode)


def open_place(state: State, request: Request, watcher: Watcher) -> Place:
    """Find the target and the registry, without Terraform.

    Args:
        state: where the states are kept; the registry lies beside them.
        request: what is applied to, and where its registry lies.
        watcher: is told when the sandbox began anew.

    Raises:
        TerraformError: when there is no emulator to use (F608).
        UsageError: when the registry's place is none.
    """
    mode, server = request.mode, find_place(request)
    folder = folder_of(request.home, mode)
    mirror = plugin_mirror(os.environ)
    target = Target(mode=mode, folder=folder, mirror=mirror, reads=request.reads)
    if server is not None:
        if claim_folder(folder, server):
            watcher.noted(SandboxWiped())
        target = replace(target, endpoint=server.endpoint)
    in_aws = request.registry or f"s3://{state.bucket}/{PREFIX}"
    place = in_aws if mode == "aws" else str(target.registry_folder)
    registry = open_registry(place, state.region, state.kms_key)
    return Place(target=target, registry=registry)


def open_context(state: State, request: Request, watcher: Watcher) -> RunContext:
    """Find Terraform, the target and the registry.

    Args:
        state: where the states are kept; the registry lies beside them.
        request: what is applied to, where its registry lies, and the provider lock.
        watcher: is told when the sandbox began anew.

    Raises:
        TerraformError: when there is no Terraform (F601, F602), or no emulator to use (F608),
            or no provider lock where AWS is real (F611), or none that can be read (F613).
        UsageError: when the registry's place is none.
    """
    find_place(request)
    pins = _read_pins(request, watcher)
    place = open_place(state, request, watcher)
    target = place.target
    remove_plans(target.folder / "work", target.locks_folder)
    return RunContext(
        engine=find_engine(os.environ, target.folder),
        target=target,
        registry=place.registry,
        environment=environment(target, os.environ, pinned=pins is not None),
        pins=pins,
        new_accounts=_new_accounts(target),
        sweeper=_sweeper(target),
        log_in=log_in_to(target),
        working=watcher.working,
        children=Children(watcher.stopping),
    )


def _new_accounts(target: Target) -> NewAccounts:
    facts = load_facts()
    return NewAccounts(
        ask=ask_aws(target),
        seconds=60 * facts.policy_value("account-ready-minutes"),
        at_a_time=facts.quota("accounts-created-at-a-time").default,
    )


def _sweeper(target: Target) -> Sweeper:
    return Sweeper(
        session_of=sessions(target, "cellfactory-sweep"),
        seconds=60 * load_facts().policy_value("sweep-minutes"),
    )


def _read_pins(request: Request, watcher: Watcher) -> Pins | None:
    """Read the provider lock; only where nothing real is at stake there may be none."""
    file = request.provider_lock
    if file.exists():
        return Pins(lock=parse_provider_lock(read_text(file), str(file)), file=str(file))
    if request.mode != "aws":
        watcher.noted(Unpinned(str(file)))
        return None
    message = f"{file} is not there: real AWS is only changed by reviewed providers"
    hint = f"create and commit it: {COMMAND}"
    raise TerraformError(Finding(rule="F611", message=message, hint=hint))
