"""`runs`: the recent runs beside a registry, and how each of them goes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from cellfactory.inventory.schema import State
from cellfactory.runs.context import open_place
from cellfactory.runs.meeting import pace_of
from cellfactory.runs.request import Request
from cellfactory.runs.watcher import Watcher
from cellfactory.terraform.holder import Holder, this_machine
from cellfactory.terraform.run_files import RUNS, SeenRun, read_locks, read_run


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRow:
    """A run as others see it."""

    holder: Holder
    state: str  # how it says it goes; `dead` or `silent` where it says nothing any more
    age_seconds: float  # since its last sign of life, by the clock of the registry's place
    counts: dict[str, int]
    holds: tuple[str, ...]  # stacks that it has locked
    note: str


def list_runs(state: State, request: Request, watcher: Watcher, most: int) -> tuple[RunRow, ...]:
    """List the newest runs, the newest first.

    Raises:
        TerraformError: when the registry's place cannot be had (F605), or what lies there is not
            ours (F680).
    """
    store = open_place(state, request, watcher).registry.store
    held: dict[str, list[str]] = {}
    for seen in read_locks(store):
        held.setdefault(seen.lock.holder.run, []).append(seen.lock.stack)
    names = sorted(store.folders(RUNS), reverse=True)[:most]
    found = ((name, read_run(store, name)) for name in names)
    return tuple(_rows((run for _, run in found if run is not None), held))


def _rows(runs: Iterator[SeenRun], held: dict[str, list[str]]) -> Iterator[RunRow]:
    machine, silent = this_machine(), pace_of().silent_seconds
    for run in runs:
        head = run.head
        yield RunRow(
            holder=head.holder,
            state=_state(run, machine, silent),
            age_seconds=run.age_seconds,
            counts=dict(head.counts),
            holds=tuple(sorted(held.get(head.holder.run, ()))),
            note=head.note,
        )


def _state(run: SeenRun, machine: str, silent_seconds: float) -> str:
    if run.head.state != "running":
        return run.head.state
    lives = run.head.holder.lives(machine)
    if lives is False:
        return "dead"
    return "silent" if lives is None and run.age_seconds > silent_seconds else "running"
