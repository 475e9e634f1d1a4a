"""The one door to other processes.

A child runs in a process group of its own, so that Ctrl-C in a terminal reaches it once and by
our hand alone: Terraform takes a second interrupt for an order to drop everything, and what it
was making is then lost to its state.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

GRACE_SECONDS = 60.0  # between the interrupt and the kill of a child that ran out of time


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """What a child left behind."""

    code: int  # exit code; minus the signal that ended it
    stdout: str
    stderr: str  # empty when it was merged into stdout
    seconds: float  # wall time
    timed_out: bool = False


class Children:
    """The children that run now, and whether they were told to stop."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: set[subprocess.Popen[bytes]] = set()
        self._signal: signal.Signals | None = None

    @property
    def stopping(self) -> bool:
        """Whether a signal was forwarded: start nothing new."""
        return self._signal is not None

    def stop(self, signum: signal.Signals) -> None:
        """Forward a signal to every child, once; later signals do nothing."""
        with self._lock:
            if self._signal is not None:
                return
            self._signal = signum
            for child in self._running:
                _send(child, signum)

    @contextlib.contextmanager
    def watching(self, child: subprocess.Popen[bytes]) -> Iterator[None]:
        """Count a child among the running ones for as long as the block lasts."""
        with self._lock:
            self._running.add(child)
            if self._signal is not None:  # it came between the decision to start and the start
                _send(child, self._signal)
        try:
            yield
        finally:
            with self._lock:
                self._running.discard(child)


def run_process(
    argv: Sequence[str],
    *,
    cwd: Path,
    env: Mapping[str, str],
    children: Children | None = None,
    timeout_seconds: float | None = None,
    merge_stderr: bool = False,
) -> Finished:
    """Run a program to its end and keep what it says.

    Args:
        argv: program and arguments; no shell reads them.
        cwd: folder that it runs in.
        env: its whole environment; nothing is inherited.
        children: where to count it, so that a signal can be forwarded to it.
        timeout_seconds: after these it is interrupted, and killed when that does not help.
        merge_stderr: put both streams into `stdout`, in the order of writing.

    Raises:
        OSError: when it cannot be started.
    """
    started = time.monotonic()
    child = subprocess.Popen(
        list(argv),
        cwd=cwd,
        env=dict(env),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT if merge_stderr else subprocess.PIPE,
        start_new_session=True,
    )
    with (children or Children()).watching(child):
        out, err, timed_out = _wait(child, timeout_seconds)
    return Finished(
        code=child.returncode,
        stdout=out.decode("utf-8", "replace"),
        stderr=(err or b"").decode("utf-8", "replace"),
        seconds=time.monotonic() - started,
        timed_out=timed_out,
    )


@contextlib.contextmanager
def forwarding_signals(children: Children) -> Iterator[None]:
    """Forward the first SIGINT or SIGTERM to the children instead of dying of it.

    Outside of the main thread Python allows no signal handlers: then nothing is changed.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def forward(signum: int, _frame: FrameType | None) -> None:
        # In a thread: this handler may have interrupted one that holds the lock of `children`.
        threading.Thread(target=children.stop, args=(signal.Signals(signum),)).start()

    before = {s: signal.signal(s, forward) for s in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for signum, handler in before.items():
            signal.signal(signum, handler)


def _wait(
    child: subprocess.Popen[bytes], timeout_seconds: float | None
) -> tuple[bytes, bytes | None, bool]:
    try:
        out, err = child.communicate(timeout=timeout_seconds)
        return out, err, False
    except subprocess.TimeoutExpired:
        _send(child, signal.SIGINT)
    try:
        out, err = child.communicate(timeout=GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)  # with whatever it started itself
        out, err = child.communicate()
    return out, err, True


def _send(child: subprocess.Popen[bytes], signum: signal.Signals) -> None:
    """Signal the child alone: it looks after what it started."""
    with contextlib.suppress(ProcessLookupError):
        child.send_signal(signum)
