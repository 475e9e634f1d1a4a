"""What it costs to hold Terraform JSON against policy, beside Checkov.

    python -m benchmarks.policy [--megabytes N ...] [--rounds N] [--stock] [--json]

CPU seconds, the median of several rounds. The documents are the golden ones of `tests/synth`, again
and again under other names. `ours` reads them and holds every resource against every rule, in this
process; `curated` is a whole cold process of Checkov's Python that does the same with the checks of
`--checkov curated`. `--stock` also runs Checkov itself, whose time grows faster than the files:
10 MB take minutes. Checkov is looked for as `cellfactory policy --checkov` does.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import Any

from cellfactory.errors import FactoryError
from cellfactory.policy.catalogue import RULES
from cellfactory.policy.engine import check_stack, cover
from cellfactory.policy.expected import NOTHING_EXPECTED
from cellfactory.runs.checkov import run_checkov
from cellfactory.runs.documents import Source
from cellfactory.tree.document import read_document

GOLDEN = Path(__file__).resolve().parent.parent / "tests" / "synth" / "golden"
LIKE = "moka-use1-b"
BUDGET = 10.0
"""CPU seconds for 10 MB that we want to stay under."""


def main() -> int:
    """Measure and print."""
    options = argparse.ArgumentParser(description="Measure policy.")
    options.add_argument("--megabytes", type=float, nargs="+", default=[1, 10], help="how much")
    options.add_argument("--rounds", type=int, default=3, help="how often")
    options.add_argument("--stock", action="store_true", help="run Checkov itself, too (minutes)")
    options.add_argument("--json", action="store_true", help="print JSON")
    given = options.parse_args()
    rows = [_row(size, given.rounds, stock=given.stock) for size in given.megabytes]
    print(json.dumps(rows, indent=2) if given.json else _render(rows))
    return 0


def _row(megabytes: float, rounds: int, *, stock: bool) -> dict[str, Any]:
    sources = list(documents(int(megabytes * 1e6)))
    checks = _ours(sources)
    row = {
        "megabytes": sum(len(text) for source in sources for text in source.files.values()) / 1e6,
        "stacks": len(sources),
        "checks": checks,
        "ours": median(_cpu(lambda: _ours(sources)) for _ in range(rounds)),
    }
    try:
        row["curated"] = _cpu(lambda: run_checkov(sources, "curated"))
        if stock:
            row["stock"] = _cpu(lambda: run_checkov(sources, "stock"))
    except FactoryError as error:
        print(f"without Checkov: {error}", file=sys.stderr)
    return row


def documents(size: int) -> Iterator[Source]:
    """Make stacks of so many bytes: those of one cell, again and again."""
    texts = {path.name: path.read_text("utf-8") for path in sorted(GOLDEN.glob(f"{LIKE}-*.json"))}
    made, number = 0, 0
    while made < size:
        for name, text in texts.items():
            cell = f"cell-{number:05d}"
            renamed = text.replace(LIKE, cell)
            stack = name.removesuffix(".tf.json").replace(LIKE, cell)
            made += len(renamed)
            yield Source(stack, {f"{stack}/cdk.tf.json": renamed})
            if made >= size:
                return
        number += 1


def _ours(sources: list[Source]) -> int:
    reports = [
        check_stack(read_document(text, source.name), NOTHING_EXPECTED, RULES.values())
        for source in sources
        for text in source.files.values()
    ]
    return cover(reports).checks


def _cpu(task: Callable[[], Any]) -> float:
    """Seconds of this process and of those that it waits for."""
    begun = _used()
    task()
    return _used() - begun


def _used() -> float:
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def _render(rows: list[dict[str, Any]]) -> str:
    lines = [f"{'MB':>6}{'stacks':>8}{'checks':>9}{'ours':>8}{'curated':>9}{'stock':>8}   CPU s"]
    for row in rows:
        told = [f"{row[key]:>{w}.2f}" if key in row else f"{'-':>{w}}" for key, w in COLUMNS]
        lines.append(
            f"{row['megabytes']:>6.1f}{row['stacks']:>8}{row['checks']:>9,}{''.join(told)}"
        )
    return "\n".join([*lines, f"budget for 10 MB: {BUDGET:g}"])


COLUMNS = (("ours", 8), ("curated", 9), ("stock", 8))

if __name__ == "__main__":
    sys.exit(main())
