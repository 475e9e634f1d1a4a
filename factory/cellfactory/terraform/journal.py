"""An append-only journal of a run, so that an interrupted one can be taken up again.

Each line is one JSON object; the first names the command. A line that was cut off, as by a
full disk or a killed process, is passed over: its stack then counts as not finished.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from cellfactory.errors import UsageError
from cellfactory.files import read_text
from cellfactory.layers import StackId
from cellfactory.terraform.messages import Value
from cellfactory.terraform.results import Result
from cellfactory.terraform.workspace import Sources, digest, digest_sources

RingEvent = Literal["baking", "passed", "failed"]
Tell = Callable[[Mapping[str, Any]], None]
"""Is told a line of a journal."""
Checks = tuple[tuple[str, ...], ...]
"""Programs, each with its arguments."""
_DONE = ("applied", "no-change", "done-before")


class Journal:
    """The journal of the run that goes on now.

    Where it cannot be written, each of its methods raises `UsageError`.
    """

    def __init__(self, path: Path, command: str, also: Tell = lambda _line: None) -> None:
        """Take where it lies, what the run does, and who else is told each line."""
        self.path = path
        self._also = also
        self._lock = threading.Lock()
        self._append({"event": "begun", "command": command})

    def noted(self, event: str, **told: Any) -> None:
        """Note what is no work on a stack, such as why something was done all the same."""
        self._append({"event": event, **told})

    def started(self, stack: StackId, key: str) -> None:
        """Note that Terraform is about to be started for a stack."""
        self._append({"event": "started", "stack": stack.name, "key": key})

    def finished(self, result: Result, key: str) -> None:
        """Note what became of a stack."""
        line = {"event": "finished", "stack": result.stack.name, "key": key}
        self._append({**line, "status": result.status, "counts": str(result.counts)})

    def overridden(self, what: str, reason: str) -> None:
        """Note that somebody lifted a limit of the guard, and why."""
        self._append({"event": "override", "what": what, "reason": reason})

    def asked(self, bake: float | None, checks: Checks | None) -> None:
        """Note how long rings bake (s), and which programs are asked of them."""
        self._append({"event": "asked", "bake": bake, "checks": checks})

    def ring(self, ring: str, event: RingEvent, at: float, **more: str) -> None:
        """Note how far a ring is, and when (s since the epoch)."""
        self._append({"event": "ring", "ring": ring, "is": event, "at": at, **more})

    def _append(self, line: Mapping[str, Any]) -> None:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self._lock, self.path.open("a", encoding="utf-8") as stream:
                stream.write(json.dumps(line) + "\n")
                stream.flush()
                os.fsync(stream.fileno())
            self._also(line)
        except OSError as error:
            msg = f"cannot write {self.path}: {error.strerror}"
            raise UsageError(msg) from error


def work_key(sources: Sources, inputs: Mapping[str, Value]) -> str:
    """Digest what the result of an apply depends on, apart from the world itself."""
    return digest(digest_sources(sources) + json.dumps(inputs, sort_keys=True))


def read_finished(path: Path) -> dict[str, str]:
    """Read which stacks an earlier run finished: the work's key, by stack name."""
    finished: dict[str, str] = {}
    for line in _lines(path):
        match line:
            case {"event": "finished", "stack": str(stack), "key": str(key), "status": str(status)}:
                if status in _DONE:
                    finished[stack] = key
                else:
                    finished.pop(stack, None)
            case {"event": "started" | "finished", "stack": str(stack)}:
                finished.pop(stack, None)
    return finished


@dataclass(slots=True)
class Rings:
    """How far an earlier run came with its rings."""

    changed: set[str] = field(default_factory=set)  # stacks applied since their ring last passed
    baking: dict[str, float] = field(default_factory=dict)  # since when, by ring (s, epoch)


def read_rings(path: Path, rings: Mapping[str, str]) -> Rings:
    """Read how far an earlier run came with its rings.

    Args:
        path: its journal.
        rings: the ring of each stack, by the stack's name.
    """
    told = Rings()
    for line in _lines(path):
        match line:
            case {"event": "finished", "stack": str(stack), "status": "applied"}:
                told.changed.add(stack)
                told.baking.pop(rings.get(stack, ""), None)
            case {"event": "ring", "ring": str(ring), "is": "baking", "at": float(at)}:
                told.baking.setdefault(ring, at)
            case {"event": "ring", "ring": str(ring), "is": "passed"}:
                told.changed -= {stack for stack in told.changed if rings.get(stack) == ring}
                told.baking.pop(ring, None)
    return told


def read_asked(path: Path) -> tuple[float | None, Checks | None]:
    """Read how the rings of an earlier run were to bake (s), and which programs it asked.

    Each is None where nobody said; a run that was resumed may have said it anew.
    """
    bake, checks = None, None
    for line in _lines(path):
        match line:
            case {"event": "asked", "bake": float() | None as told, "checks": programs}:
                bake, checks = told, _checks(programs)
    return bake, checks


def _checks(told: object) -> Checks | None:
    if not isinstance(told, list):
        return None
    return tuple(tuple(map(str, program)) for program in told if isinstance(program, list))


def _lines(path: Path) -> Iterator[object]:
    for line in read_text(path).splitlines():
        try:
            yield json.loads(line)
        except (ValueError, RecursionError):
            continue


def find_journal(folder: Path, run: str) -> Path:
    """Find the journal of a run.

    Args:
        folder: where the journals lie.
        run: its id, or `last`.

    Raises:
        UsageError: when there is none.
    """
    known = sorted(folder.glob("*.jsonl"))
    if run == "last" and known:
        return known[-1]
    path = folder / f"{run}.jsonl"
    if path not in known:
        names = ", ".join(p.stem for p in known[-3:]) or "none yet"
        msg = f"there is no run {run!r} to resume; the last ones are: {names}"
        raise UsageError(msg)
    return path
