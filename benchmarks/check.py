"""What the commands that start no Node cost, each in a cold process with warm bytecode.

    python -m benchmarks.check [--rounds N] [--json] [COMMAND ...]

Without commands: `--help` and `check` of the shipped `cells.yaml`.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

from benchmarks.measure import Cost, middle, run

ROOT = Path(__file__).resolve().parent.parent
COMMANDS = ("--help", "check")


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Measure commands that start no Node.")
    parser.add_argument("--rounds", type=int, default=5, help="runs of each, by turns")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("commands", nargs="*", help='such as "check" or "size --format json"')
    options = parser.parse_args()
    costs = _measure(options.commands or COMMANDS, options.rounds)
    if options.json:
        print(json.dumps({name: asdict(cost) for name, cost in costs.items()}, indent=2))
    else:
        print(_render(costs, options.rounds))
    return 0


def _measure(commands: list[str] | tuple[str, ...], rounds: int) -> dict[str, Cost]:
    """One run of each to warm the bytecode, then `rounds` by turns; the median."""
    runs: dict[str, list[Cost]] = {command: [] for command in commands}
    with tempfile.TemporaryDirectory() as bytecode:
        env = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONPYCACHEPREFIX": bytecode}
        env.pop("PYTHONDONTWRITEBYTECODE", None)
        for turn in range(rounds + 1):
            for command in commands:
                cost = run([sys.executable, "-m", "cellfactory", *shlex.split(command)], env)
                if turn > 0:
                    runs[command].append(cost)
    return {command: middle(costs) for command, costs in runs.items()}


def _render(costs: dict[str, Cost], rounds: int) -> str:
    wide = max(len(command) for command in costs) + 2
    lines = [f"{'':<{wide}}{'wall s':>9}{'CPU s':>9}{'peak MiB':>10}"]
    for command, cost in costs.items():
        lines.append(
            f"{command:<{wide}}{cost.wall_seconds:>9.2f}{cost.cpu_seconds:>9.2f}"
            f"{cost.peak_mib:>10.0f}"
        )
    lines += ["", f"Median of {rounds} runs of each, by turns, each in a cold process."]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
