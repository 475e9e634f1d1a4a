"""How much of a machine is ours: control groups of both versions, and machines without any."""

from __future__ import annotations

from pathlib import Path

import pytest

from cellfactory.facts.loader import load_facts
from cellfactory.machine import MIB, Machine, look_at_machine
from cellfactory.runs.at_once import stacks_at_once

FACTS = load_facts()


def write(folder: Path, **files: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_text(text, "ascii")


@pytest.fixture
def proc(tmp_path: Path) -> Path:
    write(tmp_path / "proc", meminfo="MemTotal: 9 kB\nMemAvailable: 8388608 kB\n")
    return tmp_path / "proc"


def test_the_narrowest_group_counts(proc: Path, tmp_path: Path) -> None:
    write(proc / "self", cgroup="0::/pod/box\n")
    top = tmp_path / "cgroup"
    write(top / "pod", memory__max=f"{3 * 1024 * MIB}", memory__current=f"{1024 * MIB}")
    write(top / "pod", cpu__max="50000 100000", memory__stat=f"anon 1\ninactive_file {MIB}\n")
    write(top / "pod/box", memory__max="max", memory__current="1", cpu__max="max 100000")
    assert look_at_machine(proc, top) == Machine(cores=0.5, memory_mib=2 * 1024 + 1)


def test_groups_of_version_one(proc: Path, tmp_path: Path) -> None:
    write(proc / "self", cgroup="4:memory:/box\n2:cpu,cpuacct:/box\n1:name=systemd:/x\n")
    top = tmp_path / "cgroup"
    write(
        top / "memory/box",
        memory__limit_in_bytes=str(512 * MIB),
        memory__usage_in_bytes=str(500 * MIB),
    )
    write(top / "cpu/box", cpu__cfs_quota_us="25000", cpu__cfs_period_us="100000")
    assert look_at_machine(proc, top) == Machine(cores=0.25, memory_mib=12)


def test_without_groups_it_is_what_the_machine_has(proc: Path, tmp_path: Path) -> None:
    found = look_at_machine(proc, tmp_path / "nowhere")
    assert found.memory_mib == 8192
    assert found.cores >= 1
    assert look_at_machine(tmp_path / "nowhere", tmp_path / "nowhere").memory_mib


@pytest.mark.parametrize(
    ("cores", "memory", "stacks", "why"),
    [
        (2, 24_000, 4, "2 cores"),
        (1, None, 2, "1 core"),
        (0.5, 8_000, 1, "part of a core"),
        (64, 500_000, 16, "never more"),
        (8, 2_300, 3, "2,300 MiB of memory to be had"),
        (8, 100, 1, "100 MiB of memory to be had"),
        (8, 0, 1, "0 MiB of memory to be had"),
    ],
)
def test_stacks_at_a_time(cores: float, memory: int | None, stacks: int, why: str) -> None:
    found = stacks_at_once(Machine(cores=cores, memory_mib=memory), FACTS)
    assert (found.stacks, found.why) == (stacks, why)
