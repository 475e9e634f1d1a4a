"""`orphans`: what killed runs have left in AWS, and no state knows."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cellfactory.cli.options import DEFAULT_INVENTORY, InventoryFile
from cellfactory.cli.output import Form, Told, show
from cellfactory.cli.stacks import OutputFolder, RegistryPlace, Sandbox, Yes, mode_of, request_of
from cellfactory.cli.watching import Terminal
from cellfactory.errors import Problem, StoppedError, TerraformError, UsageError
from cellfactory.runs.adopt import Adoption, adopt
from cellfactory.runs.orphans import find_orphans
from cellfactory.runs.reading import read_declared, read_design
from cellfactory.runs.request import Request
from cellfactory.terraform.findings import findings_of
from cellfactory.views.orphans import (
    adoption_to_json,
    render_adoption,
    render_orphans,
    to_json,
)
from cellfactory.views.problems import ProblemForm
from cellfactory.views.results import to_json as results_to_json


def orphans(
    inventory_file: InventoryFile = DEFAULT_INVENTORY,
    sandbox: Sandbox = False,
    registry: RegistryPlace = None,
    output: OutputFolder = None,
    imports: Annotated[
        bool,
        typer.Option("--import", help="Show import blocks for what a stack should have."),
    ] = False,
    apply: Annotated[
        bool,
        typer.Option("--apply", help="Apply the import blocks; nothing is created or destroyed."),
    ] = False,
    yes: Yes = False,
    form: Form = "text",
    exit_code: Annotated[
        bool, typer.Option("--exit-code", help="Exit 10 when there is an orphan.")
    ] = False,
) -> None:
    """List resources that exist in AWS and in no state.

    Finds them by the tag of their stack, with the same roles as apply, and changes nothing. A run
    that was killed may leave some; --import takes them up again. Exits with 6 if an account could
    not be asked.
    """
    if apply and not imports:
        msg = "--apply goes with --import"
        raise UsageError(msg)
    request = request_of(inventory_file, mode_of(sandbox), output=output, registry=registry)
    if imports:
        _adopt(inventory_file, request, form, applies=apply, yes=yes)
        return
    search = find_orphans(read_declared(inventory_file), request, Terminal())
    problems = [Problem(None, finding) for finding in search.unasked]
    data = {"orphans": to_json(search.orphans), "asked": search.asked}
    show(data, render_orphans(search.orphans, search.asked), problems, form)
    if search.unasked:
        raise Told(TerraformError.exit_code)
    if exit_code and search.orphans:
        raise typer.Exit(10)


def _adopt(
    inventory_file: Path, request: Request, form: ProblemForm, *, applies: bool, yes: bool
) -> None:
    shown: list[Adoption] = []

    watcher = Terminal(yes=yes)

    def tell(adoption: Adoption) -> None:
        watcher.__exit__(None, None, None)  # nothing moves below what is read
        shown.append(adoption)
        if form != "json":
            typer.echo(render_adoption(adoption, request.mode))

    design = read_design(inventory_file)
    with watcher:
        outcome = adopt(design, request, watcher, tell, applies=applies)
    unasked = [Problem(None, finding) for one in shown for finding in one.search.unasked]
    problems = unasked + [Problem(None, finding) for finding in findings_of(outcome.results)]
    data = {**adoption_to_json(shown[0]), "stacks": results_to_json(outcome.results)}
    show(data, "", unasked if form == "text" else problems, form)
    if outcome.stopped:
        raise Told(StoppedError.exit_code)
    if outcome.failed or unasked:
        raise Told(TerraformError.exit_code)
