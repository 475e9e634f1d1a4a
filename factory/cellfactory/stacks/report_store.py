"""Reports on synthesized Terraform that were made before, in the cache, by what they read."""

from __future__ import annotations

from collections.abc import Iterable

from cellfactory.constructs import _cache
from cellfactory.stacks.program import digest_with_program

_KIND = "reports"
_MOST = 200  # kept; the oldest go first


def report_key(parts: Iterable[str | bytes]) -> str:
    """Name a report by all that it is made of; our own code is a part of it."""
    return digest_with_program(parts)


def read_report(key: str) -> bytes:
    """Read a report; empty where there is none, or it is not as it was written."""
    return _cache.read(_KIND, key)


def write_report(key: str, body: bytes) -> None:
    """Keep a report; a full or read-only disk is no error."""
    _cache.write(_KIND, key, body)
    _cache.trim(_KIND, _MOST)
