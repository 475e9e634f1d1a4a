"""What options say of rings."""

from __future__ import annotations

import shlex
from collections.abc import Iterable

from cellfactory.errors import UsageError
from cellfactory.inventory.rings import seconds_of


def read_bake(bake: str | None, *, no_bake: bool) -> float | None:
    """Read for how long rings bake (s); None where nobody says.

    Raises:
        UsageError: when it is no duration, or both are given.
    """
    if bake is None:
        return 0.0 if no_bake else None
    if no_bake:
        msg = "--bake and --no-bake: give one of them"
        raise UsageError(msg)
    try:
        return float(seconds_of(bake))
    except ValueError as error:
        msg = f"--bake: {error}"
        raise UsageError(msg) from error


def read_checks(
    commands: Iterable[str] | None, *, no_check: bool
) -> tuple[tuple[str, ...], ...] | None:
    """Take commands apart into program and arguments, as a shell would; none will run them.

    None where nobody says.

    Raises:
        UsageError: when one is empty, its quotes do not match, or both are given.
    """
    if not commands:
        return () if no_check else None
    if no_check:
        msg = "--check and --no-check: give one of them"
        raise UsageError(msg)
    read = []
    for command in commands:
        try:
            words = shlex.split(command)
        except ValueError as error:
            msg = f"--check {command!r}: {str(error).lower()}"
            raise UsageError(msg) from error
        if not words:
            msg = "--check: name a program"
            raise UsageError(msg)
        read.append(tuple(words))
    return tuple(read)
