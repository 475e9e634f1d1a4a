"""Plain data as YAML with comments: the same bytes on every run, and no surprises in what is text.

A text stands bare only where no reader of YAML could take it for anything else.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

_BARE = re.compile(r"[A-Za-z][A-Za-z0-9_./@-]*( [A-Za-z0-9_./@-]+)*")
_WORDS = re.compile("(?i)true|false|yes|no|on|off|null|y|n")


@dataclass(frozen=True, slots=True)
class Noted:
    """A value with a comment behind it, on the same line."""

    value: Data
    comment: str


@dataclass(frozen=True, slots=True)
class Lines:
    """A text of several lines, written as it is read."""

    lines: tuple[str, ...]


Data: TypeAlias = "str | int | bool | Mapping[str, Data] | Sequence[Data] | Noted | Lines"


def render_yaml(data: Mapping[str, Data]) -> str:
    """Render a mapping as YAML.

    >>> print(render_yaml({"on": {}, "a": ["b", {"c": "1"}], "d": Noted(True, "why")}), end="")
    on: {}
    a:
      - b
      - c: "1"
    d: true  # why
    """
    return "\n".join(_mapping(data)) + "\n"


def _mapping(data: Mapping[str, Data]) -> Iterator[str]:
    for key, value in data.items():
        head, rest = _placed(value)
        yield f"{key if _BARE.fullmatch(key) else _quoted(key)}:{head}"
        yield from rest


def _placed(value: Data) -> tuple[str, list[str]]:
    """Say what stands behind a key, and which lines stand below it."""
    if isinstance(value, Noted):
        head, rest = _placed(value.value)
        return f"{head}  # {' '.join(value.comment.split())}", rest
    if isinstance(value, Lines):
        return " |", [f"  {line}" for line in value.lines]
    if isinstance(value, Mapping) and value:
        return "", [f"  {line}" for line in _mapping(value)]
    if isinstance(value, Sequence) and not isinstance(value, str) and value:
        return "", [f"  {line}" for item in value for line in _item(item)]
    return f" {_scalar(value)}", []


def _item(value: Data) -> Iterator[str]:
    lines = list(_mapping(value)) if isinstance(value, Mapping) and value else [_scalar(value)]
    yield f"- {lines[0]}"
    yield from (f"  {line}" for line in lines[1:])


def _scalar(value: Data) -> str:
    if isinstance(value, str) and _BARE.fullmatch(value) and not _WORDS.fullmatch(value):
        return value
    if isinstance(value, Mapping):
        return "{}"
    return _quoted(value) if isinstance(value, str) else json.dumps(value)


def _quoted(text: str) -> str:
    """Quote a text as YAML does; unlike JSON, it has no pairs of surrogates.

    >>> print(_quoted('"a" \U0001f600'))
    "\\"a\\" \\U0001f600"
    """
    return '"' + "".join(map(_escaped, text)) + '"'


def _escaped(character: str) -> str:
    if character in '"\\':
        return f"\\{character}"
    return character if " " <= character <= "~" else f"\\U{ord(character):08x}"
