"""The emulated AWS as a process of its own: started, waited for and stopped."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
import uuid
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

from cellfactory.design import Design
from cellfactory.errors import Finding, StoppedError, TerraformError, UsageError
from cellfactory.files import read_text, write_whole
from cellfactory.processes import Children, Finished, run_process
from cellfactory.runs.context import folder_of
from cellfactory.runs.places import FOLDER
from cellfactory.terraform.emulated import (
    Server,
    forget_server,
    is_alive,
    read_server,
    write_server,
)

START_SECONDS = 120.0  # it takes three; a busy machine is given time
POLL_SECONDS = 0.1


def prepare_world(design: Design, home: Path) -> Path:
    """Write down what is there before the first cell of a design.

    Args:
        design: what to emulate an AWS for.
        home: the folder of its inventory.

    Returns:
        The folder of the sandbox, below that one.

    Raises:
        UsageError: when one is running here already.
    """
    from cellfactory.sandbox.from_inventory import plan_world  # it brings the bindings along
    from cellfactory.sandbox.world import render_world

    _refuse_second(home / FOLDER / "sandbox")
    folder = folder_of(home, "sandbox")
    write_whole(folder / "world.json", render_world(plan_world(design.inventory, design.facts)))
    return folder


def require_emulator() -> None:
    """Raise a `UsageError` when the emulator is not installed."""
    if find_spec("moto") is None:
        msg = "the sandbox needs the extra `sandbox`: in a clone, run python3 dev.py setup"
        raise UsageError(msg)


class Emulator:
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
        """Start it and wait until it answers.

        Raises:
            StoppedError: when it is told to end before that.
            TerraformError: when it does not start (F609).
        """
        self._thread.start()
        late = time.monotonic() + START_SECONDS
        while not self._ready.is_file():
            if not self._thread.is_alive() and self.children.stopping:
                msg = "interrupted"
                raise StoppedError(msg)
            if not self._thread.is_alive() or time.monotonic() > late:
                self.children.stop(signal.SIGTERM)
                said = self._ended[0].stderr.strip() if self._ended else "it did not answer in time"
                msg = f"the sandbox did not start: {said or 'it was stopped'}"
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
            msg = f"the sandbox stopped unexpectedly: {self._ended[0].stderr.strip()}"
            raise TerraformError(Finding(rule="F609", message=msg))

    def stop(self, server: Server) -> None:
        """End it and forget where it listened."""
        self.children.stop(signal.SIGTERM)
        self._thread.join()
        forget_server(self._folder, server)
        self._ready.unlink(missing_ok=True)

    def _serve(self) -> None:
        arguments = ["--port", str(self._port), "--ready", str(self._ready)]
        world = ["--world", str(self._folder / "world.json"), "--parent", str(os.getpid())]
        self._ended.append(
            run_process(
                [sys.executable, "-P", "-m", "cellfactory.sandbox.server", *arguments, *world],
                cwd=Path.cwd(),
                env=_without_aws(os.environ),
                children=self.children,
            )
        )


def _refuse_second(folder: Path) -> None:
    other = read_server(folder)
    if other is not None and is_alive(other):
        msg = f"a sandbox is already running here: {other.endpoint} (process {other.pid})"
        raise UsageError(msg)


def _without_aws(environ: Mapping[str, str]) -> dict[str, str]:
    """The emulator asks nobody: no credentials and no settings of real AWS."""
    return {name: value for name, value in environ.items() if not name.startswith("AWS_")}
