"""An append-only journal of a run, so that an interrupted one can be taken up again.

Each line is one JSON object; the first names the command. A line that was cut off, as by a
full disk or a killed process, is passed over: its stack then counts as not finished.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cellfactory.errors import UsageError
from cellfactory.files import read_text
from cellfactory.layers import StackId
from cellfactory.terraform.messages import Value
from cellfactory.terraform.results import Result
from cellfactory.terraform.workspace import Sources, digest, digest_sources

_DONE = ("applied", "no-change", "done-before")


class Journal:
    """The journal of the run that goes on now.

    Where it cannot be written, each of its methods raises `UsageError`.
    """

    def __init__(self, path: Path, command: str) -> None:
        self.path = path
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

    def _append(self, line: Mapping[str, Any]) -> None:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self._lock, self.path.open("a", encoding="utf-8") as stream:
                stream.write(json.dumps(line) + "\n")
                stream.flush()
                os.fsync(stream.fileno())
        except OSError as error:
            msg = f"cannot write {self.path}: {error.strerror}"
            raise UsageError(msg) from error


def work_key(sources: Sources, inputs: Mapping[str, Value]) -> str:
    """Digest what the result of an apply depends on, apart from the world itself."""
    return digest(digest_sources(sources) + json.dumps(inputs, sort_keys=True))


def read_finished(path: Path) -> dict[str, str]:
    """Read which stacks an earlier run finished: the work's key, by stack name."""
    finished: dict[str, str] = {}
    for line in read_text(path).splitlines():
        try:
            told = json.loads(line)
        except (ValueError, RecursionError):
            continue
        match told:
            case {"event": "finished", "stack": str(stack), "key": str(key), "status": str(status)}:
                if status in _DONE:
                    finished[stack] = key
                else:
                    finished.pop(stack, None)
            case {"event": "started" | "finished", "stack": str(stack)}:
                finished.pop(stack, None)
    return finished


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
