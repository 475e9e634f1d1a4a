"""Where the run that goes on now meets others: its sign of life, its journal, its locks."""

from __future__ import annotations

import contextlib
import signal
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from cellfactory import __version__
from cellfactory.errors import FactoryError
from cellfactory.facts.loader import load_facts
from cellfactory.files import write_whole
from cellfactory.layers import StackId
from cellfactory.runs.notices import BusyRun
from cellfactory.runs.watcher import Watcher
from cellfactory.terraform.holder import this_holder
from cellfactory.terraform.journal import Journal, find_journal
from cellfactory.terraform.meeting import Meeting, Pace
from cellfactory.terraform.meeting_words import described
from cellfactory.terraform.results import Result
from cellfactory.terraform.run_files import (
    RUNS,
    Going,
    read_journal,
    read_locks,
    read_run,
)
from cellfactory.terraform.runner import Listener
from cellfactory.terraform.running import RunContext
from cellfactory.terraform.store import Store

MOST_PRUNED = 5  # runs that one run removes, so that none takes long to begin
MOST_LOOKED = 20  # runs that are looked at for the last apply


@dataclass(slots=True)
class Joined:
    """A run that others see, and what it is to say of itself in the end."""

    context: RunContext  # with its meeting
    journal: Journal
    results: list[Result] = field(default_factory=list)

    def noting(self, listener: Listener) -> Listener:
        """Note in the journal, too, what a listener is told."""

        def finished(result: Result) -> None:
            self.journal.finished(result, "")
            listener.finished(result)

        return replace(listener, finished=finished)


def pace_of(patience_seconds: float | None = None) -> Pace:
    """How often a run gives a sign of life, and how long it waits for others."""
    facts = load_facts()
    given = patience_seconds
    return Pace(
        beat_seconds=facts.policy_value("run-beat-seconds"),
        silent_seconds=60 * facts.policy_value("run-silent-minutes"),
        patience_seconds=facts.policy_value("run-patience-seconds") if given is None else given,
    )


@contextlib.contextmanager
def joined(
    context: RunContext, journal: Path, command: str, pace: Pace | None = None
) -> Iterator[Joined]:
    """Have others see a run for as long as the block lasts.

    Args:
        context: of the run.
        journal: where it lies on this machine; its name is the run's.
        command: what the run does.
        pace: how often it gives a sign of life; as our policy says when None.

    Raises:
        TerraformError: when a run of that name still goes on (F667), or the place of the outputs
            registry cannot be had (F605).
    """
    began = datetime.now(UTC).isoformat(timespec="seconds")  # noqa: TID251 - told to people
    meeting = Meeting(
        store=context.registry.store,
        holder=this_holder(journal.stem, command, began, __version__),
        pace=pace or pace_of(),
        mode=context.target.mode,
        on_lost=lambda: context.children.stop(signal.SIGINT),
    )
    meeting.open()
    state: Going = "failed"
    run: Joined | None = None
    try:
        run = Joined(replace(context, meeting=meeting), Journal(journal, command, meeting.tell))
        _prune(context.registry.store)
        yield run
        state = "failed" if any(result.broken for result in run.results) else "done"
    finally:
        if context.children.stopping:
            state = "interrupted"
        ended = run.results if run is not None else ()
        meeting.close(state, dict(Counter(str(result.status) for result in ended)))


def run_id() -> str:
    """Name a run by its time, so that names sort as runs do."""
    return datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%fZ")  # noqa: TID251 - names the run


def find_run(context: RunContext, run: str) -> Path:
    """Find the journal of an earlier run, of this machine or another.

    What lies beside the registry is brought here; where nothing does, that of this machine is it.

    Args:
        context: of the run that takes it up.
        run: its id, or `last`, which is the last apply.

    Raises:
        UsageError: when there is none.
    """
    folder, store = context.target.runs_folder, context.registry.store
    found = _last_apply(store) if run == "last" else run
    if found is None or "/" in found or not read_run(store, found):
        return find_journal(folder, run)
    path = folder / f"{found}.jsonl"
    if path.is_file() and run == "last":
        newest = find_journal(folder, "last")
        if newest.stem > found:  # begun where the registry's place could not be had
            return newest
    write_whole(path, read_journal(store, found))
    return path


def _last_apply(store: Store) -> str | None:
    for run in sorted(store.folders(RUNS), reverse=True)[:MOST_LOOKED]:
        seen = read_run(store, run)
        if seen is not None and seen.head.holder.command == "apply":
            return run
    return None


def note_others(context: RunContext, stacks: Collection[StackId], watcher: Watcher) -> None:
    """Say which runs are at work on stacks that are only looked at."""
    wanted = {stack.name for stack in stacks}
    runs: dict[str, list[str]] = {}
    told: dict[str, str] = {}
    store = context.registry.store
    for seen in read_locks(store):
        holder = seen.lock.holder
        if seen.lock.stack in wanted:
            run = read_run(store, holder.run)
            if run is not None and run.head.state != "running":
                continue
            runs.setdefault(holder.run, []).append(seen.lock.stack)
            told[holder.run] = described(holder, run.age_seconds if run else seen.age_seconds)
    for name, held in sorted(runs.items()):
        watcher.noted(BusyRun(told[name], tuple(sorted(held))))


def _prune(store: Store) -> None:
    """Remove the journals of the oldest runs; one that cannot be removed stays."""
    kept = int(load_facts().policy_value("runs-kept"))
    with contextlib.suppress(FactoryError):
        for run in sorted(store.folders(RUNS))[:-kept][:MOST_PRUNED]:
            _remove(store, store.below(f"{RUNS}{run}/"))


def _remove(store: Store, keys: Iterable[str]) -> None:
    for key in keys:
        store.remove(key)
