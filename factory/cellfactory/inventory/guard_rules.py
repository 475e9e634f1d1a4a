"""Limits of the guard that contradict each other."""

from __future__ import annotations

from collections.abc import Iterator

from cellfactory.errors import Finding
from cellfactory.inventory.schema import Inventory


def check_guard(inventory: Inventory) -> Iterator[Finding]:
    """Yield limits that contradict each other.

    Rules:
        F160: the nodes that may be drained are limited twice.
    """
    guard = inventory.guard
    if guard.nodes_drained is not None and guard.nodes_drained_percentage is not None:
        yield Finding(
            rule="F160",
            path=("guard", "nodes_drained_percentage"),
            message="the guard limits the nodes that may be drained twice: "
            f"nodes_drained {guard.nodes_drained:,} and {guard.nodes_drained_percentage} percent",
            hint="keep one of the two",
        )
