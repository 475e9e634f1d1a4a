"""Synthesis of a whole inventory, and the folder it is written to."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from factory.addressing.blocks import AddressPlan
from factory.constructs.cdk import App, Synthesized, synth_app
from factory.constructs.spark_releases import OWN_CHARTS
from factory.errors import SynthError
from factory.facts.schema import Facts
from factory.files import read_text
from factory.inventory.schema import Inventory
from factory.layers import Stack
from factory.stacks.build import CellStacks

MODULES = Path(__file__).parents[2] / "modules"

OURS = "cdk.tf.json"


def synth_stacks(
    inventory: Inventory, plan: AddressPlan, facts: Facts, stacks: Iterable[Stack]
) -> Synthesized:
    """Synthesize stacks; nothing is written.

    Raises:
        SynthError: when the bindings refuse what they are given.
    """
    wanted = tuple(stacks)
    cells = CellStacks(inventory, plan, facts)

    def build(app: App) -> None:
        for stack in wanted:
            cells.build(app, stack)

    return synth_app(build)


def output_files(synthesized: Synthesized, stacks: Iterable[Stack]) -> dict[str, str]:
    """Every file of the output folder: path inside it (with `/`) to text."""
    files = synthesized.files()
    charts = {name: _chart_files(name) for name in OWN_CHARTS}
    for stack in stacks:
        terraform = synthesized.stacks[stack.id.name]
        for name, chart in charts.items():
            if f'/charts/{name}"' in terraform:
                files.update({f"stacks/{stack.id.name}/{p}": t for p, t in chart.items()})
    return files


def write_output(folder: Path, files: Mapping[str, str]) -> None:
    """Put the output in the place of the old one, whole or not at all.

    The new folder is made beside the old one and takes its place by renaming. What Terraform or
    a person left beside a stack that still exists (`.terraform`, a lock file) is carried over.

    Raises:
        SynthError: when the folder cannot be written, or is not an output folder of ours.
    """
    if folder.exists() and not _is_output(folder):
        msg = (
            f"{folder} is there, but was not made by cellfactory or cdktf\n"
            "    Choose another folder with --output, or move that one away."
        )
        raise SynthError(msg)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}.") as scratch:
            fresh, old = Path(scratch, "new"), Path(scratch, "old")
            for path, text in files.items():
                target = fresh / path
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text(text, "utf-8")
            if folder.exists():
                _carry_over(folder, fresh, files)
                folder.rename(old)
            fresh.rename(folder)
    except OSError as error:
        msg = f"cannot write {folder}: {error.strerror}"
        raise SynthError(msg) from error


def _is_output(folder: Path) -> bool:
    return (folder / "manifest.json").is_file() or not any(folder.iterdir())


def _carry_over(old: Path, new: Path, files: Mapping[str, str]) -> None:
    """Copy what is not ours, such as Terraform's own files, into the stacks that live on."""
    ours = {path for path in files if path.startswith("stacks/")}
    for stack in (new / "stacks").iterdir():
        before = old / "stacks" / stack.name
        for item in before.iterdir() if before.is_dir() else ():
            path = f"stacks/{stack.name}/{item.name}"
            if path in ours or any(name.startswith(f"{path}/") for name in ours):
                continue
            copy: Callable[..., object] = shutil.copytree if item.is_dir() else shutil.copy2
            copy(item, stack / item.name, **({"symlinks": True} if item.is_dir() else {}))


def _chart_files(name: str) -> dict[str, str]:
    """Every file of a chart of ours: path beside a stack to text."""
    chart = MODULES / OWN_CHARTS[name]
    paths = sorted(p for p in chart.rglob("*") if p.is_file())
    if not paths:
        msg = f"the chart {name} is missing: {chart} is not there"
        raise SynthError(msg)
    return {f"charts/{name}/{p.relative_to(chart).as_posix()}": read_text(p) for p in paths}
