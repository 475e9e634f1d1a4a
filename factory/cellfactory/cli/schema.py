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
) -> None:
    """Print the JSON Schema of cells.yaml, for editors."""
    text = render_schema()
    if output is None:
        typer.echo(text, nl=False)
    elif write_whole(output, text):
        typer.echo(f"{output}: written", err=True)
