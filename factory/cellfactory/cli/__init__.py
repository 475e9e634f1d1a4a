"""The `cellfactory` command: read, call, print. No decision is made here.

Data goes to standard output, everything else to standard error. `main` is the one place that
turns a `FactoryError` into text and an exit code; anything else is a bug and shows its traceback.
"""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, TextIO

import typer

from cellfactory import __version__
from cellfactory.cli.commands import Commands
from cellfactory.cli.help import HELP
from cellfactory.cli.output import Told, asked_form, show_error
from cellfactory.cli.screen import set_loudness
from cellfactory.errors import FactoryError, StoppedError, UsageError
from cellfactory.views.problems import ProblemForm

EXIT_CODES = """
Exit codes: 0 success · 1 bug in cellfactory · 2 usage, or output that cannot be written ·
3 inventory or addresses · 4 sizing · 5 synth · 6 Terraform or AWS · 7 policy · 9 more than the
guard of a change allows · 10 changes found (with --exit-code) · 130 interrupted · 141 output pipe
closed
"""
INTERRUPTED = StoppedError.exit_code
UNREAD = 128 + signal.SIGPIPE
PLACES = (  # what a file or a folder can be, other than as we need it
    *(errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOENT, errno.ENOTDIR, errno.EISDIR),
    *(errno.ELOOP, errno.ENAMETOOLONG, errno.EMFILE, errno.ENFILE, errno.ESTALE),
    *(errno.ENOSPC, errno.EDQUOT, errno.EIO),
)
UNWRITABLE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)

app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": HELP},
    epilog=EXIT_CODES,
    help="Read cells.yaml, prove that every cell fits, write and run its Terraform.\n\n"
    "Options listed here come before the command: cellfactory --chdir infra check",
)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"cellfactory {__version__}")
        raise typer.Exit


def _change_folder(folder: Path | None) -> None:
    if folder is not None:
        try:
            os.chdir(folder)
        except OSError as error:
            msg = f"--chdir {folder}: {error.strerror}"
            raise UsageError(msg) from error


@app.callback()
def cellfactory(
    chdir: Annotated[
        Path | None,
        typer.Option("--chdir", metavar="DIR", help="Run as if started in this folder."),
    ] = None,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Hide progress; show results and problems.")
    ] = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Show each resource that Terraform changes.")
    ] = False,
    version: Annotated[  # noqa: ARG001 - its callback answers it
        bool,
        typer.Option(
            "--version",
            "-V",
            callback=_show_version,
            is_eager=True,
            help="Show the version.",
        ),
    ] = False,
) -> None:
    """Read cells.yaml, prove that every cell fits, write and run its Terraform.

    These options come before the command.
    """
    set_loudness(quiet=quiet, verbose=verbose)
    _change_folder(chdir)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line.

    Raises:
        SystemExit: always; with the exit code of the error's class when there was one.
    """
    form = asked_form(sys.argv[1:] if arguments is None else arguments)
    try:
        _run(arguments, form)
    except SystemExit as stop:
        if isinstance(stop.__context__, BrokenPipeError):
            _forget(sys.stdout)
            raise SystemExit(UNREAD) from None
        if stop.code == INTERRUPTED and not isinstance(stop.__context__, Told):
            _tell("cellfactory: interrupted")
        raise
    except BrokenPipeError:
        _forget(sys.stdout)
        raise SystemExit(UNREAD) from None
    except OSError as error:
        if error.errno in UNWRITABLE and error.filename is None:
            _forget(sys.stdout)
            _tell(f"cannot write the output: {error.strerror}")
        elif error.errno in PLACES:
            place = error.filename or "the working directory"
            _tell(f"cannot use {os.fsdecode(place)}: {error.strerror}")
        else:
            raise
        raise SystemExit(UsageError.exit_code) from error


def _run(arguments: Sequence[str] | None, form: ProblemForm) -> None:
    """Run a command; what ends it is shown in the form that it was asked for."""
    try:
        app(arguments, prog_name="cellfactory")
    except FactoryError as error:
        if form == "text":
            _tell_error(error)
        else:
            show_error(error, form)
            sys.stdout.flush()
        raise SystemExit(error.exit_code) from error
    except SystemExit as stop:
        words = _untold(stop)
        if words and form != "text":
            show_error(UsageError(words), form)
            sys.stdout.flush()
        raise


def _tell_error(error: FactoryError) -> None:
    """Show an error as text, although its data may have found no reader or no room."""
    try:
        sys.stdout.flush()
    except OSError:
        _forget(sys.stdout)
    try:
        show_error(error, "text")
    except OSError:
        _forget(sys.stderr)


def _untold(stop: SystemExit) -> str:
    """Say why the command line's own library ended a command; empty where that was its answer."""
    cause = stop.__context__
    if isinstance(getattr(cause, "__cause__", None), KeyboardInterrupt):
        return "interrupted"
    told = getattr(cause, "format_message", None)  # of a refused word or option
    return str(told()) if told else ""


def _tell(what: object) -> None:
    """Say it on standard error; where that cannot be written either, the exit code tells."""
    try:
        typer.echo(what, err=True)
    except OSError:
        _forget(sys.stderr)


def _forget(stream: TextIO) -> None:
    """Send what a stream still holds back to nowhere, so that it fails no second time."""
    with contextlib.suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
