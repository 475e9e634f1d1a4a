"""Where the emulated AWS of a sandbox listens, and whose states lie in the sandbox's folder.

The emulator keeps everything in memory. States and outputs of an earlier one describe resources
that no longer exist, so they are wiped when another one is found.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import urlsplit

from cellfactory.errors import Finding, TerraformError
from cellfactory.files import read_text, write_whole

SERVER_FILE = "server.json"
_OWNER_FILE = "server-id"
_OF_ONE_SERVER = ("state", "registry", "runs", "work", "logs")
_ANSWER_SECONDS = 2.0
_START = "start one in another terminal: cellfactory sandbox"


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """An emulated AWS that was started."""

    id: str  # another one for each start
    pid: int
    endpoint: str  # URL


def write_server(folder: Path, server: Server) -> None:
    """Say to other processes where the emulator listens."""
    write_whole(folder / SERVER_FILE, json.dumps(asdict(server), indent=2) + "\n")


def forget_server(folder: Path, server: Server) -> None:
    """Take back what `write_server` said, unless another one has spoken since."""
    if read_server(folder) == server:
        (folder / SERVER_FILE).unlink(missing_ok=True)


def read_server(folder: Path) -> Server | None:
    """Read where an emulator was said to listen; None when nobody said so."""
    path = folder / SERVER_FILE
    if not path.is_file():
        return None
    try:
        told = json.loads(read_text(path))
        return Server(id=str(told["id"]), pid=int(told["pid"]), endpoint=str(told["endpoint"]))
    except (ValueError, KeyError, TypeError, RecursionError):
        return None


def find_server(folder: Path) -> Server:
    """Find the running emulator.

    Raises:
        TerraformError: when there is none, or it no longer answers (F608).
    """
    server = read_server(folder)
    if server is None:
        msg = "no sandbox is running"
        raise TerraformError(Finding(rule="F608", message=msg, hint=_START))
    if not is_alive(server):
        msg = f"the sandbox at {server.endpoint} no longer answers"
        raise TerraformError(Finding(rule="F608", message=msg, hint=_START))
    return server


def is_alive(server: Server) -> bool:
    """Whether the emulator's process is there and its port answers."""
    try:
        os.kill(server.pid, 0)
        place = urlsplit(server.endpoint)
        with socket.create_connection((place.hostname, place.port), timeout=_ANSWER_SECONDS):
            return True
    except (OSError, OverflowError, ValueError):  # no such process, or no address at all
        return False


def claim_folder(folder: Path, server: Server) -> bool:
    """Make the sandbox's folder the one of this emulator.

    Returns:
        True when it held what belonged to another one, which is wiped.
    """
    path = folder / _OWNER_FILE
    if path.is_file() and read_text(path) == server.id:
        return False
    stale = [folder / name for name in _OF_ONE_SERVER if (folder / name).exists()]
    for place in stale:
        shutil.rmtree(place)
    write_whole(path, server.id)
    return bool(stale)
