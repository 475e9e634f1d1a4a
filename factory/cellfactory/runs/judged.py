"""Stacks that were held against our rules before: a change costs what it changes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from itertools import islice
from typing import Any

from cellfactory.policy.expected import Expected
from cellfactory.policy.found import StackReport, Violation
from cellfactory.policy.lines import line_in, lines_of
from cellfactory.runs.documents import Source
from cellfactory.stacks.report_store import read_report, report_key, write_report

_MOST = 2_000  # stacks kept; those that were not looked at for longest go first

Place = tuple[str, int]
"""A file, and the line in it."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What comes of a stack, and where each address that breaks a rule stands."""

    report: StackReport
    places: Mapping[str, Place]


def judged_key(source: Source, expected: Expected) -> str:
    """Name a stack by all that a judgement of it depends on, but for our code."""
    digest = hashlib.blake2b(repr((source.name, expected)).encode(), digest_size=20)
    for path, text in source.files.items():
        body = text.encode() if isinstance(text, str) else text
        digest.update(f"\n{path}\n{len(body)}\n".encode())
        digest.update(body)
    return digest.hexdigest()


Rows = Mapping[str, Mapping[str, Any]]
"""What is kept of each stack, by `judged_key`."""


def read_rows() -> Rows:
    """Read what was judged before by these very rules."""
    kept = read_report(_store())
    rows: Rows = json.loads(kept) if kept else {}
    return rows


def judged_of(row: Mapping[str, Any]) -> Judged:
    """Take what is kept of a stack."""
    report = row["report"]
    violations = tuple(Violation(**one) for one in report["violations"])
    places = {address: (file, line) for address, (file, line) in row["places"].items()}
    return Judged(StackReport(**{**report, "violations": violations}), places)


def write_rows(before: Rows, now: Mapping[str, Judged]) -> None:
    """Keep what was judged now, and of what was before as much as there is room for."""
    if now.keys() <= before.keys():
        return
    older = {key: row for key, row in before.items() if key not in now}
    rows = {**older, **{key: before.get(key) or asdict(one) for key, one in now.items()}}
    kept = islice(rows.items(), max(0, len(rows) - _MOST), None)
    write_report(_store(), json.dumps(dict(kept)).encode())


def _store() -> str:
    return report_key(("judged stacks",))


class Places:
    """Where resources stand in the files of a stack, which are looked through once."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._lines: dict[str, Mapping[str, int]] = {}

    def of(self, address: str) -> Place:
        """The file and line of an address; the first file and 0 where it stands nowhere."""
        found = [(file, line_in(self._of(file), address)) for file in self._source.files]
        return next((place for place in found if place[1]), found[0])

    def _of(self, file: str) -> Mapping[str, int]:
        if file not in self._lines:
            text = self._source.files[file]
            plain = text if isinstance(text, str) else text.decode("utf-8", "replace")
            self._lines[file] = lines_of(plain)
        return self._lines[file]
