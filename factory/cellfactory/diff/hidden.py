"""What is never shown: what is secret by its name, by its form, or because it says so."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from cellfactory.diff.model import Path, Unknown

HIDDEN: Final = "(sensitive)"
"""Stands for a value that is never shown."""

_SECRET = re.compile(
    r"pass(word|wd|phrase)|htpasswd|secret|token|credential|bearer|authorization|connection_?string"
    r"|(private|api|access|signing|client|ssh|encryption|account|auth)[_-]?key|\bpwd\b|(^|_)pwd(_|$)",
    re.I,
)
_NAMES = re.compile(
    r"(arns?|(^|_)ids?|Ids?|names?|kms_key|version|rotation|window|type|hop_limit|ttl|enabled)$"
    r"|^http_tokens$"
)
"""Ends of names of what only names a secret, or says how it is kept."""

_KEY = (
    r"[\w.-]*(?:pass(?:word|wd|phrase)|secret|token|(?:private|api|access|auth)[_-]?key|pwd)[\w.-]*"
)
_VALUE = r"(?:\"[^\"\n]*\"|'[^'\n]*'|[^\s\"',;&]+)"
_FORMS = (
    re.compile(
        rf"(?i)((?<![\w.-])(?!http_tokens\b){_KEY}[\"']?\s*[=:]\s*)(?!\$\{{|\(sensitive\))({_VALUE})"
    ),
    re.compile(rf"(?i)((?<!\S)--?{_KEY}\s+)(?!-|\$\{{)({_VALUE})"),
    re.compile(r"(\w+://[^\s/:@]*:)([^\s/@]+)(?=@)"),
    re.compile(r"(?i)(\bauthorization\W+\w+\s+|\bbearer\s+)([\w.~+/=-]{8,})"),
    re.compile(r"()(\b(?:AKIA|ASIA)[A-Z0-9]{16}\b)"),
    re.compile(r"()(\bgh[pousr]_\w{20,}|\bxox[abp]-[\w-]{10,}|\beyJ[\w-]{10,}\.[\w-]+\.[\w-]*)"),
    re.compile(
        r"(-----BEGIN [A-Z ]*PRIVATE KEY-----)(.*?)(?=-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.S
    ),
)
_HINTS = re.compile(
    r"(?i)pass|pwd|secret|token|key|://|bearer|authorization|a[ks]ia|gh[pousr]_|xox|eyJ"
)
_NAME_OF_VALUE = ("name", "key", "Name", "Key")


@dataclass(frozen=True, slots=True, repr=False)
class Hidden:
    """A value that two sides can be held against each other by, and nobody can read."""

    mark: bytes

    def __repr__(self) -> str:
        return HIDDEN


def hide(value: Any) -> Hidden:
    """Make a value unreadable."""
    if isinstance(value, Hidden):
        return value
    return Hidden(hashlib.sha256(repr(value).encode("utf-8", "surrogatepass")).digest())


def is_secret(path: Path) -> bool:
    """Tell by the name of a value whether it may be a secret.

    >>> is_secret(("master_password",)), is_secret(("secret_arn",)), is_secret(("tags", "team"))
    (True, False, False)
    """
    return any(
        isinstance(key, str) and _SECRET.search(key) and not _NAMES.search(key) for key in path
    )


def is_named_secret(value: Mapping[str, Any]) -> bool:
    """Tell whether an object names its value itself, as an environment variable does."""
    named = next((value[k] for k in _NAME_OF_VALUE if isinstance(value.get(k), str)), "")
    return is_secret((named,)) and ("value" in value or "Value" in value)


def scrub(text: str) -> str:
    """Put `(sensitive)` into the place of what looks like a secret in a text.

    >>> scrub("export DB_PASSWORD=hunter2; run")
    'export DB_PASSWORD=(sensitive); run'
    """
    if not _HINTS.search(text):
        return text
    for form in _FORMS:
        text = form.sub(lambda found: f"{found[1]}{HIDDEN}", text)
    return text


def mask(value: Any) -> Any:
    """Hide what is secret inside of a value; the value itself where nothing is."""
    if isinstance(value, Hidden):
        return HIDDEN
    if isinstance(value, str):
        return scrub(value)
    if isinstance(value, Unknown):
        safe = scrub(value.text)
        return value if safe == value.text else Unknown(text=safe)
    if isinstance(value, dict):
        named = is_named_secret(value)
        made = {key: _mask_of(key, inner, named=named) for key, inner in value.items()}
        return made if any(made[key] is not value[key] for key in value) else value
    if isinstance(value, list):
        items = [mask(inner) for inner in value]
        return items if any(a is not b for a, b in zip(items, value, strict=True)) else value
    return value


def _mask_of(key: str, value: Any, *, named: bool) -> Any:
    is_hidden = is_secret((key,)) or (named and key in ("value", "Value"))
    if is_hidden and value not in (None, "") and not isinstance(value, Unknown | bool):
        return HIDDEN
    return mask(value)


def seal(kind: str, *items: Mapping[str, Any]) -> tuple[Mapping[str, Any], ...]:
    """Hide the values of outputs and variables that one side or the other calls sensitive.

    Args:
        kind: `output`, `variable`, or what is neither.
        items: what a document says of it, on each side.
    """
    if kind not in ("output", "variable") or not any(i.get("sensitive") is True for i in items):
        return items
    return tuple(
        {k: hide(inner) if k in ("value", "default") else inner for k, inner in item.items()}
        for item in items
    )
