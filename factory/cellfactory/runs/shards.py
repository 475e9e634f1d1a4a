"""Parts of all owners of stacks, for jobs that share work out and know nothing of each other."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from cellfactory.errors import UsageError
from cellfactory.layers import StackId

_FORM = re.compile(r"([1-9][0-9]{0,3})/([1-9][0-9]{0,3})")


@dataclass(frozen=True, slots=True)
class Shard:
    """One of so many parts; the first one is 1."""

    number: int
    of: int

    def take(self, stacks: Iterable[StackId]) -> tuple[StackId, ...]:
        """Keep the stacks of every N-th owner: all of an owner's, or none.

        >>> stacks = [StackId(cell, "network") for cell in ("a", "b", "c")]
        >>> [stack.owner for stack in Shard(1, 2).take(stacks)]
        ['a', 'c']
        """
        known = tuple(stacks)
        owners = sorted({(stack.kind, stack.owner) for stack in known})
        mine = set(owners[self.number - 1 :: self.of])
        return tuple(stack for stack in known if (stack.kind, stack.owner) in mine)


EVERYTHING = Shard(1, 1)


def parse_shard(text: str | None) -> Shard:
    """Read what somebody wrote as `2/8`; nothing stands for everything.

    Raises:
        UsageError: when it is none, or there is no such part.
    """
    if not text:
        return EVERYTHING
    found = _FORM.fullmatch(text)
    if found is None or int(found[1]) > int(found[2]):
        msg = f"--shard {text!r} is no part of a whole\n    write I/N, such as 2/8"
        raise UsageError(msg)
    return Shard(int(found[1]), int(found[2]))
