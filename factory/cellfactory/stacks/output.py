"""The folder that the Terraform of an inventory is written to."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path, PurePath

from cellfactory.errors import UsageError
from cellfactory.stacks.known import digest_file

_CHARTS = "charts"  # all that is in there is ours


def write_output(folder: Path, files: Mapping[str, str | bytes]) -> bool:
    """Put the output in the place of the old one, whole or not at all.

    The new folder is made beside the old one and takes its place by renaming; where that fails or
    is interrupted, the old one comes back. What Terraform or a person left beside a stack that
    still exists (`.terraform`, a lock file) is carried over.

    Args:
        folder: where to; through a symbolic link what it points to is replaced.
        files: path inside the folder (with `/`) to what it holds.

    Returns:
        False when the folder held them all, and no other stacks; then nothing is touched.

    Raises:
        UsageError: when the folder cannot be written, or is not an output folder of ours.
    """
    place = Path(os.path.realpath(folder))
    held = {path: _bytes(content) for path, content in files.items()}
    try:
        _refuse(folder, place)
        same = _unchanged(place, held)
        if len(same) == len(held) and not _others(place, held):
            return False
        place.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=place.parent, prefix=f".{place.name}.") as scratch:
            fresh = Path(scratch, "new")
            _write(fresh, place, held, same)
            if place.exists():
                _carry_over(place, fresh, held)
            _swap(fresh, place, Path(scratch, "old"))
    except OSError as error:
        msg = f"cannot write {folder}: {error.strerror or error}"
        raise UsageError(msg) from error
    return True


def holds(folder: Path, digests: Mapping[str, str]) -> bool:
    """Tell whether a folder holds every file as it was written, and no other stacks.

    Args:
        folder: of the output.
        digests: of each file, by path inside the folder (with `/`).
    """
    place = Path(os.path.realpath(folder))
    root = f"{place}{os.sep}"
    try:
        if any(digest_file(_read(root + path)) != told for path, told in digests.items()):
            return False
        return not _others(place, digests)
    except OSError:
        return False


def _read(file: str) -> bytes:
    with open(file, "rb", buffering=0) as stream:  # noqa: PTH123 - thousands of them
        return stream.read()


def _bytes(content: str | bytes) -> bytes:
    return content.encode("utf-8") if isinstance(content, str) else content


def _unchanged(place: Path, files: Mapping[str, bytes]) -> frozenset[str]:
    """The files that a folder holds already."""
    root = f"{place}{os.sep}"
    return frozenset(path for path, data in files.items() if _holds(root + path, data))


def _holds(file: str, data: bytes) -> bool:
    try:
        return _read(file) == data
    except (FileNotFoundError, NotADirectoryError):
        return False


def _others(place: Path, files: Collection[str]) -> bool:
    """Tell whether there are stacks, or charts of a stack, that are not among the files."""
    ours = {*files, *(parent.as_posix() for path in files for parent in PurePath(path).parents)}
    found = [*(place / "stacks").iterdir(), *(place / "stacks").glob(f"*/{_CHARTS}/*")]
    return any(path.relative_to(place).as_posix() not in ours for path in found)


def _write(fresh: Path, place: Path, files: Mapping[str, bytes], same: Collection[str]) -> None:
    """Write every file; what is as it was, or stood before under another path, is linked."""
    made: set[Path] = set()
    written: dict[bytes, Path] = {}
    for path, data in files.items():
        target = fresh / path
        if target.parent not in made:
            target.parent.mkdir(parents=True, exist_ok=True)
            made.add(target.parent)
        source = place / path if path in same else written.get(data)
        if source is not None and _linked(source, target):
            continue
        target.write_bytes(data)
        written[data] = target


def _linked(source: Path, target: Path) -> bool:
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError:
        return False
    return True


def _refuse(folder: Path, place: Path) -> None:
    """Raise where a folder is not ours to replace."""
    if place.exists() and not _is_output(place):
        msg = (
            f"{folder} exists, but was not created by cellfactory or cdktf\n"
            "    choose another folder with --output, or move that one"
        )
        raise UsageError(msg)
    if Path.cwd().is_relative_to(place):
        msg = f"{folder} cannot be replaced from inside it; run the command from another folder"
        raise UsageError(msg)


def _is_output(place: Path) -> bool:
    """Tell a folder of cdktf, or an empty one, from any other that has a `manifest.json`."""
    if not place.is_dir():
        return False
    if not any(place.iterdir()):
        return True
    try:
        manifest = json.loads((place / "manifest.json").read_text("utf-8"))
    except (FileNotFoundError, IsADirectoryError, ValueError):
        return False
    return isinstance(manifest, dict) and isinstance(manifest.get("stacks"), dict)


def _swap(fresh: Path, place: Path, old: Path) -> None:
    try:
        if place.exists():
            place.rename(old)
        fresh.rename(place)
    except BaseException:
        if old.exists() and not place.exists():
            old.rename(place)
        raise


def _carry_over(old: Path, new: Path, files: Mapping[str, bytes]) -> None:
    """Take along what is not ours, such as Terraform's own files, beside stacks that live on."""
    ours = {*files, *(parent.as_posix() for path in files for parent in Path(path).parents)}
    for item in _items(old, new):
        path = item.relative_to(old).as_posix()
        if path in ours or path == "stacks" or item.name == _CHARTS:
            continue
        if item.is_dir() and not item.is_symlink():
            shutil.copytree(item, new / path, symlinks=True, copy_function=_take)
        else:
            _take(item, new / path)


def _items(old: Path, new: Path) -> Iterator[Path]:
    yield from old.iterdir()
    for stack in (new / "stacks").iterdir():
        before = old / "stacks" / stack.name
        yield from before.iterdir() if before.is_dir() else ()


def _take(source: str | Path, target: str | Path) -> None:
    """Link a file, for a provider has hundreds of megabytes; copy it where links are not had."""
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError:
        shutil.copy2(source, target, follow_symlinks=False)
