"""A run where others go on beside it, on this machine or another: its sign of life and its locks.

A stack is locked for as long as it is worked on. Two rules keep runs from crossing:

- Whoever works on a stack locks it first, then looks whether another run holds one that it takes
  values from; whoever destroys it, also whether another run holds one that takes values from it.
  Of two runs at least one sees the other, as each has written before it looks; that one takes its
  lock back and waits.
- A lock is only ever put down where there is none, or in the place of the very one that was seen.

A run is dead where its process is gone from this machine. On other machines it is silent after so
many minutes without a sign of life, which people may release and no program does.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import random
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from cellfactory.errors import FactoryError, StoppedError, TerraformError
from cellfactory.layers import StackId
from cellfactory.terraform.holder import Holder, this_machine
from cellfactory.terraform.meeting_words import Blocker, held_up, silent, still_running
from cellfactory.terraform.run_files import (
    Going,
    Head,
    Seen,
    StackLock,
    head_key,
    lock_key,
    part_key,
    parts_of,
    read_lock,
    read_locks,
    read_run,
    render_head,
    render_lock,
)
from cellfactory.terraform.store import Store
from cellfactory.terraform.target import Mode


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How often a run gives a sign of life, and how long it waits for others (all s)."""

    beat_seconds: float
    silent_seconds: float  # after which others take it for dead
    patience_seconds: float = 60.0  # for a lock, as Terraform waits for its own
    poll_seconds: float = 1.0


@dataclass(kw_only=True)
class Meeting:
    """The run that goes on now, as others see it."""

    store: Store
    holder: Holder
    pace: Pace
    mode: Mode
    on_lost: Callable[[], None] = lambda: None  # another one has released it
    machine: str = field(default_factory=this_machine)
    _mark: str = ""
    _beat: int = 0
    _part: int = 0
    _lines: list[str] = field(default_factory=list)
    _writing: threading.Lock = field(default_factory=threading.Lock)
    _over: threading.Event = field(default_factory=threading.Event)
    lost: bool = False

    def open(self) -> None:
        """Say that it goes on; a run of that name is taken over where it has ended or is dead.

        Raises:
            TerraformError: when it still goes on, perhaps elsewhere (F667).
        """
        key = head_key(self.holder.run)
        mark = self.store.create(key, render_head(self._head("running")))
        if mark is None:
            seen = read_run(self.store, self.holder.run)
            if seen is None or (
                seen.head.state == "running" and seen.head.holder.lives(self.machine) is not False
            ):
                raise still_running(self.holder.run, seen, self.pace.silent_seconds, self.mode)
            self._beat = seen.head.beat + 1
            mark = self.store.replace_if(key, render_head(self._head("running")), seen.mark)
            if mark is None:
                seen = read_run(self.store, self.holder.run)
                raise still_running(self.holder.run, seen, self.pace.silent_seconds, self.mode)
            self._part = len(parts_of(self.store, self.holder.run))
        self._mark = mark
        threading.Thread(target=self._keep_alive, daemon=True).start()

    def tell(self, line: Mapping[str, Any]) -> None:
        """Take a line of the journal; one that says that something ended is written at once."""
        with self._writing:
            self._lines.append(json.dumps(line) + "\n")
        if line.get("event") != "started":
            self._write_lines()

    def close(self, state: Going, counts: Mapping[str, int]) -> None:
        """Say how it ended. What cannot be written is left to others, who find it silent."""
        self._over.set()
        self._write_lines()
        self._sign(state, counts)

    @contextlib.contextmanager
    def hold(
        self,
        stack: StackId,
        uses: Collection[StackId],
        tell: Callable[[str], None],
        stopping: Callable[[], bool],
        *,
        destroys: bool = False,
    ) -> Iterator[None]:
        """Keep every other run from a stack for as long as the block lasts.

        Args:
            stack: the stack.
            uses: the stacks that it takes values from.
            tell: is told whom it waits for, each time that this is another one.
            stopping: whether to wait no longer.
            destroys: whether nobody may take values from it meanwhile.

        Raises:
            TerraformError: when another run holds it for too long (F665), or is silent (F666).
            StoppedError: when the run is to end, or was released, meanwhile.
        """
        lock = StackLock(
            stack=stack.name, holder=self.holder, uses=tuple(sorted(u.name for u in uses))
        )
        mark = self._acquire(lock, stack, uses, tell, stopping, destroys)
        try:
            yield
        finally:
            with contextlib.suppress(FactoryError):  # a run that has ended holds nothing
                self.store.delete_if(lock_key(stack), mark)

    def _acquire(
        self,
        lock: StackLock,
        stack: StackId,
        uses: Collection[StackId],
        tell: Callable[[str], None],
        stopping: Callable[[], bool],
        destroys: bool,
    ) -> str:
        late, told = time.monotonic() + self.pace.patience_seconds, ""
        while True:
            if self.lost or stopping():
                why = "this run was released by another one" if self.lost else "interrupted"
                raise StoppedError(why)
            got = self._try(lock, stack, uses, destroys)
            if isinstance(got, str):
                return got
            if got.is_silent:
                raise TerraformError(silent(stack, got, self.mode))
            if time.monotonic() > late:
                raise TerraformError(held_up(stack, got, self.pace.patience_seconds))
            if told != got.seen.lock.holder.run:
                told = got.seen.lock.holder.run
                tell(f"waits for {got}")
            time.sleep(self.pace.poll_seconds * random.uniform(0.5, 1.5))

    def _try(
        self, lock: StackLock, stack: StackId, uses: Collection[StackId], destroys: bool
    ) -> str | Blocker:
        """Lock a stack, or say who keeps us from it."""
        key, text = lock_key(stack), render_lock(lock)
        mark = self.store.create(key, text)
        while mark is None:
            seen = read_lock(self.store, key)
            if seen is None:
                mark = self.store.create(key, text)
                continue
            if seen.lock.holder.run != self.holder.run:
                blocker = self._blocker(seen)
                if blocker is not None:
                    return blocker
            mark = self.store.replace_if(key, text, seen.mark)
        users = self._users(stack) if destroys else iter(())
        for seen in itertools.chain(self._used(uses), users):
            if (blocker := self._blocker(seen)) is not None:
                self.store.delete_if(key, mark)
                return blocker
        return mark

    def _used(self, uses: Collection[StackId]) -> Iterator[Seen]:
        """The locks of other runs on stacks that ours takes values from."""
        for stack in uses:
            seen = read_lock(self.store, lock_key(stack))
            if seen is not None and seen.lock.holder.run != self.holder.run:
                yield seen

    def _users(self, stack: StackId) -> Iterator[Seen]:
        """The locks of other runs on stacks that take values from ours."""
        for seen in read_locks(self.store):
            if stack.name in seen.lock.uses and seen.lock.holder.run != self.holder.run:
                yield seen

    def _blocker(self, seen: Seen) -> Blocker | None:
        """Who holds a lock; None where its run has ended, or is known to be dead."""
        run = read_run(self.store, seen.lock.holder.run)
        if run is not None and run.head.state != "running":
            return None
        if seen.lock.holder.lives(self.machine) is False:
            return None
        age = seen.age_seconds if run is None else run.age_seconds
        lives = seen.lock.holder.lives(self.machine)
        is_silent = not lives and age > self.pace.silent_seconds
        return Blocker(seen=seen, age_seconds=age, is_silent=is_silent)

    def _keep_alive(self) -> None:
        while not self._over.wait(self.pace.beat_seconds):
            self._write_lines()
            self._sign("running", {})

    def _head(self, state: Going, counts: Mapping[str, int] | None = None) -> Head:
        return Head(holder=self.holder, state=state, beat=self._beat, counts=counts or {})

    def _sign(self, state: Going, counts: Mapping[str, int]) -> None:
        """Give a sign of life, or the last one; where the place cannot be reached, later."""
        with self._writing, contextlib.suppress(FactoryError):
            if self.lost or (self._over.is_set() and state == "running"):
                return
            key = head_key(self.holder.run)
            for _ in range(2):
                self._beat += 1
                text = render_head(self._head(state, counts))
                mark = self.store.replace_if(key, text, self._mark)
                if mark is not None:
                    self._mark = mark
                    return
                if not self._is_ours():  # an earlier sign may have arrived, and its answer not
                    break
            self.lost = True
        if self.lost:
            self.on_lost()

    def _is_ours(self) -> bool:
        """Whether what lies there is a sign of life of ours; then the next one replaces it."""
        seen = read_run(self.store, self.holder.run)
        if seen is None or seen.head.holder != self.holder or seen.head.state != "running":
            return False
        self._mark = seen.mark
        return True

    def _write_lines(self) -> None:
        """Write what is not written yet of the journal, as one part; what fails is kept."""
        with self._writing, contextlib.suppress(FactoryError):
            if not self._lines or self.lost:
                return
            number = self._part + 1
            if self.store.create(part_key(self.holder.run, number), "".join(self._lines)):
                self._lines.clear()
            self._part = number
