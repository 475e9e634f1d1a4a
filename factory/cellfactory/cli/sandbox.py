"""`sandbox`: an emulated AWS on loopback, for as long as the command runs."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from cellfactory.cli.options import DEFAULT_INVENTORY, InventoryFile
from cellfactory.cli.output import Form, Told, show
from cellfactory.cli.screen import loudness_words, say, warn
from cellfactory.errors import TerraformError, UsageError
from cellfactory.processes import forwarding_signals
from cellfactory.runs.emulator import Emulator, prepare_world, require_emulator
from cellfactory.runs.places import home_of
from cellfactory.runs.reading import read_design
from cellfactory.views.problems import ProblemForm


def sandbox(
    inventory_file: InventoryFile = DEFAULT_INVENTORY,
    port: Annotated[
        int,
        typer.Option(
            "--port",
            metavar="PORT",
            min=0,
            max=65535,
            show_default=False,
            help="Port on loopback [default: a free one]",
        ),
    ] = 0,
    run: Annotated[
        list[str] | None,
        typer.Option(
            "--run",
            metavar="COMMAND",
            help="Run a command against it, then stop: --run apply --run plan.",
        ),
    ] = None,
    form: Form = "text",
) -> None:
    """Emulate AWS on loopback until Ctrl-C.

    The organizations, hubs and machine images of the inventory exist in it.
    """
    require_emulator()
    commands = [_words(command) for command in run or ()]
    emulator = Emulator(prepare_world(read_design(inventory_file), home_of(inventory_file)), port)
    with forwarding_signals(emulator.children):
        server = emulator.start()
        try:
            if run:  # standard output is theirs
                say(f"the sandbox is running: {server.endpoint}")
                _run_commands(commands, inventory_file)
            else:
                show({"endpoint": server.endpoint}, server.endpoint, (), form)
                say("the sandbox is running; stop it with Ctrl-C")
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
        warn(str(error))
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
    from cellfactory.cli import app

    for command in commands:
        words = [*loudness_words(), *command, "--sandbox", "--inventory", str(inventory_file)]
        say(f"cellfactory {shlex.join(words)}")
        code = app(words, prog_name="cellfactory", standalone_mode=False)
        if code:
            raise Told(code)  # by the command
