"""The values of a resource as a diff sees them: what texts hold is opened, secrets are hidden.

A value is plain JSON, an `Unknown` or a `Hidden`. What a text holds (JSON, YAML, the parts of
multi-part user data, in base64 or compressed) lies below its path.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
import zlib
from collections.abc import Iterator, Mapping
from typing import Any

from cellfactory.diff.hidden import HIDDEN, hide, names_a_secret, scrub
from cellfactory.diff.model import Path, Unknown
from cellfactory.documents import parse_document
from cellfactory.tree.nodes import Call
from cellfactory.tree.values import Expression, decode_json, to_value

_ENCODED = ("user_data", "user_data_base64", "content_base64", "userData", "custom_data")
"""Attributes that may hold base64."""
_YAML_BELOW = ("values", "manifest")  # of a chart: texts of YAML
_YAML_TYPES = ("application/node.eks.aws", "text/cloud-config", "application/yaml")
_MOST_OPENED = 1 << 20  # bytes of compressed text that are worth a look
_DEEPEST = 12  # texts inside texts
_MIME = re.compile(r"\A\s*(?:MIME-Version:|Content-Type:\s*multipart/)", re.I)
_BOUNDARY = re.compile(r'boundary="?([^"\s;]+)"?', re.I)
_TYPE = re.compile(r"^Content-Type:\s*([^\s;]+)", re.I | re.M)
_GZIP = b"\x1f\x8b"
_PAIR = (frozenset({"name", "value"}), frozenset({"key", "value"}))


def open_body(body: Mapping[str, Any]) -> dict[str, Any]:
    """Open every attribute of a resource, provider or other block."""
    return {name: open_value(value, (name,)) for name, value in body.items()}


def open_value(value: Any, path: Path, depth: int = 0) -> Any:
    """Open one value.

    Args:
        value: of a tree, or of JSON.
        path: where it stands; its names tell secrets, and what holds base64 or YAML.
        depth: how many texts it stands in.
    """
    name = next((part for part in reversed(path) if isinstance(part, str)), "")
    if names_a_secret(name) and value not in (None, "", [], {}):
        return _hidden(value)
    if isinstance(value, Mapping):
        return _open_object(value, path, depth)
    if isinstance(value, list | tuple):
        return [open_value(inner, (*path, n), depth) for n, inner in enumerate(value)]
    if isinstance(value, Expression):
        return _open_expression(value, path, depth)
    return _open_text(value, path, depth) if isinstance(value, str) else value


def _hidden(value: Any) -> Any:
    """Hide a value; an expression tells nothing, and where nothing is secret nothing is hidden."""
    if isinstance(value, Expression):
        return Unknown(text=scrub(value.text)) if not _has_texts(value) else hide(value.text)
    if isinstance(value, bool):
        return value
    return hide(_plain(value))


def _has_texts(value: Expression) -> bool:
    return '"' in value.text or not value.text.startswith("${")


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return value.text if isinstance(value, Expression) else value


def _open_object(value: Mapping[str, Any], path: Path, depth: int) -> dict[str, Any]:
    opened = {
        str(key): open_value(inner, (*path, str(key)), depth) for key, inner in value.items()
    }
    if any(pair <= opened.keys() for pair in _PAIR):  # an environment variable, a setting
        name = value.get("name", value.get("key"))
        if isinstance(name, str) and names_a_secret(name):
            opened["value"] = _hidden(value["value"])
    return opened


def _open_expression(value: Expression, path: Path, depth: int) -> Any:
    decoded = decode_json(value)
    if not isinstance(decoded, Expression):
        return open_value(decoded, path, depth + 1) if depth < _DEEPEST else value.text
    node = decoded.node
    if isinstance(node, Call) and len(node.arguments) == 1 and depth < _DEEPEST:
        if node.name in ("base64encode", "base64gzip", "yamlencode"):
            return open_value(to_value(node.arguments[0]), path, depth + 1)
        if node.name == "sensitive":
            return hide(value.text)
    if _MIME.match(value.text):
        return _open_parts(value.text, path, depth)
    return Unknown(text=scrub(value.text))


def _open_text(text: str, path: Path, depth: int) -> Any:
    if depth >= _DEEPEST or len(text) < 2:  # noqa: PLR2004 - `{}` has two
        return _kept(text)
    if text.lstrip()[:1] in ("{", "["):
        decoded = decode_json(text)
        if isinstance(decoded, dict | list):
            return open_value(decoded, path, depth + 1)
    if any(part in _ENCODED for part in path):
        decoded_text = _decoded(text)
        if decoded_text is not None:
            return open_value(decoded_text, path, depth + 1)
    if _MIME.match(text):
        return _open_parts(text, path, depth)
    is_yaml = any(part in (*_YAML_BELOW, *_YAML_TYPES) for part in path) and "\n" in text.strip()
    return _open_yaml(text, path, depth) if is_yaml else _kept(text)


def _kept(text: str) -> Any:
    """Keep a text: what looks like a secret in it is taken out, and marks it."""
    safe = scrub(text)
    if safe == text:
        return Unknown(text=text) if text.startswith("${") and text.endswith("}") else text
    if safe == HIDDEN:
        return hide(text)
    return [*_lines(text)]


def _lines(text: str) -> Iterator[Any]:
    """Take a text apart into lines, of which those with a secret are hidden whole."""
    for line in text.split("\n"):
        yield line if scrub(line) == line else hide(line)


def _open_yaml(text: str, path: Path, depth: int) -> Any:
    document = parse_document(text)
    if document.faults or not isinstance(document.value, dict | list):
        return _kept(text)
    return open_value(document.value, path, depth + 1)


def _decoded(text: str) -> str | None:
    """Read base64, of a text or of one that gzip has packed."""
    try:
        data = base64.b64decode(text, validate=True)
        if data.startswith(_GZIP):
            data = zlib.decompressobj(wbits=31).decompress(data, _MOST_OPENED)
        return data.decode()
    except (binascii.Error, ValueError, zlib.error):
        return None


def _open_parts(text: str, path: Path, depth: int) -> Any:
    """Open the parts of multi-part user data, each below its type."""
    found = _BOUNDARY.search(text)
    if not found:
        return _kept(text)
    opened: dict[str, Any] = {}
    for part in text.split(f"--{found[1]}")[1:]:
        head, _, body = part.lstrip("\r\n").replace("\r\n", "\n").partition("\n\n")
        kind = _TYPE.search(head)
        if kind is None:
            continue
        count = sum(key.startswith(kind[1]) for key in opened)
        key = f"{kind[1]} {count + 1}" if count else kind[1]
        opened[key] = open_value(body.strip("\n"), (*path, key, kind[1]), depth + 1)
    return opened or _kept(text)


def to_text(value: Any) -> str:
    """Write a value so that equal texts mean equal values; hidden ones are told apart."""
    return json.dumps(value, sort_keys=True, default=_mark)


def _mark(value: Any) -> str:
    return f"\0{value.text}" if isinstance(value, Unknown) else f"\0{getattr(value, 'mark', value)!r}"
