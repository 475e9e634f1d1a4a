"""`doctor`: whether all is there that the first apply needs, asked of AWS and changed nowhere."""

from __future__ import annotations

from typing import Annotated

import typer

from cellfactory.cli.completion import complete_cells, complete_organizations
from cellfactory.cli.options import DEFAULT_INVENTORY, InventoryText
from cellfactory.cli.output import Form, Told, show
from cellfactory.cli.screen import say
from cellfactory.errors import TerraformError
from cellfactory.runs.doctor import choose_subjects, examine
from cellfactory.runs.questions import Answer, finding_of
from cellfactory.runs.reading import read_declared
from cellfactory.views.doctor import render_answers, render_sums, to_json

Cells = Annotated[
    list[str] | None,
    typer.Option(
        "--cell",
        metavar="CELL",
        autocompletion=complete_cells,
        help="Check only this cell, its organization and its hubs; may be repeated.",
    ),
]
Organizations = Annotated[
    list[str] | None,
    typer.Option(
        "--organization",
        metavar="NAME",
        autocompletion=complete_organizations,
        help="Check only this organization, its cells and their hubs; may be repeated.",
    ),
]


def doctor(
    inventory_file: InventoryText = DEFAULT_INVENTORY,
    cell: Cells = None,
    organization: Organizations = None,
    form: Form = "text",
) -> None:
    """Check in AWS that everything the first apply needs exists.

    Read-only; assumes the same roles as apply. Exits with 6 if something is missing. The cells
    need not fit yet.
    """
    declared = read_declared(inventory_file)
    inventory = declared.inventory
    answers: list[Answer] = []
    for subject in choose_subjects(inventory, cell or (), organization or ()):
        told = list(examine(inventory, declared.facts, subject))
        say(f"{subject}: {render_sums(told)}")
        answers += told
    findings = [finding for finding in map(finding_of, answers) if finding]
    problems = [] if form == "text" else declared.source.locate_all(findings)
    show(to_json(answers), render_answers(answers), problems, form)
    if any(answer.status == "failed" for answer in answers):
        raise Told(TerraformError.exit_code)
