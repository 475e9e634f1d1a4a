"""YAML as we write it: by hand, so that a line's reason stands beside it and no byte moves."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_./-]*(?: [A-Za-z0-9_./()-]+)*")
_EXPRESSION = re.compile(r"\$\{\{ [^\n\"#{}\\]*(?: \}\})")
_OTHER_THAN_TEXT = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n"})
_LAST_OF_FOUR_DIGITS = 0xFFFF
WIDTH = 98  # characters of a comment's line


def scalar(value: str | int | bool) -> str:
    """Write a value so that YAML reads the very same one, and nothing beside it.

    >>> scalar("ubuntu-24.04"), scalar("yes"), scalar(7), scalar("a: b # c"), scalar("3.11")
    ('ubuntu-24.04', '"yes"', '7', '"a: b # c"', '"3.11"')
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    is_plain = _PLAIN.fullmatch(value) and value.lower() not in _OTHER_THAN_TEXT
    return value if is_plain or _EXPRESSION.fullmatch(value) else _quoted(value)


def _quoted(text: str) -> str:
    """Write a text in quotes, in ASCII: a character beyond it is a number, and never a pair."""
    return '"' + "".join(map(_character, text)) + '"'


def _character(one: str) -> str:
    if one in '"\\':
        return f"\\{one}"
    if " " <= one <= "~":
        return one
    number = ord(one)
    return f"\\u{number:04x}" if number <= _LAST_OF_FOUR_DIGITS else f"\\U{number:08x}"


def sequence(values: Iterable[str]) -> str:
    """Write texts as a list on one line.

    >>> sequence(["self-hosted", "a, b"])
    '[self-hosted, "a, b"]'
    """
    return f"[{', '.join(map(scalar, values))}]"


def comment(text: str, indent: int = 0) -> Iterator[str]:
    """Yield the lines of a comment, broken at spaces."""
    lead = " " * indent + "#"
    line = lead
    for word in text.split():
        if len(line) + 1 + len(word) > WIDTH and line != lead:
            yield line
            line = lead
        line += f" {word}"
    yield line


def indented(lines: Iterable[str], by: int) -> Iterator[str]:
    """Move lines to the right; an empty one stays empty."""
    return (" " * by + line if line else line for line in lines)


def item(lines: Sequence[str]) -> Iterator[str]:
    """Make a mapping the item of a list.

    >>> list(item(["name: a", "run: b"]))
    ['- name: a', '  run: b']
    """
    first, *rest = lines
    yield f"- {first}"
    yield from indented(rest, 2)
