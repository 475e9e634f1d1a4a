"""Stacks that others still take values from are not destroyed, and the commands that lead on."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from cellfactory.errors import Finding
from cellfactory.layers import StackId
from cellfactory.terraform.advice import apply_line, destroy_line, gone_line
from cellfactory.terraform.record import Record
from cellfactory.terraform.registry import Unreadable
from cellfactory.terraform.results import Result
from cellfactory.terraform.target import Mode

Users = Mapping[StackId, tuple[StackId, ...]]
"""The recorded stacks that take values from each stack, sorted."""


def users_of(
    records: Iterable[Record],
    unreadable: Mapping[StackId, Unreadable] | None = None,
    *,
    order: bool = False,
) -> Users:
    """List, for each recorded stack, the recorded stacks that take values from it, sorted.

    With `order` also those that only come after it, and go before it: a chart is uninstalled
    while the routes to its cluster are there. Such a one keeps nothing from being destroyed.
    A record that does not tell what its stack takes counts as taking from all of its owner.
    """
    takes = {r.stack: (*r.waits_for, *(r.after if order else ())) for r in records}
    for stack, other in (unreadable or {}).items():
        own = (s for s in takes if (s.kind, s.owner) == (stack.kind, stack.owner))
        takes[stack] = tuple(own) if other.waits_for is None else other.waits_for
    users: dict[StackId, list[StackId]] = {}
    for user, producers in takes.items():
        users.setdefault(user, [])
        for producer in producers:
            users.setdefault(producer, []).append(user)
    return {producer: tuple(sorted(found)) for producer, found in users.items()}


def refuse_needed(
    selected: Collection[StackId], users: Users, mode: Mode, *, gone: bool
) -> tuple[Result, ...]:
    """Refuse a selection that others take values from; empty when nobody does.

    Args:
        selected: what is to be destroyed.
        users: who takes values from whom.
        mode: where.
        gone: whether it is all that has no place in the inventory, so that the others have one.

    Rules:
        F606: what is needed; the rest of the selection is skipped.
    """
    held = _held(selected, users)
    hint = _ways_out(selected, users, held, mode, gone=gone) if held else ""
    return tuple(_refused(stack, held.get(stack, ()), hint) for stack in selected if held)


def _refused(stack: StackId, held: Sequence[StackId], hint: str) -> Result:
    if not held:
        return Result(stack=stack, status="skipped", reason="others were refused")
    named = ", ".join(map(str, held))
    message = f"{named} still {'takes' if len(held) == 1 else 'take'} values from it"
    finding = Finding(rule="F606", stack=stack.name, message=message, hint=hint)
    return Result(stack=stack, status="refused", reason=str(finding), finding=finding)


def _held(selected: Collection[StackId], users: Users) -> dict[StackId, list[StackId]]:
    """List the stacks outside of a selection that take values from each stack inside it."""
    outside = {s: [u for u in users.get(s, ()) if u not in selected] for s in selected}
    return {stack: named for stack, named in outside.items() if named}


def _ways_out(
    selected: Collection[StackId],
    users: Users,
    held: Mapping[StackId, Sequence[StackId]],
    mode: Mode,
    *,
    gone: bool,
) -> str:
    """Write the commands that lead on: who took values is applied without them, or goes too.

    What the same owner has can only go too: no apply takes a cluster out of its network.
    """
    others = {u for stack, found in held.items() for u in found if u.owner != stack.owner}
    apply = apply_line(others, mode)
    if gone and others:
        return f"these are still in the inventory, so first: {apply}"
    every = destroy_line(_with_users(selected, users), users.keys(), mode)
    lines = [f"to destroy everything that takes values from it: {every}"]
    if others:
        lines[:0] = [
            f"where other owners stay in the inventory, first: {apply}",
            f"where they have left it, or no longer need that stack: {gone_line(mode)}",
        ]
    return "\n".join(lines)


def _with_users(selected: Collection[StackId], users: Users) -> frozenset[StackId]:
    """Add to a selection all that takes values from it, however far."""
    found, new = set(selected), list(selected)
    while new:
        fresh = {user for user in users.get(new.pop(), ()) if user not in found}
        found |= fresh
        new += fresh
    return frozenset(found)
