"""The command line that puts drift back, with the words that the guard will want to hear."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator

from cellfactory.terraform.advice import command
from cellfactory.terraform.drifted import Drifted
from cellfactory.terraform.guard import EXPIRING, KEPT, NEVER
from cellfactory.terraform.target import Mode

CONNECTION = "aws_vpc_peering_connection"
FOLLOWING = ("accept", "hub", "routes")
"""Layers of both sides that hold on to a connection: they replace what they made of it."""


def repair_line(drifted: Iterable[Drifted], mode: Mode) -> str:
    """Write the line that has the next apply put back what it can; empty where it cannot.

    Args:
        drifted: of one owner.
        mode: where it drifted.

    >>> from cellfactory.layers import StackId
    >>> gone = Drifted(stack=StackId("a", "network"), address="aws_subnet.x", event="gone",
    ...     cause="reverted", then="create")
    >>> repair_line([gone], "aws")
    'cellfactory apply --cell a --allow-destroy network'
    """
    found = [one for one in drifted if one.cause == "reverted"]
    if not found or any(one.resource_type in NEVER for one in found):
        return ""
    words = dict.fromkeys(word for one in found for word in _words(one))
    owner = found[0].stack
    is_joint = any(one.resource_type == CONNECTION and one.event == "gone" for one in found)
    which = "" if is_joint else f" --{owner.kind} {shlex.quote(owner.owner)}"
    allowed = "".join(f" --allow-destroy {shlex.quote(word)}" for word in words)
    return f"{command('apply', mode)}{which}{allowed}"


def _words(one: Drifted) -> Iterator[str]:
    """Yield what `--allow-destroy` has to name; nothing for a change in place."""
    if one.resource_type == CONNECTION and one.event == "gone":
        yield from FOLLOWING
    elif one.then == "create" and one.resource_type in EXPIRING:
        return
    elif one.then in ("create", "replace", "delete"):
        yield one.address if one.resource_type in KEPT else one.stack.layer
