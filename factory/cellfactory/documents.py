"""The one door to YAML: text to values, with the place of every value.

It reads the plain part of YAML that a configuration file needs. Anchors, aliases and tags are
refused, because they make a file that expands without bound or means more than it shows. Plain
words mean what YAML 1.2 says: `no`, `on`, `010` and `12:30` stay text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import yaml

from cellfactory.errors import KeyPath

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_Dumper: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


class _Unresolved(_Loader):  # type: ignore[misc]
    """Composes nodes without guessing what each stands for: `_scalar` alone decides that."""

    def resolve(self, *_: Any) -> str:
        return ""

    def descend_resolver(self, *_: Any) -> None:
        pass

    def ascend_resolver(self) -> None:
        pass


MOST_DEPTH = 32  # levels of nesting; our deepest document has nine
MOST_FAULTS = 100  # after so many, more of them help nobody
MOST_BYTES = 1 << 20  # bytes of one document; a thousand cells take a quarter of it
MOST_VALUES = 100_000  # values and keys of one document
MOST_WORD = 60  # characters of a value that a message repeats

_FORBIDDEN = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in a text; line and column count from 1."""

    line: int = 1
    column: int = 1


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that this subset of YAML does not allow, or that is not YAML."""

    mark: Mark
    message: str
    hint: str = ""


@dataclass(slots=True)
class Document:
    """A parsed text: its value, where each value and key stands, and what was wrong.

    Attributes:
        value: None when `faults` is not empty.
        containers: the paths of mappings and sequences.
        words: how numbers, truth values and nulls were written.
        repeats: keys that stand twice in a mapping; `value` holds the first of the two.
        is_conflict: whether the faults are merge conflicts that Git left.
    """

    value: Any = None
    marks: dict[KeyPath, Mark] = field(default_factory=dict)
    key_marks: dict[KeyPath, Mark] = field(default_factory=dict)
    containers: set[KeyPath] = field(default_factory=set)
    words: dict[KeyPath, str] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    repeats: list[Fault] = field(default_factory=list)
    is_conflict: bool = False


def parse_document(data: str | bytes) -> Document:
    """Parse one YAML document and remember where everything stands.

    Time and memory are linear in the text, which has a bound; aliases are refused before
    anything is built.

    Args:
        data: the whole text, or the bytes of a file that should be UTF-8.

    Returns:
        The document. When `faults` is not empty, there is no value.
    """
    document = Document()
    text = _decode(data, document)
    if not document.faults:
        document.faults += islice(_conflicts(text), MOST_FAULTS)
        document.is_conflict = bool(document.faults)
    if not document.faults:
        _parse(text, document)
    if document.faults:
        document.value = None
    return document


def _decode(data: str | bytes, document: Document) -> str:
    if len(data) > MOST_BYTES:
        message = f"the file is larger than {MOST_BYTES:,} bytes"
        document.faults.append(Fault(Mark(), message, "check that this is the right file"))
        return ""
    try:
        text = data if isinstance(data, str) else data.decode("utf-8")
    except UnicodeDecodeError as error:
        before = error.object[: error.start].decode("utf-8")
        message = f"not UTF-8: the byte 0x{error.object[error.start]:02X}"
        document.faults.append(Fault(_mark_at(before, len(before)), message))
        return ""
    bad = _FORBIDDEN.search(text)
    if bad:
        message = f"not YAML: the character U+{ord(bad[0]):04X} is not allowed"
        document.faults.append(Fault(_mark_at(text, bad.start()), message))
    return text


def _conflicts(text: str) -> Iterator[Fault]:
    hint = "resolve the conflict and delete the <<<<, ==== and >>>> lines"
    first = 0
    for number, line in enumerate(text.split("\n"), start=1):
        if f"{line} ".startswith("<<<<<<< "):
            first = first or number
        elif first and f"{line} ".startswith(">>>>>>> "):
            lines = f"lines {first:,} to {number:,}"
            yield Fault(Mark(first), f"unresolved Git merge conflict, {lines}", hint)
            first = 0


def _parse(text: str, document: Document) -> None:
    try:
        document.faults.extend(_refused(text))
        if not document.faults:
            root = yaml.compose(text, Loader=_Unresolved)
            document.value = None if root is None else _read(root, (), document)
    except yaml.MarkedYAMLError as error:
        mark = _mark(error.problem_mark or error.context_mark)
        problem = shorten(error.problem or error.context or "it cannot be read")
        document.faults.append(_syntax_fault(mark, problem, text))
    except yaml.YAMLError:
        document.faults.append(Fault(Mark(), "not YAML: it cannot be read"))


def _syntax_fault(mark: Mark, problem: str, text: str) -> Fault:
    """Say in other words what the parser says, where its own lead astray."""
    if "cannot start any token" in problem:
        line = "".join(text.splitlines()[mark.line - 1 : mark.line])
        found = line[mark.column - 1 : mark.column]
        if found == "\t":
            return Fault(mark, "not YAML: a tab; indent with spaces")
        message = f"not YAML: a value cannot begin with {shorten(found)!r}"
        return Fault(mark, message, "put it in quotes")
    hint = next((hint for words, hint in _SYNTAX_HINTS.items() if words in problem), "")
    return Fault(mark, f"not YAML: {problem}", hint)


_SYNTAX_HINTS = {
    "mapping values are not allowed": "if the value contains a colon, put it in quotes",
    "did not find expected key": "check the indentation",
    "could not find expected ':'": "a key needs a colon and a space after it",
    "did not find expected ',' or": "check for an unclosed bracket or quote above",
    "expected ',' or": "check for an unclosed bracket or quote above",
}


def load_data(text: str) -> Any:
    """Parse YAML that ships with the program or that it wrote itself, without places.

    Raises:
        ValueError: when it is not YAML.
    """
    try:
        return yaml.load(text, Loader=_Loader)  # noqa: S506 - a safe loader
    except yaml.YAMLError as error:
        msg = f"not YAML: {error}"
        raise ValueError(msg) from error


def render_data(value: Mapping[str, Any]) -> str:
    """Render plain values as YAML: keys in the order given, one list item a line."""
    text: str = yaml.dump(
        value, Dumper=_Dumper, sort_keys=False, default_flow_style=False, allow_unicode=True
    )
    return text


def shorten(value: object) -> str:
    """Cut what somebody wrote to a length that a message can carry.

    >>> shorten("a" * 100)[-4:]
    'aaa…'
    """
    text = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in str(value)[:999])
    return text if len(text) <= MOST_WORD else text[: MOST_WORD - 1] + "…"


def _refused(text: str) -> Iterator[Fault]:
    """Yield what plain YAML may not hold here, from the stream of events."""
    depth = documents = count = values = 0
    for event in yaml.parse(text, Loader=_Loader):
        documents += isinstance(event, yaml.DocumentStartEvent)
        values += isinstance(event, yaml.NodeEvent)
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if documents > 1:
            yield Fault(_mark(event.start_mark), "more than one YAML document in the file")
        elif depth > MOST_DEPTH:
            yield Fault(_mark(event.start_mark), f"nested deeper than {MOST_DEPTH} levels")
        elif values > MOST_VALUES:
            yield Fault(_mark(event.start_mark), f"more than {MOST_VALUES:,} keys and values")
        if documents > 1 or depth > MOST_DEPTH or values > MOST_VALUES or count >= MOST_FAULTS:
            return
        for fault in _refused_node(event):
            count += 1
            yield fault


def _refused_node(event: yaml.Event) -> Iterator[Fault]:
    anchor = getattr(event, "anchor", None)
    if anchor is not None:
        yield Fault(
            _mark(event.start_mark),
            f"YAML anchors and aliases are not allowed: {shorten(anchor)}",
            "write the value out, or share it through a cell type",
        )
    tag = getattr(event, "tag", None)
    if tag is not None:
        yield Fault(_mark(event.start_mark), f"YAML tags are not allowed: {shorten(tag)}")


def _read(node: yaml.Node, path: KeyPath, document: Document) -> Any:
    document.marks[path] = _mark(node.start_mark)
    if isinstance(node, yaml.MappingNode):
        document.containers.add(path)
        return _read_mapping(node, path, document)
    if isinstance(node, yaml.SequenceNode):
        document.containers.add(path)
        return [_read(item, (*path, i), document) for i, item in enumerate(node.value)]
    value = _scalar(node)
    if not isinstance(value, str):
        document.words[path] = node.value
    return value


def _read_mapping(node: yaml.MappingNode, path: KeyPath, document: Document) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for key_node, value_node in node.value:
        mark = _mark(key_node.start_mark)
        if not isinstance(key_node, yaml.ScalarNode):
            document.faults.append(Fault(mark, "a key must be a plain word"))
            continue
        key = str(key_node.value)
        if key in values:
            first = document.key_marks[(*path, key)]
            message = f"the key {shorten(key)!r} is duplicated; first on line {first.line}"
            document.repeats.append(Fault(mark, message, "keep one of them"))
            continue
        document.key_marks[(*path, key)] = mark
        values[key] = _read(value_node, (*path, key), document)
    return values


_NULLS = {"", "~", "null", "Null", "NULL"}
_TRUTHS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INT = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_FLOAT = re.compile(r"[-+]?(0|[1-9][0-9]*)\.[0-9]*([eE][-+]?[0-9]+)?")


def _scalar(node: Any) -> Any:
    """Convert what YAML 1.2 calls a null, a truth value or a number; the rest stays text."""
    word = str(node.value)
    if node.style:
        return word
    if word in _NULLS:
        return None
    if word in _TRUTHS:
        return _TRUTHS[word]
    if _INT.fullmatch(word) and len(word) <= MOST_WORD:
        return int(word)
    if _FLOAT.fullmatch(word) and len(word) <= MOST_WORD:
        return float(word)
    return word


def _mark(mark: Any) -> Mark:
    return Mark() if mark is None else Mark(mark.line + 1, mark.column + 1)


def _mark_at(text: str, offset: int) -> Mark:
    line_start = text.rfind("\n", 0, offset) + 1
    return Mark(text.count("\n", 0, offset) + 1, offset - line_start + 1)
