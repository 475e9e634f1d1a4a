"""What our own program is, as far as what it made before depends on it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import cellfactory


def digest_with_program(parts: Iterable[str | bytes]) -> str:
    """Name what our program makes of some parts: another part, or another program, another name."""
    digest = hashlib.sha256(program_digest().encode())
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        digest.update(b"%d\0" % len(data) + data)
    return digest.hexdigest()


@cache
def program_digest() -> str:
    """A digest of the whole program: its code and its data."""
    digest = hashlib.sha256(cellfactory.__version__.encode())
    root = Path(str(cellfactory.__file__)).parent
    for path in sorted(root.rglob("*")):
        if path.is_file() and path.suffix != ".pyc":
            digest.update(path.read_bytes() + b"\0")
    return digest.hexdigest()
