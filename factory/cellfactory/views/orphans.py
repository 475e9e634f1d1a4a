"""How it looks what is in AWS and in no state."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from itertools import groupby
from typing import Any

from cellfactory.terraform.orphans import Orphan
from cellfactory.words import counted


def render_orphans(orphans: Sequence[Orphan], asked: int) -> str:
    """Render what was found, by account, Region and stack, with a line of sums below it.

    >>> render_orphans([], 2)
    '0 orphans in 2 accounts and Regions'
    """
    lines: list[str] = []
    rows = sorted(orphans, key=lambda o: (o.account, o.region, o.stack, o.arn))
    for (account, region, stack), group in groupby(
        rows, key=lambda o: (o.account, o.region, o.stack)
    ):
        lines.append(f"account {account}, {region}, tagged {stack}")
        lines += [f"  {orphan.arn}" for orphan in group]
    where = "1 account and Region" if asked == 1 else f"{asked:,} accounts and Regions"
    return "\n".join([*lines, f"{counted(len(rows), 'orphan')} in {where}"])


def to_json(orphans: Iterable[Orphan]) -> list[dict[str, Any]]:
    """Turn orphans into what a machine reads."""
    return [asdict(orphan) for orphan in orphans]
