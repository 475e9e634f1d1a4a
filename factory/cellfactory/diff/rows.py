"""Rows that two documents have alike, left out of both: a mesh is made of rows, and few of them
change at a time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

_ASKED = re.compile(
    r"\A\$\{\{ for (\w+), (\w+) in (local\.[\w-]+) : \1 => \2"
    r" if (?:row\.over == \"gateway\" \|\| )?contains\(keys\(var\.[\w-]+\), [\w.]+\) \}\}\Z"
)
"""Rows of ours that wait until another stack tells what they are made of."""

_ROWS = re.compile(r"\A\$\{local\.([A-Za-z0-9_-]+)\}\Z")

Data = dict[str, Any]


def trim(before: Data, after: Data, mentions: tuple[int, int]) -> tuple[Data, Data]:
    """Leave out of two documents the rows that are equal in both.

    A local is rows where nothing but `for_each` takes it, whole. A row that is the same makes the
    same resource of a block that is the same; so both documents have to be alike in their blocks.

    Args:
        before: a document, parsed.
        after: the same one afterwards.
        mentions: how often the text of each says `local.`.

    Returns:
        Both, with fewer rows; the documents themselves where something else differs, too.
    """
    if not _is_plain(before) or not _is_plain(after):
        return before, after
    old, new = before["locals"], after["locals"]
    if before.get("resource") != after.get("resource") or before.get("data") != after.get("data"):
        return before, after
    rows = _rows_alone(before, mentions[0]) & _rows_alone(after, mentions[1])
    same = {
        name: {
            key for key in old[name].keys() & new[name].keys() if old[name][key] == new[name][key]
        }
        for name in rows
        if isinstance(old.get(name), dict) and isinstance(new.get(name), dict)
    }
    return _without(before, same), _without(after, same)


def ask_for_all(document: Data) -> Data:
    """Take rows that wait for another stack as they will be once it has told: all of them.

    Which there are already, no document says by itself; which are asked for, it does.
    """
    blocks = {}
    for word in ("resource", "data"):
        kinds = document.get(word)
        if isinstance(kinds, dict):
            blocks[word] = {kind: _asked(named) for kind, named in kinds.items()}
    return {**document, **blocks}


def _asked(named: Any) -> Any:
    if not isinstance(named, dict):
        return named
    return {name: _with_all(body) for name, body in named.items()}


def _with_all(body: Any) -> Any:
    rows = body.get("for_each") if isinstance(body, dict) else None
    found = _ASKED.match(rows) if isinstance(rows, str) else None
    return {**body, "for_each": f"${{{found[3]}}}"} if found else body


def _is_plain(document: Data) -> bool:
    return isinstance(document.get("locals"), dict) and "moved" not in document


def _rows_alone(document: Mapping[str, Any], mentions: int) -> set[str]:
    """Name the locals that nothing takes but the `for_each` of blocks; none where that is not all.

    Args:
        document: a document, parsed.
        mentions: how often its text says `local.`.
    """
    taken = [found[1] for value in _each(document) if (found := _ROWS.match(value))]
    return set(taken) if len(taken) == mentions else set()


def _each(document: Mapping[str, Any]) -> Iterator[str]:
    for word in ("resource", "data"):
        kinds = document.get(word)
        for named in kinds.values() if isinstance(kinds, dict) else ():
            for body in named.values() if isinstance(named, dict) else ():
                if isinstance(body, dict) and isinstance(body.get("for_each"), str):
                    yield body["for_each"]


def _without(document: Data, same: Mapping[str, set[str]]) -> Data:
    made = {
        name: {key: row for key, row in rows.items() if key not in same[name]}
        if name in same
        else rows
        for name, rows in document["locals"].items()
    }
    return {**document, "locals": made}
