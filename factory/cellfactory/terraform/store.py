"""Where runs keep what others read: texts by key, in a folder or in S3, changed on a condition.

A condition is what makes two runs on two machines meet: a text is put down only where there is
none, or only in the place of the very one that was read. What lies there bears a mark, which is
another one after every write. How old it is, is told by the store's own clock alone: the clocks of
two machines are never held against each other.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from cellfactory.errors import UsageError
from cellfactory.files import read_text, write_whole

TURN = "turn.lock"  # file of a folder; whoever changes something on a condition holds it


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A text as it lay there when it was read."""

    text: str
    mark: str  # as S3's ETag: of this very text
    age_seconds: float  # since it was written, by the clock of the store


class Store(Protocol):
    """Texts by key, such as `cells/<cell>/<layer>.json`."""

    def read(self, key: str) -> str | None:
        """Return the text of a key; None when there is none."""

    def look(self, key: str) -> Kept | None:
        """Return the text of a key with its mark and age; None when there is none."""

    def write(self, key: str, text: str) -> None:
        """Put a whole text in the place of a key."""

    def create(self, key: str, text: str) -> str | None:
        """Put a text down where there is none; its mark, or None where there is one."""

    def replace_if(self, key: str, text: str, mark: str) -> str | None:
        """Put a text in the place of a marked one; its mark, or None where that is gone."""

    def delete_if(self, key: str, mark: str) -> bool:
        """Remove a marked text; False where it is gone, or another one by now."""

    def remove(self, key: str) -> None:
        """Remove a key; nothing happens when there is none."""

    def names(self) -> Iterable[str]:
        """List the key of every record: those of three parts that end with `.json`."""

    def below(self, prefix: str) -> Iterable[str]:
        """List every key that begins with a prefix, which ends with `/`, sorted."""

    def folders(self, prefix: str) -> Iterable[str]:
        """List the next part of all keys that begin with a prefix and go deeper, sorted."""

    def place(self, key: str) -> str:
        """Say where a key lies, for people."""


def is_record(key: str) -> bool:
    """Whether a key is that of a record."""
    return key.endswith(".json") and key.count("/") == 2


class FolderStore:
    """Texts in files.

    Conditions hold between all processes that see the folder, over NFS as well where that passes
    locks of files on, as version 4 does.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def read(self, key: str) -> str | None:
        """Return the text of a key; None when there is none."""
        path = self.folder / key
        return read_text(path) if path.is_file() else None

    def look(self, key: str) -> Kept | None:
        """Return the text of a key with its mark and age; None when there is none."""
        path = self.folder / key
        if not path.is_file():
            return None
        with self._turn():
            try:
                text, changed = path.read_text("utf-8"), path.stat().st_mtime
            except FileNotFoundError:
                return None
            except (OSError, UnicodeDecodeError) as error:
                msg = f"cannot read {path}: {error}"
                raise UsageError(msg) from error
            return Kept(text=text, mark=_mark(text), age_seconds=max(0.0, self._now() - changed))

    def write(self, key: str, text: str) -> None:
        """Put a whole text in the place of a key."""
        write_whole(self.folder / key, text)

    def create(self, key: str, text: str) -> str | None:
        """Put a text down where there is none; its mark, or None where there is one."""
        with self._turn():
            if (self.folder / key).exists():
                return None
            write_whole(self.folder / key, text)
            return _mark(text)

    def replace_if(self, key: str, text: str, mark: str) -> str | None:
        """Put a text in the place of a marked one; its mark, or None where that is gone."""
        with self._turn():
            if not self._is_marked(key, mark):
                return None
            write_whole(self.folder / key, text)
            return _mark(text)

    def delete_if(self, key: str, mark: str) -> bool:
        """Remove a marked text; False where it is gone, or another one by now."""
        with self._turn():
            is_it = self._is_marked(key, mark)
            if is_it:
                self.remove(key)
            return is_it

    def remove(self, key: str) -> None:
        """Remove a key; nothing happens when there is none."""
        try:
            (self.folder / key).unlink(missing_ok=True)
        except OSError as error:
            msg = f"cannot write {self.folder / key}: {error.strerror}"
            raise UsageError(msg) from error

    def names(self) -> Iterable[str]:
        """List the key of every record: those of three parts that end with `.json`."""
        return sorted(p.relative_to(self.folder).as_posix() for p in self.folder.glob("*/*/*.json"))

    def below(self, prefix: str) -> Iterable[str]:
        """List every key that begins with a prefix, which ends with `/`, sorted."""
        files = (p for p in (self.folder / prefix).rglob("*") if p.is_file())
        return sorted(
            p.relative_to(self.folder).as_posix() for p in files if not p.name.startswith(".")
        )

    def folders(self, prefix: str) -> Iterable[str]:
        """List the next part of all keys that begin with a prefix and go deeper, sorted."""
        place = self.folder / prefix
        return sorted(p.name for p in place.iterdir() if p.is_dir()) if place.is_dir() else ()

    def place(self, key: str) -> str:
        """Say where a key lies, for people."""
        return str(self.folder / key)

    def _is_marked(self, key: str, mark: str) -> bool:
        text = self.read(key)
        return text is not None and _mark(text) == mark

    @contextlib.contextmanager
    def _turn(self) -> Iterator[None]:
        """Keep every other process from changing something on a condition."""
        path = self.folder / TURN
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            stream = path.open("a", encoding="utf-8")
        except OSError as error:
            msg = f"cannot write {path}: {error.strerror}"
            raise UsageError(msg) from error
        with stream:
            fcntl.flock(stream, fcntl.LOCK_EX)
            yield

    def _now(self) -> float:
        """The time by the clock that dates the files here, which may be another machine's."""
        with tempfile.TemporaryFile(dir=self.folder) as made:
            return os.fstat(made.fileno()).st_mtime


def _mark(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8")).hexdigest()
