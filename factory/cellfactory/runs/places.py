"""Where things lie: the inventory, and beside it all that commands write.

The folder of the inventory is the home of everything: its locks, `cdktf.out` and `.cellfactory`.
Where a command was started does not matter, but for finding the inventory.
"""

from __future__ import annotations

import os
from pathlib import Path

INVENTORY = Path("cells.yaml")
OUTPUT = Path("cdktf.out")
FOLDER = Path(".cellfactory")
STANDARD_INPUT = Path("-")
"""Instead of an inventory's file; its locks are those of the working directory."""

_REPOSITORY = ".git"  # a folder, or a file in a worktree or submodule


def find_inventory(start: Path | None = None) -> Path | None:
    """Find `cells.yaml` in a folder, or in the nearest folder above it.

    The search ends at the top of the repository: what lies above it belongs to something else.

    Args:
        start: where to begin; the working directory when None.

    Returns:
        The file, relative to `start`, or None when there is none.
    """
    here = Path.cwd() if start is None else start.absolute()
    for steps, folder in enumerate((here, *here.parents)):
        if (folder / INVENTORY).exists():
            return Path(*[".."] * steps, INVENTORY)
        if (folder / _REPOSITORY).exists():
            return None
    return None


def find_repository(file: Path) -> Path | None:
    """Find the top of the repository that a file lies in; None when it lies in none."""
    folders = Path(os.path.normpath(file.absolute())).parents
    return next((folder for folder in folders if (folder / _REPOSITORY).exists()), None)


def lock_file_of(inventory_file: Path) -> Path:
    """The address lock beside an inventory: `cells.yaml` has `cells.lock.yaml`."""
    return _named(inventory_file).with_suffix(".lock.yaml")


def provider_lock_of(inventory_file: Path) -> Path:
    """The provider lock beside an inventory: `cells.yaml` has `cells.providers.lock.hcl`."""
    return _named(inventory_file).with_suffix(".providers.lock.hcl")


def output_of(inventory_file: Path, asked: Path | None = None) -> Path:
    """The folder that `synth` writes: the one asked for, else `cdktf.out` beside the inventory."""
    return inventory_file.parent / OUTPUT if asked is None else asked


def home_of(inventory_file: Path) -> Path:
    """The folder that an inventory lies in, absolute."""
    return inventory_file.absolute().parent


def _named(inventory_file: Path) -> Path:
    return INVENTORY if inventory_file == STANDARD_INPUT else inventory_file
