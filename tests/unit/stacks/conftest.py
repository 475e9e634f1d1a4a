"""A cache folder of each test's own, and the ways in which what lies there can be harmed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from cellfactory.constructs import _cache

HARMS = ("empty", "cut", "flipped", "other")


@pytest.fixture
def cache_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("CELLFACTORY_CACHE", str(tmp_path / "cache"))
    _cache.root.cache_clear()
    yield tmp_path / "cache"
    _cache.root.cache_clear()


def harm(file: Path, how: str, other: bytes) -> None:
    """Leave a file other than it was written.

    Args:
        file: one of the cache.
        how: one of `HARMS`.
        other: what `other` puts there: well-formed, and without its digest.
    """
    data = file.read_bytes()
    middle = len(data) // 2
    harmed: Mapping[str, bytes] = {
        "empty": b"",
        "cut": data[:middle],
        "flipped": data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :],
        "other": other,
    }
    file.write_bytes(harmed[how])
