"""`pipeline`: the files of pipelines, and what their jobs tell people."""

from __future__ import annotations

import json
import os
import time
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from cellfactory.cli.at_once import Parallel, parallel_of
from cellfactory.cli.help import Command
from cellfactory.cli.options import DEFAULT_INVENTORY, InventoryFile
from cellfactory.cli.output import show_problems
from cellfactory.cli.screen import say
from cellfactory.cli.stacks import Layers, OutputFolder, RegistryPlace, mode_of, request_of
from cellfactory.errors import InventoryError, Problem, UsageError
from cellfactory.files import read_text
from cellfactory.inventory.rings import seconds_of, write_duration
from cellfactory.runs.code_host import github_call, put_comment, put_issues
from cellfactory.runs.gitlab_host import gitlab_call, is_gitlab, put_gitlab_issues, put_note
from cellfactory.runs.places import find_repository
from cellfactory.runs.reading import read_declared, read_design

pipeline = typer.Typer(
    help="Write pipelines for CI, and what their jobs tell people.",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    no_args_is_help=True,
)
DryRun = Annotated[bool, typer.Option("--dry-run", help="Print it, and write nothing.")]


@pipeline.command(cls=Command)
def render(
    inventory_file: InventoryFile = DEFAULT_INVENTORY,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="DIR",
            show_default=False,
            help="Folder to write [default: pipelines beside the inventory]",
        ),
    ] = None,
    install: Annotated[
        bool,
        typer.Option("--install", help="Put them where the CI system looks for them, too."),
    ] = False,
    check: Annotated[
        bool,
        typer.Option("--check", help="Write nothing; exit with 3 if a file is not as it would be."),
    ] = False,
) -> None:
    """Write the pipelines of the inventory.

    Makes workflows of GitHub Actions, or the pipeline file of GitLab, from its rings, accounts and
    Regions. A file is written whole or not at all; one that others wrote is left alone.
    """
    from cellfactory.runs.pipelines import (
        check_lock,
        check_pipelines,
        render_pipelines,
        write_pipelines,
    )

    declared = read_declared(inventory_file)
    folder = output or inventory_file.parent / "pipelines"
    top = _top(inventory_file) if install else None
    rendered = render_pipelines(declared.inventory, declared.facts, folder, top)
    lock = [Problem(None, finding) for finding in check_lock(rendered)]
    if check:
        problems = [Problem(None, finding) for finding in check_pipelines(rendered)]
        if any(p.finding.severity == "error" for p in (*problems, *lock)):
            raise InventoryError([*problems, *lock])
        show_problems(lock, "text")
        say(f"{folder}: {len(rendered.files):,} files are as cells.yaml makes them")
        return
    written, removed = write_pipelines(rendered)
    for path in written:
        say(f"{path}: written")
    for path in removed:
        say(f"{path}: removed")
    show_problems(lock, "text")
    say(f"{folder}: {len(rendered.files):,} files, {len(written):,} of them new or changed")


def _top(inventory_file: Path) -> Path:
    top = find_repository(inventory_file)
    if top is None:
        msg = f"{inventory_file} is in no Git repository: there is no place to install into"
        raise UsageError(msg)
    return top


@pipeline.command(cls=Command)
def comment(
    folder: Annotated[
        Path,
        typer.Argument(metavar="DIR", help="What jobs have kept: a folder of Markdown for each."),
    ],
    change: Annotated[
        int | None,
        typer.Option(
            "--change", metavar="N", min=1, help="Number of the pull request, or merge request."
        ),
    ] = None,
    dry_run: DryRun = False,
) -> None:
    """Write or update the one comment on a change.

    Puts together what jobs have kept, as text that cannot act, and keeps below what GitHub takes.
    In a job of GitLab, it is a comment of the merge request.
    """
    from cellfactory.views.comment import MARK, render_comment

    parts = {path.parent.name: read_text(path) for path in sorted(folder.glob("*/*.md"))}
    body = render_comment(parts, _job_page())
    if dry_run:
        typer.echo(body, nl=False)
        return
    if change is None:
        msg = "which change? name it with --change N, or see --dry-run"
        raise UsageError(msg)
    if is_gitlab():
        told = put_note(gitlab_call(), change, MARK, body)
    else:
        told = put_comment(github_call(), change, MARK, body)
    say(f"{told.what}: {told.action}")


def _job_page() -> str:
    if is_gitlab():
        return os.environ.get("CI_PIPELINE_URL", "")
    names = ("GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_RUN_ID")
    server, repository, run = (os.environ.get(name, "") for name in names)
    return f"{server}/{repository}/actions/runs/{run}" if server and repository and run else ""


@pipeline.command(cls=Command)
def issues(
    report: Annotated[
        Path,
        typer.Argument(
            metavar="FILE|DIR",
            help="What `drift --format json` has written, or a folder of such files.",
        ),
    ],
    dry_run: DryRun = False,
) -> None:
    """Open, update and close one issue for each cell.

    A cell that drifted has one issue, which is updated in place; one that does not has none open.
    """
    files = sorted(report.rglob("*.json")) if report.is_dir() else [report]
    if not files:
        msg = f"{report} holds no report: no file *.json is in it"
        raise UsageError(msg)
    cells = [cell for file in files for cell in _cells(file)]
    if dry_run:
        for cell in cells:
            typer.echo(cell["issue"]["body"] if cell["issue"] else f"{cell['name']}: none")
        return
    ours = is_gitlab()
    tell = put_gitlab_issues(gitlab_call(), cells) if ours else put_issues(github_call(), cells)
    for told in tell:
        say(f"{told.what}: {told.action}")


def _cells(report: Path) -> list[Any]:
    try:
        found = json.loads(read_text(report))["cells"]
        needed = {"key", "name", "drifted", "is_whole", "issue"}
        is_sound = isinstance(found, list) and all(needed <= set(cell) for cell in found)
    except (ValueError, KeyError, TypeError):
        is_sound, found = False, []
    if not is_sound:
        msg = f"{report} is not what `cellfactory drift --format json` writes"
        raise UsageError(msg)
    return list(found)


@pipeline.command(cls=Command)
def drill(
    cell: Annotated[
        str, typer.Argument(metavar="CELL", help="The cell that is destroyed and rebuilt.")
    ],
    inventory_file: InventoryFile = DEFAULT_INVENTORY,
    within: Annotated[
        str, typer.Option("--within", metavar="TIME", help="Time that rebuilding may take.")
    ] = "30m",
    output: OutputFolder = None,
    layer: Layers = None,
    sandbox: Annotated[bool, typer.Option("--sandbox", help="In the emulated AWS.")] = False,
    parallel: Parallel = None,
    registry: RegistryPlace = None,
    buckets: Annotated[
        Literal["keep", "delete"],
        typer.Option(help="What becomes of the log buckets and of what they hold."),
    ] = "keep",
) -> None:
    """Destroy a cell and rebuild it, and say how long that took.

    Peers let go of it first, and reach it again in the end. Asks nothing: it is for a pipeline
    whose environment asks, and for cells made for practice. Its account stays.
    """
    from cellfactory.cli.rebuilding import rebuild, rebuild_layers

    most = seconds_of(within)
    design = read_design(inventory_file)
    if cell not in design.inventory.cells:
        msg = f"unknown cell {cell!r}\n    known: {', '.join(sorted(design.inventory.cells))}"
        raise UsageError(msg)
    request = replace(
        request_of(inventory_file, mode_of(sandbox), output=output, registry=registry),
        parallel=parallel_of(parallel),
        bake=0.0,
        first_apply=False,
    )
    began = (
        rebuild_layers(inventory_file, cell, layer, request)
        if layer
        else rebuild(design, cell, request, keeps=buckets == "keep")
    )
    took = time.monotonic() - began
    verdict = f"{write_duration(round(took))} of {within}"
    typer.echo(f"`{cell}` was rebuilt in {verdict}.")
    if took > most:
        msg = f"rebuilding {cell} took {verdict}"
        raise UsageError(msg)
