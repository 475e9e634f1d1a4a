"""The folder where the door keeps what it makes once: bytecode and slim packages.

CELLFACTORY_CACHE names it; else it is `cellfactory` in the user's cache folder. Where that is not
ours alone to write, a temporary folder serves for the life of the process. Code is loaded from
here, so the folder must belong to the user and be closed to others.
"""

from __future__ import annotations

import atexit
import hashlib
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path

_OTHERS_MAY_WRITE = 0o022
_DIGEST_BYTES = hashlib.sha256().digest_size
_DIGESTS = "cellfactory-digests.json"


@cache
def root() -> Path:
    """The cache folder; made when missing."""
    wanted = _wanted()
    if wanted is not None and _is_usable(wanted):
        return wanted
    return _temporary()


def _temporary() -> Path:
    made = tempfile.mkdtemp(prefix="cellfactory-cache-")
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    return Path(made)


def pass_by() -> None:
    """Let this process keep nothing, and find nothing that was kept before."""
    temporary = _temporary()
    root.cache_clear()
    os.environ["CELLFACTORY_CACHE"] = str(temporary)


def read(kind: str, name: str) -> bytes:
    """What was kept under that name, empty when nothing was, or not all of it, or something else.

    Code is made of it without a look: a bit that turned would end the process.
    """
    try:
        kept = (root() / kind / name).read_bytes()
    except OSError:
        return b""
    digest, data = kept[:_DIGEST_BYTES], kept[_DIGEST_BYTES:]
    return data if hashlib.sha256(data).digest() == digest else b""


def write(kind: str, name: str, data: bytes) -> None:
    """Keep `data` under that name in one step; a full or read-only disk is no error."""
    kept = root() / kind
    with suppress(OSError):
        kept.mkdir(exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=kept)
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(hashlib.sha256(data).digest() + data)
            Path(temporary).replace(kept / name)
        finally:
            Path(temporary).unlink(missing_ok=True)


def trim(kind: str, most: int) -> None:
    """Let the oldest of a kind go where there are more than `most`."""
    with suppress(OSError):
        kept = list((root() / kind).iterdir())
        if len(kept) <= most:
            return
        kept.sort(key=lambda path: path.stat().st_mtime)
        for path in kept[: len(kept) - most]:
            path.unlink(missing_ok=True)


def folder(kind: str, name: str, fill: Callable[[Path], None]) -> Path:
    """The folder kept under that name, filled in one step when there is none yet.

    One that is not whole, as after a loss of power, is filled anew.

    Raises:
        OSError: when it cannot be filled.
    """
    kept = root() / kind / name
    if kept.is_dir():
        if _is_whole(kept):
            return kept
        shutil.rmtree(kept, ignore_errors=True)
    kept.parent.mkdir(exist_ok=True)
    making = Path(tempfile.mkdtemp(dir=kept.parent))
    try:
        fill(making)
        (making / _DIGESTS).write_text(json.dumps(_digests(making)), "utf-8")
        _sync(making)
        making.rename(kept)
    except OSError:
        if not kept.is_dir() or not _is_whole(kept):  # else another process was faster
            raise
    finally:
        shutil.rmtree(making, ignore_errors=True)
    return kept


def empty(folder: Path) -> Path:
    """Remove all that was kept in a folder, also by the library of the bindings; the folder."""
    for kept in folder.iterdir():
        shutil.rmtree(kept, ignore_errors=True)
    return folder


def _is_whole(folder: Path) -> bool:
    try:
        told = json.loads((folder / _DIGESTS).read_bytes())
        found = _digests(folder)
        return all(found.get(path) == digest for path, digest in told.items())
    except (OSError, ValueError, AttributeError, RecursionError):
        return False


def _digests(folder: Path) -> dict[str, str]:
    """The digest of each file of a folder but of the one that holds them."""
    files = (p for p in folder.rglob("*") if p.is_file() and p.name != _DIGESTS)
    return {
        p.relative_to(folder).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest()
        for p in sorted(files)
    }


def _sync(folder: Path) -> None:
    """Have the files of a folder outlast a loss of power, before the folder gets its name."""
    for path in (p for p in folder.rglob("*") if p.is_file()):
        with path.open("rb") as stream:
            os.fsync(stream.fileno())


def _wanted() -> Path | None:
    asked = os.environ.get("CELLFACTORY_CACHE")
    if asked:
        return Path(asked).absolute()
    try:
        home = Path.home()
    except RuntimeError:  # no HOME and no entry in the password database
        return None
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = home / "Library" / "Caches"
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or home / ".cache")
    return base / "cellfactory" if base.is_absolute() else None


def _is_usable(wanted: Path) -> bool:
    try:
        wanted.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=wanted):
            pass
        status = wanted.stat()
    except OSError:
        return False
    if sys.platform == "win32":
        return True
    return status.st_uid == os.getuid() and not status.st_mode & _OTHERS_MAY_WRITE
