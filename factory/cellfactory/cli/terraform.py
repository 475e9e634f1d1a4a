"""`validate`, `plan`, `apply` and `destroy`: Terraform over the stacks, each in its turn."""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Literal

import typer

from cellfactory.cli.at_once import Parallel, parallel_of
from cellfactory.cli.completion import (
    complete_cells,
    complete_layers,
    complete_meshes,
    complete_organizations,
    complete_rings,
    complete_stacks,
)
from cellfactory.cli.help import STACKS, TERRAFORM
from cellfactory.cli.options import DEFAULT_INVENTORY, InventoryFile
from cellfactory.cli.output import Form
from cellfactory.cli.rings import read_bake, read_checks
from cellfactory.cli.watching import Terminal, finish
from cellfactory.diff.guard import CLASSES, parse_override
from cellfactory.errors import UsageError
from cellfactory.layers import LAYERS
from cellfactory.runs.apply import apply_design
from cellfactory.runs.destroy import destroy_recorded, read_standing
from cellfactory.runs.places import home_of, output_of, provider_lock_of
from cellfactory.runs.plan import plan_design
from cellfactory.runs.reading import read_design, read_state
from cellfactory.runs.request import Request
from cellfactory.runs.validate import validate_design
from cellfactory.terraform.guard import Allowed
from cellfactory.terraform.selection import Selection
from cellfactory.terraform.target import Mode

_which = functools.partial(typer.Option, rich_help_panel=STACKS)
_how = functools.partial(typer.Option, rich_help_panel=TERRAFORM)

OutputFolder = Annotated[
    Path | None,
    _how(
        "--output",
        "-o",
        metavar="DIR",
        envvar="CDKTF_OUTDIR",
        show_default=False,
        help="Folder `synth` wrote [default: cdktf.out beside the inventory]",
    ),
]
Sandbox = Annotated[bool, _how("--sandbox", help="Use the AWS emulated by `cellfactory sandbox`.")]
Cells = Annotated[
    list[str] | None,
    _which(
        "--cell",
        metavar="CELL",
        autocompletion=complete_cells,
        help="Only stacks of this cell; may be repeated.",
    ),
]
Meshes = Annotated[
    list[str] | None,
    _which(
        "--mesh",
        metavar="MESH",
        autocompletion=complete_meshes,
        help="Only stacks of this mesh; may be repeated.",
    ),
]
Organizations = Annotated[
    list[str] | None,
    _which(
        "--organization",
        metavar="NAME",
        autocompletion=complete_organizations,
        help="Only stacks of this organization; may be repeated.",
    ),
]
Layers = Annotated[
    list[str] | None,
    _which(
        "--layer",
        metavar="LAYER",
        autocompletion=complete_layers,
        help=f"Only this layer; may be repeated: {', '.join(LAYERS)}.",
    ),
]
Stacks = Annotated[
    list[str] | None,
    _which(
        "--stack",
        metavar="STACK",
        autocompletion=complete_stacks,
        help="This stack as well, such as moka-use1-a-network; may be repeated.",
    ),
]
Rings = Annotated[
    list[str] | None,
    _which(
        "--ring",
        metavar="RING",
        autocompletion=complete_rings,
        help="Only stacks of this ring; may be repeated.",
    ),
]
Bake = Annotated[
    str | None,
    _how("--bake", metavar="TIME", help="Let each ring bake for this long, such as 5m."),
]
Checks = Annotated[
    list[str] | None,
    _how(
        "--check",
        metavar="COMMAND",
        help="Program that must succeed before the next ring; run without a shell. May be "
        "repeated.",
    ),
]
RegistryPlace = Annotated[
    str | None,
    _how(
        "--registry",
        metavar="PLACE",
        envvar="CELLFACTORY_REGISTRY",
        help="Outputs registry, s3://bucket/prefix or a folder [default: in the state bucket]",
    ),
]
PlanForm = Annotated[
    Literal["text", "json", "markdown", "github"],
    typer.Option(
        "--format",
        metavar="FORMAT",
        help="Output format: text, json, markdown, or github (workflow annotations).",
    ),
]
Out = Annotated[
    Path | None,
    _how(
        "--out",
        metavar="FILE",
        dir_okay=False,
        help="Write what was planned, without values, for `apply --reviewed`.",
    ),
]
Reviewed = Annotated[
    Path | None,
    _how(
        "--reviewed",
        metavar="FILE",
        dir_okay=False,
        help="Ask nothing, and refuse what goes beyond this file of `plan --out`.",
    ),
]
Overrides = Annotated[
    list[str] | None,
    _how(
        "--override",
        metavar="WHAT=REASON",
        help="Go beyond a limit of the guard, and say why: "
        f"{', '.join(CLASSES)}, a cell or a Terraform address. May be repeated.",
    ),
]
Ask = Annotated[bool, _how("--ask", help="Plan, show and ask first, in the sandbox too.")]
LockTimeout = Annotated[
    str | None,
    _how(
        "--lock-timeout",
        metavar="TIME",
        help="How long to wait for another run at work on a stack, such as 5m [default: 60s]",
    ),
]
Yes = Annotated[bool, _how("--yes", "-y", help="Do not ask before changing real AWS.")]


def validate(
    inventory_file: InventoryFile = DEFAULT_INVENTORY,
    output: OutputFolder = None,
    cell: Cells = None,
    layer: Layers = None,
    parallel: Parallel = None,
    form: Form = "text",
) -> None:
    """Validate every stack against its provider schemas.

    Needs the provider plugins, but no AWS credentials.
    """
    request = replace(
        request_of(inventory_file, "offline", output=output),
        selection=selection_of(cell, layer),
        parallel=parallel_of(parallel),
    )
    design = read_design(inventory_file)
    with Terminal() as watcher:
        outcome = validate_design(design, request, watcher)
    finish(outcome, form)


def plan(
    inventory_file: InventoryFile = DEFAULT_INVENTORY,
    output: OutputFolder = None,
    sandbox: Sandbox = False,
    cell: Cells = None,
    mesh: Meshes = None,
    organization: Organizations = None,
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
    exit_code: Annotated[
        bool, _how("--exit-code", help="Exit with 10 if there are changes.")
    ] = False,
) -> None:
    """Plan every stack whose inputs exist.

    Shows what would change. Other stacks are deferred: they say which stacks they wait for, and
    what they will create.
    """
    request = replace(
        request_of(inventory_file, mode_of(sandbox), output=output, registry=registry),
        selection=selection_of(cell, layer, mesh, organization, stack),
        rings=tuple(ring or ()),
        parallel=parallel_of(parallel),
    )
    design = read_design(inventory_file)
    with Terminal() as watcher:
        outcome = plan_design(design, request, watcher, out=out)
    if form == "markdown":
        finish(outcome, "text", markdown=True)
    else:
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
    layer: Layers = None,
    stack: Stacks = None,
    ring: Rings = None,
    bake: Bake = None,
    no_bake: Annotated[bool, _how("--no-bake", help="Go on to the next ring at once.")] = False,
    check: Checks = None,
    out_of_order: Annotated[
        bool,
        _how("--out-of-order", help="Apply a ring before an earlier one has the same."),
    ] = False,
    parallel: Parallel = None,
    registry: RegistryPlace = None,
    reviewed: Reviewed = None,
    ask: Ask = False,
    lock_timeout: LockTimeout = None,
    yes: Yes = False,
    allow_destroy: Annotated[
        list[str] | None,
        _how(
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
        _how("--first-apply", help="Accept an empty outputs registry: nothing was applied yet."),
    ] = False,
    resume: Annotated[
        str | None,
        _how("--resume", metavar="RUN", help="Skip what this run, or `last`, finished."),
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
    request = replace(
        request_of(inventory_file, mode_of(sandbox), output=output, registry=registry),
        selection=selection_of(cell, layer, mesh, organization, stack),
        rings=tuple(ring or ()),
        ahead=out_of_order,
        bake=read_bake(bake, no_bake=no_bake),
        checks=read_checks(check or ()),
        parallel=parallel_of(parallel),
        patience_seconds=seconds_of(lock_timeout),
        first_apply=first_apply,
        asks=ask,
    )
    overrides = tuple(map(parse_override, override or ()))
    design, allowed = read_design(inventory_file), Allowed.of(allow_destroy or ())
    with Terminal(yes=yes) as watcher:
        outcome = apply_design(
            design,
            request,
            watcher,
            allowed=allowed,
            resume=resume,
            reviewed=reviewed,
            overrides=overrides,
        )
    finish(outcome, form)


def destroy(
    inventory_file: InventoryFile = DEFAULT_INVENTORY,
    sandbox: Sandbox = False,
    cell: Cells = None,
    mesh: Meshes = None,
    organization: Organizations = None,
    layer: Layers = None,
    stack: Stacks = None,
    parallel: Parallel = None,
    registry: RegistryPlace = None,
    lock_timeout: LockTimeout = None,
    yes: Yes = False,
    gone: Annotated[
        bool, _which("--gone", help="Only stacks that are no longer in the inventory.")
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
        _how(
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
        selection=selection_of(cell, layer, mesh, organization, stack),
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


def selection_of(
    cells: Sequence[str] | None,
    layers: Sequence[str] | None,
    meshes: Sequence[str] | None = None,
    organizations: Sequence[str] | None = None,
    stacks: Sequence[str] | None = None,
) -> Selection:
    """Put together which stacks the options of a command name."""
    return Selection(
        cells=tuple(cells or ()),
        layers=tuple(layers or ()),
        meshes=tuple(meshes or ()),
        organizations=tuple(organizations or ()),
        stacks=tuple(stacks or ()),
    )


def request_of(
    inventory_file: Path, mode: Mode, *, output: Path | None = None, registry: str | None = None
) -> Request:
    """Ask for a run over the stacks of an inventory: what it needs lies beside that file."""
    return Request(
        mode=mode,
        output=output_of(inventory_file, output),
        home=home_of(inventory_file),
        provider_lock=provider_lock_of(inventory_file),
        registry=registry,
    )


def seconds_of(time: str | None) -> float | None:
    """Read a length of time, as Terraform's `-lock-timeout` has it; None where none is given.

    >>> seconds_of("5m"), seconds_of("90s"), seconds_of("1h30m"), seconds_of("0s")
    (300.0, 90.0, 5400.0, 0.0)

    Raises:
        UsageError: when it is none.
    """
    if time is None:
        return None
    found = re.fullmatch(r"(?:(\d{1,3})h)?(?:(\d{1,4})m)?(?:(\d{1,6})s)?", time)
    if not time or found is None:
        msg = f"--lock-timeout {time}: write a length of time, such as 90s or 5m"
        raise UsageError(msg)
    hours, minutes, seconds = (float(part or 0) for part in found.groups())
    return hours * 3600 + minutes * 60 + seconds


def mode_of(sandbox: bool) -> Mode:
    """The target of a command that takes --sandbox."""
    return "sandbox" if sandbox else "aws"
