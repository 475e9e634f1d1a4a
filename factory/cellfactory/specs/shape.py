"""The shape of a spec: all of it but its leaves.

Stacks whose specs have one shape are one synthesis: it is made with a stand-in for each leaf, and
filled with the leaves of each stack. What is a leaf stands in the types of the specs
(`cellfactory.layers.leaf`); everything else is part of the shape.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, singledispatch
from ipaddress import IPv4Network
from json.encoder import encode_basestring as quoted
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel

from cellfactory.layers.leaf import Mark
from cellfactory.specs.stack import StackSpec

Filling = str | Mapping[str, Mapping[str, str]]
"""What goes into the place of a stand-in: the text of a leaf, or rows."""

_PLAIN = re.compile(r"[A-Za-z0-9 _./:@+=,\-$(){}\[\]]*")
"""Texts that no JSON, in however many others, writes in another way; another one is no leaf."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What a stack has in common with others, and what it has for itself."""

    key: str  # of all that is no leaf, and of where the leaves are
    fillings: tuple[Filling, ...]  # the leaves, in the order of their places


class LeafTouchedError(AssertionError):
    """A builder looked at a leaf, which it may only pass on: a bug of ours."""


class StandIn(str):
    """Stands for a leaf while a shape is built; it can be written, and nothing else."""

    __slots__ = ()

    def _refuse(self, *_: object, **__: object) -> Any:
        msg = f"the stand-in {str.__str__(self)} was looked at; a leaf may only be passed on"
        raise LeafTouchedError(msg)

    __hash__ = _refuse
    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = _refuse
    __bool__ = __len__ = __iter__ = __contains__ = __getitem__ = __mod__ = __mul__ = _refuse


for _name in dir(str):
    if not _name.startswith("_"):
        setattr(StandIn, _name, StandIn._refuse)


def shape_of(spec: StackSpec) -> Shape:
    """Tell what a spec has in common with others from its leaves."""
    parts: list[str] = []
    fillings: list[Filling] = []
    _walk(StackSpec).collect(spec, parts, fillings)
    key = hashlib.sha256("\n".join(parts).encode()).hexdigest()
    return Shape(key=key, fillings=tuple(fillings))


def hollow(spec: StackSpec, stand_ins: Iterator[str]) -> StackSpec:
    """Put a stand-in into the place of each leaf, in the order of `Shape.fillings`."""
    made: StackSpec = _walk(StackSpec).replace(spec, stand_ins)
    return made


@dataclass(frozen=True, slots=True)
class _Walk:
    """How values of one type are taken apart and put together."""

    collect: Callable[[Any, list[str], list[Filling]], None]
    replace: Callable[[Any, Iterator[str]], Any]


@cache
def _walk(kind: Any) -> _Walk:
    """Find the way through values of an annotated type."""
    origin, arguments = get_origin(kind), get_args(kind)
    made = _SHAPE
    if (mark := _mark(kind)) is not None:
        made = _LEAF if mark is Mark.LEAF else _ROWS
    elif origin in (Union, UnionType):
        made = _choice(arguments)
    elif origin is tuple and arguments[1:] == (Ellipsis,):
        made = _sequence(_walk(arguments[0]))
    elif isinstance(origin, type) and issubclass(origin, Mapping):
        made = _mapping(_walk(arguments[1]))
    elif isinstance(kind, type) and dataclasses.is_dataclass(kind):
        made = _fields(kind)
    return made


def _mark(kind: Any) -> Mark | None:
    """Tell how a type is marked; other libraries annotate types as well."""
    found = get_args(kind)[1:] if get_origin(kind) is Annotated else ()
    return next((mark for mark in found if isinstance(mark, Mark)), None)


def _is_plain(text: str) -> bool:
    return _PLAIN.fullmatch(text) is not None


def _collect_leaf(value: str, parts: list[str], fillings: list[Filling]) -> None:
    if _is_plain(value):
        parts.append("<leaf>")
        fillings.append(value)
    else:
        parts.append(_text(value))


def _replace_leaf(value: str, stand_ins: Iterator[str]) -> str:
    return StandIn(next(stand_ins)) if _is_plain(value) else value


def _collect_rows(value: Any, parts: list[str], fillings: list[Filling]) -> None:
    parts.append("<rows>")
    fillings.append(value)


def _collect_shape(value: Any, parts: list[str], _: list[Filling]) -> None:
    parts.append(_text(value))


_LEAF = _Walk(_collect_leaf, _replace_leaf)
_ROWS = _Walk(_collect_rows, lambda _, stand_ins: StandIn(next(stand_ins)))
_SHAPE = _Walk(_collect_shape, lambda value, _: value)


def _sequence(inner: _Walk) -> _Walk:
    def collect(values: Sequence[Any], parts: list[str], fillings: list[Filling]) -> None:
        parts.append(f"[{len(values)}")
        for value in values:
            inner.collect(value, parts, fillings)

    return _Walk(collect, lambda values, s: tuple(inner.replace(v, s) for v in values))


def _mapping(inner: _Walk) -> _Walk:
    def collect(values: Mapping[Any, Any], parts: list[str], fillings: list[Filling]) -> None:
        parts.append(f"{{{len(values)}")
        for key, value in values.items():
            parts.append(_text(key))
            inner.collect(value, parts, fillings)

    return _Walk(collect, lambda values, s: {k: inner.replace(v, s) for k, v in values.items()})


def _choice(kinds: Sequence[Any]) -> _Walk:
    """Of several types, the one of the value itself decides; what is marked, of all but None."""
    marked = next((_walk(kind) for kind in kinds if _mark(kind) is not None), None)
    types = ((get_origin(kind) or kind, kind) for kind in kinds if _mark(kind) is None)
    walks = {found: _walk(kind) for found, kind in types if isinstance(found, type)}

    def of(value: Any) -> _Walk:
        if marked is not None and value is not None:
            return marked
        return next((walk for kind, walk in walks.items() if isinstance(value, kind)), _SHAPE)

    def collect(value: Any, parts: list[str], fillings: list[Filling]) -> None:
        parts.append(type(value).__name__)
        of(value).collect(value, parts, fillings)

    return _Walk(collect, lambda value, stand_ins: of(value).replace(value, stand_ins))


def _fields(kind: type) -> _Walk:
    hints = get_type_hints(kind, include_extras=True)
    walks = {field.name: _walk(hints[field.name]) for field in dataclasses.fields(kind)}
    if all(walk is _SHAPE for walk in walks.values()):
        return _SHAPE

    def collect(value: Any, parts: list[str], fillings: list[Filling]) -> None:
        parts.append(kind.__name__)
        for name, walk in walks.items():
            parts.append(name)
            walk.collect(getattr(value, name), parts, fillings)

    def replace(value: Any, stand_ins: Iterator[str]) -> Any:
        made = {name: walk.replace(getattr(value, name), stand_ins) for name, walk in walks.items()}
        return dataclasses.replace(value, **made)

    return _Walk(collect, replace)


def _text(value: Any) -> str:
    if isinstance(value, str):
        return quoted(value)
    if value is None or isinstance(value, int):  # as are True and False
        return repr(value)
    return json.dumps(_tree(value), separators=(",", ":"))


@singledispatch
def _tree(value: Any) -> Any:
    """Write a value that is no leaf so that equal texts mean equal values."""
    if not dataclasses.is_dataclass(value):
        msg = f"a spec cannot hold a {type(value).__name__}"
        raise TypeError(msg)
    fields = [[f.name, _tree(getattr(value, f.name))] for f in dataclasses.fields(value)]
    return [type(value).__name__, fields]


@_tree.register(NoneType)
@_tree.register(bool)
@_tree.register(int)
@_tree.register(float)
@_tree.register(str)
def _of_scalar(value: Any) -> Any:
    return value


@_tree.register
def _of_model(value: BaseModel) -> Any:
    return [type(value).__name__, value.model_dump(mode="json")]


@_tree.register(Mapping)
def _of_mapping(value: Mapping[Any, Any]) -> Any:
    return {"": [[_tree(key), _tree(inner)] for key, inner in value.items()]}


@_tree.register(tuple)
@_tree.register(list)
def _of_sequence(value: Sequence[Any]) -> Any:
    return [_tree(inner) for inner in value]


@_tree.register(frozenset)
def _of_set(value: frozenset[Any]) -> Any:
    return [type(value).__name__, sorted(map(_text, value))]


@_tree.register
def _of_block(value: IPv4Network) -> Any:
    return [type(value).__name__, str(value)]
