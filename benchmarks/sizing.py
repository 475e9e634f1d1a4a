"""What the sizing model costs: the ledger of a large mesh, and simulated rebuilds.

    python -m benchmarks.sizing [--rounds N] [--json]

CPU seconds of this process, the median of several rounds by turns; facts are read before.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Mapping
from ipaddress import IPv4Network
from pathlib import Path
from random import Random
from statistics import median

from cellfactory.addressing.blocks import AddressPlan, CellAddresses, ZoneBlocks
from cellfactory.documents import parse_document
from cellfactory.facts.loader import load_facts
from cellfactory.inventory.schema import Inventory
from cellfactory.sizing.calls import SHARED_BUCKET
from cellfactory.sizing.ledger import size_inventory
from cellfactory.sizing.rebuild import plan_rebuild, simulate_rebuild
from cellfactory.sizing.setting import setting_of
from cellfactory.sizing.solve import most_nodes

ROOT = Path(__file__).resolve().parent.parent
CELLS = 126
NODES = 5000
BUDGETS = {
    "ledger of 126 cells": 0.3,
    "rebuild of 5,000 nodes, bucket per action": 2.0,
    "rebuild of 5,000 nodes, one shared bucket": 12.0,  # three attempts: it often begins anew
}
"""CPU seconds that we want to stay under; what is not here is only watched."""


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Measure the sizing model.")
    parser.add_argument("--rounds", type=int, default=5, help="runs of each, by turns")
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args()
    costs = _measure(_tasks(), options.rounds)
    if options.json:
        print(json.dumps(costs, indent=2))
    else:
        print(_render(costs, options.rounds))
    return 0


def _tasks() -> dict[str, Callable[[], object]]:
    facts = load_facts()
    inventory = _mesh(CELLS)
    plan = AddressPlan(cells={name: _addresses(name) for name in inventory.cells})
    setting = setting_of(inventory, plan, "cell-000", facts)
    calls = facts.node_calls("at-once", (1, 20, 4))
    retries = facts.call_retries((1, 20, 4))
    own = plan_rebuild(calls, NODES, 6, facts, retries=retries)
    bucket = facts.buckets[SHARED_BUCKET]
    shared = plan_rebuild(calls, NODES, 6, facts, retries=retries, shared=bucket)
    return {
        "ledger of 126 cells": lambda: size_inventory(inventory, plan, facts),
        "most nodes of a cell under every bound": lambda: most_nodes(setting),
        "rebuild of 5,000 nodes, bucket per action": lambda: simulate_rebuild(
            own, Random(1).random
        ),
        "rebuild of 5,000 nodes, one shared bucket": lambda: simulate_rebuild(
            shared, Random(1).random
        ),
    }


def _mesh(cells: int) -> Inventory:
    """Make a mesh of so many cells like the large one of the shipped inventory."""
    text = (ROOT / "cells.yaml").read_bytes()
    shipped = Inventory.model_validate(parse_document(text).value)
    name, large = max(
        shipped.cells.items(),
        key=lambda item: sum(
            group.nodes_per_zone for group in shipped.cell_types[item[1].type].node_groups.values()
        ),
    )
    mesh = shipped.meshes[shipped.cells[name].mesh]
    return shipped.model_copy(
        update={
            "meshes": {large.mesh: mesh},
            "cells": {f"cell-{index:03d}": large for index in range(cells)},
        }
    )


def _addresses(cell: str) -> CellAddresses:
    """Give every cell the same blocks: what a ledger costs does not depend on where they are."""
    zone: ZoneBlocks = {
        "node": IPv4Network("10.128.0.0/22"),
        "endpoint": IPv4Network("10.128.4.0/26"),
        "control_plane": IPv4Network("10.128.4.64/27"),
        "public": IPv4Network("10.128.4.96/28"),
        "transit": IPv4Network("10.128.4.112/28"),
        "pod": IPv4Network("100.64.0.0/16"),
    }
    return CellAddresses(
        cell=cell,
        primary=IPv4Network("10.128.0.0/20"),
        pod_blocks=(IPv4Network("100.64.0.0/14"),),
        zones={"use1-az1": zone, "use1-az2": zone, "use1-az4": zone},
    )


def _measure(tasks: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Run each once to warm up, then `rounds` times by turns; the median (CPU seconds)."""
    seconds: dict[str, list[float]] = {name: [] for name in tasks}
    for turn in range(rounds + 1):
        for name, task in tasks.items():
            begun = time.process_time()
            task()
            if turn > 0:
                seconds[name].append(time.process_time() - begun)
    return {name: median(times) for name, times in seconds.items()}


def _render(costs: Mapping[str, float], rounds: int) -> str:
    wide = max(map(len, costs)) + 2
    lines = [f"{'':<{wide}}{'CPU s':>8}{'budget':>8}"]
    for name, seconds in costs.items():
        budget = BUDGETS.get(name)
        lines.append(f"{name:<{wide}}{seconds:>8.3f}{budget if budget else '-':>8}")
    lines += ["", f"Median of {rounds} rounds by turns, in one process."]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
