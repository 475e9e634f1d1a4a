"""How the classes of the schema are put together."""

from __future__ import annotations

import types
from collections.abc import Iterable, Iterator
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel

from cellfactory.errors import KeyPath


def keys_at(root: type[BaseModel], path: KeyPath) -> Iterable[str]:
    """List the keys that the schema knows at a path; none where keys are free."""
    kinds: list[Any] = [root]
    for item in path:
        kinds = [inner for kind in kinds for inner in _step(kind, item)]
    return [key for kind in kinds if is_model(kind) for key in kind.model_fields]


def _step(kind: Any, item: str | int) -> Iterator[Any]:
    if is_model(kind):
        if item in kind.model_fields:
            yield from alternatives(kind.model_fields[item].annotation)
    elif get_origin(kind) in (dict, list):
        yield from alternatives(get_args(kind)[-1])


def alternatives(kind: Any) -> Iterator[Any]:
    """List the kinds that a union allows, without what is annotated to them."""
    if get_origin(kind) is Annotated:
        yield from alternatives(get_args(kind)[0])
    elif get_origin(kind) in (Union, types.UnionType):
        for one in get_args(kind):
            yield from alternatives(one)
    else:
        yield kind


def is_model(kind: Any) -> bool:
    """Tell whether a kind is a mapping with keys of its own."""
    return isinstance(kind, type) and issubclass(kind, BaseModel)
