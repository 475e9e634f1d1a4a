"""`unlock`: releases what a dead run has left locked, and never what may be alive.

A run is released where its process is gone from this machine, or where it has been silent for as
long as our policy says. With it go its locks and those that its Terraform has put on their states,
each only where it is the very one that was looked at.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from cellfactory.errors import Finding, TerraformError, UsageError
from cellfactory.inventory.schema import State
from cellfactory.layers import LAYERS, StackId
from cellfactory.naming import OWNER_FOLDERS
from cellfactory.runs.context import open_place
from cellfactory.runs.meeting import pace_of
from cellfactory.runs.notices import Unlocking
from cellfactory.runs.request import Request
from cellfactory.runs.states import StateLock, open_states, read_state_lock
from cellfactory.runs.watcher import Watcher
from cellfactory.terraform.holder import Holder, this_holder, this_machine
from cellfactory.terraform.meeting_words import described, duration
from cellfactory.terraform.run_files import (
    LOCKS,
    Seen,
    SeenRun,
    head_key,
    lock_key,
    read_lock,
    read_locks,
    read_run,
    render_head,
)
from cellfactory.terraform.store import Store
from cellfactory.terraform.target import Target
from cellfactory.terraform.turns import outlives


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What is locked under a name: a run, or a stack."""

    run: SeenRun | None
    locks: tuple[Seen, ...]
    states: tuple[StateLock, ...]

    @property
    def holders(self) -> Iterator[tuple[Holder, float]]:
        """Whose they are, each with the time since its last sign of life (s)."""
        if self.run is not None:
            yield self.run.head.holder, self.run.age_seconds
            return
        for seen in self.locks:
            yield seen.lock.holder, seen.age_seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Released:
    """What was released, and what had become another one's meanwhile."""

    run: str  # empty where a stack was asked for that no run holds
    stacks: tuple[str, ...]
    states: tuple[StateLock, ...]
    overtaken: tuple[str, ...]


def unlock(
    state: State, request: Request, watcher: Watcher, name: str, *, force: str | None
) -> Released:
    """Release a run or a stack, once the watcher agrees.

    Args:
        state: where the states are kept.
        request: where.
        watcher: is told what is to be released, and asked.
        name: id of a run, or name of a stack.
        force: why it is released although its run may be alive; None where it is not.

    Raises:
        TerraformError: when its run is alive or may be (F669), or the registry's place cannot be
            had.
        UsageError: when nothing of that name is locked, or the watcher does not agree.
    """
    place = open_place(state, request, watcher)
    store, states = place.registry.store, open_states(state, place.target)
    found = _find(store, states, name)
    _require_dead(place.target, found, name, force)
    watcher.noted(Unlocking(tuple(_lines(found)), request.mode))
    if request.mode == "aws" and not watcher.confirms(f"unlock {name}?"):
        msg = "unlock: not confirmed, nothing was done"
        raise UsageError(msg)
    return _release(store, states, found, name, force or "its run was dead")


def _find(store: Store, states: Store, name: str) -> Found:
    """Find what is locked under a name.

    Raises:
        UsageError: when nothing is.
    """
    stack = _stack_named(store, states, name)
    if stack is not None:
        seen = read_lock(store, lock_key(stack))
        run = None if seen is None else read_run(store, seen.lock.holder.run)
        locks: tuple[Seen, ...] = () if seen is None else (seen,)
        found = Found(run=run, locks=locks, states=tuple(_state_locks(states, [stack])))
    else:
        locks = tuple(s for s in read_locks(store) if s.lock.holder.run == name)
        run = read_run(store, name) if "/" not in name else None
        stacks = [s for seen in locks if (s := _stack_of(seen.key)) is not None]
        found = Found(run=run, locks=locks, states=tuple(_state_locks(states, stacks)))
        if run is not None and run.head.state != "running" and not locks:
            found = replace(found, run=None)
    if found.run is None and not found.locks and not found.states:
        held = [f"{s.lock.stack} by run {s.lock.holder.run}" for s in read_locks(store)]
        msg = f"nothing is locked under {name}\n    locked: {', '.join(held) or 'nothing'}"
        raise UsageError(msg)
    return found


def _require_dead(target: Target, found: Found, name: str, force: str | None) -> None:
    """Refuse to release what is alive, or may be.

    Raises:
        TerraformError: F669.
    """
    machine, silent = this_machine(), pace_of().silent_seconds
    for stack in (s for seen in found.locks if (s := _stack_of(seen.key)) is not None):
        if outlives(target.locks_folder, stack):
            msg = f"a Terraform is still at work on {stack} on this machine"
            raise _alive(msg)
    certain = False
    for holder, age in found.holders:
        ended = found.run is not None and found.run.head.state != "running"
        lives = False if ended else holder.lives(machine)
        if lives:
            msg = f"process {holder.number} on this machine is {described(holder, age)}"
            raise _alive(msg)
        certain = certain or lives is False
        if lives is None and age <= silent and not force:
            raise _fresh(name, described(holder, age), silent)
    young = [s for s in found.states if s.age_seconds <= silent]
    if young and not certain and not force and not found.locks:
        told = f"{young[0].operation} of {young[0].who}, {duration(young[0].age_seconds)} old"
        raise _fresh(name, f"Terraform itself holds its state: {told}", silent)


def _alive(message: str) -> TerraformError:
    return TerraformError(Finding(rule="F669", message=message, hint="let it finish, or stop it"))


def _fresh(name: str, who: str, silent_seconds: float) -> TerraformError:
    message = f"{name} is not unlocked, as its run may be alive: {who}"
    hint = (
        f"wait until it has been silent for {duration(silent_seconds)}, or, where nothing of it "
        "runs any more, add --force --reason TEXT"
    )
    return TerraformError(Finding(rule="F669", message=message, hint=hint))


def _lines(found: Found) -> Iterator[str]:
    if found.run is not None:
        yield f"{described(found.run.head.holder, found.run.age_seconds)}"
    for seen in found.locks:
        yield f"its lock of {seen.lock.stack}"
    for lock in found.states:
        yield (
            f"Terraform's lock {lock.id} of the state of {lock.stack}: {lock.operation} of "
            f"{lock.who}, {duration(lock.age_seconds)} old"
        )


def _release(store: Store, states: Store, found: Found, name: str, why: str) -> Released:
    """Release the run first: it stops at its next sign of life, should it be alive after all."""
    overtaken: list[str] = []
    if found.run is not None and found.run.head.state == "running" and _is_whole(found, name):
        head, by = found.run.head, this_holder("", "", "", "").owner
        text = render_head(
            replace(head, state="released", beat=head.beat + 1, note=f"by {by}: {why}")
        )
        run = head.holder.run
        if store.replace_if(head_key(run), text, found.run.mark) is None:
            msg = f"run {run} gave a sign of life just now"
            raise _alive(msg)
    for lock in found.states:
        if not states.delete_if(lock.key, lock.mark):
            overtaken.append(f"the state of {lock.stack}")
    for seen in found.locks:
        if not store.delete_if(seen.key, seen.mark):
            overtaken.append(seen.lock.stack)
    return Released(
        run=found.run.head.holder.run if found.run else "",
        stacks=tuple(seen.lock.stack for seen in found.locks),
        states=found.states,
        overtaken=tuple(overtaken),
    )


def _is_whole(found: Found, name: str) -> bool:
    """Whether the run was asked for, and not one of its stacks alone."""
    return found.run is not None and found.run.head.holder.run == name


def _state_locks(states: Store, stacks: Sequence[StackId]) -> Iterator[StateLock]:
    for stack in stacks:
        lock = read_state_lock(states, stack)
        if lock is not None:
            yield lock


def _stack_named(store: Store, states: Store, name: str) -> StackId | None:
    """The stack of a name: one whose owner is known, or that is locked."""
    for layer in LAYERS:
        owner = name.removesuffix(f"-{layer}")
        if owner and owner != name:
            stack = StackId(owner, layer)
            known = store.look(lock_key(stack)) or read_state_lock(states, stack)
            if known is not None:
                return stack
    return None


def _stack_of(key: str) -> StackId | None:
    """The stack whose lock has a key."""
    folder, owner, name = key.removeprefix(LOCKS).removesuffix(".lock").split("/")
    stacks: Iterable[StackId] = (StackId(owner, layer) for layer in LAYERS if layer == name)
    return next((stack for stack in stacks if OWNER_FOLDERS[stack.kind] == folder), None)
