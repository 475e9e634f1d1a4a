"""`route`: which cell a job is sent to, for people and for a router of jobs."""

from __future__ import annotations

import functools
import json
import sys
from collections.abc import Collection
from math import isfinite
from pathlib import Path
from typing import Annotated

import typer

from cellfactory.cli.completion import complete_meshes, complete_types
from cellfactory.cli.help import JOB
from cellfactory.cli.options import DEFAULT_INVENTORY, InventoryText
from cellfactory.cli.output import Form
from cellfactory.cli.screen import warn
from cellfactory.documents import MOST_BYTES
from cellfactory.errors import SizingError, UsageError
from cellfactory.files import read_bytes
from cellfactory.inventory.nearest import suggest
from cellfactory.routing.answer import answer
from cellfactory.routing.capacity import cell_capacities
from cellfactory.routing.report import parse_report
from cellfactory.routing.route import CellState, JobRequest, route_job
from cellfactory.runs.places import STANDARD_INPUT
from cellfactory.runs.reading import read_design
from cellfactory.views.route import render_decision

MOST_KEY = 512  # characters


_job = functools.partial(typer.Option, rich_help_panel=JOB)


def route(
    job: Annotated[
        str,
        _job("--job", metavar="NAME", help="Job name; the same name always gets the same cell."),
    ],
    pods: Annotated[int, _job(metavar="N", min=1, help="Driver and executors.")] = 1,
    cores: Annotated[float, _job(metavar="N", min=0, help="vCPUs requested together.")] = 0,
    mesh: Annotated[
        str | None,
        _job(metavar="MESH", autocompletion=complete_meshes, help="Only cells of this mesh."),
    ] = None,
    cell_type: Annotated[
        str | None,
        _job(
            "--type",
            metavar="TYPE",
            autocompletion=complete_types,
            help="Only cells of this type.",
        ),
    ] = None,
    usage: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Usage report, JSON; - is standard input."),
    ] = None,
    inventory_file: InventoryText = DEFAULT_INVENTORY,
    form: Form = "text",
) -> None:
    """Choose a cell for a job by weight, drain state and room.

    Exits with 4 if no cell takes the job.
    """
    _check_job(job, cores)
    if usage == inventory_file == STANDARD_INPUT:
        msg = "only one of --usage and --inventory can be standard input"
        raise UsageError(msg)
    design = read_design(inventory_file)
    inventory = design.inventory
    _require("--mesh", mesh, inventory.meshes)
    _require("--type", cell_type, inventory.cell_types)
    states = _states(usage, inventory.cells)
    request = JobRequest(key=job, pods=pods, cores=cores, mesh=mesh, cell_type=cell_type)
    capacities = cell_capacities(inventory, design.plan, design.facts)
    decision = route_job(inventory, capacities, request, states)
    for cell in decision.unknown:
        warn(f"{cell}: no usage reported, treated as empty")
    shown = json.dumps(answer(decision), indent=2) if form == "json" else render_decision(decision)
    typer.echo(shown)
    if decision.cell is None:
        warn("no cell takes the job")
        raise typer.Exit(SizingError.exit_code)


def _check_job(job: str, cores: float) -> None:
    if not 0 < len(job) <= MOST_KEY:
        msg = f"--job: a job's name has 1 to {MOST_KEY} characters, not {len(job):,}"
        raise UsageError(msg)
    if any("\ud800" <= letter <= "\udfff" for letter in job):
        msg = "--job: a job's name is UTF-8"
        raise UsageError(msg)
    if not isfinite(cores):
        msg = f"--cores {cores}: that is not a number of processors"
        raise UsageError(msg)


def _require(option: str, name: str | None, known: Collection[str]) -> None:
    if name is not None and name not in known:
        msg = f"{option} {name!r} is not in the inventory{suggest(name, known)}"
        raise UsageError(msg)


def _states(usage: Path | None, known: Collection[str]) -> dict[str, CellState]:
    if usage is None:
        return {}
    states = read_usage(usage)
    for cell in sorted(states.keys() - set(known)):
        warn(f"{_named(usage)}: {cell!r} is not in the inventory")
    return states


def read_usage(usage: Path) -> dict[str, CellState]:
    """Read a usage report from a file or standard input.

    Raises:
        UsageError: when it cannot be read.
        InventoryError: with everything that is wrong in it.
    """
    if usage == STANDARD_INPUT:
        data = sys.stdin.buffer.read(MOST_BYTES + 1)
    else:
        data = read_bytes(usage, most_bytes=MOST_BYTES + 1)
    return parse_report(data, _named(usage))


def _named(usage: Path) -> str:
    return "standard input" if usage == STANDARD_INPUT else str(usage)
