"""Files are written whole or not at all.

A reader of any file this program writes sees either the old text or the new one, never half of
it: the text goes to a temporary neighbour, which then takes the place of the target in one step.
What is no file, such as a device or a pipe, is written to and never replaced.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from pathlib import Path

from cellfactory.errors import UsageError


def write_whole(path: Path, content: str | bytes, *, private: bool = False) -> bool:
    """Write `content` to `path` in one step; make missing folders.

    Args:
        path: the file to make or replace; through a symbolic link, what it points to.
        content: all of it; a text is written as UTF-8 with the newlines it has.
        private: whether nobody but its owner may read it, as of what holds secrets.

    Returns:
        False when the file held that very content already (then nothing is touched).

    Raises:
        UsageError: when the place cannot be written.
    """
    data = content.encode("utf-8") if isinstance(content, str) else content
    try:
        if path.is_file() and path.read_bytes() == data:
            return False
        if path.exists() and not path.is_file():
            path.write_bytes(data)
        else:
            _replace(Path(os.path.realpath(path)), data, private=private)
    except OSError as error:
        msg = f"cannot write {path}: {error.strerror}"
        raise UsageError(msg) from error
    return True


def make_private(folder: Path) -> None:
    """Make a folder that nobody but its owner may look into, or close one that is there.

    Raises:
        UsageError: when it cannot be made.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if folder.stat().st_mode & 0o077 and folder.stat().st_uid == os.getuid():
            folder.chmod(0o700)
    except OSError as error:
        msg = f"cannot write {folder}: {error.strerror}"
        raise UsageError(msg) from error


def write_private(path: Path, content: str) -> None:
    """Write a text that nobody but its owner may read, from its first byte on.

    Args:
        path: the file; one that stands there is removed and not written into.
        content: all of it.

    Raises:
        UsageError: when the place cannot be written.
    """
    try:
        path.unlink(missing_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(content)
    except OSError as error:
        msg = f"cannot write {path}: {error.strerror}"
        raise UsageError(msg) from error


def _replace(path: Path, data: bytes, *, private: bool) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        mode = 0o600 if private else _mode_of(path)
        os.chmod(temporary, mode)  # noqa: PTH101 - a name, not a Path
        os.replace(temporary, path)  # noqa: PTH105 - a name, not a Path
        sync_folder(path.parent)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)  # noqa: PTH108 - a name, not a Path
        raise


def sync_folder(folder: Path) -> None:
    """Have the names in a folder outlast a loss of power, where the file system can do that."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def read_bytes(path: Path, most_bytes: int | None = None) -> bytes:
    """Read a file.

    Args:
        path: the file.
        most_bytes: how much of it to read at most (bytes); None for all of it.

    Raises:
        UsageError: when it is not there or not readable.
    """
    try:
        with path.open("rb") as stream:
            return stream.read(-1 if most_bytes is None else most_bytes)
    except OSError as error:
        msg = f"cannot read {path}: {error.strerror}"
        raise UsageError(msg) from error


def digest_file(path: Path) -> str:
    """Digest what a file holds, as `sha256:…`; empty when it is not there or not readable."""
    try:
        return "sha256:" + hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return ""


def read_text(path: Path) -> str:
    """Read a whole UTF-8 file.

    Raises:
        UsageError: when it is not there, not readable, or not UTF-8.
    """
    try:
        return read_bytes(path).decode("utf-8")
    except UnicodeDecodeError as error:
        msg = f"cannot read {path}: byte {error.start:,} is not UTF-8"
        raise UsageError(msg) from error


def _mode_of(path: Path) -> int:
    try:
        return path.stat().st_mode & 0o777
    except FileNotFoundError:
        umask = os.umask(0)
        os.umask(umask)
        return 0o666 & ~umask
