"""The folder that the Terraform of an inventory is written to."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from factory.errors import UsageError


def write_output(folder: Path, files: Mapping[str, str]) -> None:
    """Put the output in the place of the old one, whole or not at all.

    The new folder is made beside the old one and takes its place by renaming; where that fails or
    is interrupted, the old one comes back. What Terraform or a person left beside a stack that
    still exists (`.terraform`, a lock file) is carried over.

    Args:
        folder: where to; through a symbolic link what it points to is replaced.
        files: path inside the folder (with `/`) to text.

    Raises:
        UsageError: when the folder cannot be written, or is not an output folder of ours.
    """
    place = Path(os.path.realpath(folder))
    try:
        _refuse(folder, place)
        place.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=place.parent, prefix=f".{place.name}.") as scratch:
            fresh = Path(scratch, "new")
            for path, text in files.items():
                target = fresh / path
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text(text, "utf-8")
            if place.exists():
                _carry_over(place, fresh, files)
            _swap(fresh, place, Path(scratch, "old"))
    except OSError as error:
        msg = f"cannot write {folder}: {error.strerror or error}"
        raise UsageError(msg) from error


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


def _carry_over(old: Path, new: Path, files: Mapping[str, str]) -> None:
    """Take along what is not ours, such as Terraform's own files, beside stacks that live on."""
    ours = {*files, *(parent.as_posix() for path in files for parent in Path(path).parents)}
    for item in _items(old, new):
        path = item.relative_to(old).as_posix()
        if path in ours or path == "stacks":
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
