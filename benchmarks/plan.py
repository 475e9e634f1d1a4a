"""`plan` on the emulated AWS, one stack after another and at once: real Terraform and provider.

    TF_PLUGIN_MIRROR=DIR python -m benchmarks.plan [--cells N] [--rounds N] [--latency MS] [--json]

The shipped inventory, or its first cells, is applied once. Then, by turns:

* `serial` plans all stacks one after the other;
* `parallel` plans as many at a time as `plan` takes by itself: two for each core;
* `seen` applies what has nothing to do, after a look (`apply --ask --yes`): the look, and no plan
  a second time.

The speed-up is serial by parallel in wall time, and means something only on a machine that does
nothing else. The emulated AWS answers at once, and its cores are those of the same machine (some 8
CPU seconds for each `plan` of the shipped cells, in no column); with --latency, every request to
it takes so much longer.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from benchmarks.latency import relay
from benchmarks.measure import Cost, middle, run
from cellfactory.documents import load_data, render_data

ROOT = Path(__file__).resolve().parent.parent
SERVER = ".cellfactory/sandbox/server.json"  # where the emulator is
WAYS: Mapping[str, tuple[str, ...]] = {
    "serial": ("plan", "--sandbox", "--parallel", "1"),
    "parallel": ("plan", "--sandbox"),
    "seen": ("apply", "--sandbox", "--ask", "--yes"),
}


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Measure plan, one by one and at once.")
    parser.add_argument("--cells", type=int, default=0, help="the first N cells alone")
    parser.add_argument("--rounds", type=int, default=3, help="runs of each, by turns")
    parser.add_argument("--latency", type=float, default=0, help="of each request (ms)")
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args()
    if not os.environ.get("TF_PLUGIN_MIRROR"):
        parser.error("TF_PLUGIN_MIRROR must name a mirror that holds the AWS provider")
    with (
        tempfile.TemporaryDirectory() as scratch,
        _sandbox(Path(scratch), options.cells),
        _far_away(Path(scratch), options.latency / 1000),
    ):
        costs = _measure(Path(scratch), options.rounds)
    found = {
        **{way: asdict(cost) for way, cost in costs.items()},
        "speedup": costs["serial"].wall_seconds / costs["parallel"].wall_seconds,
    }
    print(json.dumps(found, indent=2) if options.json else _render(costs))
    return 0


@contextmanager
def _sandbox(folder: Path, cells: int) -> Iterator[None]:
    """Make the inventory in an emulated AWS that lasts as long as the block."""
    inventory = load_data((ROOT / "cells.yaml").read_text("utf-8"))
    names = sorted(inventory["cells"])[: cells or None]
    inventory["cells"] = {name: inventory["cells"][name] for name in names}
    (folder / "cells.yaml").write_text(render_data(inventory), "utf-8")
    (folder / "cells.lock.yaml").write_bytes((ROOT / "cells.lock.yaml").read_bytes())
    for words in (("lock",), ("synth",)):
        run(_command(folder, *words), _environment())
    emulator = subprocess.Popen(
        _command(folder, "sandbox"),
        env=_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert emulator.stdout is not None
        if not emulator.stdout.readline().startswith("http"):
            msg = "the sandbox did not start"
            raise SystemExit(msg)
        run(_command(folder, "apply", "--sandbox", "--parallel", "8"), _environment())
        yield
    finally:
        emulator.terminate()
        emulator.wait()


@contextmanager
def _far_away(folder: Path, seconds: float) -> Iterator[None]:
    """Let every request to the emulator take longer."""
    if not seconds:
        yield
        return
    file = folder / SERVER
    near = json.loads(file.read_text("utf-8"))
    host, _, port = near["endpoint"].rpartition(":")
    with relay(int(port), seconds) as far:
        file.write_text(json.dumps({**near, "endpoint": f"{host}:{far}"}), "utf-8")
        try:
            yield
        finally:
            file.write_text(json.dumps(near), "utf-8")


def _measure(folder: Path, rounds: int) -> dict[str, Cost]:
    """One run of each to warm what is cached, then `rounds` by turns; the median."""
    runs: dict[str, list[Cost]] = {way: [] for way in WAYS}
    for turn in range(rounds + 1):
        for way, words in WAYS.items():
            cost = run(_command(folder, *words), _environment())
            if turn > 0:
                runs[way].append(cost)
    return {way: middle(costs) for way, costs in runs.items()}


def _command(folder: Path, *words: str) -> list[str]:
    return [sys.executable, "-m", "cellfactory", "--chdir", str(folder), *words]


def _environment() -> Mapping[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT / "factory")}


def _render(costs: Mapping[str, Cost]) -> str:
    lines = [f"{'':<10}{'wall s':>9}{'CPU s':>9}{'peak MiB':>10}"]
    for way, cost in costs.items():
        lines.append(
            f"{way:<10}{cost.wall_seconds:>9.1f}{cost.cpu_seconds:>9.1f}{cost.peak_mib:>10.0f}"
        )
    speedup = costs["serial"].wall_seconds / costs["parallel"].wall_seconds
    lines.append(f"speed-up: {speedup:.2f}")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
