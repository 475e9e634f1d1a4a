"""Synthesis of a whole inventory; the folder it is written to is in `factory.stacks.output`."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from factory.addressing.blocks import AddressPlan
from factory.constructs.cdk import App
from factory.constructs.spark_releases import OWN_CHARTS
from factory.constructs.stack import Synthesized, synth_app
from factory.errors import Finding, SynthError
from factory.facts.schema import Facts
from factory.files import read_text
from factory.inventory.schema import Inventory
from factory.layers import Stack
from factory.specs.parts import Parts
from factory.specs.stack import describe_stack
from factory.stacks.build import build_stack

MODULES = Path(__file__).parents[2] / "modules"

OURS = "cdk.tf.json"


def synth_stacks(
    inventory: Inventory, plan: AddressPlan, facts: Facts, stacks: Iterable[Stack]
) -> Synthesized:
    """Synthesize stacks; nothing is written.

    Raises:
        SynthError: when the bindings refuse what they are given.
    """
    parts = Parts(inventory=inventory, plan=plan, facts=facts)
    specs = [describe_stack(parts, stack) for stack in stacks]

    def build(app: App) -> None:
        for spec in specs:
            build_stack(app, spec)

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


def _chart_files(name: str) -> dict[str, str]:
    """Every file of a chart of ours: path beside a stack to text."""
    chart = MODULES / OWN_CHARTS[name]
    paths = sorted(p for p in chart.rglob("*") if p.is_file())
    if not paths:
        msg = f"the chart {name} is missing: {chart} is not there"
        raise SynthError(Finding(rule="F406", message=msg))
    return {f"charts/{name}/{p.relative_to(chart).as_posix()}": read_text(p) for p in paths}
