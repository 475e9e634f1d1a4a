"""What is never shown: values that are secret by their name, by their form, or because it says so."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import Any, Final

HIDDEN: Final = "(sensitive)"
"""Stands for a value that is never shown."""

_SECRET_WORDS = frozenset(
    {
        *("password", "passwd", "passphrase", "pwd", "secret", "secrets", "token", "credential"),
        *("credentials", "bearer", "authorization", "apikey", "privatekey", "secretkey"),
    }
)
_SECRET_PAIRS = frozenset(
    {("private", "key"), ("secret", "key"), ("api", "key"), ("access", "key"), ("auth", "key")}
)
_NO_SECRETS = frozenset({"secret_arn", "secret_name", "token_ttl"})  # they name one
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")

_KEY = (
    r"[\w.-]*(?:password|passwd|passphrase|secret|token|private_?key|api_?key|access_?key)[\w.-]*"
)
_FORMS = (
    re.compile(rf"(?i)(?<=\b)({_KEY}[\"']?\s*[=:]\s*)(\"[^\"\n]*\"|'[^'\n]*'|[^\s\"',;]+)"),
    re.compile(rf"(?i)(--?{_KEY}\s+)(\"[^\"\n]*\"|'[^'\n]*'|[^\s\"',;-][^\s\"',;]*)"),
    re.compile(r"(\w+://[^\s/:@]+:)([^\s/@]+)(?=@)"),
    re.compile(r"(?i)(\bauthorization:\s*\w+\s+|\bbearer\s+)([\w.~+/=-]{8,})"),
    re.compile(r"()(\b(?:AKIA|ASIA)[A-Z0-9]{16}\b)"),
    re.compile(r"()(\bgh[pousr]_\w{20,}|\bxox[abp]-[\w-]{10,}|\beyJ[\w-]{10,}\.[\w-]+\.[\w-]*)"),
    re.compile(
        r"(-----BEGIN [A-Z ]*PRIVATE KEY-----)(.*?)(?=-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.S
    ),
)
_HINTS = re.compile(
    r"(?i)pass|secret|token|key|://|bearer|authorization|akia|asia|gh[pousr]_|xox|eyJ"
)


@dataclass(frozen=True, slots=True, repr=False)
class Hidden:
    """A value that two sides can be held against each other by, and nobody can read."""

    mark: bytes

    def __repr__(self) -> str:
        return HIDDEN


def hide(value: Any) -> Hidden:
    """Make a value unreadable."""
    return Hidden(hashlib.sha256(repr(value).encode("utf-8", "surrogatepass")).digest())


def names_a_secret(key: str) -> bool:
    """Tell by its name whether a value is secret.

    >>> names_a_secret("masterPassword"), names_a_secret("secret_access_key")
    (True, True)
    >>> names_a_secret("http_tokens"), names_a_secret("kms_key_id")
    (False, False)
    """
    if key.lower().replace("-", "_") in _NO_SECRETS:
        return False
    words = [word.lower() for word in _WORDS.findall(key)]
    pairs = set(zip(words, words[1:], strict=False))
    return not _SECRET_WORDS.isdisjoint(words) or not _SECRET_PAIRS.isdisjoint(pairs)


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


def shown(value: Any) -> Any:
    """Write what may be shown of a value: its hidden parts as `(sensitive)`."""
    if isinstance(value, Hidden):
        return HIDDEN
    if isinstance(value, dict):
        return {key: shown(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [shown(inner) for inner in value]
    return value
