"""Options of every command over the stacks: which stacks, and how Terraform runs."""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

import typer

from cellfactory.cli.completion import (
    complete_cells,
    complete_hubs,
    complete_layers,
    complete_meshes,
    complete_organizations,
    complete_rings,
    complete_stacks,
)
from cellfactory.cli.help import STACKS, TERRAFORM
from cellfactory.diff.guard import CLASSES
from cellfactory.errors import UsageError
from cellfactory.layers import LAYERS
from cellfactory.runs.places import home_of, output_of, provider_lock_of
from cellfactory.runs.request import Request
from cellfactory.terraform.selection import Selection
from cellfactory.terraform.target import Mode

which = functools.partial(typer.Option, rich_help_panel=STACKS)
how = functools.partial(typer.Option, rich_help_panel=TERRAFORM)

OutputFolder = Annotated[
    Path | None,
    how(
        "--output",
        "-o",
        metavar="DIR",
        envvar="CDKTF_OUTDIR",
        show_default=False,
        help="Folder `synth` wrote [default: cdktf.out beside the inventory]",
    ),
]
Sandbox = Annotated[bool, how("--sandbox", help="Use the AWS emulated by `cellfactory sandbox`.")]
Cells = Annotated[
    list[str] | None,
    which(
        "--cell",
        metavar="CELL",
        autocompletion=complete_cells,
        help="Only stacks of this cell; may be repeated.",
    ),
]
Meshes = Annotated[
    list[str] | None,
    which(
        "--mesh",
        metavar="MESH",
        autocompletion=complete_meshes,
        help="Only stacks of this mesh; may be repeated.",
    ),
]
Organizations = Annotated[
    list[str] | None,
    which(
        "--organization",
        metavar="NAME",
        autocompletion=complete_organizations,
        help="Only stacks of this organization; may be repeated.",
    ),
]
Hubs = Annotated[
    list[str] | None,
    which(
        "--hub",
        metavar="HUB",
        autocompletion=complete_hubs,
        help="Only stacks of this hub; may be repeated.",
    ),
]
Layers = Annotated[
    list[str] | None,
    which(
        "--layer",
        metavar="LAYER",
        autocompletion=complete_layers,
        help=f"Only this layer; may be repeated: {', '.join(LAYERS)}.",
    ),
]
Stacks = Annotated[
    list[str] | None,
    which(
        "--stack",
        metavar="STACK",
        envvar="CELLFACTORY_STACKS",
        show_envvar=False,
        autocompletion=complete_stacks,
        help="This stack as well, such as moka-use1-a-network; may be repeated.",
    ),
]
Rings = Annotated[
    list[str] | None,
    which(
        "--ring",
        metavar="RING",
        autocompletion=complete_rings,
        help="Only stacks of this ring; may be repeated.",
    ),
]
Bake = Annotated[
    str | None,
    how("--bake", metavar="TIME", help="Let each ring bake for this long, such as 5m."),
]
Checks = Annotated[
    list[str] | None,
    how(
        "--check",
        metavar="COMMAND",
        help="Program that must succeed before the next ring; run without a shell. May be "
        "repeated.",
    ),
]
RegistryPlace = Annotated[
    str | None,
    how(
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
        help="Output format: text, json, markdown, or github (Markdown, and annotations).",
    ),
]
Out = Annotated[
    Path | None,
    how(
        "--out",
        metavar="FILE",
        dir_okay=False,
        help="Write what was planned, without values, for `apply --reviewed`.",
    ),
]
Reviewed = Annotated[
    Path | None,
    how(
        "--reviewed",
        metavar="FILE",
        dir_okay=False,
        help="Ask nothing, and refuse what goes beyond this file of `plan --out`.",
    ),
]
Overrides = Annotated[
    list[str] | None,
    how(
        "--override",
        metavar="WHAT=REASON",
        help="Go beyond a limit of the guard, and say why: "
        f"{', '.join(CLASSES)}, a cell or a Terraform address. May be repeated.",
    ),
]
Ask = Annotated[bool, how("--ask", help="Plan, show and ask first, in the sandbox too.")]
LockTimeout = Annotated[
    str | None,
    how(
        "--lock-timeout",
        metavar="TIME",
        help="How long to wait for another run at work on a stack, such as 5m [default: 60s]",
    ),
]
Yes = Annotated[bool, how("--yes", "-y", help="Do not ask before changing real AWS.")]


def selection_of(
    cells: Sequence[str] | None,
    layers: Sequence[str] | None,
    meshes: Sequence[str] | None = None,
    organizations: Sequence[str] | None = None,
    stacks: Sequence[str] | None = None,
    hubs: Sequence[str] | None = None,
) -> Selection:
    """Put together which stacks the options of a command name."""
    return Selection(
        cells=tuple(cells or ()),
        layers=tuple(layers or ()),
        meshes=tuple(meshes or ()),
        organizations=tuple(organizations or ()),
        hubs=tuple(hubs or ()),
        stacks=tuple(stacks or ()),
    )


Synthesizes = Annotated[
    bool,
    how(
        "--synth",
        help="Synthesize the stacks anew instead of reading --output.",
    ),
]
ReadOnly = Annotated[
    bool,
    how(
        "--read-only",
        help="Look by the roles that may only read, such as CellFactoryRead; see bootstrap.",
    ),
]


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
