"""One run at a time in the work folder of a stack.

Terraform locks a stack's state, but not the folder that it runs in: two runs at once would put
their sources and plans over each other, and apply a plan that the other has made. A Terraform
that outlives the run that started it, since that was killed, keeps the folder to its own end.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TextIO

from cellfactory.errors import Finding, StoppedError, TerraformError, UsageError
from cellfactory.layers import StackId
from cellfactory.processes import identity
from cellfactory.terraform.workspace import PLAN

PATIENCE_SECONDS = 60.0  # as long as for Terraform's own lock: the other may just be finishing
_POLL_SECONDS = 0.1


@contextlib.contextmanager
def stack_lock(
    folder: Path,
    stack: StackId,
    stopping: Callable[[], bool],
    patience_seconds: float = PATIENCE_SECONDS,
) -> Iterator[None]:
    """Keep the work folder of a stack for as long as the block lasts.

    The system gives it back when the process ends, however it ends.

    Args:
        folder: where the locks lie, a file for each stack.
        stack: the stack.
        stopping: whether to wait no longer.
        patience_seconds: how long to wait for another process.

    Raises:
        TerraformError: when another process keeps it (F610).
        StoppedError: when the run is to end meanwhile.
        UsageError: when the lock cannot be written.
    """
    path = folder / stack.name
    try:
        folder.mkdir(parents=True, exist_ok=True)
        stream = path.open("a+", encoding="utf-8")
    except OSError as error:
        msg = f"cannot write {path}: {error.strerror}"
        raise UsageError(msg) from error
    with stream:
        late = time.monotonic() + patience_seconds
        while not _take(stream) or outlives(folder, stack):
            if stopping():
                raise StoppedError(_kept(folder, stack, path).message)
            if time.monotonic() > late:
                raise TerraformError(_kept(folder, stack, path))
            time.sleep(_POLL_SECONDS)
        stream.truncate(0)
        stream.write(str(os.getpid()))
        stream.flush()
        yield


@contextlib.contextmanager
def cache_turn(folder: str | None) -> Iterator[None]:
    """Let one init at a time, of whichever process, fill a cache of plugins.

    Args:
        folder: the cache; None where there is none.

    Raises:
        UsageError: when the cache cannot be written.
    """
    if folder is None:
        yield
        return
    path = Path(folder) / ".cellfactory.lock"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        stream = path.open("a", encoding="utf-8")
    except OSError as error:
        msg = f"cannot write {path}: {error.strerror}"
        raise UsageError(msg) from error
    with stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield


def worker_file(folder: Path, stack: StackId) -> Path:
    """The file that says which Terraform works on a stack."""
    return folder / f"{stack.name}.terraform"


def note_worker(path: Path, pid: int) -> None:
    """Say which Terraform works on a stack, for runs after this one; no more than a help."""
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(identity(pid), "utf-8")


def remove_plans(work: Path, locks: Path) -> None:
    """Remove plans that killed runs have left: they hold the state. Those of others stay."""
    for plan in work.glob(f"*/{PLAN}"):
        with contextlib.suppress(OSError), (locks / plan.parent.name).open("a+") as stream:
            if _take(stream) and not _is_alive(locks / f"{plan.parent.name}.terraform"):
                plan.unlink()


def outlives(folder: Path, stack: StackId) -> bool:
    """Whether a Terraform is at work that an ended run has started."""
    return _is_alive(worker_file(folder, stack))


def _is_alive(worker: Path) -> bool:
    try:
        told = worker.read_text("utf-8")
        pid = int(told.partition(" ")[0])
    except (OSError, ValueError):
        return False
    return pid > 0 and identity(pid) == told


def _take(stream: TextIO) -> bool:
    try:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _kept(folder: Path, stack: StackId, path: Path) -> Finding:
    """Say who works on a stack, by the number of the process that wrote it down."""
    if outlives(folder, stack):
        worker = worker_file(folder, stack).read_text("utf-8").partition(" ")[0]
        message = (
            f"Terraform (process {worker}) is still at work on {stack}: the run that started it "
            "was killed; it puts its state down when it is done"
        )
        return Finding(rule="F610", stack=stack.name, message=message, hint="let it finish")
    process = path.read_text("utf-8", "replace").strip()
    named = f" (process {process})" if process else ""
    message = f"another cellfactory{named} is working on {stack}; wait for it to finish"
    return Finding(rule="F610", stack=stack.name, message=message)
