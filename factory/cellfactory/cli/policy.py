"""`policy`: does the Terraform keep what a security team asks for?"""

from __future__ import annotations

import sys
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from cellfactory.cli.help import CHECKOV, WAIVERS
from cellfactory.cli.options import DEFAULT_INVENTORY, InventoryIfAny
from cellfactory.cli.output import Told, from_the_top, show_problems
from cellfactory.cli.screen import say, style_of
from cellfactory.errors import PolicyError

if TYPE_CHECKING:
    from cellfactory.policy.judgement import Judgement

PolicyForm = Literal["text", "json", "sarif", "junit", "markdown", "github"]
Engine = Literal["off", "curated", "stock"]


def policy(
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="DIR",
            is_eager=True,
            show_default=False,
            help="Folder of Terraform JSON to check [default: what cells.yaml makes, in memory]",
        ),
    ] = None,
    inventory_file: InventoryIfAny = DEFAULT_INVENTORY,
    waivers: Annotated[
        Path | None,
        typer.Option(
            "--waivers",
            metavar="FILE",
            dir_okay=False,
            show_default=False,
            rich_help_panel=WAIVERS,
            help="Waivers [default: cells.waivers.yaml beside the inventory]",
        ),
    ] = None,
    checkov: Annotated[
        Engine,
        typer.Option(
            "--checkov",
            metavar="MODE",
            rich_help_panel=CHECKOV,
            help="Checkov besides: off, curated (chosen checks, fast) or stock (all of it, slow).",
        ),
    ] = "off",
    export: Annotated[
        Path | None,
        typer.Option(
            "--export",
            metavar="DIR",
            show_default=False,
            rich_help_panel=CHECKOV,
            help="Check nothing; write our rules as checks for Checkov into this folder.",
        ),
    ] = None,
    today: Annotated[
        datetime | None,
        typer.Option(
            "--today",
            formats=["%Y-%m-%d"],
            metavar="DAY",
            show_default=False,
            rich_help_panel=WAIVERS,
            help="Day on which waivers are to count, such as 2027-03-31 [default: today, UTC]",
        ),
    ] = None,
    no_cache: Annotated[
        bool, typer.Option("--no-cache", help="Use and keep nothing that was made before.")
    ] = False,
    form: Annotated[
        PolicyForm,
        typer.Option(
            "--format",
            metavar="FORMAT",
            help="Output format: text, json, sarif, junit, markdown, or github.",
        ),
    ] = "text",
) -> None:
    """Check the Terraform against policy rules.

    Needs no synth before, and no Terraform or AWS. Exits with 7 where a rule is broken that
    nobody waives. A rule is explained by `cellfactory explain P101`.
    """
    from cellfactory.runs.policy import judge_policy
    from cellfactory.runs.policy_request import Asked

    if export is not None:
        _export(export)
        return
    asked = Asked(
        inventory_file=inventory_file if output is None or inventory_file.exists() else None,
        output=output,
        waiver_file=waivers,
        today=today.date() if today else _today(),
        checkov=checkov,
        cached=not no_cache,
    )
    _show(judge_policy(asked), form)


def _today() -> date:
    from datetime import UTC

    return datetime.now(UTC).date()  # noqa: TID251 - a waiver ends on a day


def _export(folder: Path) -> None:
    from cellfactory.runs.export import export_checks

    written = export_checks(folder)
    say(f"{folder}: {len(written)} files; checkov --external-checks-dir {folder} runs them")


def _show(judgement: Judgement, form: PolicyForm) -> None:
    from cellfactory.views.policy import problems_of, render_policy

    style = style_of(sys.stdout)
    typer.echo(render_policy(judgement, form, style, from_the_top), color=style.colour)
    if form in ("text", "sarif", "junit", "markdown"):
        show_problems(problems_of(judgement), "text")
    if not judgement.passes:
        raise Told(PolicyError.exit_code)
