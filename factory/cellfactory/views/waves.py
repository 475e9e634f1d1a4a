"""Waves as people and pipelines read them: a table, JSON, a matrix of GitHub Actions."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cellfactory.errors import UsageError
from cellfactory.inventory.rings import write_duration
from cellfactory.inventory.schema import ExistingAccount, Inventory
from cellfactory.layers import Stack, StackId, Wave
from cellfactory.layers.waves import shards

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

    def bakes(self, wave: Wave) -> float:
        """Time to bake after a wave (s): after the last of a ring that another one follows."""
        after = [one.ring for one in self.waves if one.index > wave.index]
        names = self.inventory.ring_names
        used = [cell.ring for cell in self.inventory.cells.values()]
        is_followed = any(ring in used for ring in names[names.index(wave.ring) + 1 :])
        return self.bake[wave.ring] if is_followed and wave.ring not in after else 0.0


def to_json(waves: Waves) -> dict[str, Any]:
    """Say all of it as data."""
    before = (None, *waves.waves)
    return {
        "waves": [_wave(waves, one, last) for last, one in zip(before, waves.waves, strict=False)]
    }


def _wave(waves: Waves, wave: Wave, last: Wave | None) -> dict[str, Any]:
    cells = [waves.inventory.cells[name] for name in wave.cells]
    ids = {c.account.id for c in cells if isinstance(c.account, ExistingAccount)}
    return {
        "index": wave.index,
        "ring": wave.ring,
        "part": wave.part,
        "waits_for": [] if last is None else [last.index],
        "bake_seconds": round(waves.bakes(wave)),
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
    for wave in waves.waves:
        cells = ", ".join(wave.cells)
        stacks = f"{len(wave.ids):,} stack{'' if len(wave.ids) == 1 else 's'}"
        lines.append(f"{wave.index}  {wave.ring} {wave.part}: {stacks} of {cells}")
        layers = dict.fromkeys(stack.layer for stack in wave.ids)
        lines.append(f"   {', '.join(layers)}")
        if bake := waves.bakes(wave):
            lines.append(f"   then {wave.ring} bakes {write_duration(bake)}")
    return "\n".join(lines)


def render_matrix(waves: Waves, most: int, only: int | None = None, jobs: int = MOST_JOBS) -> str:
    """Render a line for `$GITHUB_OUTPUT`: `matrix=` and the jobs.

    Args:
        waves: all of them.
        most: jobs of each wave, at most; none waits for another one of its wave.
        only: the wave whose jobs are wanted; all when None.
        jobs: of all waves together, at most.

    Raises:
        UsageError: when there is no such wave, or there would be too many jobs.
    """
    known = [wave.index for wave in waves.waves]
    if only is not None and only not in known:
        msg = f"there is no wave {only}; waves: {', '.join(map(str, known)) or 'none'}"
        raise UsageError(msg)
    chosen = [wave for wave in waves.waves if only in (None, wave.index)]
    found = [job for wave in chosen for job in _jobs(waves, wave, most)]
    if len(found) > jobs:
        limit = f"GitHub Actions takes {MOST_JOBS}" if jobs == MOST_JOBS else f"--jobs is {jobs:,}"
        message = f"the matrix would have {len(found):,} jobs; {limit}"
        hint = "ask for one wave at a time (--wave), or for fewer --shards"
        msg = f"{message}\n    {hint}"
        raise UsageError(msg)
    return "matrix=" + json.dumps({"include": found}, separators=(",", ":"))


def most_shards(waves: Waves, jobs: int) -> int:
    """Find the finest way to share out every wave that needs no more than so many jobs in all.

    One shard of each wave is the coarsest; where even those are too many, `render_matrix` says so.
    """
    for most in range(MOST_JOBS, 1, -1):
        if sum(len(shards(wave.stacks, most)) for wave in waves.waves) <= jobs:
            return most
    return 1


def _jobs(waves: Waves, wave: Wave, most: int) -> Iterator[dict[str, Any]]:
    parts = shards(wave.stacks, most)
    for number, part in enumerate(parts, 1):
        own = [stack.id for stack in part]
        named = [*own, *_held_back(waves, wave, own)]
        words = [f"--ring {wave.ring}", *(f"--stack {stack.name}" for stack in named)]
        yield {
            "name": f"{wave.ring} {wave.part} {number}/{len(parts)}",
            "wave": wave.index,
            "ring": wave.ring,
            "part": wave.part,
            "shard": number,
            "cells": " ".join(sorted({s.cell for s in own if s.cell is not None})),
            "stacks": " ".join(stack.name for stack in own),
            "arguments": " ".join(words),
        }


def _held_back(waves: Waves, wave: Wave, own: Sequence[StackId]) -> Iterator[StackId]:
    """Yield stacks of earlier rings that come after these; `--ring` drops them where they stand."""
    earlier = {s for w in waves.waves if w.ring != wave.ring for s in w.ids}
    yield from (s.id for s in waves.stacks if s.id in earlier and set(s.after) & set(own))
