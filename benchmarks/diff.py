"""What `diff` costs where a mesh of 125 cells gets one more.

    python -m benchmarks.diff [--cells N] [--rounds N] [--json]

CPU seconds, the median of several rounds, in a folder of its own with a real repository. Beside the
whole command, in a process of its own with every shape in the cache: the part of it that compares,
and the baseline, which reads both whole trees as documents and compares every resource of them.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from statistics import median

from benchmarks import mesh
from benchmarks.measure import middle, run
from cellfactory.addressing.lock_file import render_lock
from cellfactory.design import Design, Texts, make_design
from cellfactory.diff.compare import compare_stack, compare_trees
from cellfactory.facts.loader import load_facts
from cellfactory.layers import StackId, list_stacks
from cellfactory.stacks.synth import synth_differing, synth_stacks
from tests import inventories

CELLS = 125
BUDGET = 1.5
"""CPU seconds of the whole command that we want to stay under."""


def main() -> int:
    """Measure and print."""
    options = argparse.ArgumentParser(description="Measure a diff of a full mesh.")
    options.add_argument("--cells", type=int, default=CELLS, help="cells before the edit")
    options.add_argument("--rounds", type=int, default=3, help="how often")
    options.add_argument("--json", action="store_true", help="print JSON")
    given = options.parse_args()
    before = _design(given.cells, None)
    after = _design(given.cells + 1, render_lock(before.lock))
    ours = _middle(lambda: _differing(before, after), given.rounds)
    baseline = _timed(lambda: _everything(before, after))  # once: it takes long
    figures = {
        "command": _command(given.cells, before, given.rounds),
        "synthesis and comparison": ours,
        "baseline": baseline,
        "ratio": baseline / ours,
    }
    print(json.dumps(figures, indent=2) if given.json else _render(figures))
    return 0


def _design(cells: int, lock: str | None) -> Design:
    text = inventories.render(mesh.inventory(cells))
    texts = Texts(inventory=text, inventory_file="cells.yaml", lock=lock, lock_file="lock")
    return make_design(texts, load_facts())


def _differing(before: Design, after: Design) -> None:
    stacks = [list_stacks(design.inventory, design.facts) for design in (before, after)]
    ids = {stack.id.name: stack.id for side in stacks for stack in side}
    texts = synth_differing((before, stacks[0]), (after, stacks[1]))
    left, right = ({ids[name]: text for name, text in side.items()} for side in texts)
    assert compare_trees(left, right).stacks


def _everything(before: Design, after: Design) -> None:
    old, new = _tree(before), _tree(after)
    for stack in sorted({*old, *new}):
        compare_stack(stack, old.get(stack), new.get(stack))


def _tree(design: Design) -> Mapping[StackId, str]:
    stacks = list_stacks(design.inventory, design.facts)
    made = synth_stacks(design.inventory, design.plan, design.facts, stacks)
    return {stack.id: made.stacks[stack.id.name] for stack in stacks}


def _middle(work: Callable[[], None], rounds: int) -> float:
    work()  # shapes that are not in the cache yet
    return median([_timed(work) for _ in range(rounds)])


def _timed(work: Callable[[], None]) -> float:
    begun = time.process_time()
    work()
    return time.process_time() - begun


def _command(cells: int, before: Design, rounds: int) -> float:
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        (folder / "cells.yaml").write_text(inventories.render(mesh.inventory(cells)), "utf-8")
        (folder / "cells.lock.yaml").write_text(render_lock(before.lock), "utf-8")
        who = ("-c", "user.name=a", "-c", "user.email=a@example.com")
        for words in (["init", "-q", "-b", "main"], ["add", "."], [*who, "commit", "-qm", "base"]):
            subprocess.run(["git", *words], cwd=folder, check=True)
        (folder / "cells.yaml").write_text(inventories.render(mesh.inventory(cells + 1)), "utf-8")
        command = [sys.executable, "-m", "cellfactory", "--chdir", place, "diff", "--base", "HEAD"]
        env = {**os.environ, "NO_COLOR": "1"}
        return middle([run(command, env) for _ in range(rounds + 1)][1:]).cpu_seconds


def _render(figures: Mapping[str, float]) -> str:
    seconds = [f"{name:<26}{value:>7.2f} s" for name, value in figures.items() if name != "ratio"]
    return "\n".join([*seconds, f"{'baseline / ours':<26}{figures['ratio']:>7.1f}"])


if __name__ == "__main__":
    sys.exit(main())
