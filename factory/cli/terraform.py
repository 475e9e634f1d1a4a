"""`validate`, `plan`, `apply` and `destroy`: Terraform over the stacks, each in its turn."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from factory.cli.options import DEFAULT_INVENTORY, InventoryFile
from factory.cli.output import Form
from factory.cli.watching import Terminal, finish
from factory.runs.apply import apply_design
from factory.runs.destroy import destroy_recorded, read_standing
from factory.runs.plan import plan_design
from factory.runs.reading import provider_lock_of, read_design, read_state
from factory.runs.request import Request
from factory.runs.validate import validate_design
from factory.terraform.guard import Allowed
from factory.terraform.selection import Selection
from factory.terraform.target import Mode

OutputFolder = Annotated[
    Path,
    typer.Option("--output", "-o", envvar="CDKTF_OUTDIR", help="The folder that `synth` wrote."),
]
Sandbox = Annotated[
    bool, typer.Option("--sandbox", help="Use the emulated AWS of `cellfactory sandbox`.")
]
Cells = Annotated[list[str] | None, typer.Option("--cell", help="This cell only; may be repeated.")]
Meshes = Annotated[
    list[str] | None, typer.Option("--mesh", help="The stacks of this mesh; may be repeated.")
]
Organizations = Annotated[
    list[str] | None,
    typer.Option("--organization", help="The stacks of this organization; may be repeated."),
]
Stacks = Annotated[
    list[str] | None,
    typer.Option("--stack", help="This stack too, such as a-network; may be repeated."),
]
Layers = Annotated[
    list[str] | None, typer.Option("--layer", help="This layer only; may be repeated.")
]
Parallel = Annotated[int, typer.Option("--parallel", min=1, max=64, help="Stacks at a time.")]
RegistryPlace = Annotated[
    str | None,
    typer.Option(
        "--registry",
        help="Outputs registry: s3://bucket/prefix or a folder. Default: the state bucket.",
    ),
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before touching real AWS.")]
DEFAULT_OUTPUT = Path("cdktf.out")


def validate(
    inventory_file: InventoryFile = DEFAULT_INVENTORY,
    output: OutputFolder = DEFAULT_OUTPUT,
    cell: Cells = None,
    layer: Layers = None,
    parallel: Parallel = 2,
    form: Form = "text",
) -> None:
    """Validate every synthesized stack against its providers.

    Needs their plugins, but no AWS at all.
    """
    request = Request(
        mode="offline",
        selection=_selection(cell, layer),
        output=output,
        provider_lock=provider_lock_of(inventory_file),
        parallel=parallel,
    )
    finish(validate_design(read_design(inventory_file), request, Terminal()), form)


def plan(
    inventory_file: InventoryFile = DEFAULT_INVENTORY,
    output: OutputFolder = DEFAULT_OUTPUT,
    sandbox: Sandbox = False,
    cell: Cells = None,
    mesh: Meshes = None,
    organization: Organizations = None,
    layer: Layers = None,
    stack: Stacks = None,
    parallel: Parallel = 4,
    registry: RegistryPlace = None,
    form: Form = "text",
    exit_code: Annotated[
        bool, typer.Option("--exit-code", help="Exit 10 when there is anything to do.")
    ] = False,
) -> None:
    """Plan every stack whose inputs exist.

    The others are deferred, and say what they wait for.
    """
    request = Request(
        mode=_mode(sandbox),
        selection=_selection(cell, layer, mesh, organization, stack),
        output=output,
        provider_lock=provider_lock_of(inventory_file),
        registry=registry,
        parallel=parallel,
    )
    outcome = plan_design(read_design(inventory_file), request, Terminal())
    finish(outcome, form)
    if exit_code and outcome.has_changes:
        raise typer.Exit(10)


def apply(
    inventory_file: InventoryFile = DEFAULT_INVENTORY,
    output: OutputFolder = DEFAULT_OUTPUT,
    sandbox: Sandbox = False,
    cell: Cells = None,
    mesh: Meshes = None,
    organization: Organizations = None,
    layer: Layers = None,
    stack: Stacks = None,
    parallel: Parallel = 4,
    registry: RegistryPlace = None,
    yes: Yes = False,
    allow_destroy: Annotated[
        list[str] | None,
        typer.Option(
            "--allow-destroy",
            metavar="LAYER|ADDRESS",
            help="Let plans of a layer destroy and replace; what cannot be made again takes its"
            " whole Terraform address. May be repeated.",
        ),
    ] = None,
    first_apply: Annotated[
        bool,
        typer.Option(
            "--first-apply", help="Nothing was applied yet: an empty outputs registry is right."
        ),
    ] = False,
    resume: Annotated[
        str | None,
        typer.Option("--resume", metavar="RUN", help="Skip what this run finished; or `last`."),
    ] = None,
    form: Form = "text",
) -> None:
    """Apply every stack, as soon as what it waits for is done."""
    request = Request(
        mode=_mode(sandbox),
        selection=_selection(cell, layer, mesh, organization, stack),
        output=output,
        provider_lock=provider_lock_of(inventory_file),
        parallel=parallel,
        registry=registry,
        first_apply=first_apply,
    )
    design, watcher = read_design(inventory_file), Terminal(yes=yes)
    finish(
        apply_design(
            design, request, watcher, allowed=Allowed.of(allow_destroy or ()), resume=resume
        ),
        form,
    )


def destroy(
    inventory_file: InventoryFile = DEFAULT_INVENTORY,
    sandbox: Sandbox = False,
    cell: Cells = None,
    mesh: Meshes = None,
    organization: Organizations = None,
    layer: Layers = None,
    stack: Stacks = None,
    parallel: Parallel = 4,
    registry: RegistryPlace = None,
    yes: Yes = False,
    gone: Annotated[
        bool, typer.Option("--gone", help="Only what has no place in the inventory any more.")
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
        typer.Option(
            "--forget-accounts",
            help="Give up accounts too: Terraform forgets them, and they stay open.",
        ),
    ] = False,
    form: Form = "text",
) -> None:
    """Destroy what the registry knows, in reverse order.

    Also cells that left the inventory, and whatever else is wrong with it: only its `state` is
    read, but for --gone. An account is never destroyed; --forget-accounts leaves it to itself.
    """
    request = Request(
        mode=_mode(sandbox),
        selection=_selection(cell, layer, mesh, organization, stack),
        provider_lock=provider_lock_of(inventory_file),
        registry=registry,
        parallel=parallel,
        sweep=sweep,
        forget=forget_accounts,
    )
    state, watcher = read_state(inventory_file), Terminal(yes=yes)
    standing = read_standing(inventory_file) if gone else None
    finish(destroy_recorded(state, request, watcher, standing=standing), form)


def _selection(
    cells: Sequence[str] | None,
    layers: Sequence[str] | None,
    meshes: Sequence[str] | None = None,
    organizations: Sequence[str] | None = None,
    stacks: Sequence[str] | None = None,
) -> Selection:
    return Selection(
        cells=tuple(cells or ()),
        layers=tuple(layers or ()),
        meshes=tuple(meshes or ()),
        organizations=tuple(organizations or ()),
        stacks=tuple(stacks or ()),
    )


def _mode(sandbox: bool) -> Mode:
    return "sandbox" if sandbox else "aws"
