"""What `size` and `what-if` share: their options, and how the answer is given."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, get_args

import typer

from cellfactory.cli.help import ANSWERS
from cellfactory.cli.screen import style_of
from cellfactory.errors import SizingError
from cellfactory.files import write_whole
from cellfactory.runs.size import Sized, answer, rebuild
from cellfactory.sizing.curves import node_curves
from cellfactory.sizing.usage import Scenario
from cellfactory.views.ledger import MARKS
from cellfactory.views.sized import SizedForm, render_sized

Form = Annotated[
    SizedForm,
    typer.Option(
        "--format",
        metavar="FORMAT",
        help="Output format: text, json, markdown, or github (workflow annotations).",
    ),
]
Solve = Annotated[
    bool,
    typer.Option(
        "--solve",
        rich_help_panel=ANSWERS,
        help="Find the most nodes and cells that fit, and what would fix one that does not.",
    ),
]
Rebuild = Annotated[
    bool,
    typer.Option("--rebuild", rich_help_panel=ANSWERS, help="Simulate launching every node again."),
]
PerMonth = Annotated[
    int | None,
    typer.Option(
        "--growth",
        min=1,
        max=100_000,
        metavar="NODES",
        rich_help_panel=ANSWERS,
        help="Nodes added a month: when the cell is full, and which raises are due by when.",
    ),
]
Staged = Annotated[
    Scenario | None,
    typer.Option(
        "--scenario",
        metavar="NAME",
        rich_help_panel=ANSWERS,
        help=f"Treat a failure as the design case: {', '.join(get_args(Scenario))}.",
    ),
]
Plot = Annotated[
    Path | None,
    typer.Option(
        "--plot",
        metavar="FILE",
        rich_help_panel=ANSWERS,
        help="Draw one cell as .svg or .png.",
    ),
]


def show(
    sized: Sized,
    form: SizedForm,
    *,
    solved: bool,
    rebuilt: bool,
    plot: Path | None,
    per_month: int | None,
) -> None:
    """Print the answer, draw the picture, and exit with 4 where a bound that must hold does not."""
    if plot:
        _draw(sized, plot)
    told = answer(sized, solved=solved, rebuilt=rebuilt, per_month=per_month)
    text = render_sized(told, form, ascii_only=not _speaks_unicode())
    style = style_of(sys.stdout)
    shown = style.marked(text, MARKS) if form == "text" else text
    typer.echo(shown, color=style.colour)
    if not sized.ledger.fits:
        raise typer.Exit(SizingError.exit_code)


def _draw(sized: Sized, file: Path) -> None:
    """Draw the one cell; what draws is loaded only now."""
    from cellfactory.views.plot import CellPicture, draw_cell, picture_form

    setting = sized.require_cell()
    form = picture_form(file.name)
    picture = CellPicture(
        cell=setting.shape.name,
        nodes=setting.shape.nodes,
        usages=sized.ledger.of(setting.shape.name),
        curves=node_curves(setting),
        rebuilt=rebuild(setting),
        rebuild_minutes=setting.facts.policy_value("rebuild-minutes"),
    )
    write_whole(file, draw_cell(picture, form))
    typer.echo(f"drew {file}", err=True)


def _speaks_unicode() -> bool:
    try:
        "█▏".encode(sys.stdout.encoding or "ascii")
    except (LookupError, UnicodeEncodeError):
        return False
    return True
