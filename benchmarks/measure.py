"""Run a command in a cold process and say what it cost."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

_POLL_SECONDS = 0.02
_KIB_PER_MIB = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What one run took."""

    wall_seconds: float
    cpu_seconds: float  # user and system, of the process and all it waited for
    peak_mib: float  # resident, summed over the tree of processes: pages they share count twice


def run(command: Sequence[str], env: Mapping[str, str]) -> Cost:
    """Run `command` to its end.

    Raises:
        SystemExit: when it fails, with what it wrote to stderr.
    """
    begun = time.perf_counter()
    process = subprocess.Popen(
        command, env=dict(env), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    peak_kib = 0
    while True:
        pid, status, usage = os.wait4(process.pid, os.WNOHANG)
        if pid:
            break
        peak_kib = max(peak_kib, _tree_kib(process.pid))
        time.sleep(_POLL_SECONDS)
    wall = time.perf_counter() - begun
    assert process.stderr is not None
    said = process.stderr.read().decode(errors="replace")
    process.stderr.close()
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        msg = f"{' '.join(command)} ended with {process.returncode}:\n{said}"
        raise SystemExit(msg)
    return Cost(
        wall_seconds=wall,
        cpu_seconds=usage.ru_utime + usage.ru_stime,
        peak_mib=peak_kib / _KIB_PER_MIB,
    )


def middle(costs: Sequence[Cost]) -> Cost:
    """The median of each figure over several runs."""
    rows = [asdict(cost) for cost in costs]
    return Cost(**{name: median(row[name] for row in rows) for name in rows[0]})


def _tree_kib(root: int) -> int:
    """Resident memory of a process and all below it (KiB); 0 where there is no /proc."""
    waiting, total = [root], 0
    while waiting:
        folder = Path("/proc") / str(waiting.pop())
        try:
            for line in (folder / "status").read_text().splitlines():
                if line.startswith("VmRSS:"):
                    total += int(line.split()[1])
            for task in (folder / "task").iterdir():
                waiting += map(int, (task / "children").read_text().split())
        except OSError:
            continue  # it ended while we looked
    return total
