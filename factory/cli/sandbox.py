"""`sandbox`: an emulated AWS on loopback, for as long as the command runs."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from factory.cli.options import DEFAULT_INVENTORY, InventoryFile
from factory.cli.output import Form, show
from factory.errors import TerraformError, UsageError
from factory.processes import forwarding_signals
from factory.runs.emulator import Emulator, prepare_world, require_emulator
from factory.runs.reading import read_design
from factory.views.problems import ProblemForm


def sandbox(
    inventory_file: InventoryFile = DEFAULT_INVENTORY,
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, help="Port on loopback; 0 takes a free one.")
    ] = 0,
    run: Annotated[
        list[str] | None,
        typer.Option(
            "--run",
            metavar="COMMAND",
            help="Run this against it and stop, such as --run apply --run plan.",
        ),
    ] = None,
    form: Form = "text",
) -> None:
    """Emulate AWS on loopback until Ctrl-C.

    Organizations, hubs and machine images of the inventory are there.
    """
    require_emulator()
    commands = [_words(command) for command in run or ()]
    emulator = Emulator(prepare_world(read_design(inventory_file)), port)
    with forwarding_signals(emulator.children):
        server = emulator.start()
        try:
            if run:  # standard output is theirs
                typer.echo(f"an emulated AWS is running: {server.endpoint}", err=True)
                _run_commands(commands, inventory_file)
            else:
                show({"endpoint": server.endpoint}, server.endpoint, (), form)
                typer.echo("an emulated AWS is running; stop it with Ctrl-C", err=True)
                _wait(emulator, form)
        finally:
            emulator.stop(server)


def _wait(emulator: Emulator, form: ProblemForm) -> None:
    """Wait for the emulator's end; the one JSON document has been written by now."""
    try:
        emulator.wait()
    except TerraformError as error:
        if form == "text":
            raise
        typer.echo(error, err=True)
        raise typer.Exit(error.exit_code) from error


def _words(command: str) -> list[str]:
    """Read a command line as a shell would.

    Raises:
        UsageError: when it is none, as with a quote that is not closed.
    """
    try:
        return shlex.split(command)
    except ValueError as error:
        msg = f"--run {command!r} is not a command line: {error}"
        raise UsageError(msg) from error


def _run_commands(commands: Sequence[Sequence[str]], inventory_file: Path) -> None:
    """Run commands of this program in this process, one after the other."""
    from factory.cli import app

    for command in commands:
        words = [*command, "--sandbox", "--inventory", str(inventory_file)]
        typer.echo(f"cellfactory {shlex.join(words)}", err=True)
        code = app(words, prog_name="cellfactory", standalone_mode=False)
        if code:
            raise typer.Exit(code)
