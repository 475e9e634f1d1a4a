"""Which stacks a command is about."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Iterator

from factory.errors import UsageError
from factory.layers import StackId


def select_stacks(
    stacks: Iterable[StackId], cells: Collection[str], layers: Collection[str]
) -> tuple[StackId, ...]:
    """Keep the stacks of the named cells and layers; nothing named means all of them.

    Raises:
        UsageError: when a name fits no stack.
    """
    known = tuple(stacks)
    unknown = [
        *_unknown("cell", cells, sorted({stack.cell for stack in known if stack.cell})),
        *_unknown("layer", layers, sorted({stack.layer for stack in known})),
    ]
    if unknown:
        raise UsageError("\n".join(unknown))
    return tuple(
        stack
        for stack in known
        if (not cells or stack.cell in cells) and (not layers or stack.layer in layers)
    )


def _unknown(noun: str, names: Iterable[str], known: Collection[str]) -> Iterator[str]:
    for name in dict.fromkeys(names):
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"did you mean {near[0]}?" if near else f"known: {', '.join(known) or 'none'}"
            yield f"there is no {noun} {name!r} here\n    {hint}"
