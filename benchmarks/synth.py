"""The factory's synthesis beside that of a plain app that makes the same stacks.

    python -m benchmarks.synth [--rounds N] [--json] [--no-bytecode] [--neutral STACKS RESOURCES]

Both run the same stack code in a cold process, by turns: ours as it ships, and `plain`, which
imports the provider's package as any CDK app does, on the Node that stands on PATH, with warm
bytecode, or without any by `--no-bytecode`. Ours knows no shape and no output of before: Node is
started. Their outputs are compared byte by byte. Without `--neutral` the stacks are those of the
shipped `cells.yaml`.
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

from benchmarks.measure import Cost, middle, run

ROOT = Path(__file__).resolve().parent.parent
WAYS = {"ours": "fast", "plain": "plain"}


def main() -> int:
    """Measure and print."""
    options = _options()
    with tempfile.TemporaryDirectory() as scratch:
        costs = _measure(options, Path(scratch))
    medians = {way: middle(runs) for way, runs in costs.items()}
    if options.json:
        runs = {way: [asdict(cost) for cost in runs] for way, runs in costs.items()}
        print(json.dumps({"runs": runs, "ratio": _ratio(medians)}, indent=2))
    else:
        print(_render(medians, options.rounds))
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measure synthesis beside a plain CDK app.")
    parser.add_argument("--rounds", type=int, default=3, help="runs of each, by turns")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--no-bytecode", action="store_true", help="compile everything each time")
    parser.add_argument(
        "--neutral",
        type=int,
        nargs=2,
        metavar=("STACKS", "RESOURCES"),
        help="an app of so many stacks with so many resources each, not the shipped cells",
    )
    return parser.parse_args()


def _measure(options: argparse.Namespace, scratch: Path) -> dict[str, list[Cost]]:
    """One run of each way to warm the caches, then `rounds` by turns."""
    costs: dict[str, list[Cost]] = {way: [] for way in WAYS}
    for turn in range(options.rounds + 1):
        for way in WAYS:
            folder = scratch / way
            for kept in ("stencils", "known"):
                shutil.rmtree(scratch / "cache" / kept, ignore_errors=True)
            environment = _environment(way, scratch)
            if options.no_bytecode:
                environment = {**environment, "PYTHONDONTWRITEBYTECODE": "1"}
            cost = run(_command(options, folder), environment)
            if turn > 0:
                costs[way].append(cost)
    if _texts(scratch / "ours") != _texts(scratch / "plain"):
        msg = "the two ways do not give the same Terraform"
        raise SystemExit(msg)
    return costs


def _command(options: argparse.Namespace, folder: Path) -> list[str]:
    if options.neutral:
        stacks, resources = map(str, options.neutral)
        return [sys.executable, "-m", "benchmarks.neutral_app", stacks, resources, str(folder)]
    return [sys.executable, "-m", "cellfactory", "synth", "--output", str(folder)]


def _environment(way: str, scratch: Path) -> Mapping[str, str]:
    """Bytecode of its own for each way, so that neither finds what the other compiled."""
    env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    env["PYTHONPATH"] = str(ROOT)
    env["PYTHONPYCACHEPREFIX"] = str(scratch / f"bytecode-{way}")
    env["CELLFACTORY_CDK"] = WAYS[way]
    env["CELLFACTORY_CACHE"] = str(scratch / "cache")
    return env


def _texts(folder: Path) -> dict[str, str]:
    paths = sorted(path for path in folder.rglob("*.json") if path.is_file())
    if not paths:
        msg = f"nothing was written to {folder}"
        raise SystemExit(msg)
    return {str(path.relative_to(folder)): path.read_text("utf-8") for path in paths}


def _ratio(medians: Mapping[str, Cost]) -> dict[str, float]:
    ours, plain = asdict(medians["ours"]), asdict(medians["plain"])
    return {name: plain[name] / ours[name] for name in ours}


def _render(medians: Mapping[str, Cost], rounds: int) -> str:
    lines = [f"{'':<14}{'wall s':>9}{'CPU s':>9}{'peak MiB':>10}"]
    for way, cost in medians.items():
        lines.append(
            f"{way:<14}{cost.wall_seconds:>9.2f}{cost.cpu_seconds:>9.2f}{cost.peak_mib:>10.0f}"
        )
    ratio = (f"{value:.1f}x" for value in _ratio(medians).values())
    lines.append("{:<14}{:>9}{:>9}{:>10}".format("plain / ours", *ratio))
    lines += ["", f"Median of {rounds} runs of each, by turns, each in a cold process."]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
