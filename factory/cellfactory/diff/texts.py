"""Texts that hold something: JSON, user data in parts, YAML; opened where that can be done.

Where an expression stands in a text, it stands in what is found there.
"""

from __future__ import annotations

import base64
import re
import zlib
from typing import Any

from cellfactory.documents import load_data
from cellfactory.tree.nodes import Call
from cellfactory.tree.values import Expression, decode_base64, decode_json

_MIME = re.compile(r"\AMIME-Version: [^\n]*\n", re.I)
_BOUNDARY = re.compile(r'boundary="?([^"\n;]+)"?', re.I)
_CONTENT_TYPE = re.compile(r"^content-type:\s*([^\n;]+)", re.I | re.M)
_BLOCK = re.compile(r"\A[\w.-]+:(\s|\Z)")
_PACKED = "H4sI"  # how gzip begins, in base64
_MOST_UNPACKED = 1 << 20  # bytes
_LEAST = 3  # characters of a text that holds anything


ENCODED = frozenset({"user_data", "user_data_base64", "content_base64", "binaryData", "userData"})
"""Names of what may hold base64; elsewhere it is by chance that a text can be read as that."""


def open_text(value: Any, *, is_encoded: bool = True) -> Any:
    """Look into a text of a resource.

    Args:
        value: of a tree.
        is_encoded: whether it may be base64, packed by gzip or not.

    Returns:
        What it holds: a mapping, a list, or the text that stood in base64; the value itself where
        it holds nothing that can be told apart.

    >>> open_text('{"Action": "s3:*"}')
    {'Action': 's3:*'}
    >>> open_text("YTogMQpiOiAyCg==")
    {'a': 1, 'b': 2}
    >>> open_text("plain")
    'plain'
    """
    if not isinstance(value, str | Expression) or (isinstance(value, str) and len(value) < _LEAST):
        return value
    found = decode_json(value)
    if isinstance(found, dict | list):
        return found
    if is_encoded or isinstance(value, Expression):
        text = _decoded(value)
        if text is not None:
            return _whole(text)
    return _whole(value) if isinstance(value, str) and "\n" in value else value


def _decoded(value: str | Expression) -> str | Expression | None:
    """Read base64 and what gzip has packed; None where it is neither."""
    if isinstance(value, Expression):
        node = value.node
        if isinstance(node, Call) and node.name == "base64gzip" and len(node.arguments) == 1:
            value = Expression(Call("base64encode", node.arguments))
    elif value.startswith(_PACKED):
        return _unpacked(value)
    text = decode_base64(value)
    return text if text is not value and isinstance(text, str | Expression) else None


def _unpacked(text: str) -> str | None:
    try:
        data = base64.b64decode(text, validate=True)
        return zlib.decompressobj(wbits=31).decompress(data, _MOST_UNPACKED).decode()
    except (ValueError, zlib.error):
        return None


def _whole(text: str | Expression) -> Any:
    """Open user data, or a YAML document."""
    found = decode_json(text)
    if isinstance(found, dict | list):
        return found
    written = text if isinstance(text, str) else _as_text(text)
    parts = _parts(written)
    if parts is not None:
        return parts
    return _yaml(written)


def _as_text(value: Expression) -> str:
    """Write a template as its text, expressions in their own words."""
    return value.text


def _parts(text: str) -> list[Any] | None:
    """Take user data in several parts apart; None where it is of one."""
    if _MIME.match(text) is None:
        return None
    boundary = _BOUNDARY.search(text)
    if boundary is None:
        return None
    pieces = text.split(f"--{boundary[1]}")[1:]
    return [_part(piece) for piece in pieces if not piece.startswith("--")]


def _part(piece: str) -> dict[str, Any]:
    head, _, body = piece.lstrip("\n").partition("\n\n")
    kind = _CONTENT_TYPE.search(head)
    found = decode_json(body.strip())
    held = found if isinstance(found, dict | list) else _yaml(body)
    return {"content_type": kind[1].strip() if kind else "", "content": held}


def _yaml(text: str) -> Any:
    if _BLOCK.match(text) is None:
        return text
    try:
        found = load_data(text)
    except Exception:  # a text may be anything, and stays one
        return text
    return found if isinstance(found, dict | list) else text
