"""A synthesized stack with a place for each leaf: one synthesis for all stacks of a shape.

A stencil is the normalised text of a stack that was built with stand-ins. Filled with the leaves
of a stack it gives the very bytes that a synthesis of that stack alone would give.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from json.encoder import encode_basestring as quoted

from cellfactory.errors import Finding, SynthError
from cellfactory.specs.shape import Filling

_STEP = "  "  # the indent of a document


@dataclass(frozen=True, slots=True)
class Place:
    """Where a filling goes, and the text behind it."""

    number: int  # of the filling
    depth: int  # steps of indent of its line, for rows
    text: str


@dataclass(frozen=True, slots=True)
class Stencil:
    """The text of a stack, cut where its leaves go."""

    text: str  # up to the first place
    places: tuple[Place, ...]

    def fill(self, fillings: Sequence[Filling]) -> str:
        """Write the text of a stack.

        Args:
            fillings: of its shape, as many as the stencil was made for.
        """
        parts = [self.text]
        for place in self.places:
            filling = fillings[place.number]
            parts.append(filling if isinstance(filling, str) else render_rows(filling, place.depth))
            parts.append(place.text)
        return "".join(parts)


def stand_ins(key: str) -> Iterator[str]:
    """Name the stand-ins of a shape: letters and digits that no document has by chance."""
    number = 0
    while True:
        yield f"{_start(key)}{number:05d}z"
        number += 1


def cut(text: str, key: str, fillings: Sequence[Filling]) -> Stencil:
    """Make the stencil of a document that was built with stand-ins.

    Args:
        text: normalised.
        key: of its shape.
        fillings: of one stack of that shape; only their kinds matter.

    Raises:
        SynthError: F407, where a stand-in stands in a key, or is not whole.
    """
    found = [*re.finditer(rf'("?){_start(key)}(\d{{5}})z("?)', text)]
    _check_keys(json.loads(text), _start(key))
    pieces, places, end = [], [], 0
    for match in found:
        is_text = isinstance(fillings[int(match[2])], str)
        begin, stop = match.span(2)
        begin, stop = begin - len(_start(key)), stop + 1  # without the quotation marks
        if not is_text:
            begin, stop = match.span()
        pieces.append(text[end:begin])
        places.append((int(match[2]), _depth(text, begin)))
        end = stop
    pieces.append(text[end:])
    if any(_start(key) in piece for piece in pieces):
        raise SynthError(Finding(rule="F407", message="a stand-in for a leaf was cut short"))
    return Stencil(
        text=pieces[0],
        places=tuple(
            Place(number, depth, piece)
            for (number, depth), piece in zip(places, pieces[1:], strict=True)
        ),
    )


def render_rows(rows: Mapping[str, Mapping[str, str]], depth: int) -> str:
    """Write rows as they stand in a document.

    >>> print(render_rows({"b": {"x": "1"}, "a": {}}, 0))
    {
      "a": {},
      "b": {
        "x": "1"
      }
    }
    """
    if not rows:
        return "{}"
    outer = "\n" + _STEP * (depth + 1)
    listed = f",{outer}".join([_render_row(name, row, outer) for name, row in sorted(rows.items())])
    return f"{{{outer}{listed}{outer[: -len(_STEP)]}}}"


def _render_row(name: str, row: Mapping[str, str], outer: str) -> str:
    keys, form = _row_form(tuple(row), outer)
    return form % (quoted(name), *[quoted(row[key]) for key in keys])


@cache
def _row_form(keys: tuple[str, ...], outer: str) -> tuple[tuple[str, ...], str]:
    """Order the keys of a row, and say how its name and values stand: most rows are alike."""
    if not keys:
        return (), "%s: {}"
    inner = outer + _STEP
    ordered = tuple(sorted(keys))
    names = [quoted(key).replace("%", "%%") for key in ordered]
    fields = f",{inner}".join([f"{name}: %s" for name in names])
    return ordered, f"%s: {{{inner}{fields}{outer}}}"


def _start(key: str) -> str:
    return f"leaf{key[:16]}n"


def _depth(text: str, at: int) -> int:
    line = text[text.rfind("\n", 0, at) + 1 : at]
    return (len(line) - len(line.lstrip(" "))) // len(_STEP)


def _check_keys(value: object, start: str) -> None:
    if isinstance(value, dict):
        for key, inner in value.items():
            if start in key:
                msg = f"a leaf names something: {key}"
                raise SynthError(Finding(rule="F407", message=msg))
            _check_keys(inner, start)
    elif isinstance(value, list):
        for inner in value:
            _check_keys(inner, start)
