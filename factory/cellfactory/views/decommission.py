"""How a decommission reads: what it is about to do, and what remains after it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from typing import Any

from cellfactory.layers import LAYERS, StackId
from cellfactory.runs.departure import Departure, Leaving, Remains
from cellfactory.runs.leavers import Leaver
from cellfactory.terraform.leaving import Step
from cellfactory.words import counted

BILLED = "billed while they are there"


def render_departure(departure: Departure) -> str:
    """Render all that is about to be done: each step with its counts, and what is kept."""
    lines = [*map(_leaver, departure.leavers), *_steps(departure)]
    lines += [f"  {line}" for line in _kept(departure)]
    return "\n".join(lines)


def render_taking_down(departure: Departure) -> str:
    """Render what is about to be done to a cell that is made again: each step, and its buckets."""
    lines = [f"take down {leaver.cell}{_place(leaver)}" for leaver in departure.leavers]
    lines += _steps(departure)
    lines.append(f"  log buckets: {_buckets(departure.leaving)}")
    return "\n".join(lines)


def _steps(departure: Departure) -> Iterator[str]:
    deleted = {r.stack: r.counts.destroy for r in departure.planned}
    for number, step in enumerate(departure.course.steps, start=1):
        yield f"  {number}. {_step(step, deleted)}"
    if not departure.course.steps:
        yield "  no stack is left of it"


def _leaver(leaver: Leaver) -> str:
    return f"decommission {leaver.cell}{_place(leaver)}"


def _place(leaver: Leaver) -> str:
    account = f"account {leaver.account}" if leaver.account else "account unknown"
    region = f", {leaver.access.region}" if leaver.access else ""
    return f" ({account}{region})"


def _step(step: Step, deleted: dict[StackId, int]) -> str:
    parts = []
    if step.applied:
        rows = sum(deleted.get(stack, 0) for stack in step.applied)
        named = ", ".join(sorted({stack.owner for stack in step.applied}))
        parts.append(f"{counted(rows, 'row')} less in {_stacks(step.applied)} of {named}")
    if step.destroyed:
        parts.append(f"destroy {', '.join(map(str, step.destroyed))}")
    return f"{step.title}: {'; '.join(parts)}"


def _stacks(stacks: Sequence[StackId]) -> str:
    layers = [layer for layer in LAYERS if any(stack.layer == layer for stack in stacks)]
    return f"{counted(len(stacks), 'stack')} ({', '.join(layers)})"


def _kept(departure: Departure) -> Iterator[str]:
    leaving = departure.leaving
    yield f"log buckets: {_buckets(leaving)}"
    yield f"key of Kubernetes secrets: {_key(leaving)}"
    fates = {
        "keep": "kept open in its organization (--account quarantine or close gives it up)",
        "quarantine": "moved into "
        + ", ".join(sorted({str(one.quarantine_ou) for one in departure.leavers})),
        "close": "closed, with all that is in it",
    }
    yield f"account: {fates[leaving.account]}"
    yield "blocks: stay reserved in the lock"
    if leaving.ignore_jobs:
        yield f"jobs that may still run end with their cluster: {leaving.ignore_jobs}"


def _buckets(leaving: Leaving) -> str:
    if leaving.parts.buckets:
        return f"kept with what they hold, emptied by age, {BILLED} (--buckets delete)"
    return "emptied and deleted"


def _key(leaving: Leaving) -> str:
    if leaving.parts.keys:
        return "kept, and billed while it is there (--key delete)"
    return "scheduled for deletion; AWS keeps it for its waiting period"


def render_remains(remains: Iterable[Remains], lock_file: str) -> str:
    """Render what is there of cells after all, and how each of it is given up."""
    return "\n".join(line for one in remains for line in _remains(one, lock_file))


def _remains(one: Remains, lock_file: str) -> Iterator[str]:
    leaver = one.leaver
    yield f"{leaver.cell} is decommissioned; what remains:"
    for arn in one.told:
        yield f"  in account {leaver.account}: {arn}"
    if one.unasked is not None:
        yield f"  in account {leaver.account}: not known ({one.unasked.message})"
    elif not one.told and leaver.account:
        yield f"  in account {leaver.account}: nothing that bears a tag of its stacks"
    if leaver.account:
        yield f"  account {leaver.account} {one.account}"
    if leaver.blocks:
        yield (
            f"  {', '.join(map(str, leaver.blocks))} and the blocks of its pods, reserved in "
            f"{lock_file}; to give them to others: cellfactory lock --release {leaver.cell}"
        )


def remains_to_json(remains: Iterable[Remains]) -> list[dict[str, Any]]:
    """Turn what remains into what a machine reads."""
    return [
        {
            "cell": one.leaver.cell,
            "account": one.leaver.account,
            "account_told": one.account,
            "resources": list(one.told),
            "unasked": asdict(one.unasked)["message"] if one.unasked else "",
            "blocks": [str(block) for block in one.leaver.blocks],
        }
        for one in remains
    ]
