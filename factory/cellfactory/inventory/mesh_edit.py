"""Edits the step of a mesh in the text of `cells.yaml`, and leaves every other byte as it is."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from cellfactory.documents import Document, Mark, parse_document
from cellfactory.errors import KeyPath, UsageError

_WORD = re.compile(r"\"[^\"\n]*\"|'[^'\n]*'|[^\s,#{}\[\]]+")
_BREAK = re.compile(r"\r\n|\r|\n")
_KEY = re.compile(r"canary\s*:\s*\[[^\]]*\]")


def edit_step(text: str, mesh: str, step: str, canary: Sequence[str] = ()) -> str:
    """Write another step of a mesh, and its canary cells or none.

    Args:
        text: the whole inventory, sound YAML.
        mesh: its name.
        step: of `Interconnect`.
        canary: cells; without any, `canary` is removed.

    Returns:
        The whole text; nothing but these two keys of the mesh differs.

    Raises:
        UsageError: when the text cannot be edited so, and has to be by hand.
    """
    before = parse_document(text)
    path: KeyPath = ("meshes", mesh)
    edited = _without_canary(text, before, path)
    edited = _with_step(edited, parse_document(edited), path, step, canary)
    wanted = {**before.value["meshes"][mesh], "interconnect": step, "canary": list(canary)}
    if not canary:
        del wanted["canary"]
    if _value(edited) != _replaced(before.value, mesh, wanted):
        ways = f", canary: [{', '.join(canary)}]" if canary else ""
        msg = f"the entry of mesh {mesh!r} cannot be edited as it is written\n"
        msg += f"    write it by hand: interconnect: {step}{ways}"
        raise UsageError(msg)
    return edited


def _value(text: str) -> Any:
    return parse_document(text).value


def _replaced(value: Any, mesh: str, wanted: Any) -> Any:
    return {**value, "meshes": {**value["meshes"], mesh: wanted}}


def _offset(text: str, mark: Mark) -> int:
    """Count the characters before a mark."""
    lines = text.splitlines(keepends=True)
    return sum(map(len, lines[: mark.line - 1])) + mark.column - 1


def _newline(text: str) -> str:
    """How the lines of a text end; as the first one does."""
    found = _BREAK.search(text)
    return found[0] if found else "\n"


def _with_step(
    text: str, document: Document, path: KeyPath, step: str, canary: Sequence[str]
) -> str:
    more = f"canary: [{', '.join(canary)}]" if canary else ""
    is_flow = text[_offset(text, document.marks[path])] == "{"
    own = (*path, "interconnect")
    if own in document.marks:
        start = _offset(text, document.marks[own])
        word = _WORD.match(text, start)
        end = word.end() if word else start
        if is_flow:
            return text[:start] + step + (f", {more}" if more else "") + text[end:]
        return text[:start] + step + _below(text, end, document.key_marks[own], more)
    if is_flow:
        start = _offset(text, document.marks[path]) + 1
        return text[:start] + f"interconnect: {step}, {more + ', ' if more else ''}" + text[start:]
    first = document.marks[path]
    start = _offset(text, first)
    indent = _newline(text) + " " * (first.column - 1)
    lines = f"interconnect: {step}{indent}" + (f"{more}{indent}" if more else "")
    return text[:start] + lines + text[start:]


def _below(text: str, end: int, key: Mark, more: str) -> str:
    """Put a line below the one that ends at, or after, an offset."""
    if not more:
        return text[end:]
    found = _BREAK.search(text, end)
    line_end = found.start() if found else len(text)
    indent = _newline(text) + " " * (key.column - 1)
    return f"{text[end:line_end]}{indent}{more}{text[line_end:]}"


def _without_canary(text: str, document: Document, path: KeyPath) -> str:
    own = (*path, "canary")
    if own not in document.key_marks:
        return text
    start = _offset(text, document.key_marks[own])
    if text[_offset(text, document.marks[path])] == "{":
        return _without_flow(text, start)
    lines = text.splitlines(keepends=True)
    first = document.key_marks[own].line
    inside = (m.line for p, m in document.marks.items() if p[: len(own)] == own)
    return "".join([*lines[: first - 1], *lines[max(first, *inside) :]])


def _without_flow(text: str, start: int) -> str:
    found = _KEY.match(text, start)
    if found is None:
        return text
    end = found.end()
    after = re.compile(r"\s*,[ \t]*").match(text, end)
    if after:
        return text[:start] + text[after.end() :]
    before = re.compile(r",\s*$").search(text[:start])
    return text[: before.start() if before else start] + text[end:]
