"""`drift`: what in AWS is not what was applied."""

from __future__ import annotations

import functools
import sys
from dataclasses import replace
from typing import Annotated, Literal

import typer

from cellfactory.cli.at_once import Parallel, parallel_of
from cellfactory.cli.help import TERRAFORM
from cellfactory.cli.options import DEFAULT_INVENTORY, InventoryFile
from cellfactory.cli.output import OPTION, Told, show
from cellfactory.cli.screen import style_of, warn
from cellfactory.cli.stacks import (
    Cells,
    Hubs,
    Layers,
    Meshes,
    Organizations,
    OutputFolder,
    ReadOnly,
    RegistryPlace,
    Sandbox,
    Stacks,
    mode_of,
    request_of,
    selection_of,
    which,
)
from cellfactory.cli.watching import Terminal
from cellfactory.errors import Problem, StoppedError, TerraformError
from cellfactory.runs.drift import DriftReport, find_drift, findings_of_drift
from cellfactory.runs.reading import read_declared
from cellfactory.runs.shards import parse_shard
from cellfactory.terraform.findings import findings_of
from cellfactory.views.drift import render_drift, render_markdown, to_json

CHANGES = 10  # the exit code of changes found, when asked
DriftForm = Literal["text", "json", "markdown", "github"]
_how = functools.partial(typer.Option, rich_help_panel=TERRAFORM)


def drift(
    inventory_file: InventoryFile = DEFAULT_INVENTORY,
    output: OutputFolder = None,
    sandbox: Sandbox = False,
    cell: Cells = None,
    mesh: Meshes = None,
    organization: Organizations = None,
    hub: Hubs = None,
    layer: Layers = None,
    stack: Stacks = None,
    parallel: Parallel = None,
    registry: RegistryPlace = None,
    form: Annotated[
        DriftForm,
        typer.Option(
            OPTION,
            metavar="FORMAT",
            help="Output format: text, json, markdown, or github (workflow annotations).",
        ),
    ] = "text",
    read_only: ReadOnly = False,
    shard: Annotated[
        str | None,
        which(
            "--shard",
            metavar="I/N",
            envvar="CELLFACTORY_SHARD",
            show_envvar=False,
            help="Look at one of N parts, each of whole cells.",
        ),
    ] = None,
    exit_code: Annotated[bool, _how("--exit-code", help="Exit with 10 if a cell drifted.")] = False,
) -> None:
    """List what in AWS differs from what was applied.

    Plans every applied stack with what it was last applied with, so that edits of the inventory are
    no drift. Changes nothing and locks no state. Says of each change whether the next apply puts it
    back, whether AWS does it by itself, or whether somebody has to look.
    """
    request = replace(
        request_of(inventory_file, mode_of(sandbox), output=output, registry=registry),
        selection=selection_of(cell, layer, mesh, organization, stack, hub),
        parallel=parallel_of(parallel),
        reads=read_only,
    )
    declared = read_declared(inventory_file)
    with Terminal() as watcher:
        report = find_drift(declared, request, watcher, shard=parse_shard(shard))
    problems = declared.source.locate_all(findings_of_drift(report.owners, report.mode))
    problems += [Problem(None, finding) for finding in findings_of(report.broken)]
    _show(report, problems, form)
    if report.stopped:
        warn("drift: interrupted")
        raise Told(StoppedError.exit_code)
    if report.broken:
        raise Told(TerraformError.exit_code)
    if exit_code and report.has_drift:
        raise typer.Exit(CHANGES)


def _show(report: DriftReport, problems: list[Problem], form: DriftForm) -> None:
    """Show a report; as text, what failed was told as it happened."""
    match form:
        case "markdown":
            typer.echo(render_markdown(report))
        case "json" | "github":
            show(to_json(report), render_drift(report), problems, form)
        case "text":
            show({}, render_drift(report, style_of(sys.stdout)), [], form)
