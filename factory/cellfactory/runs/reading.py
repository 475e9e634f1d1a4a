"""The design of a folder, or of a revision in git: reads the texts, and has them made into one."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from cellfactory.design import (
    NOTHING_ASKED,
    Asked,
    Declared,
    Design,
    Texts,
    declare,
    make_design,
    parse_state,
)
from cellfactory.documents import MOST_BYTES
from cellfactory.facts.loader import load_facts
from cellfactory.files import read_bytes
from cellfactory.git import find_base, find_commit, find_former_name, read_at, read_former
from cellfactory.inventory.schema import State
from cellfactory.runs.places import STANDARD_INPUT, lock_file_of


def read_texts(inventory_file: Path) -> Texts:
    """Read an inventory and the lock beside it.

    Raises:
        UsageError: when a file cannot be read.
    """
    lock_file = lock_file_of(inventory_file)
    return Texts(
        inventory=_read(inventory_file),
        inventory_file=_shown(inventory_file),
        lock=_read(lock_file) if lock_file.exists() else None,
        lock_file=str(lock_file),
    )


def read_texts_at(inventory_file: Path, revision: str | None) -> Texts | None:
    """Read an inventory and its lock as they were in git; messages say `cells.yaml@main`.

    Args:
        inventory_file: where it lies now, in a repository.
        revision: as git takes it; where the branch left the default branch when None.

    Returns:
        The texts, or None when there was no inventory yet.

    Raises:
        UsageError: when git, the repository or the revision is not there.
    """
    return base_texts(inventory_file, revision).texts


@dataclass(frozen=True, slots=True, kw_only=True)
class BaseTexts:
    """The texts of a revision, and what people call it."""

    texts: Texts | None  # None where there was no inventory yet
    label: str  # the revision, as it was asked for or in short
    words: str  # the same, with what is out of the ordinary about it


def base_texts(inventory_file: Path, revision: str | None) -> BaseTexts:
    """Read the texts of a revision as `read_texts_at` does, also of a file that was renamed since.

    Raises:
        UsageError: when git, the repository or the revision is not there.
    """
    folder = inventory_file.parent
    commit = find_base(folder) if revision is None else find_commit(folder, revision)
    file, label = inventory_file, commit.label
    inventory = read_at(file, commit)
    if inventory is not None:
        lock = read_at(lock_file_of(file), commit)
    else:
        former = find_former_name(inventory_file, commit)
        if former is None:
            return BaseTexts(
                texts=None, label=label, words=f"{label} (there is no {inventory_file.name})"
            )
        file = former
        inventory = read_former(inventory_file, file, commit) or b""
        lock = read_former(inventory_file, lock_file_of(file), commit)
    shown = file if file == inventory_file else Path(file.name)
    texts = Texts(
        inventory=inventory,
        inventory_file=f"{shown}@{label}",
        lock=lock,
        lock_file=f"{lock_file_of(shown)}@{label}",
    )
    odd = [f"as {file.name}"] if file != inventory_file else []
    odd += ["without a lock: its addresses are planned anew"] if lock is None else []
    words = f"{label} ({', '.join(odd)})" if odd else label
    return BaseTexts(texts=texts, label=label, words=words)


def design_of(texts: Texts) -> Design:
    """Make the design of texts; errors as of `make_design`."""
    return make_design(texts, load_facts())


def read_design(
    inventory_file: Path, *, locked: bool = False, asked: Asked = NOTHING_ASKED
) -> Design:
    """Read the design of a folder; arguments and errors as of `make_design`.

    Raises:
        UsageError: also when a file cannot be read.
        InventoryError: with all that can be found wrong.
    """
    return make_design(read_texts(inventory_file), load_facts(), locked=locked, asked=asked)


def read_design_at(inventory_file: Path, revision: str | None = None) -> Design | None:
    """Read the design of a revision; None when there was no inventory yet.

    Raises:
        UsageError: when git, the repository or the revision is not there.
        InventoryError: when it was not sound at that revision.
    """
    texts = read_texts_at(inventory_file, revision)
    return None if texts is None else make_design(texts, load_facts())


def read_declared(inventory_file: Path) -> Declared:
    """Read an inventory alone: neither its addresses nor its sizes need to work out.

    Raises:
        UsageError: when it cannot be read.
        InventoryError: with every problem of it.
    """
    return declare(_read(inventory_file), _shown(inventory_file), load_facts())


def read_state(inventory_file: Path) -> State:
    """Read where an inventory keeps its states, whatever else is wrong with it.

    Raises:
        UsageError: when it cannot be read.
        InventoryError: when it is not YAML, or `state` itself is wrong.
    """
    return parse_state(_read(inventory_file), _shown(inventory_file))


def _read(file: Path) -> bytes:
    """Read a text, a byte more than it may have: more is refused, and need not be read."""
    if file == STANDARD_INPUT:
        return sys.stdin.buffer.read(MOST_BYTES + 1)
    return read_bytes(file, most_bytes=MOST_BYTES + 1)


def _shown(inventory_file: Path) -> str:
    """What messages call an inventory."""
    return "<stdin>" if inventory_file == STANDARD_INPUT else str(inventory_file)
