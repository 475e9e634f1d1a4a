"""A stack as its stencil and what is filled in: two of one shape are compared by their leaves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cellfactory.specs.shape import Filling
from cellfactory.stacks.stencil import Stencil


@dataclass(frozen=True, slots=True)
class Cast:
    """What makes the text of a stack; equal ones make the same text."""

    key: str  # of its shape
    stencil: Stencil
    fillings: tuple[Filling, ...]

    @property
    def text(self) -> str:
        """Its Terraform JSON."""
        return self.stencil.fill(self.fillings)


def texts_that_differ(
    before: Mapping[str, Cast], after: Mapping[str, Cast]
) -> tuple[Mapping[str, str], Mapping[str, str]]:
    """Write the texts of stacks that are not the same on both sides.

    Of two stacks of one shape, rows that both have are left out: a mesh has thousands of them.

    Returns:
        The texts before and after.
    """
    old: dict[str, str] = {}
    new: dict[str, str] = {}
    for name in sorted({*before, *after}):
        was, is_now = before.get(name), after.get(name)
        if was is None or is_now is None:
            old |= {name: was.text} if was else {}
            new |= {name: is_now.text} if is_now else {}
        elif was.key != is_now.key:
            old[name], new[name] = was.text, is_now.text
        elif was.fillings != is_now.fillings:
            old[name], new[name] = _narrowed(was, is_now)
    return old, new


def _narrowed(before: Cast, after: Cast) -> tuple[str, str]:
    pairs = [_without_common(*pair) for pair in zip(before.fillings, after.fillings, strict=True)]
    old, new = tuple(pair[0] for pair in pairs), tuple(pair[1] for pair in pairs)
    return before.stencil.fill(old), after.stencil.fill(new)


def _without_common(before: Filling, after: Filling) -> tuple[Filling, Filling]:
    if isinstance(before, str) or isinstance(after, str):
        return before, after
    if before == after:  # all of them, where the rows are not what differs: others may use them
        return before, after
    same = {key for key, row in before.items() if after.get(key) == row}
    return (
        {key: row for key, row in before.items() if key not in same},
        {key: row for key, row in after.items() if key not in same},
    )
