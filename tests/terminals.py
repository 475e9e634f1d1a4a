"""The program as the foreground group of a terminal, as a person runs it."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SECONDS = 90  # that anything may take


def take_terminal() -> None:
    """Become the group in front of the terminal that is our standard input.

    A shell has what it starts in the background ignore Ctrl-C, and `nohup` the end of a terminal;
    who sits at a terminal does not.
    """
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM, signal.SIGQUIT):
        signal.signal(number, signal.SIG_DFL)
    os.setsid()
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


@contextmanager
def in_front(
    folder: Path, *words: str, columns: int = 80, **environ: str
) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """Start the program as the foreground group of a terminal."""
    ours, theirs = pty.openpty()
    resize(ours, columns)
    child = subprocess.Popen(
        [sys.executable, "-m", "cellfactory", *words],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm", **environ},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        preexec_fn=take_terminal,
    )
    os.close(theirs)
    try:
        yield child, ours
    finally:
        if child.poll() is None:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()
        os.close(ours)


def heard(terminal: int, child: subprocess.Popen[bytes], until: bytes = b"") -> bytes:
    """Read the terminal until a text came, or the program ended."""
    text, late = b"", time.monotonic() + SECONDS
    while time.monotonic() < late and not (until and until in text):
        ready, _, _ = select.select([terminal], [], [], 0.1)
        if ready:
            with suppress(OSError):
                part = os.read(terminal, 4096)
                text += part
                continue
        if child.poll() is not None:
            break
    return text


def resize(terminal: int, columns: int) -> None:
    """Make a terminal so wide; the program in front of it is told."""
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
