"""Whether the output is what the texts made before; asked ahead of everything else, and cheap."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from cellfactory.documents import MOST_BYTES
from cellfactory.files import read_bytes
from cellfactory.runs.places import lock_file_of
from cellfactory.stacks.known import Known, key_of, knows, recall
from cellfactory.stacks.output import holds

if TYPE_CHECKING:
    from cellfactory.design import Texts


def known_output(inventory_file: Path, output: Path) -> Known | None:
    """Find what is known of an inventory and its lock, where the output is still what they made.

    Args:
        inventory_file: the inventory.
        output: the folder that was written.

    Returns:
        None where anything has changed, or nothing is known; then it has to be worked out.

    Raises:
        UsageError: when a file cannot be read.
    """
    lock_file = lock_file_of(inventory_file)
    if not knows() or not lock_file.is_file():
        return None
    texts = (read_bytes(file, most_bytes=MOST_BYTES + 1) for file in (inventory_file, lock_file))
    inventory, lock = texts
    known = recall(key_of(str(inventory_file), inventory, str(lock_file), lock))
    return known if known is not None and holds(output, known.files) else None


def known_key(texts: Texts) -> str | None:
    """Name what came of the texts of a design; None where there is no lock."""
    if texts.lock is None:
        return None
    return key_of(texts.inventory_file, texts.inventory, texts.lock_file, texts.lock)
