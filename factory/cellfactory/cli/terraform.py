"""`validate`, `plan`, `apply` and `destroy`: Terraform over the stacks, each in its turn."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Annotated

import typer

from cellfactory.cli.at_once import Parallel, parallel_of
from cellfactory.cli.completion import complete_layers
from cellfactory.cli.options import DEFAULT_INVENTORY, InventoryFile
from cellfactory.cli.output import Form
from cellfactory.cli.rings import read_bake, read_checks
from cellfactory.cli.stacks import (
    Ask,
    Bake,
    Cells,
    Checks,
    Hubs,
    Layers,
    LockTimeout,
    Meshes,
    Organizations,
    Out,
    OutputFolder,
    Overrides,
    PlanForm,
    ReadOnly,
    RegistryPlace,
    Reviewed,
    Rings,
    Sandbox,
    Stacks,
    Synthesizes,
    Yes,
    how,
    mode_of,
    request_of,
    seconds_of,
    selection_of,
    which,
)
from cellfactory.cli.watching import Terminal, finish
from cellfactory.diff.guard import parse_override
from cellfactory.errors import UsageError
from cellfactory.runs.apply import apply_design
from cellfactory.runs.destroy import destroy_recorded, read_standing
from cellfactory.runs.plan import plan_design
from cellfactory.runs.reading import read_design, read_state
from cellfactory.runs.validate import validate_design
from cellfactory.terraform.guard import Allowed


def validate(
    inventory_file: InventoryFile = DEFAULT_INVENTORY,
    output: OutputFolder = None,
    synth: Synthesizes = False,
    cell: Cells = None,
    layer: Layers = None,
    stack: Stacks = None,
    parallel: Parallel = None,
    form: Form = "text",
) -> None:
    """Validate every stack against its provider schemas.

    Needs the provider plugins, but no AWS credentials.
    """
    request = replace(
        request_of(inventory_file, "offline", output=output),
        selection=selection_of(cell, layer, stacks=stack),
        synthesizes=synth,
        parallel=parallel_of(parallel),
    )
    design = read_design(inventory_file)
    with Terminal() as watcher:
        outcome = validate_design(design, request, watcher)
    finish(outcome, form)


def plan(
    inventory_file: InventoryFile = DEFAULT_INVENTORY,
    output: OutputFolder = None,
    synth: Synthesizes = False,
    sandbox: Sandbox = False,
    cell: Cells = None,
    mesh: Meshes = None,
    organization: Organizations = None,
    hub: Hubs = None,
    layer: Layers = None,
    stack: Stacks = None,
    ring: Rings = None,
    parallel: Parallel = None,
    registry: RegistryPlace = None,
    out: Out = None,
    every: Annotated[
        bool, typer.Option("--all", help="Show each change, also those that are alike.")
    ] = False,
    form: PlanForm = "text",
    read_only: ReadOnly = False,
    exit_code: Annotated[
        bool, how("--exit-code", help="Exit with 10 if there are changes.")
    ] = False,
) -> None:
    """Plan every stack whose inputs exist.

    Shows what would change. Other stacks are deferred: they say which stacks they wait for, and
    what they will create.
    """
    request = replace(
        request_of(inventory_file, mode_of(sandbox), output=output, registry=registry),
        selection=selection_of(cell, layer, mesh, organization, stack, hub),
        rings=tuple(ring or ()),
        parallel=parallel_of(parallel),
        reads=read_only,
        synthesizes=synth,
    )
    design = read_design(inventory_file)
    with Terminal() as watcher:
        outcome = plan_design(design, request, watcher, out=out)
    finish(outcome, form, every=every)
    if exit_code and outcome.has_changes:
        raise typer.Exit(10)


def apply(
    inventory_file: InventoryFile = DEFAULT_INVENTORY,
    output: OutputFolder = None,
    sandbox: Sandbox = False,
    cell: Cells = None,
    mesh: Meshes = None,
    organization: Organizations = None,
    hub: Hubs = None,
    layer: Layers = None,
    stack: Stacks = None,
    ring: Rings = None,
    bake: Bake = None,
    no_bake: Annotated[bool, how("--no-bake", help="Go on to the next ring at once.")] = False,
    check: Checks = None,
    no_check: Annotated[
        bool, how("--no-check", help="With --resume: run no program of --check any more.")
    ] = False,
    out_of_order: Annotated[
        bool,
        how("--out-of-order", help="Apply a ring before an earlier one has the same."),
    ] = False,
    parallel: Parallel = None,
    registry: RegistryPlace = None,
    reviewed: Reviewed = None,
    unseen: Annotated[
        bool,
        how("--unseen", help="With --reviewed: do, too, what `plan --read-only` leaves out."),
    ] = False,
    ask: Ask = False,
    lock_timeout: LockTimeout = None,
    yes: Yes = False,
    allow_destroy: Annotated[
        list[str] | None,
        how(
            "--allow-destroy",
            metavar="LAYER|ADDRESS",
            autocompletion=complete_layers,
            help="Allow destroys and replacements in this layer; a VPC, cluster, key or bucket "
            "needs its full Terraform address. May be repeated.",
        ),
    ] = None,
    override: Overrides = None,
    first_apply: Annotated[
        bool,
        how(
            "--first-apply",
            envvar="CELLFACTORY_FIRST_APPLY",
            show_envvar=False,
            help="Accept an empty outputs registry: nothing was applied yet.",
        ),
    ] = False,
    resume: Annotated[
        str | None,
        how(
            "--resume",
            metavar="RUN",
            envvar="CELLFACTORY_RESUME",
            show_envvar=False,
            help="Skip what this run, or `last`, finished.",
        ),
    ] = None,
    form: Form = "text",
) -> None:
    """Plan, ask, and apply every stack, ring by ring.

    Shows what would change and asks once. Each stack is applied as soon as its inputs exist, and
    nothing is done beyond what was shown, or beyond a file of `plan --out`. A ring bakes, and its
    clusters are asked how they do, before the next one is touched.
    """
    if ask and reviewed is not None:
        msg = "--reviewed asks nothing: leave out --ask, or --reviewed"
        raise UsageError(msg)
    if unseen and reviewed is None:
        msg = "--unseen goes with --reviewed: without it, nothing is done that was not seen"
        raise UsageError(msg)
    request = replace(
        request_of(inventory_file, mode_of(sandbox), output=output, registry=registry),
        selection=selection_of(cell, layer, mesh, organization, stack, hub),
        rings=tuple(ring or ()),
        ahead=out_of_order,
        bake=read_bake(bake, no_bake=no_bake),
        checks=read_checks(check, no_check=no_check),
        parallel=parallel_of(parallel),
        patience_seconds=seconds_of(lock_timeout),
        first_apply=first_apply,
        asks=ask,
    )
    overrides = tuple(map(parse_override, override or _lines_of("CELLFACTORY_OVERRIDE")))
    destroys = allow_destroy or _lines_of("CELLFACTORY_ALLOW_DESTROY")
    design, allowed = read_design(inventory_file), Allowed.of(destroys)
    with Terminal(yes=yes) as watcher:
        outcome = apply_design(
            design,
            request,
            watcher,
            allowed=allowed,
            resume=resume,
            reviewed=reviewed,
            unseen=unseen,
            overrides=overrides,
        )
    finish(outcome, form)


def _lines_of(variable: str) -> list[str]:
    """What an environment variable holds, one on each line: a reason and an address have spaces."""
    return [line.strip() for line in os.environ.get(variable, "").splitlines() if line.strip()]


def destroy(
    inventory_file: InventoryFile = DEFAULT_INVENTORY,
    sandbox: Sandbox = False,
    cell: Cells = None,
    mesh: Meshes = None,
    organization: Organizations = None,
    hub: Hubs = None,
    layer: Layers = None,
    stack: Stacks = None,
    parallel: Parallel = None,
    registry: RegistryPlace = None,
    lock_timeout: LockTimeout = None,
    yes: Yes = False,
    gone: Annotated[
        bool, which("--gone", help="Only stacks that are no longer in the inventory.")
    ] = False,
    sweep: Annotated[
        bool,
        typer.Option(
            "--sweep",
            help="Delete, too, what others left in the VPCs: interfaces of the VPC CNI, GuardDuty's"
            " endpoint, load balancers and security groups of the cluster.",
        ),
    ] = False,
    forget_accounts: Annotated[
        bool,
        how(
            "--forget-accounts",
            help="Remove accounts from Terraform's state; they stay open in AWS.",
        ),
    ] = False,
    form: Form = "text",
) -> None:
    """Destroy applied stacks in reverse order.

    Includes cells removed from the inventory: of cells.yaml only `state` is read, except with
    --gone. Accounts are never destroyed; see --forget-accounts.
    """
    request = replace(
        request_of(inventory_file, mode_of(sandbox), registry=registry),
        selection=selection_of(cell, layer, mesh, organization, stack, hub),
        parallel=parallel_of(parallel),
        patience_seconds=seconds_of(lock_timeout),
        sweep=sweep,
        forget=forget_accounts,
    )
    state = read_state(inventory_file)
    standing = read_standing(inventory_file) if gone else None
    with Terminal(yes=yes) as watcher:
        outcome = destroy_recorded(state, request, watcher, standing=standing)
    finish(outcome, form)
