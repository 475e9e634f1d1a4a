"""`pipeline`: workflows for CI, and what they tell people."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from cellfactory.cli.help import Command
from cellfactory.cli.options import DEFAULT_INVENTORY, InventoryFile
from cellfactory.cli.output import Form, show
from cellfactory.cli.screen import say
from cellfactory.errors import Problem, UsageError

GROUP = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Render the workflows of CI, and tell people what they found.",
)


@GROUP.command(cls=Command)
def render(
    inventory_file: InventoryFile = DEFAULT_INVENTORY,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="DIR",
            show_default=False,
            help="Folder to write, such as .github/workflows [default: pipelines/github beside "
            "the inventory]",
        ),
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; fail if a file is not up to date.")
    ] = False,
    form: Form = "text",
) -> None:
    """Write the workflows of GitHub Actions from the rings of cells.yaml.

    Needs no credentials. Only files that it made itself are replaced or removed.
    """
    from cellfactory.runs.pipeline import (
        DEFAULT,
        check_pipelines,
        render_pipelines,
        write_pipelines,
    )
    from cellfactory.runs.reading import read_declared

    rendered = render_pipelines(read_declared(inventory_file), inventory_file)
    folder = output or inventory_file.parent / DEFAULT
    if check:
        check_pipelines(rendered, folder)
    written, removed = ([], []) if check else write_pipelines(rendered, folder)
    told = [f"{folder / name}: written" for name in written]
    told += [f"{folder / name}: removed" for name in removed]
    told = told or [f"{folder}: {len(rendered.files)} workflows, up to date"]
    data = {"files": [*rendered.files], "written": written, "removed": removed}
    problems = [Problem(None, finding) for finding in rendered.warnings]
    show(data, "\n".join(told), problems, form)


@GROUP.command(cls=Command)
def comment(
    parts: Annotated[
        Path,
        typer.Argument(metavar="DIR", help="Folder of what jobs wrote: *.md, also in folders."),
    ],
    number: Annotated[
        int | None,
        typer.Option("--on", metavar="NUMBER", min=1, help="Pull request to write it on."),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="Write it to this file instead."),
    ] = None,
) -> None:
    """Keep one comment on a pull request up to date.

    Needs GITHUB_TOKEN and GITHUB_REPOSITORY in the environment, unless it goes to a file.
    """
    from cellfactory.files import write_whole
    from cellfactory.runs.forge import forge_of
    from cellfactory.runs.told import read_parts, write_comment
    from cellfactory.views.forge_comment import order_parts, render_comment

    if (number is None) == (output is None):
        msg = "say where the comment goes: either --on NUMBER or --output FILE"
        raise UsageError(msg)
    body = render_comment(order_parts(read_parts(parts)))
    if output is not None:
        write_whole(output, body)
        say(f"{output}: {len(body):,} characters")
    if number is not None:
        done = write_comment(forge_of(os.environ), number, body)
        say(f"comment on #{number}: {done}")


@GROUP.command(cls=Command)
def issues(
    parts: Annotated[
        Path,
        typer.Argument(metavar="DIR", help="Folder of what drift --format json wrote: *.json."),
    ],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="DIR", help="Write each as a file here instead."),
    ] = None,
) -> None:
    """Keep one issue for each cell that drifted, and close it by itself.

    Needs GITHUB_TOKEN and GITHUB_REPOSITORY in the environment, unless they go to files.
    """
    from cellfactory.runs.forge import forge_of
    from cellfactory.runs.told import read_drift, tell_issues, write_issues

    found = read_drift(parts)
    if output is not None:
        for name in write_issues(found, output):
            say(f"{output / name}: written")
        return
    for line in tell_issues(forge_of(os.environ), found):
        say(line)
