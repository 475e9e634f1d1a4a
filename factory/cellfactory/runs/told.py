"""`pipeline comment` and `pipeline issues`: what jobs found is told on the forge, once."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cellfactory.errors import UsageError
from cellfactory.files import read_bytes, read_text, write_whole
from cellfactory.runs.forge import Forge

LABEL = "cellfactory-drift"
"""What all issues about drift have, so that they are found."""

MOST_BYTES = 2_000_000  # of a part (bytes): others wrote it
BOT = "Bot"


@dataclass(frozen=True, slots=True, kw_only=True)
class CellDrift:
    """What `drift --format json` says of one cell."""

    key: str
    fingerprint: str | None
    is_whole: bool
    title: str
    body: str


def read_parts(folder: Path) -> dict[str, str]:
    """Read the parts of a comment, by the name of the folder that each is in.

    Raises:
        UsageError: when a part cannot be read.
    """
    parts = {}
    for path in _files(folder, ".md"):
        parts[path.parent.name] = read_bytes(path, MOST_BYTES).decode("utf-8", "replace")
    return parts


def write_comment(forge: Forge, number: int, body: str) -> str:
    """Keep the one comment on a pull request up to date.

    Args:
        forge: where.
        number: of the pull request.
        body: all of it; its first line is the mark that the comment is found by.

    Returns:
        What was done: `written`, `updated` or `unchanged`.

    Raises:
        ForgeError: when the forge refuses.
    """
    for one in forge.comments(number):
        if _is_own(one, body.partition("\n")[0]):
            if one["body"] == body:
                return "unchanged"
            forge.change_comment(int(one["id"]), body)
            return "updated"
    forge.add_comment(number, body)
    return "written"


def _is_own(comment: dict[str, Any], mark: str) -> bool:
    """Whether a comment is the one; a person who copies its marker keeps what he wrote."""
    is_bot = (comment.get("user") or {}).get("type") == BOT
    return is_bot and str(comment.get("body") or "").startswith(mark)


def read_drift(folder: Path) -> list[CellDrift]:
    """Read what jobs found of all cells, by the keys of their issues.

    Raises:
        UsageError: when there is nothing to read, or it is not what `drift --format json` writes.
    """
    found = [cell for path in _files(folder, ".json") for cell in _cells(path)]
    return sorted(found, key=lambda cell: cell.key)


def tell_issues(forge: Forge, cells: list[CellDrift]) -> Iterator[str]:
    """Open, update and close the issues of cells; yield what was done, a line each.

    An issue is closed only where the whole cell was looked at.

    Raises:
        ForgeError: when the forge refuses.
    """
    known = {key_of(str(one.get("body") or "")): one for one in forge.open_issues(LABEL)}
    for cell in cells:
        issue = known.get(cell.key)
        if cell.fingerprint is None:
            if issue is not None and cell.is_whole:
                forge.change_issue(int(issue["number"]), state="closed", state_reason="completed")
                yield f"{cell.key}: #{issue['number']} closed"
        elif issue is None:
            number = forge.add_issue(cell.title, cell.body, LABEL)
            yield f"{cell.key}: #{number} opened"
        elif issue["body"] != cell.body or issue["title"] != cell.title:
            forge.change_issue(int(issue["number"]), title=cell.title, body=cell.body)
            yield f"{cell.key}: #{issue['number']} updated"


def write_issues(cells: list[CellDrift], folder: Path) -> Iterator[str]:
    """Write the body of each issue as a file, below its title; yield the names.

    Raises:
        UsageError: when one cannot be written.
    """
    for cell in cells:
        if cell.fingerprint is not None:
            name = re.sub(r"[^A-Za-z0-9-]+", "-", cell.key) + ".md"
            write_whole(folder / name, f"# {cell.title}\n\n{cell.body}\n")
            yield name


def key_of(body: str) -> str:
    """Return the key that the body of an issue begins with; empty where it begins otherwise.

    >>> key_of("<!-- cellfactory-drift:cell:a 0f3c -->\\nmore"), key_of("hello")
    ('cellfactory-drift:cell:a', '')
    """
    first = body.partition("\n")[0].strip().split(" ")
    return first[1] if len(first) > 2 and first[0] == "<!--" and first[-1] == "-->" else ""


def _files(folder: Path, suffix: str) -> Iterator[Path]:
    """Yield files in a folder and below it, by name; a link is never followed."""
    for top, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            path = Path(top, name)
            if path.suffix == suffix and not path.is_symlink():
                yield path


def _cells(path: Path) -> Iterator[CellDrift]:
    try:
        told = json.loads(read_text(path))
        for one in told["cells"]:
            issue = one["issue"] or {"title": "", "body": ""}
            yield CellDrift(
                key=str(one["key"]),
                fingerprint=one["fingerprint"] if one["issue"] else None,
                is_whole=bool(one["is_whole"]),
                title=str(issue["title"]),
                body=str(issue["body"]),
            )
    except (ValueError, KeyError, TypeError) as error:
        msg = f"{path} is not what cellfactory drift --format json writes"
        raise UsageError(msg) from error
