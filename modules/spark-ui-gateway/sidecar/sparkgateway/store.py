"""The route files: the one door to the file system.

One file for each route, named by the job id, holding `address:port`. Each is put in place by a
rename, so a reader sees the old route or the new one and never half of one. NGINX mounts the
directory read-only. All of it outlives a restart of either container.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from sparkgateway.pods import is_job_id

ROUTES = "r"  # the directory of route files
SYNCED = "synced"  # there is a complete list behind the routes
HISTORY = "history"  # address:port of the History Server
_DRAFT = ".draft"
_LONGEST_BACKEND = 64  # bytes; an IPv6 address and a port take 47


class Store:
    """A directory of routes; one process writes it, one thread at a time."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._routes = root / ROUTES
        self._routes.mkdir(mode=0o755, parents=True, exist_ok=True)

    def scan(self) -> dict[str, str]:
        """Read the routes that are there, and remove what is no route."""
        found: dict[str, str] = {}
        for entry in list(os.scandir(self._routes)):
            text = _read_text(entry)
            if text and is_job_id(entry.name):
                found[entry.name] = text
            elif not entry.is_dir(follow_symlinks=False):
                Path(entry.path).unlink(missing_ok=True)
        return found

    def write_route(self, job: str, backend: str) -> None:
        """Put one route in place."""
        self._place(self._routes / job, [backend], draft=self._routes / _DRAFT)

    def remove_route(self, job: str) -> None:
        """Remove one route; none there is fine."""
        (self._routes / job).unlink(missing_ok=True)

    def write_synced(self) -> None:
        """Tell NGINX that unknown ids are unknown, and not merely not heard of yet."""
        self._place(self._root / SYNCED, ["yes"], draft=self._root / (_DRAFT + SYNCED))

    def write_page(self, name: str, parts: Iterable[str]) -> None:
        """Write a page for people, or the History Server's address, part by part."""
        self._place(self._root / name, parts, draft=self._root / (_DRAFT + name))

    @staticmethod
    def _place(path: Path, parts: Iterable[str], *, draft: Path) -> None:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o644)
        with open(descriptor, "w", encoding="utf-8") as file:  # noqa: PTH123  # a descriptor
            file.writelines(parts)
        os.replace(draft, path)  # noqa: PTH105  # half the cost of Path.replace, once a route


def _read_text(entry: os.DirEntry[str]) -> str:
    if not entry.is_file(follow_symlinks=False):
        return ""
    with open(entry.path, "rb") as file:  # noqa: PTH123  # 50,000 at a start
        text = file.read(_LONGEST_BACKEND + 1)
    return text.decode("ascii", "replace") if len(text) <= _LONGEST_BACKEND else ""
