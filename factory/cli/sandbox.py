"""`sandbox`: an emulated AWS on loopback, for as long as the command runs."""

from __future__ import annotations

import json
import os
import shlex
import signal
import sys
import threading
import time
import uuid
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from factory.cli.options import DEFAULT_INVENTORY, InventoryFile
from factory.cli.output import Form, show
from factory.cli.reading import plan_file
from factory.errors import Finding, TerraformError, UsageError
from factory.files import read_text, write_whole
from factory.processes import Children, Finished, forwarding_signals, run_process
from factory.terraform.emulated import (
    Server,
    forget_server,
    is_alive,
    read_server,
    write_server,
)
from factory.views.problems import ProblemForm

FOLDER = Path(".cellfactory", "sandbox")
START_SECONDS = 120.0  # it takes three; a busy machine is given time
POLL_SECONDS = 0.1


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
    """Emulate AWS on loopback until Ctrl-C: organizations, hubs and machine images are there."""
    from factory.sandbox.from_inventory import plan_world  # it brings the bindings along
    from factory.sandbox.world import render_world

    if find_spec("moto") is None:
        msg = "the emulated AWS is an extra: pip install 'cellfactory[sandbox]'"
        raise UsageError(msg)
    planned = plan_file(inventory_file)
    folder = Path.cwd() / FOLDER
    _refuse_second(folder)
    write_whole(folder.parent / ".gitignore", "*\n")
    write_whole(folder / "world.json", render_world(plan_world(planned.inventory, planned.facts)))
    emulator = _Emulator(folder, port)
    with forwarding_signals(emulator.children):
        server = emulator.start()
        try:
            if run:  # standard output is theirs
                typer.echo(f"an emulated AWS is running: {server.endpoint}", err=True)
                _run_commands(run, inventory_file)
            else:
                show({"endpoint": server.endpoint}, server.endpoint, (), form)
                typer.echo("an emulated AWS is running; stop it with Ctrl-C", err=True)
                _wait(emulator, form)
        finally:
            emulator.stop(server)


def _wait(emulator: _Emulator, form: ProblemForm) -> None:
    """Wait for the emulator's end; the one JSON document has been written by now."""
    try:
        emulator.wait()
    except TerraformError as error:
        if form == "text":
            raise
        typer.echo(error, err=True)
        raise typer.Exit(error.exit_code) from error


class _Emulator:
    """The emulator's process, watched from a thread."""

    def __init__(self, folder: Path, port: int) -> None:
        self.children = Children()
        self._folder = folder
        self._ready = folder / "ready.json"
        self._ready.unlink(missing_ok=True)
        self._port = port
        self._ended: list[Finished] = []
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def start(self) -> Server:
        """Start it and wait until it answers."""
        self._thread.start()
        late = time.monotonic() + START_SECONDS
        while not self._ready.is_file():
            if not self._thread.is_alive() or time.monotonic() > late:
                self.children.stop(signal.SIGTERM)
                said = self._ended[0].stderr.strip() if self._ended else "it did not answer in time"
                msg = f"the emulated AWS did not start: {said or 'it was stopped'}"
                raise TerraformError(Finding(rule="F609", message=msg))
            time.sleep(POLL_SECONDS)
        told = json.loads(read_text(self._ready))
        server = Server(id=uuid.uuid4().hex, pid=told["pid"], endpoint=told["endpoint"])
        write_server(self._folder, server)
        return server

    def wait(self) -> None:
        """Wait until it ends; Ctrl-C is forwarded to it."""
        while self._thread.is_alive():
            self._thread.join(POLL_SECONDS)
        if not self.children.stopping:
            msg = f"the emulated AWS ended by itself: {self._ended[0].stderr.strip()}"
            raise TerraformError(Finding(rule="F609", message=msg))

    def stop(self, server: Server) -> None:
        """End it and forget where it listened."""
        self.children.stop(signal.SIGTERM)
        self._thread.join()
        forget_server(self._folder, server)
        self._ready.unlink(missing_ok=True)

    def _serve(self) -> None:
        arguments = ["--port", str(self._port), "--ready", str(self._ready)]
        world = ["--world", str(self._folder / "world.json")]
        self._ended.append(
            run_process(
                [sys.executable, "-m", "factory.sandbox.server", *arguments, *world],
                cwd=Path.cwd(),
                env=_without_aws(os.environ),
                children=self.children,
            )
        )


def _run_commands(commands: Sequence[str], inventory_file: Path) -> None:
    """Run commands of this program in this process, one after the other."""
    from factory.cli import app

    for command in commands:
        words = [*shlex.split(command), "--sandbox", "--inventory", str(inventory_file)]
        typer.echo(f"cellfactory {shlex.join(words)}", err=True)
        code = app(words, prog_name="cellfactory", standalone_mode=False)
        if code:
            raise typer.Exit(code)


def _refuse_second(folder: Path) -> None:
    other = read_server(folder)
    if other is not None and is_alive(other):
        msg = f"an emulated AWS is running here already: {other.endpoint} (process {other.pid})"
        raise UsageError(msg)


def _without_aws(environ: Mapping[str, str]) -> dict[str, str]:
    """The emulator asks nobody: no credentials and no settings of real AWS."""
    return {name: value for name, value in environ.items() if not name.startswith("AWS_")}
