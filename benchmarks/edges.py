"""What the edges of a full mesh weigh as rows, and what they would weigh as a block for each.

    python -m benchmarks.edges [--cells N ...] [--rounds N] [--json]

Meshes are synthesized in cold processes with warm bytecode and known shapes, over peerings and over
a gateway whose cells share a route table. Of the layers that join cells, the table has the size of
what is written, and of the exploded form: each row a resource of its own, as a loop in Python would
write it. `CPU s` is the whole `synth`.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.measure import middle, run
from cellfactory.facts.loader import load_facts
from cellfactory.layers import list_stacks
from cellfactory.runs.reading import read_design
from cellfactory.tree.tree import read_tree
from tests.inventories import cell, data, render

ROOT = Path(__file__).resolve().parent.parent
SIZES = (32, 63, 126)
WAYS = ("peering", "gateway")
EDGES = ("gateway", "peering", "accept", "transit", "segments", "routes")
QUOTAS = {"L-1216C47A": 5_000, "L-7E9ECCDB": 125, "L-DC9F7029": 125}


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What one mesh takes."""

    cells: int
    edges: int
    cpu_seconds: float  # of the whole `synth`
    peak_mib: float
    rows_bytes: int  # of the layers that join cells, as they are written
    exploded_bytes: int  # of the same with a block for each row
    resources: int  # of these layers


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Weigh the edges of full meshes.")
    parser.add_argument("--cells", type=int, nargs="+", default=SIZES, metavar="N")
    parser.add_argument("--rounds", type=int, default=3, help="runs of each")
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        found = {
            way: [_measure(Path(scratch), way, n, options.rounds) for n in options.cells]
            for way in WAYS
        }
    if options.json:
        print(json.dumps({w: [asdict(f) for f in rows] for w, rows in found.items()}, indent=2))
    else:
        print(_render(found))
    return 0


def inventory(way: str, cells: int) -> dict[str, Any]:
    """Equal cells of one node in each zone, each joined to each."""
    made = data(nodes=1, quotas=QUOTAS)
    made["meshes"]["east"] |= {"hubs": [], "cell_to_cell": "full", "interconnect": way}
    if way == "gateway":
        made["meshes"]["east"]["gateway"] = {
            "account": "888888888888",
            "organization": "one",
            "route_tables": "mesh",
        }
    made["cells"] = {f"cell-{n:03}": cell(n) for n in range(cells)}
    return made


def _measure(scratch: Path, way: str, cells: int, rounds: int) -> Figures:
    project = scratch / f"{way}-{cells}"
    project.mkdir()
    made = json.loads(json.dumps(inventory(way, cells)))
    (project / "cells.yaml").write_text(render(made), "utf-8")
    env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    env |= {"PYTHONPATH": str(ROOT), "CELLFACTORY_CACHE": str(scratch / "cache")}
    env["PYTHONPYCACHEPREFIX"] = str(scratch / "bytecode")
    program = [sys.executable, "-m", "cellfactory", "--chdir", str(project)]
    run([*program, "lock"], env=env)
    costs = []
    for turn in range(rounds + 1):
        cost = run([*program, "synth", "-o", str(project / f"out-{turn}")], env=env)
        if turn:  # the first one makes shapes and bytecode
            costs.append(cost)
    cost = middle(costs)
    design = read_design(project / "cells.yaml")
    stacks = [s for s in list_stacks(design.inventory, load_facts()) if s.id.layer in EDGES]
    out = project / "out-0" / "stacks"
    texts = {s.id.name: (out / s.id.name / "cdk.tf.json").read_text("utf-8") for s in stacks}
    exploded, resources = _exploded(tuple(stacks), texts)
    return Figures(
        cells=cells,
        edges=cells * (cells - 1) // 2,
        cpu_seconds=cost.cpu_seconds,
        peak_mib=cost.peak_mib,
        rows_bytes=sum(map(len, texts.values())),
        exploded_bytes=exploded,
        resources=resources,
    )


def _exploded(stacks: tuple[Any, ...], texts: Mapping[str, str]) -> tuple[int, int]:
    """Count the bytes of the same layers with a block for each row, and the blocks."""
    total = count = 0
    for _, resource in read_tree(stacks, texts).all_resources():
        block = {resource.address: json.loads(json.dumps(resource.body, default=str))}
        total += len(json.dumps(block, indent=2))
        count += 1
    return total, count


def _render(found: Mapping[str, list[Figures]]) -> str:
    lines = [
        f"{'':10}{'cells':>6}{'edges':>8}{'CPU s':>8}{'MiB':>6}"
        f"{'rows MB':>9}{'exploded MB':>13}{'ratio':>7}{'resources':>11}"
    ]
    lines += [
        f"{way:10}{f.cells:>6,}{f.edges:>8,}{f.cpu_seconds:>8.2f}{f.peak_mib:>6.0f}"
        f"{f.rows_bytes / 1e6:>9.2f}{f.exploded_bytes / 1e6:>13.2f}"
        f"{f.exploded_bytes / f.rows_bytes:>7.1f}{f.resources:>11,}"
        for way, rows in found.items()
        for f in rows
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
