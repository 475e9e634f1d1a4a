"""The door to what this machine has: cores and memory, as far as this process may use them.

A container has a part of its machine. What the kernel grants it stands in its control groups, each
within the one above, and the narrowest one counts.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
CGROUPS = Path("/sys/fs/cgroup")
MIB = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """What there is for us."""

    cores: float  # above 0; a quota may grant a part of one
    memory_mib: int | None  # that can be had now; None where the system does not tell


def look_at_machine(proc: Path = PROC, cgroups: Path = CGROUPS) -> Machine:
    """Ask the system, and the control groups that this process is in."""
    groups = tuple(_groups(proc, cgroups))
    quotas = [quota for group in groups if (quota := _quota(group)) is not None]
    rooms = [room for group in groups if (room := _room(group)) is not None]
    free = _available(proc)
    known = [*rooms, *([] if free is None else [free])]
    return Machine(cores=min([_cores(), *quotas]), memory_mib=min(known) // MIB if known else None)


def _cores() -> float:
    with contextlib.suppress(AttributeError, OSError):
        return float(len(os.sched_getaffinity(0)))
    return float(os.cpu_count() or 1)


def _available(proc: Path) -> int | None:
    """Memory that programs can have now, or all there is where that is not told (bytes)."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        for line in (proc / "meminfo").read_text("ascii").splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    with contextlib.suppress(OSError, ValueError):
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return None


def _groups(proc: Path, cgroups: Path) -> Iterator[Path]:
    """Yield the control groups of this process, from its own up; of both versions."""
    with contextlib.suppress(OSError):
        for line in (proc / "self/cgroup").read_text("utf-8").splitlines():
            _, controllers, path = line.split(":", 2)
            names = controllers.split(",") if controllers else [""]
            for name in names:
                if name in ("", "memory", "cpu"):
                    yield from _upward(cgroups / name, path)


def _upward(top: Path, path: str) -> Iterator[Path]:
    """Yield a group and those above it; a container sees its own as the top."""
    own = top / path.lstrip("/")
    for group in (own, *own.parents):
        if group.is_relative_to(top):
            yield group


def _quota(group: Path) -> float | None:
    """Cores that a group may use; None where it may use all."""
    with contextlib.suppress(OSError, ValueError, ZeroDivisionError):
        quota, period = (group / "cpu.max").read_text("ascii").split()
        return None if quota == "max" else int(quota) / int(period)
    with contextlib.suppress(OSError, ValueError, ZeroDivisionError):
        micros = int((group / "cpu.cfs_quota_us").read_text("ascii"))
        return None if micros <= 0 else micros / int((group / "cpu.cfs_period_us").read_text())
    return None


def _room(group: Path) -> int | None:
    """Memory that is left to a group (bytes); the cache of files can be taken back."""
    for limit, used in (
        ("memory.max", "memory.current"),
        ("memory.limit_in_bytes", "memory.usage_in_bytes"),
    ):
        with contextlib.suppress(OSError, ValueError):
            most = int((group / limit).read_text("ascii"))
            taken = int((group / used).read_text("ascii"))
            return max(most - taken + _cache(group), 0)
    return None


def _cache(group: Path) -> int:
    with contextlib.suppress(OSError, ValueError):
        for line in (group / "memory.stat").read_text("ascii").splitlines():
            name, _, number = line.partition(" ")
            if name in ("inactive_file", "total_inactive_file"):
                return int(number)
    return 0
