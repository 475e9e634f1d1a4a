"""How many stacks are worked on at a time, where nobody says: what the machine holds."""

from __future__ import annotations

from dataclasses import dataclass

from cellfactory.facts.schema import Facts
from cellfactory.machine import Machine
from cellfactory.words import counted


@dataclass(frozen=True, slots=True, kw_only=True)
class AtOnce:
    """A number of stacks, and what bounds it."""

    stacks: int  # 1 at least
    why: str


def stacks_at_once(machine: Machine, facts: Facts) -> AtOnce:
    """Say how many stacks a machine holds at a time.

    Each has a Terraform and its provider, which is what takes memory. Much of the time both wait
    for AWS, so that a core serves several.
    """
    by_core = max(int(machine.cores * facts.policy_value("stacks-per-core")), 1)
    most = int(facts.policy_value("stacks-at-once"))
    cores = counted(int(machine.cores), "core") if machine.cores >= 1 else "part of a core"
    found = AtOnce(stacks=min(by_core, most), why=cores if by_core <= most else "never more")
    if machine.memory_mib is None:
        return found
    rest = machine.memory_mib - int(facts.policy_value("first-stack-memory"))
    by_memory = 1 + max(rest // int(facts.policy_value("further-stack-memory")), 0)
    if by_memory >= found.stacks:
        return found
    return AtOnce(stacks=by_memory, why=f"{machine.memory_mib:,} MiB of memory to be had")
