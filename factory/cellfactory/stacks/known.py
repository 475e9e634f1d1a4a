"""What came of two texts before: where nothing has changed, nothing is worked out again.

A synthesis is a function of the inventory, its lock and our code alone. What it found and wrote is
kept in the cache under a digest of all three, so that the same texts are not read twice: whoever
finds every file as it was written knows that there is nothing to do. Nothing here imports the rest
of the house.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from cellfactory.constructs import _cache
from cellfactory.errors import Problem, problem_of
from cellfactory.stacks.program import digest_with_program

_KIND = "known"
_MOST = 100  # kept; the oldest go first


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A synthesis that found no error and had nothing to add to the lock."""

    cells: int
    stacks: tuple[str, ...]  # names
    problems: tuple[Problem, ...]  # warnings
    files: Mapping[str, str]  # digest of each file of the output, by path inside it (with `/`)


def key_of(inventory_file: str, inventory: bytes | str, lock_file: str, lock: bytes | str) -> str:
    """Digest what a synthesis is a function of: two texts, what messages call them, and our code.

    Args:
        inventory_file: what messages call the inventory.
        inventory: its text.
        lock_file: what messages call the lock.
        lock: its text.
    """
    return digest_with_program((inventory_file, inventory, lock_file, lock))


def knows() -> bool:
    """Tell whether anything is kept at all: of bindings that are asked for by name, nothing is."""
    return os.environ.get("CELLFACTORY_CDK", "fast") == "fast"


def recall(key: str) -> Known | None:
    """Say what is known of texts; None where nothing is, or where it cannot be read."""
    body = _cache.read(_KIND, key)
    if not body:
        return None
    kept = json.loads(body)
    return Known(
        cells=kept["cells"],
        stacks=tuple(kept["stacks"]),
        problems=tuple(map(problem_of, kept["problems"])),
        files=kept["files"],
    )


def remember(key: str, known: Known) -> None:
    """Keep what is known of texts; a full or read-only disk is no error."""
    _cache.write(_KIND, key, json.dumps(asdict(known)).encode())
    _cache.trim(_KIND, _MOST)


def digest_file(data: bytes) -> str:
    """Digest one file of the output."""
    return hashlib.sha256(data).hexdigest()
