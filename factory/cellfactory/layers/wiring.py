"""How an output of one stack becomes a variable of another."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache

from cellfactory.layers.rows import Layer
from cellfactory.layers.stack import Input, Lacking, Source, StackId, VariableType

_MANY_STACKS = 1 << 14
stack_id = lru_cache(maxsize=_MANY_STACKS)(StackId)
"""Make a `StackId` once: in a mesh each is named by every peer."""


def whole(owner: str, layer: Layer, outputs: Mapping[str, VariableType]) -> dict[str, Input]:
    """Take outputs of one stack whole, each as a variable of its own name."""
    stack = stack_id(owner, layer)
    return {n: Input(type=t, sources=Source(stack=stack, output=n)) for n, t in outputs.items()}


def entry(owner: str, layer: Layer, output: str, key: str | None = None) -> Source:
    """Point at an output of a stack, or at one entry of it."""
    return Source(stack=stack_id(owner, layer), output=output, key=key)


def of_each(
    peers: Iterable[str], layer: Layer, output: str, *, key: str | None = None
) -> Mapping[str, Source]:
    """Point at the same output of each peer, or at one entry of it, by the peer's name."""
    return {peer: entry(peer, layer, output, key) for peer in peers}


def put_together(*parts: Mapping[str, Source], lacking: Lacking = "wait") -> Input:
    """Make a map out of values of several stacks; it may have no entry at all."""
    sources = {k: s for part in parts for k, s in part.items()}
    return Input(type="map(string)", sources=sources, lacking=lacking)
