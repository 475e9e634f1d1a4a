"""What stands in the place of a value that the schema refused, so that rules can go on beside it.

An inventory with mistakes is still read as far as it goes. A rule that comes to a value that was
refused stops there, and every other one goes on: all problems are told at once, and none that is
only the shadow of another.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from cellfactory.errors import Finding

Arguments = ParamSpec("Arguments")
Item = TypeVar("Item")
Value = TypeVar("Value")


class UnreadableError(LookupError):
    """A rule asked for a value that the schema refused."""


class Hole:
    """A refused item of a list; it keeps the place of those behind it."""

    __slots__ = ()

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(name) if name.startswith("__") else UnreadableError(name)


HOLE: Any = Hole()


class Rest(dict[str, Value]):
    """What can be read of a mapping.

    Attributes:
        unread: the names of the entries whose values were refused.
        is_misnamed: an entry was refused for its name, so that nobody knows the right one.
    """

    def __init__(
        self, entries: Mapping[str, Value], unread: Collection[str], *, is_misnamed: bool
    ) -> None:
        super().__init__(entries)
        self.unread = frozenset(unread)
        self.is_misnamed = is_misnamed

    def __missing__(self, name: str) -> Value:
        if name in self.unread:
            raise UnreadableError(name)
        raise KeyError(name)


def as_far_as_readable(
    check: Callable[Arguments, Iterator[Finding]],
) -> Callable[Arguments, Iterator[Finding]]:
    """Let a check end where it comes to a value that was refused."""

    @wraps(check)
    def run(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Iterator[Finding]:
        try:
            yield from check(*args, **kwargs)
        except UnreadableError:
            return

    return run


def readable(items: Sequence[Item]) -> Iterator[tuple[int, Item]]:
    """Number the items of a list, and leave out those that were refused."""
    return ((index, item) for index, item in enumerate(items) if item is not HOLE)


def names_of(known: Collection[str]) -> Collection[str]:
    """List the names that a mapping or a list defines, those of refused values included."""
    if isinstance(known, Rest):
        return [*known, *sorted(known.unread)]
    return [name for name in known if name is not HOLE]


def lacks(known: Collection[str], name: str) -> bool:
    """Tell whether a name is surely not defined; what cannot be read may have been meant."""
    if isinstance(known, Rest) and known.is_misnamed:
        return False
    return name not in names_of(known) and HOLE not in known


def is_whole(known: Collection[str]) -> bool:
    """Tell whether nothing of a mapping was refused."""
    return not isinstance(known, Rest) or not (known.unread or known.is_misnamed)


def peek(holder: object, name: str) -> Any:
    """Read an attribute; None where it, or what holds it, was refused."""
    try:
        return None if holder is None else getattr(holder, name)
    except UnreadableError:
        return None


def at(holder: Any, path: Sequence[str]) -> Any:
    """Follow attributes; None as soon as one of them is."""
    for name in path:
        holder = None if holder is None else getattr(holder, name)
    return holder
