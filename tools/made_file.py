"""What every tool that makes one file does: write it, or tell whether it is stale."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from cellfactory.files import write_whole


def write_or_check(target: Path, render: Callable[[], str], about: str) -> int:
    """Write the file, or with `--check` on the command line only compare it.

    Args:
        target: the file.
        render: makes its whole text; not called for `--help`.
        about: the tool's own description, whose first line `--help` shows.

    Returns:
        The exit code: 1 when `--check` was asked for and the file is stale.
    """
    parser = argparse.ArgumentParser(description=about.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 when stale")
    asked = parser.parse_args()
    text = render()
    if asked.check:
        return int(not target.is_file() or target.read_text("utf-8") != text)
    write_whole(target, text)
    return 0
