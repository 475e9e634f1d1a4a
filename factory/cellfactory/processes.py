"""The one door to other processes.

A child runs in a process group of its own, so that Ctrl-C in a terminal reaches it once and by
our hand alone: Terraform takes a second interrupt for an order to drop everything, and what it
was making is then lost to its state. For the same reason it writes to files and not to pipes: when
we are killed it goes on to its end, where a pipe that nobody reads would end it in the middle.

Those files lie in memory where the system can do that: what a child says last on a full disk, such
as the state that it cannot save, is not lost with it. A log on disk is a copy, as it comes.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import IO

from cellfactory.errors import StoppedError

GRACE_SECONDS = 60.0  # between the interrupt and the kill of a child that ran out of time
LOG_BYTES = 16 * 1024 * 1024  # of one log; what comes after is in the answer alone
_COPY_SECONDS = 0.5  # that a log may be behind
LOOK_SECONDS = 0.25  # between two looks at what a child wrote
_READ_BYTES = 65_536

Heard = Callable[[bytes], None]
"""Is handed one line, without its end; from the thread that runs the child."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """What a child left behind."""

    code: int  # exit code; minus the signal that ended it
    output: bytes  # its standard output, as it came
    stderr: str  # empty when it was merged into stdout
    seconds: float  # wall time
    timed_out: bool = False
    log: Path | None = None  # the copy of it all on disk, where one was asked for

    @property
    def stdout(self) -> str:
        """Its standard output as text."""
        return self.output.decode("utf-8", "replace")


class Children:
    """The children that run now, and whether they were told to stop."""

    def __init__(self, on_stop: Callable[[], None] = lambda: None) -> None:
        """Take what to call, from some thread, each time that they are told to stop."""
        self._on_stop = on_stop
        self._lock = threading.Lock()
        self._running: set[subprocess.Popen[bytes]] = set()
        self._signal: signal.Signals | None = None

    @property
    def stopping(self) -> bool:
        """Whether a signal was forwarded: start nothing new."""
        return self._signal is not None

    def stop(self, signum: signal.Signals) -> None:
        """Forward a signal to every child, once; of later signals people are told, and no child."""
        with self._lock:
            if self._signal is None:
                self._signal = signum
                for child in self._running:
                    _send(child, signum)
        self._on_stop()

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
    log: Path | None = None,
    heard: Heard | None = None,
    started: Callable[[int], None] = lambda _pid: None,
) -> Finished:
    """Run a program to its end and keep what it says.

    Args:
        argv: program and arguments; no shell reads them.
        cwd: folder that it runs in.
        env: its whole environment; nothing is inherited.
        children: where to count it, so that a signal can be forwarded to it.
        timeout_seconds: after these it is interrupted, and killed when that does not help.
        merge_stderr: put both streams into `stdout`, in the order of writing.
        log: file that its output is copied to while it runs; one that cannot be written is no
            error, since what is done matters more than what is told of it.
        heard: is handed each line of its standard output soon after it was written.
        started: is told the number of the process.

    Raises:
        OSError: when it cannot be started.
    """
    began = time.monotonic()
    with _scratch() as out, _scratch() as err:
        child = subprocess.Popen(
            list(argv),
            cwd=cwd,
            env=dict(env),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT if merge_stderr else err,
            start_new_session=True,
        )
        with (children or Children()).watching(child), _copied(log, out, err):
            started(child.pid)
            follow = _Follower(out, heard) if heard else None
            timed_out = _wait(child, timeout_seconds, follow)
        return Finished(
            code=child.returncode,
            output=_read(out),
            stderr=_read(err).decode("utf-8", "replace"),
            seconds=time.monotonic() - began,
            timed_out=timed_out,
            log=log,
        )


def run_attached(
    argv: Sequence[str], *, cwd: Path, env: Mapping[str, str], children: Children
) -> int:
    """Run a program to its end with our own standard streams.

    Args:
        argv: program and arguments; no shell reads them.
        cwd: folder that it runs in.
        env: its whole environment; nothing is inherited.
        children: where to count it; a signal reaches it from there alone, and once.

    Returns:
        Its exit code, or minus the signal that ended it.

    Raises:
        OSError: when it cannot be started.
    """
    child = subprocess.Popen(list(argv), cwd=cwd, env=dict(env), start_new_session=True)
    with children.watching(child):
        code = child.wait()
    _end_left(child)
    return code


@contextlib.contextmanager
def forwarding_signals(children: Children) -> Iterator[None]:
    """Forward the first signal that ends a program to the children instead of dying of it.

    A terminal that is closed (SIGHUP) is forwarded as SIGTERM, which Terraform heeds; where it
    is ignored, as under `nohup`, it stays ignored.

    Outside of the main thread Python allows no signal handlers: then nothing is changed.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def forward(signum: int, _frame: FrameType | None) -> None:
        # In a thread: this handler may have interrupted one that holds the lock of `children`.
        number = signal.SIGTERM if signum == signal.SIGHUP else signal.Signals(signum)
        threading.Thread(target=children.stop, args=(number,)).start()

    heeded = [signal.SIGINT, signal.SIGTERM]
    if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:
        heeded.append(signal.SIGHUP)
    before = {s: signal.signal(s, forward) for s in heeded}
    try:
        yield
    finally:
        for signum, handler in before.items():
            signal.signal(signum, handler)


@contextlib.contextmanager
def ending_in_order() -> Iterator[None]:
    """Let SIGTERM and a closed terminal end the block as Ctrl-C does, so that it can clean up.

    Outside of the main thread Python allows no signal handlers: then nothing is changed.

    Raises:
        StoppedError: when such a signal comes.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(signum: int, _frame: FrameType | None) -> None:
        msg = f"ended by {signal.Signals(signum).name}"
        raise StoppedError(msg)

    heeded = [s for s in (signal.SIGTERM, signal.SIGHUP) if signal.getsignal(s) == signal.SIG_DFL]
    before = {s: signal.signal(s, stop) for s in heeded}
    try:
        yield
    finally:
        for signum, handler in before.items():
            signal.signal(signum, handler)


class _Follower:
    """Reads a file that another process writes, line by line, beside its own reading of it."""

    def __init__(self, stream: IO[bytes], heard: Heard) -> None:
        self._stream, self._heard = stream, heard
        self._at, self._rest = 0, b""

    def look(self) -> None:
        """Hand on the lines that were written since the last look."""
        while data := os.pread(self._stream.fileno(), _READ_BYTES, self._at):
            self._at += len(data)
            *lines, self._rest = (self._rest + data).split(b"\n")
            for line in lines:
                self._heard(line)


def _wait(
    child: subprocess.Popen[bytes], timeout_seconds: float | None, follow: _Follower | None
) -> bool:
    """Wait for the end of a child; True when it ran out of time."""
    late = None if timeout_seconds is None else time.monotonic() + timeout_seconds
    while not _ended(child, late, follow):
        if late is not None and time.monotonic() >= late:
            _send(child, signal.SIGINT)
            break
    else:
        _end_left(child)
        return False
    try:
        child.wait(GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)  # with whatever it started itself
        child.wait()
    return True


def _end_left(child: subprocess.Popen[bytes]) -> None:
    """End what a child that was killed has left: the next run shall not work beside it.

    A provider whose Terraform is killed just as it starts waits for ever, with all its memory.
    """
    if child.returncode < 0:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(child.pid, signal.SIGTERM)


def _ended(child: subprocess.Popen[bytes], late: float | None, follow: _Follower | None) -> bool:
    """Wait until a child ends, or until it is time to look at what it wrote."""
    left = None if late is None else max(0.0, late - time.monotonic())
    if follow is not None:
        left = LOOK_SECONDS if left is None else min(left, LOOK_SECONDS)
    try:
        child.wait(left)
    except subprocess.TimeoutExpired:
        return False
    finally:
        if follow is not None:
            follow.look()
    return True


def identity(pid: int) -> str:
    """Tell one process from all others that had or will have its number; empty when it is gone.

    Where the system does not tell when it began, its number alone has to do.
    """
    try:
        os.kill(pid, 0)
    except PermissionError:
        return str(pid)
    except (OSError, OverflowError):
        return ""
    try:
        told = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()
    except OSError:
        return str(pid)
    return "" if told[0] == "Z" else f"{pid} {told[19]}"  # a zombie is gone; when it began


def _scratch() -> IO[bytes]:
    """A file without a name: in memory, or in the folder of temporary files."""
    make = getattr(os, "memfd_create", None)
    if make is not None:
        with contextlib.suppress(OSError):
            return os.fdopen(make("output"), "w+b")
    return tempfile.TemporaryFile()  # type: ignore[no-any-return,unused-ignore]


@contextlib.contextmanager
def _copied(log: Path | None, *streams: IO[bytes]) -> Iterator[None]:
    """Copy what comes into streams to a file for as long as the block lasts."""
    if log is None:
        yield
        return
    done = threading.Event()

    def copy() -> None:
        at = {stream.fileno(): 0 for stream in streams}
        with contextlib.suppress(OSError), log.open("ab", buffering=0) as file:
            is_last = False
            while not is_last:
                is_last = done.wait(_COPY_SECONDS)
                for number, position in at.items():
                    while file.tell() < LOG_BYTES and (part := os.pread(number, 1 << 20, position)):
                        file.write(part)
                        position += len(part)
                    at[number] = position

    thread = threading.Thread(target=copy, daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def _read(stream: IO[bytes]) -> bytes:
    stream.seek(0)
    return stream.read()


def _send(child: subprocess.Popen[bytes], signum: signal.Signals) -> None:
    """Signal the child alone: it looks after what it started."""
    with contextlib.suppress(ProcessLookupError):
        child.send_signal(signum)
