"""What the schema refused, in our own words.

The schema says `extra_forbidden` at `("cells", "a", "rin")`; a person wants to read that there is
no key `rin` and that `ring` was probably meant. Nothing of the schema library's wording is shown.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from cellfactory.documents import Document, shorten
from cellfactory.errors import Finding, KeyPath
from cellfactory.inventory.kinds import keys_at
from cellfactory.inventory.nearest import nearest
from cellfactory.inventory.patterns import WORDS
from cellfactory.inventory.pipeline import RUNNER_LABEL, RUNNER_LIST
from cellfactory.inventory.rings import RING_LIST, RING_MAPPING
from cellfactory.inventory.salvage import Refused
from cellfactory.inventory.schema import (
    ADDON_ENTRY,
    ADDON_VERSION,
    EXISTING_ACCOUNT,
    HUB_BY_HAND,
    HUB_ROLE,
    NEW_ACCOUNT,
)

Error = Mapping[str, Any]

MOST_READ = 1000  # characters of a refused text
MOST_GUESSES = 200  # unknown keys whose nearest known key is searched for
ACCOUNT_KINDS = "an account has either id, or email and ou"
_KEY = "[key]"  # the schema's mark of a key that is not well formed
# the schema's marks of what kind of account, add-on or acceptance it read
_TAGS = {EXISTING_ACCOUNT, NEW_ACCOUNT, ADDON_ENTRY, ADDON_VERSION, HUB_BY_HAND, HUB_ROLE}


def refusals(
    error: ValidationError, root: type[BaseModel], document: Document
) -> Iterator[Finding]:
    """Turn what the schema refused into findings; a slip of the finger is one finding, not two.

    Rules:
        F102: an unknown key.
        F103: a key that is missing.
        F104: a value of the wrong type.
        F105: a value out of bounds, or not of the form it must have.
        F106: a key that is not well formed.
    """
    errors = [(_path(e), e) for e in error.errors(include_url=False)]
    guesses = _guesses(errors, root, document)
    meant = {(*path[:-1], guess) for path, guess in guesses.items() if guess is not None}
    accounts = set()
    for path, e in errors:
        if e["type"] in ("extra_forbidden", "missing"):
            finding = _misplaced(root, path, e, guesses.get(path))
            if path in meant or (finding.hint == ACCOUNT_KINDS and path[:3] in accounts):
                continue
            accounts.add(path[:3])
            yield finding
        elif _is_bad_key(e):
            yield Finding(
                rule="F106", path=path, message=_bad_key(path, e), hint=odd_character(path[-1])
            )
        else:
            yield _refused_value(path, e, document)


def unreadable(
    error: ValidationError, root: type[BaseModel], document: Document
) -> dict[KeyPath, Refused]:
    """Map the paths of what was refused or is missing to what of it was refused.

    An unknown key is not among them, but the one that was probably meant is. Where there is no
    such guess, every key that is not there may have been meant, so that no default can be read.
    """
    errors = [(_path(e), e) for e in error.errors(include_url=False)]
    guesses = _guesses(errors, root, document)
    found: dict[KeyPath, Refused] = {}
    for path, guess in guesses.items():
        meant = [guess] if guess is not None else _unused(root, path, document)
        found |= {(*path[:-1], key): "value" for key in meant}
    for path, e in errors:
        if _is_bad_key(e) or found.get(path) == "name":
            found[path] = "name"
        elif e["type"] != "extra_forbidden":
            found[path] = "value"
    return found


def _guesses(
    errors: Iterable[tuple[KeyPath, Error]], root: type[BaseModel], document: Document
) -> dict[KeyPath, str | None]:
    """Guess for unknown keys which known one was meant."""
    unknown = [path for path, e in errors if e["type"] == "extra_forbidden"]
    return {p: nearest(str(p[-1]), _unused(root, p, document)) for p in unknown[:MOST_GUESSES]}


def _misplaced(root: type[BaseModel], path: KeyPath, error: Error, guess: str | None) -> Finding:
    """Say that a key is missing, or is not known; an account's are of one of two kinds."""
    parent, key = path[:-1], path[-1]
    is_account = len(parent) == 3 and parent[2] == "account"
    if error["type"] == "missing":
        hint = ACCOUNT_KINDS if is_account else ""
        return Finding(
            rule="F103", path=parent, message=f"{_name(parent)} lacks {key!r}", hint=hint
        )
    message = f"unknown key {shorten(key)!r}"
    if guess is not None:
        meant, hint = f"{message}; did you mean {guess!r}?", odd_character(key)
        return Finding(rule="F102", path=path, message=meant, hint=hint)
    known = f"known keys: {', '.join(sorted(keys_at(root, parent)))}"
    known = f"{odd_character(key)}\n{known}".lstrip()
    return Finding(
        rule="F102", path=path, message=message, hint=ACCOUNT_KINDS if is_account else known
    )


def _refused_value(path: KeyPath, error: Error, document: Document) -> Finding:
    wanted = _WANTED_TYPES.get(error["type"])
    name = _name(path)
    if wanted is not None:
        value, written = error["input"], document.words.get(path)
        is_fraction = wanted == _WHOLE and isinstance(value, float)
        message = f"{name} must be {wanted}, not {written if is_fraction else _kind(value)}"
        hint = _retyped(wanted, value, written)
        return Finding(rule="F104", path=path, message=message, hint=hint)
    say = _SENTENCES.get(error["type"])
    message = say(name, error) if say else f"{name} is not valid: {shorten(error['input'])!r}"
    hint = odd_character(error["input"]) if error["type"] == "string_pattern_mismatch" else ""
    return Finding(rule="F105", path=path, message=message, hint=hint)


def _retyped(wanted: str, value: Any, written: str | None) -> str:
    """Say how to write what was probably meant."""
    if wanted == "text" and written and value is not None:
        return f'put it in quotes: "{shorten(written)}"'
    if wanted == _TRUTH and str(value).lower() in _OLD_TRUTHS:
        return f"write it as {_OLD_TRUTHS[str(value).lower()]}"
    return _as_digits(value) if wanted == _WHOLE else ""


def _as_digits(value: Any) -> str:
    if isinstance(value, bool):
        return "write a number, such as 1"
    if isinstance(value, float) and value.is_integer():
        return f"write it as {value:.0f}"
    if isinstance(value, str) and _DIGITS.fullmatch(value):
        return f"remove the quotes: {value}"
    if isinstance(value, str) and any(map(str.isdigit, value)):
        return odd_character(value) or "use digits only, such as 20"
    return ""


def odd_character(text: object) -> str:
    """Name the first character that is not ASCII, or not to be seen: it may look like another.

    >>> odd_character("m\u0435sh")
    'its character 2 is not ASCII: U+0435, CYRILLIC SMALL LETTER IE'
    """
    for position, character in enumerate(str(text)[:MOST_READ], start=1):
        if not character.isascii() or not character.isprintable():
            name = unicodedata.name(character, "a control character")
            kind = "not ASCII" if not character.isascii() else "not to be seen"
            return f"its character {position} is {kind}: U+{ord(character):04X}, {name}"
    return ""


def _bad_key(path: KeyPath, error: Error) -> str:
    key = shorten(path[-1])
    if error["type"] == "string_pattern_mismatch":
        return f"the key {key!r} is not {WORDS[error['ctx']['pattern']]}"
    if error["type"] == "string_too_long":
        most = error["ctx"]["max_length"]
        return f"the key {key!r} has {len(str(path[-1])):,} characters; the limit is {most}"
    if error["type"] == "literal_error":
        return f"unknown key {key!r}; it is one of {error['ctx']['expected']}"
    return f"the key {key!r} is not valid"


_WHOLE = "a whole number"
_TRUTH = "true or false"
_OLD_TRUTHS = {"yes": "true", "on": "true", "no": "false", "off": "false"}  # of YAML 1.1
_DIGITS = re.compile("[1-9][0-9]{0,17}")
_WANTED_TYPES = {
    "int_type": _WHOLE,
    "int_from_float": _WHOLE,
    "bool_type": _TRUTH,
    "string_type": "text",
    "list_type": "a list",
    "dict_type": "a mapping of keys to values",
    "model_type": "a mapping of keys to values",
    "model_attributes_type": "a mapping of keys to values",
    "union_tag_not_found": "`{id: …}`, or `{email: …, ou: …}`",
}

_SENTENCES: Mapping[str, Callable[[str, Error], str]] = {
    "greater_than_equal": lambda n, e: f"{n} must be at least {e['ctx']['ge']:,}{_not(e)}",
    "less_than_equal": lambda n, e: f"{n} must be at most {e['ctx']['le']:,}{_not(e)}",
    "too_short": lambda n, e: (
        f"{n} must hold at least {e['ctx']['min_length']}, not {e['ctx']['actual_length']}"
    ),
    "too_long": lambda n, e: (
        f"{n} must hold at most {e['ctx']['max_length']}, not {e['ctx']['actual_length']:,}"
    ),
    "string_too_short": lambda n, e: (
        f"{n} must have at least {e['ctx']['min_length']} characters, not {len(e['input'])}"
        if e["input"]
        else f"{n} must not be empty"
    ),
    "string_too_long": lambda n, e: (
        f"{n} must have at most {e['ctx']['max_length']} characters, not {len(e['input']):,}"
    ),
    "string_pattern_mismatch": lambda n, e: (
        f"{n} must be {WORDS[e['ctx']['pattern']]}, not {shorten(e['input'])!r}"
    ),
    "literal_error": lambda n, e: f"{n} must be {e['ctx']['expected']}{_not(e)}",
    "value_error": lambda n, e: f"{n}: {e['ctx']['error']}",
}


def _not(error: Error) -> str:
    value = error["input"]
    if isinstance(value, bool | dict | list) or value is None:
        return f", not {_kind(value)}"
    return f", not {value:,}" if isinstance(value, int) else f", not {shorten(value)!r}"


def _kind(value: Any) -> str:
    """Name the type of what was written as a person would."""
    if value is None:
        return "empty"
    kinds = {bool: "a truth value", int: "a number", float: "a number", str: "text"}
    return kinds.get(type(value)) or ("a list" if isinstance(value, list) else "a mapping")


def _name(path: KeyPath) -> str:
    """Name a value by its key, and a list's item by the list and its place in it."""
    if not path:
        return "the inventory"
    last = path[-1]
    if isinstance(last, int):
        return f"{_name(path[:-1])}[{last}]"
    return shorten(last)


def _path(error: Error) -> KeyPath:
    """Leave out of the schema's location what is not in the file."""
    path: KeyPath = error["loc"]
    for place, key in ((3, "account"), (3, "accept"), (4, "addons")):
        if path[2:3] == (key,) and path[place : place + 1] and path[place] in _TAGS:
            path = (*path[:place], *path[place + 1 :])
    if path[:1] == ("rings",) and path[1:2] in ((RING_LIST,), (RING_MAPPING,)):
        path = ("rings", *path[2:])
    if path[:2] == ("pipeline", "runners") and path[3:4] in ((RUNNER_LABEL,), (RUNNER_LIST,)):
        path = (*path[:3], *path[4:])
    return path[:-1] if _is_bad_key(error) else path


def _is_bad_key(error: Error) -> bool:
    return error["loc"][-1:] == (_KEY,) and error["type"] not in ("extra_forbidden", "missing")


def _unused(root: type[BaseModel], path: KeyPath, document: Document) -> Iterator[str]:
    """The keys that could stand where an unknown one does, and do not stand there yet."""
    for key in keys_at(root, path[:-1]):
        if (*path[:-1], key) not in document.key_marks:
            yield key
