"""Waves as people and pipelines read them: a table, JSON, a matrix of GitHub Actions."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cellfactory.errors import Finding, UsageError
from cellfactory.inventory.rings import write_duration
from cellfactory.inventory.schema import ExistingAccount, Inventory
from cellfactory.layers import Stack, StackId, Wave
from cellfactory.layers.waves import shards

VERSION = 1
MOST_JOBS = 256
"""Jobs of one matrix.

Source:
    https://docs.github.com/en/actions/reference/limits
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waves:
    """The waves of an inventory, with what each ring bakes."""

    inventory: Inventory
    waves: tuple[Wave, ...]
    bake: Mapping[str, float]  # by ring (s)
    stacks: tuple[Stack, ...]  # all that there are

    @property
    def numbered(self) -> Iterator[tuple[int, Wave]]:
        """The waves with their numbers, from 0."""
        return iter(enumerate(self.waves))

    def bakes(self, index: int) -> float:
        """Time to bake after a wave (s): after the last of a ring that another one follows."""
        after = self.waves[index + 1 :]
        own = self.waves[index].ring
        return self.bake[own] if after and after[0].ring != own else 0.0


def to_json(waves: Waves) -> dict[str, Any]:
    """Say all of it as data."""
    return {"version": VERSION, "waves": [_wave(waves, i, w) for i, w in waves.numbered]}


def _wave(waves: Waves, index: int, wave: Wave) -> dict[str, Any]:
    cells = [waves.inventory.cells[name] for name in wave.cells]
    ids = {c.account.id for c in cells if isinstance(c.account, ExistingAccount)}
    return {
        "index": index,
        "ring": wave.ring,
        "part": wave.part,
        "waits_for": [index - 1] if index else [],
        "bake_seconds": round(waves.bakes(index)),
        "stacks": [stack.name for stack in wave.ids],
        "cells": list(wave.cells),
        "accounts": sorted(ids),
        "new_accounts": [n for n, c in zip(wave.cells, cells, strict=True) if not _has_id(c)],
        "regions": sorted({waves.inventory.region_of(name) for name in wave.cells}),
        "organizations": sorted({cell.organization for cell in cells}),
    }


def _has_id(cell: Any) -> bool:
    return isinstance(cell.account, ExistingAccount)


def render_waves(waves: Waves) -> str:
    """Render the waves for people: a line each, and what is waited for between two rings."""
    lines = []
    for index, wave in waves.numbered:
        cells = ", ".join(wave.cells)
        stacks = f"{len(wave.ids):,} stack{'' if len(wave.ids) == 1 else 's'}"
        lines.append(f"{index}  {wave.ring} {wave.part}: {stacks} of {cells}")
        layers = dict.fromkeys(stack.layer for stack in wave.ids)
        lines.append(f"   {', '.join(layers)}")
        if bake := waves.bakes(index):
            lines.append(f"   then {wave.ring} bakes {write_duration(bake)}")
    return "\n".join(lines)


def render_matrix(waves: Waves, most: int, only: int | None = None) -> str:
    """Render a line for `$GITHUB_OUTPUT`: `matrix=` and the jobs.

    Args:
        waves: all of them.
        most: jobs of each wave, at most; none waits for another one of its wave.
        only: the wave whose jobs are wanted; all when None.

    Raises:
        UsageError: when there is no such wave, or there would be too many jobs (F664).
    """
    count = len(waves.waves)
    if only is not None and only >= count:
        msg = f"there is no wave {only}: the last one is {count - 1}"
        raise UsageError(msg)
    chosen = [(i, w) for i, w in waves.numbered if only in (None, i)]
    jobs = [job for index, wave in chosen for job in _jobs(waves, index, wave, most)]
    if len(jobs) > MOST_JOBS:
        message = f"the matrix would have {len(jobs):,} jobs; GitHub Actions takes {MOST_JOBS}"
        hint = "ask for one wave at a time (--wave), or for fewer --shards"
        raise UsageError(str(Finding(rule="F664", message=message, hint=hint)) + f"\n    {hint}")
    return "matrix=" + json.dumps({"include": jobs}, separators=(",", ":"))


def _jobs(waves: Waves, index: int, wave: Wave, most: int) -> Iterator[dict[str, Any]]:
    parts = shards(wave.stacks, most)
    for number, part in enumerate(parts, 1):
        own = [stack.id for stack in part]
        named = [*own, *_held_back(waves, wave, own)]
        words = [f"--ring {wave.ring}", *(f"--stack {stack.name}" for stack in named)]
        yield {
            "name": f"{wave.ring} {wave.part} {number}/{len(parts)}",
            "wave": index,
            "ring": wave.ring,
            "part": wave.part,
            "shard": number,
            "cells": " ".join(sorted({s.cell for s in own if s.cell is not None})),
            "arguments": " ".join(words),
        }


def _held_back(waves: Waves, wave: Wave, own: Sequence[StackId]) -> Iterator[StackId]:
    """Yield stacks of earlier rings that come after these; `--ring` drops them where they stand."""
    earlier = {s for w in waves.waves if w.ring != wave.ring for s in w.ids}
    yield from (s.id for s in waves.stacks if s.id in earlier and set(s.after) & set(own))
