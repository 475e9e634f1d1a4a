"""One line of a watch, or one page of a list, as a value. Pure."""

from __future__ import annotations

import json
from dataclasses import dataclass

GONE = 410  # the resource version is too old; only a new list can help


class BadAnswer(Exception):
    """The API server sent something that is not what the protocol says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """A pod was added, modified or deleted."""

    pod: dict[str, object]
    version: str
    is_deleted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Bookmark:
    """Nothing happened up to this resource version."""

    version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """The watch cannot go on. `code` is an HTTP status; 410 means expired."""

    code: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Part of a list."""

    pods: list[object]
    version: str
    next_page: str  # empty on the last page


def parse_event(line: bytes) -> Changed | Bookmark | Failed:
    """Read one line of a watch.

    Raises:
        BadAnswer: the line is no event.

    >>> parse_event(b'{"type":"ERROR","object":{"reason":"Expired","code":410}}')
    Failed(code=410, reason='Expired')
    """
    document = _parse_object(line)
    kind, item = document.get("type"), document.get("object")
    if not isinstance(item, dict):
        msg = "a watch event has no object"
        raise BadAnswer(msg)
    if kind == "ERROR":
        code = item.get("code")
        return Failed(code=code if type(code) is int else 0, reason=str(item.get("reason"))[:80])
    version = _version(item)
    if kind == "BOOKMARK":
        return Bookmark(version=version)
    if kind in ("ADDED", "MODIFIED", "DELETED"):
        return Changed(pod=item, version=version, is_deleted=kind == "DELETED")
    msg = f"a watch event has type {str(kind)[:40]!r}"
    raise BadAnswer(msg)


def parse_page(body: bytes) -> Page:
    """Read one page of a pod list.

    Raises:
        BadAnswer: the body is no list; an empty answer is never taken for "no pods".
    """
    document = _parse_object(body)
    kind, items = document.get("kind"), document.get("items")
    if kind not in ("PodList", "List") or not isinstance(items, list | None):
        msg = f"a list has kind {str(kind)[:40]!r}"
        raise BadAnswer(msg)
    metadata = document.get("metadata")
    token = metadata.get("continue") if isinstance(metadata, dict) else None
    return Page(pods=items or [], version=_version(document), next_page=str(token or ""))


def _version(item: dict[str, object]) -> str:
    metadata = item.get("metadata")
    version = metadata.get("resourceVersion") if isinstance(metadata, dict) else None
    if not isinstance(version, str) or not version:
        msg = "an answer has no resourceVersion"
        raise BadAnswer(msg)
    return version


def _parse_object(text: bytes) -> dict[str, object]:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        msg = "an answer is not JSON"
        raise BadAnswer(msg) from error
    if not isinstance(document, dict):
        msg = "an answer is not a JSON object"
        raise BadAnswer(msg)
    return document
