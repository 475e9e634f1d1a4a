"""What a run keeps where others read it: how it goes, its journal, and the stacks it works on.

Below the place of the outputs registry lie, in one store and so under the same permissions,

    runs/<run>/head.run        who it is and how it goes; rewritten as a sign of life
    runs/<run>/000001.jsonl    its journal, a part for each time that something ended
    locks/<stack>.lock         the run that works on a stack, and what that takes values from

Everything a reader cannot make sense of is said to be so (F680), and never taken for nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, NoReturn, get_args

from cellfactory.errors import Finding, TerraformError
from cellfactory.layers import StackId
from cellfactory.naming import stack_path
from cellfactory.terraform.holder import Holder
from cellfactory.terraform.store import Kept, Store

RUNS, LOCKS = "runs/", "locks/"
_FORMAT = 1
_HEAD = "head.run"

Going = Literal["running", "done", "failed", "interrupted", "released"]
"""How a run goes: `released` is one that people have declared dead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """How a run goes, as it said last."""

    holder: Holder
    state: Going
    beat: int  # another one in each sign of life
    counts: Mapping[str, int]  # stacks by what became of them, once it has ended
    note: str = ""  # why it was released


@dataclass(frozen=True, slots=True, kw_only=True)
class StackLock:
    """The run that works on a stack."""

    stack: str
    holder: Holder
    uses: tuple[str, ...]  # the stacks that it takes values from, or comes after


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A lock as it was seen."""

    lock: StackLock
    key: str
    mark: str
    age_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenRun:
    """The head of a run as it was seen."""

    head: Head
    mark: str
    age_seconds: float  # since its last sign of life, by the clock of the store


def lock_key(stack: StackId) -> str:
    """Where the lock of a stack lies."""
    return f"{LOCKS}{stack_path(stack.kind, stack.owner, stack.layer)}.lock"


def head_key(run: str) -> str:
    """Where a run says how it goes."""
    return f"{RUNS}{run}/{_HEAD}"


def part_key(run: str, number: int) -> str:
    """Where a part of a journal lies."""
    return f"{RUNS}{run}/{number:06d}.jsonl"


def render_head(head: Head) -> str:
    """Write how a run goes."""
    return json.dumps({"version": _FORMAT, **asdict(head)}) + "\n"


def render_lock(lock: StackLock) -> str:
    """Write who works on a stack."""
    return json.dumps({"version": _FORMAT, **asdict(lock)}) + "\n"


def read_run(store: Store, run: str) -> SeenRun | None:
    """Read how a run goes; None when there is none of that name.

    Raises:
        TerraformError: when it cannot be made sense of (F680), or not be had (F605).
    """
    key = head_key(run)
    found = store.look(key)
    if found is None:
        return None
    told = _told(found, store.place(key))
    try:
        state = told["state"]
        if state not in get_args(Going):
            _refuse(store.place(key))
        head = Head(
            holder=_holder(told),
            state=state,
            beat=int(told["beat"]),
            counts={str(name): int(count) for name, count in told["counts"].items()},
            note=str(told.get("note", "")),
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        _refuse(store.place(key))
    return SeenRun(head=head, mark=found.mark, age_seconds=found.age_seconds)


def read_lock(store: Store, key: str) -> Seen | None:
    """Read who works on a stack; None when nobody does.

    Raises:
        TerraformError: when it cannot be made sense of (F680), or not be had (F605).
    """
    found = store.look(key)
    if found is None:
        return None
    told = _told(found, store.place(key))
    try:
        uses = tuple(map(str, told["uses"]))
        lock = StackLock(stack=str(told["stack"]), holder=_holder(told), uses=uses)
    except (KeyError, TypeError, ValueError):
        _refuse(store.place(key))
    return Seen(lock=lock, key=key, mark=found.mark, age_seconds=found.age_seconds)


def read_locks(store: Store) -> Iterator[Seen]:
    """Read every lock; one that goes meanwhile is left out."""
    for key in store.below(LOCKS):
        if (seen := read_lock(store, key)) is not None:
            yield seen


def read_journal(store: Store, run: str) -> str:
    """Read the journal of a run, its parts in order."""
    return "".join(store.read(key) or "" for key in parts_of(store, run))


def parts_of(store: Store, run: str) -> list[str]:
    """List the parts of the journal of a run, in order."""
    return [key for key in store.below(f"{RUNS}{run}/") if key.endswith(".jsonl")]


def _told(found: Kept, place: str) -> Mapping[str, Any]:
    try:
        told = json.loads(found.text)
    except (ValueError, RecursionError):
        _refuse(place)
    if not isinstance(told, dict) or told.get("version") != _FORMAT:
        _refuse(place)
    return told


def _holder(told: Mapping[str, Any]) -> Holder:
    given = told["holder"]
    return Holder(**{field.name: str(given[field.name]) for field in fields(Holder)})


def _refuse(place: str) -> NoReturn:
    message = f"{place} is not what this version of cellfactory writes there"
    hint = "a newer version may have written it; else look at it, and remove it by hand"
    raise TerraformError(Finding(rule="F680", message=message, hint=hint))
