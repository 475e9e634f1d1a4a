"""How one change reads: its sign, its place, its values. Whatever stands in them is made harmless.

A value may hold anything that somebody wrote: control characters, text that runs backwards, lines.
What is no plain character is written by its number; what is long is cut and told by its digest.
"""

from __future__ import annotations

import difflib
import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cellfactory.diff.hidden import HIDDEN
from cellfactory.diff.model import ABSENT, Action, Path, ResourceChange, Unknown, ValueChange

SIGNS: Mapping[Action, str] = {
    "create": "+",
    "update": "~",
    "replace": "±",
    "delete": "-",
    "move": ">",
    "forget": "x",
    "import": "<",
}
_COMMAND = re.compile(r"(?<!\S)::(?=[A-Za-z])|##(?=\[)")
"""How a command to a workflow of GitHub's begins; it is looked for in all that a step prints."""

MOST_NAMED = 8  # owners, peers or addresses in one line
LONGEST = 160  # characters of a value
MOST_LINES = 40  # of a text of several lines that changed


def shown(text: str) -> str:
    r"""Write a text so that a terminal, a table and a reader take it for what it is.

    >>> shown("a\x1b[31mb\u202ec")
    'a\\u001b[31mb\\u202ec'
    """
    plain = "".join(c if c.isprintable() else _number(c) for c in text)
    return _COMMAND.sub(lambda found: _number(found[0][0]) + found[0][1:], plain)


def name_path(path: Path) -> str:
    """Write where a value is.

    >>> name_path(("user_data", 0, "spec", "tags", "team.x"))
    'user_data.spec.tags.team.x'
    """
    return ".".join(shown(str(key)) for key in path if not isinstance(key, int)) or "(all of it)"


def say_value(value: Any, longest: int = LONGEST) -> str:
    """Write a value as JSON, as Terraform writes it.

    >>> say_value(ABSENT), say_value(Unknown(text="${var.a}")), say_value({"a": 1})
    ('(none)', '${var.a}', '{"a": 1}')
    """
    if value is ABSENT:
        return "(none)"
    if isinstance(value, Unknown):
        return cut(shown(value.text) or "(known after apply)", longest)
    if value == HIDDEN:
        return HIDDEN
    return cut(shown(json.dumps(value, ensure_ascii=False, default=_inner)), longest)


def cut(text: str, longest: int = LONGEST) -> str:
    """Cut a long text; its digest tells whether two are the same.

    >>> cut("a" * 200, 40)
    'aaaaaaaaaaaaaa… (200 characters, c2a908)'
    """
    if len(text) <= longest:
        return text
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:6]
    rest = f"… ({len(text):,} characters, {digest})"
    return text[: max(0, longest - len(rest))] + rest


def value_lines(change: ValueChange, width: int) -> Iterator[str]:
    """Write what became of a value: on one line where that is not too long.

    Args:
        change: of a resource that stays.
        width: columns.
    """
    name, mark = name_path(change.path), "  # cannot be changed in place" if change.replaces else ""
    if (lines := _text_lines(change)) is not None:
        yield f"{name}:{mark}"
        yield from (f"  {line}" for line in lines)
        return
    if (items := _list_lines(change)) is not None:
        yield f"{name}:{mark}"
        yield from (f"  {line}" for line in items)
        return
    before, after = say_value(change.before), say_value(change.after)
    line = f"{name}: {before} -> {after}{mark}"
    if len(line) <= width:
        yield line
    else:
        yield f"{name}:{mark}"
        yield f"  - {before}"
        yield f"  + {after}"


def say_address(change: ResourceChange) -> str:
    """Write the address of a resource, and where it comes from."""
    moved = f" (was {shown(change.moved_from)})" if change.moved_from else ""
    return f"{SIGNS[change.action]} {shown(change.address)}{moved}"


def say_names(names: Sequence[str], most: int = MOST_NAMED) -> str:
    """Name some, and count the others.

    >>> say_names(["a", "b", "c"], 2)
    'a, b and 1 more'
    """
    more = len(names) - most
    named = ", ".join(map(shown, names[:most] if more > 0 else names))
    return f"{named} and {more:,} more" if more > 0 else named


def _list_lines(change: ValueChange) -> list[str] | None:
    """Tell which entries of a list of plain values come and go; None for anything else."""
    old, new = change.before, change.after
    if not isinstance(old, list) or not isinstance(new, list) or not (old and new):
        return None
    left, right = [say_value(item) for item in old], [say_value(item) for item in new]
    gone, come = [i for i in left if i not in right], [i for i in right if i not in left]
    if not gone and not come:
        return None
    return [*(f"- {item}" for item in gone), *(f"+ {item}" for item in come)]


def _text_lines(change: ValueChange) -> list[str] | None:
    """Tell which lines of a text of several come and go; None for anything else."""
    old, new = change.before, change.after
    if not isinstance(old, str) or not isinstance(new, str) or "\n" not in old + new:
        return None
    lines = [
        f"{line[0]} {cut(shown(line[1:].rstrip()))}"
        for line in difflib.unified_diff(old.splitlines(), new.splitlines(), n=0, lineterm="")
        if line[:1] in ("+", "-") and line[:3] not in ("+++", "---")
    ]
    more = len(lines) - MOST_LINES
    return [*lines[:MOST_LINES], *([f"and {more:,} more lines"] if more > 0 else [])] or None


def _inner(value: Any) -> str:
    return value.text or "(known after apply)" if isinstance(value, Unknown) else str(value)


def _number(character: str) -> str:
    return f"\\u{ord(character):04x}"
