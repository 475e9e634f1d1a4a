"""How `lock`, `check` and `synth` grow with the number of cells.

    python -m benchmarks.growth [--rounds N] [--json] [--cells N ...]

The cells stand in star meshes of a hundred, each without peers. Each command runs in a cold process
with warm bytecode: `lock` gives every cell its blocks, `check` has nothing to find, and `synth`
knows every shape and writes everything.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.measure import Cost, middle, run
from tests.inventories import cell, data, render

ROOT = Path(__file__).resolve().parent.parent
SIZES = (125, 250, 500, 1_000)
COMMANDS = ("lock", "check", "synth")
A_MESH = 100  # cells


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Measure how commands grow with the cells.")
    parser.add_argument("--cells", type=int, nargs="+", default=SIZES, metavar="N")
    parser.add_argument("--rounds", type=int, default=3, help="runs of each")
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        costs = {n: _measure(Path(scratch, str(n)), n, options.rounds) for n in options.cells}
    if options.json:
        told = {n: {c: asdict(cost) for c, cost in found.items()} for n, found in costs.items()}
        print(json.dumps(told, indent=2))
    else:
        print(_render(costs, options.rounds))
    return 0


def inventory(cells: int) -> dict[str, Any]:
    """Equal cells of one node in each zone, in meshes of a hundred."""
    made = data(nodes=1, quotas={"L-1216C47A": 5_000})
    mesh = {"region": "us-east-1", "hubs": [], "cell_to_cell": "none"}
    made["meshes"] = {f"mesh-{n:02}": dict(mesh) for n in range((cells - 1) // A_MESH + 1)}
    made["cells"] = {f"cell-{n:04}": cell(n, f"mesh-{n // A_MESH:02}") for n in range(cells)}
    return made


def _measure(project: Path, cells: int, rounds: int) -> dict[str, Cost]:
    project.mkdir()
    (project / "cells.yaml").write_text(render(json.loads(json.dumps(inventory(cells)))), "utf-8")
    env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    kept = project.parent
    env |= {"PYTHONPATH": str(ROOT), "CELLFACTORY_CACHE": str(kept / "cache")}
    env["PYTHONPYCACHEPREFIX"] = str(kept / "bytecode")
    runs: dict[str, list[Cost]] = {command: [] for command in COMMANDS}
    for turn in range(rounds + 1):
        (project / "cells.lock.yaml").unlink(missing_ok=True)
        shutil.rmtree(project / "cdktf.out", ignore_errors=True)
        for command in COMMANDS:
            program = [sys.executable, "-m", "cellfactory", "--chdir", str(project), command]
            cost = run(program, env)
            if turn > 0:
                runs[command].append(cost)
    return {command: middle(found) for command, found in runs.items()}


def _render(costs: Mapping[int, Mapping[str, Cost]], rounds: int) -> str:
    lines = [f"{'cells':>7}" + "".join(f"{command:>9}" for command in COMMANDS) + f"{'MiB':>9}"]
    for cells, found in costs.items():
        seconds = "".join(f"{found[command].cpu_seconds:>9.2f}" for command in COMMANDS)
        peak = max(cost.peak_mib for cost in found.values())
        lines.append(f"{cells:>7,}{seconds}{peak:>9.0f}")
    lines += ["", f"CPU seconds, median of {rounds} runs; the highest peak of the three commands."]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
