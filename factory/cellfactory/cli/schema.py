"""`schema`: the JSON Schema that lets an editor complete and underline `cells.yaml`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cellfactory.files import write_whole
from cellfactory.inventory.json_schema import render_schema


def schema(
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="FILE", help="Write to this file, not to standard output."
        ),
    ] = None,
    waivers: Annotated[
        bool, typer.Option("--waivers", help="The schema of cells.waivers.yaml.")
    ] = False,
) -> None:
    """Print the JSON Schema of cells.yaml, for editors."""
    if waivers:
        from cellfactory.policy.waiver_schema import render_waiver_schema

        text = render_waiver_schema()
    else:
        text = render_schema()
    if output is None:
        typer.echo(text, nl=False)
    elif write_whole(output, text):
        typer.echo(f"{output}: written", err=True)
