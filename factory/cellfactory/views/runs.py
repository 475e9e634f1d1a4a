"""How it looks which runs there were, and what was released of one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from cellfactory.runs.list_runs import RunRow
from cellfactory.runs.unlock import Released
from cellfactory.terraform.advice import unlock_line
from cellfactory.terraform.meeting_words import duration
from cellfactory.terraform.target import Mode

_GONE = ("dead", "silent")


def render_runs(rows: Sequence[RunRow], mode: Mode) -> str:
    """Render runs as a table, with what each holds or ended with below it.

    >>> render_runs((), "aws")
    'no runs'
    """
    if not rows:
        return "no runs"
    cells = [("run", "state", "command", "owner", "last sign of life")]
    for row in rows:
        who = row.holder
        age = f"{duration(row.age_seconds)} ago"
        cells.append((who.run, row.state, who.command, who.owner, age))
    widths = [max(len(line[i]) for line in cells) for i in range(4)]
    lines = ["  ".join([*(map(str.ljust, line, widths)), line[4]]) for line in cells]
    shown = [lines[0]]
    for line, row in zip(lines[1:], rows, strict=True):
        shown += [line, *(f"    {more}" for more in _more(row, mode))]
    return "\n".join(shown)


def _more(row: RunRow, mode: Mode) -> list[str]:
    told = []
    if row.counts:
        told.append(", ".join(f"{count:,} {name}" for name, count in sorted(row.counts.items())))
    if row.holds:
        told.append(f"holds {', '.join(row.holds)}")
    if row.holds and row.state in _GONE:
        told.append(f"to release it: {unlock_line(row.holder.run, mode)}")
    if row.holder.job:
        told.append(row.holder.job)
    if row.note:
        told.append(row.note)
    return told


def runs_to_json(rows: Sequence[RunRow]) -> list[dict[str, Any]]:
    """Turn runs into what a machine reads."""
    return [
        {
            "run": row.holder.run,
            "state": row.state,
            "command": row.holder.command,
            "owner": row.holder.owner,
            "job": row.holder.job,
            "began": row.holder.began,
            "version": row.holder.version,
            "silent_seconds": round(row.age_seconds),
            "counts": row.counts,
            "holds": list(row.holds),
            "note": row.note,
        }
        for row in rows
    ]


def render_released(released: Released) -> str:
    """Render what was released."""
    lines = [f"released run {released.run}"] if released.run else []
    lines += [f"released {stack}" for stack in released.stacks]
    lines += [f"released the state of {lock.stack} ({lock.id})" for lock in released.states]
    lines += [f"another run has taken {what} meanwhile" for what in released.overtaken]
    return "\n".join(lines)


def released_to_json(released: Released) -> dict[str, Any]:
    """Turn what was released into what a machine reads."""
    told = asdict(released)
    told["states"] = [
        {"stack": lock.stack.name, "id": lock.id, "who": lock.who} for lock in released.states
    ]
    return told
