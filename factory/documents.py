"""The one door to YAML: text to values, with the place of every value.

It reads the plain part of YAML that a configuration file needs. Anchors, aliases and tags are
refused, because they make a file that expands without bound or means more than it shows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from factory.errors import KeyPath

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_Dumper: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)

MOST_DEPTH = 32  # levels of nesting; our deepest document has nine
MOST_FAULTS = 100  # after so many, more of them help nobody


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
    """A parsed text: its value, where each value and key stands, and what was wrong."""

    value: Any = None
    marks: dict[KeyPath, Mark] = field(default_factory=dict)
    key_marks: dict[KeyPath, Mark] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)


def parse_document(text: str) -> Document:
    """Parse one YAML document and remember where everything stands.

    Time and memory are linear in the text: aliases are refused before anything is built.

    Args:
        text: the whole text.

    Returns:
        The document. When `faults` is not empty, `value` must not be used.
    """
    document = Document()
    try:
        document.faults.extend(_refused(text))
        if not document.faults:
            root = yaml.compose(text, Loader=_Loader)
            document.value = None if root is None else _read(root, (), document)
    except yaml.MarkedYAMLError as error:
        mark = _mark(error.problem_mark or error.context_mark)
        document.faults.append(Fault(mark, f"not YAML: {error.problem or error.context}"))
    except yaml.reader.ReaderError as error:
        mark = _mark_at(text, error.position)
        message = f"not YAML: the character U+{ord(error.character):04X} is not allowed"
        document.faults.append(Fault(mark, message))
    return document


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


def _refused(text: str) -> Iterator[Fault]:
    """Yield what plain YAML may not hold here, from the stream of events."""
    depth = documents = count = 0
    for event in yaml.parse(text, Loader=_Loader):
        if count >= MOST_FAULTS:
            return
        if isinstance(event, yaml.DocumentStartEvent):
            documents += 1
            if documents == 2:
                yield Fault(_mark(event.start_mark), "a second YAML document in one file")
                return
        elif isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > MOST_DEPTH:
                yield Fault(_mark(event.start_mark), f"nested deeper than {MOST_DEPTH} levels")
                return
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if isinstance(event, yaml.NodeEvent):
            for fault in _refused_node(event):
                count += 1
                yield fault


def _refused_node(event: yaml.NodeEvent) -> Iterator[Fault]:
    if event.anchor is not None:
        yield Fault(
            _mark(event.start_mark),
            f"YAML anchors and aliases are not allowed here: {event.anchor!r}",
            "write the value out, or let the cells share a cell type",
        )
    tag = getattr(event, "tag", None)
    if tag is not None:
        yield Fault(_mark(event.start_mark), f"YAML tags are not allowed here: {tag!r}")


def _read(node: yaml.Node, path: KeyPath, document: Document) -> Any:
    document.marks[path] = _mark(node.start_mark)
    if isinstance(node, yaml.MappingNode):
        return _read_mapping(node, path, document)
    if isinstance(node, yaml.SequenceNode):
        return [_read(item, (*path, i), document) for i, item in enumerate(node.value)]
    return _scalar(node)


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
            message = f"the key {key!r} stands twice; first on line {first.line}"
            document.faults.append(Fault(mark, message, "keep one of the two"))
            continue
        document.key_marks[(*path, key)] = mark
        values[key] = _read(value_node, (*path, key), document)
    return values


_CONSTRUCTOR = yaml.constructor.SafeConstructor()
_SCALARS = {f"tag:yaml.org,2002:{kind}" for kind in ("null", "bool", "int", "float")}


def _scalar(node: yaml.ScalarNode) -> Any:
    """Convert what YAML calls a null, a truth value or a number; the rest stays text."""
    if node.tag not in _SCALARS:
        return str(node.value)
    try:
        return _CONSTRUCTOR.construct_object(node)
    except (ValueError, OverflowError):
        return str(node.value)


def _mark(mark: yaml.Mark | None) -> Mark:
    return Mark() if mark is None else Mark(mark.line + 1, mark.column + 1)


def _mark_at(text: str, offset: int) -> Mark:
    line_start = text.rfind("\n", 0, offset) + 1
    return Mark(text.count("\n", 0, offset) + 1, offset - line_start + 1)
