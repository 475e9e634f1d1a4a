"""What can still be read of an inventory that was refused."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, Literal, TypeVar, get_args, get_origin

from pydantic import TypeAdapter, ValidationError

from cellfactory.errors import KeyPath
from cellfactory.inventory.kinds import alternatives, is_model
from cellfactory.inventory.unreadable import HOLE, Rest
from cellfactory.inventory.values import Model

Refused = Literal["value", "name"]
"""What was refused of an entry: what it holds, or what it is called."""

Root = TypeVar("Root", bound=Model)
Tree = dict[str | int, Any]  # of a path's keys; a leaf is a `Refused`


def salvage(root: type[Root], value: Any, refused: Mapping[KeyPath, Refused]) -> Root | None:
    """Read a value as far as it goes.

    Whatever was refused is not there: reading it raises `UnreadableError`, and so does a default
    in the place of a value that was refused.

    Args:
        root: what the value should be.
        value: plain data, as it was written.
        refused: where something is refused, or missing, and what of it.

    Returns:
        The value; None when there is nothing of it.
    """
    tree: Tree = {}
    for path, what in refused.items():
        if not path:
            return None
        _plant(tree, path, what)
    try:
        read = _read_model(root, value, tree)
    except ValidationError:  # something else than what was refused; then nothing is sure
        return None
    return read


def _plant(tree: Tree, path: KeyPath, what: Refused) -> None:
    for key in path[:-1]:
        tree = tree.setdefault(key, {})
        if not isinstance(tree, dict):
            return
    tree[path[-1]] = what


def _read_model(kind: type[Root], value: Mapping[str, Any], tree: Tree) -> Root:
    fields, unread = {}, set()
    for name, field in kind.model_fields.items():
        if name in tree:
            part = _read_part(field.annotation, value.get(name), tree[name])
            if part is HOLE:
                unread.add(name)
            else:
                fields[name] = part
        elif name in value:
            fields[name] = _field(kind, name).validate_python(value[name])
    made = kind.model_construct(**fields)
    for name in unread:
        vars(made).pop(name, None)  # a default would say what nobody wrote
    return made


@cache
def _field(kind: type[Model], name: str) -> TypeAdapter[Any]:
    return TypeAdapter(kind.model_fields[name].rebuild_annotation())


def _read_part(annotation: Any, value: Any, below: Tree | Refused) -> Any:
    """Read a value of which a part was refused; a hole, where all of it was."""
    if isinstance(below, str):
        return HOLE
    kinds = [kind for kind in alternatives(annotation) if kind is not type(None)]
    if len(kinds) != 1:
        return HOLE  # one of several kinds: nobody knows which was meant
    (kind,) = kinds
    if is_model(kind) and isinstance(value, dict):
        return _read_model(kind, value, below)
    if get_origin(kind) is dict and isinstance(value, dict):
        return _read_mapping(get_args(kind)[1], value, below)
    if get_origin(kind) is list and isinstance(value, list):
        return [_read_item(get_args(kind)[0], v, below.get(i)) for i, v in enumerate(value)]
    return HOLE


def _read_mapping(annotation: Any, value: Mapping[str, Any], below: Tree) -> Rest[Any]:
    entries = {k: _read_item(annotation, v, below.get(k)) for k, v in value.items()}
    read = {key: entry for key, entry in entries.items() if entry is not HOLE}
    misnamed = {key for key, what in below.items() if what == "name"}
    unread = entries.keys() - read.keys() - misnamed
    return Rest(read, unread, is_misnamed=bool(misnamed))


def _read_item(annotation: Any, value: Any, below: Tree | Refused | None) -> Any:
    if below is None:
        return (
            annotation.model_validate(value)
            if is_model(annotation)
            else TypeAdapter(annotation).validate_python(value)
        )
    return _read_part(annotation, value, below)
