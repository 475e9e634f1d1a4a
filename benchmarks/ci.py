"""What our own commands cost in CI where a pull request touches one cell of 126.

    python -m benchmarks.ci [--cells N] [--rounds N] [--warm] [--json]

The commands are those of the plan pipeline as `pipeline render` makes it, job by job, in a real
repository whose base is one commit behind. Each job begins with an empty cache, as on a runner that
GitHub has just started; with --warm, with one that has seen the base. A cell gets a cell type of
its own with other workers of the Spark Operator, which no shape is known of. For `plan --synth`,
which asks AWS, stands `validate --synth`, which prepares the same stacks, with a Terraform that
does nothing. Left out is `pip install`. CPU seconds, the median of several rounds.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks import mesh
from benchmarks.measure import run
from cellfactory.addressing.lock_file import render_lock
from cellfactory.design import Design, Texts, make_design
from cellfactory.facts.loader import load_facts
from cellfactory.pipelines.build import IN, OUT, Wanted, build_pipelines
from cellfactory.pipelines.model import Job, Step
from tests import inventories

CELLS, EDITED = 126, "cell-003"
BUDGET = 10.0
"""CPU seconds of all jobs together that we want to stay under."""
PIPELINE = {"account": "777777777777", "github": {"repository": "example-org/cells"}}
_PLANS = "plan"
FAKE = mesh.ROOT / "tests" / "unit" / "terraform" / "fake_terraform.py"


@dataclass(frozen=True, slots=True)
class Bench:
    """A repository, and what commands run with."""

    scratch: Path
    warm: Path | None  # a cache that has seen the base

    @property
    def repository(self) -> Path:
        """Where cells.yaml lies."""
        return self.scratch / "repository"

    def fresh(self) -> Mapping[str, str]:
        """What a job begins with: nothing that another one has written."""
        cache = self.scratch / "cache"
        for left in (cache, self.repository / "cdktf.out"):
            shutil.rmtree(left, ignore_errors=True)
        if self.warm:
            shutil.copytree(self.warm, cache)
        env = {n: v for n, v in os.environ.items() if n != "PYTHONDONTWRITEBYTECODE"}
        env |= {"PYTHONPYCACHEPREFIX": str(self.scratch / "bytecode"), "NO_COLOR": "1"}
        return env | {"PYTHONPATH": str(mesh.ROOT), "CELLFACTORY_CACHE": str(cache)}


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Measure our commands in CI.")
    parser.add_argument("--cells", type=int, default=CELLS)
    parser.add_argument("--rounds", type=int, default=3, help="how often")
    parser.add_argument("--warm", action="store_true", help="the cache has seen the base")
    parser.add_argument("--json", action="store_true", help="print JSON")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        rows = _measure(Path(place), given.cells, given.rounds, warm=given.warm)
    total = sum(row["cpu_seconds"] * row["times"] for row in rows)
    print(json.dumps({"steps": rows, "cpu_seconds": total}) if given.json else _render(rows, total))
    return 0


def _measure(scratch: Path, cells: int, rounds: int, *, warm: bool) -> list[dict[str, Any]]:
    bench = Bench(scratch, scratch / "warm" if warm else None)
    before = _design(_inventory(cells))
    _commit(bench.repository, before, _inventory(cells))
    if warm:
        env = {**Bench(scratch, None).fresh(), "CELLFACTORY_CACHE": str(scratch / "warm")}
        for word in ("synth", "policy"):  # as the first job of `apply` on the default branch
            run(_command(bench, word), env)
    after = _edited(cells)
    (bench.repository / "cells.yaml").write_text(inventories.render(after), "utf-8")
    jobs = _jobs(before)
    parts = _parts(bench)
    named = [(job.name, step) for job in jobs for step in job.steps]
    found = [[*_costs(bench, jobs, parts[0])] for _ in range(rounds + 1)]
    return [
        {
            "job": job,
            "step": " ".join(step.argv[1:3] if step.argv[1] == "pipeline" else step.argv[1:2]),
            "times": len(parts) if job == _PLANS else 1,
            "cpu_seconds": median(costs[place] for costs in found[1:]),
        }
        for place, (job, step) in enumerate(named)
    ]


def _inventory(cells: int) -> dict[str, Any]:
    made = json.loads(json.dumps(mesh.inventory(cells)))
    made["pipeline"] = PIPELINE
    return dict(made)


def _edited(cells: int) -> dict[str, Any]:
    made = _inventory(cells)
    made["cell_types"]["other"] = json.loads(json.dumps(made["cell_types"]["plain"]))
    made["cell_types"]["other"]["spark"]["operator"]["workers"] = 77
    made["cells"][EDITED]["type"] = "other"
    return made


def _design(made: Mapping[str, Any]) -> Design:
    texts = Texts(
        inventory=inventories.render(dict(made)),
        inventory_file="cells.yaml",
        lock=None,
        lock_file="lock",
    )
    return make_design(texts, load_facts())


def _commit(folder: Path, design: Design, made: Mapping[str, Any]) -> None:
    folder.mkdir()
    (folder / "cells.yaml").write_text(inventories.render(dict(made)), "utf-8")
    (folder / "cells.lock.yaml").write_text(render_lock(design.lock), "utf-8")
    shutil.copy(mesh.ROOT / "cells.waivers.yaml", folder)
    who = ("-c", "user.name=a", "-c", "user.email=a@example.com")
    for words in (["init", "-q", "-b", "main"], ["add", "."], [*who, "commit", "-qm", "base"]):
        subprocess.run(["git", *words], cwd=folder, check=True)


def _jobs(design: Design) -> tuple[Job, ...]:
    settings = design.inventory.pipeline
    assert settings is not None
    wanted = Wanted(inventory=design.inventory, settings=settings, bake=dict.fromkeys(("",), 0.0))
    return build_pipelines(wanted)[0].jobs


def _parts(bench: Bench) -> list[str]:
    """What each job of the matrix plans, as the pipeline hands it on."""
    command = _command(bench, "waves", "--format", "github", "--jobs", "256", "--base", "HEAD")
    said = subprocess.run(
        command, env=dict(bench.fresh()), capture_output=True, text=True, check=True
    )
    entries = json.loads(said.stdout.partition("=")[2].splitlines()[0])["include"]
    return [str(entry["stacks"]) for entry in entries]


def _costs(bench: Bench, jobs: tuple[Job, ...], stacks: str) -> Iterator[float]:
    for job in jobs:
        env = {**bench.fresh(), **_no_terraform(bench.scratch), "CELLFACTORY_STACKS": stacks}
        for step in job.steps:
            yield run(_command(bench, *_words(bench, step)), env).cpu_seconds


def _no_terraform(scratch: Path) -> Mapping[str, str]:
    """A Terraform that finds nothing wrong."""
    program, script = scratch / "terraform", scratch / "script.json"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} {FAKE} "$@"\n', "utf-8")
    program.chmod(0o755)
    script.write_text("{}", "utf-8")
    log = str(scratch / "log")
    return {"TERRAFORM": str(program), "FAKE_SCRIPT": str(script), "FAKE_LOG": log}


def _words(bench: Bench, step: Step) -> Iterator[str]:
    if step.argv[1] == _PLANS:
        yield from ("validate", "--synth")
        return
    yield from (word if word != IN else str(_kept(bench)) for word in step.argv[1:])
    if step.last == "BASE_COMMIT":
        yield "HEAD"
    if step.last == "CHANGE_NUMBER":
        yield from ("1", "--dry-run")


def _kept(bench: Bench) -> Path:
    """What the other jobs have kept: one page of a diff."""
    folder = bench.scratch / IN / "diff"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / Path(f"{OUT}/diff.md").name).write_text("`cell-003`: 1 change\n" * 200, "utf-8")
    return folder.parent


def _command(bench: Bench, *words: str) -> list[str]:
    return [sys.executable, "-m", "cellfactory", "--chdir", str(bench.repository), *words]


def _render(rows: list[dict[str, Any]], total: float) -> str:
    lines = [f"{'job':<10}{'step':<20}{'jobs':>6}{'CPU s':>8}"]
    lines += [
        f"{row['job']:<10}{row['step']:<20}{row['times']:>6}{row['cpu_seconds']:>8.2f}"
        for row in rows
    ]
    return "\n".join([*lines, f"{'all of them':<36}{total:>8.2f}  (goal {BUDGET:g})"])


if __name__ == "__main__":
    sys.exit(main())
