"""Reports on synthesized Terraform that were made before, in the cache, by what they read."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import cellfactory
from cellfactory.constructs import _cache

_KIND = "reports"
_MOST = 200  # kept; the oldest go first


def report_key(parts: Iterable[str | bytes]) -> str:
    """Name a report by all that it is made of; our own code is a part of it."""
    digest = hashlib.sha256(_code().encode())
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        digest.update(b"%d\0" % len(data) + data)
    return digest.hexdigest()


def read_report(key: str) -> bytes:
    """Read a report; empty where there is none, or it is not as it was written."""
    return _cache.read(_KIND, key)


def write_report(key: str, body: bytes) -> None:
    """Keep a report; a full or read-only disk is no error."""
    _cache.write(_KIND, key, body)
    _cache.trim(_KIND, _MOST)


@cache
def _code() -> str:
    """A digest of our package: a report is of no use to another version of it."""
    root = Path(str(cellfactory.__file__)).parent
    digest = hashlib.sha256(cellfactory.__version__.encode())
    for path in sorted(root.rglob("*.py")) + sorted((root / "facts").glob("*.*")):
        digest.update(path.read_bytes() + b"\0")
    return digest.hexdigest()
