"""The `cellfactory` command: read, call, print. No decision is made here.

Data goes to standard output, everything else to standard error. `main` is the one place that
turns a `FactoryError` into text and an exit code; anything else is a bug and shows its traceback.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from factory import __version__
from factory.cli.check import check
from factory.cli.lock import lock
from factory.cli.quotas import quotas
from factory.cli.route import route
from factory.cli.sandbox import sandbox
from factory.cli.schema import schema
from factory.cli.size import size
from factory.cli.synth import synth
from factory.cli.terraform import apply, destroy, plan, validate
from factory.errors import FactoryError

EXIT_CODES = """
Exit codes: 0 fine · 1 our bug · 2 usage · 3 inventory or addresses · 4 sizing · 5 synth ·
6 Terraform · 10 changes found (when asked)
"""

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    epilog=EXIT_CODES,
    help="Read cells.yaml, prove that every cell fits, write and run its Terraform.",
)
for command in (
    *(check, size, quotas, lock, synth, validate, plan, apply, destroy),
    *(route, sandbox, schema),
):
    app.command()(command)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"cellfactory {__version__}")
        raise typer.Exit


@app.callback()
def cellfactory(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """Read cells.yaml, prove that every cell fits, write and run its Terraform."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line.

    Raises:
        SystemExit: always; with the exit code of the error's class when there was one.
    """
    try:
        app(arguments, prog_name="cellfactory")
    except FactoryError as error:
        sys.stdout.flush()
        typer.echo(error, err=True)
        raise SystemExit(error.exit_code) from error
    except BrokenPipeError:
        sys.stderr.close()
        raise SystemExit(0) from None
