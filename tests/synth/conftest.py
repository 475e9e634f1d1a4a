"""The shipped inventory, synthesized once."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from cellfactory.design import Design
from cellfactory.layers import Stack, list_bootstrap_stacks, list_stacks
from cellfactory.runs.reading import read_design

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """What the shipped inventory becomes."""

    design: Design
    stacks: tuple[Stack, ...]
    texts: dict[str, str]  # the Terraform of each stack, by stack name
    documents: dict[str, Any]  # the same, parsed


def synthesize(inventory_file: Path) -> Example:
    """Plan and synthesize an inventory."""
    import json

    from cellfactory.stacks.synth import synth_stacks

    design = read_design(inventory_file)
    inventory, facts = design.inventory, design.facts
    stacks = (*list_bootstrap_stacks(inventory, facts), *list_stacks(inventory, facts))
    made = synth_stacks(design.inventory, design.plan, design.facts, stacks)
    texts = dict(made.stacks)
    return Example(
        design=design,
        stacks=stacks,
        texts=texts,
        documents={name: json.loads(text) for name, text in texts.items()},
    )


@pytest.fixture(scope="session")
def example() -> Example:
    """The shipped inventory, synthesized."""
    return synthesize(ROOT / "cells.yaml")
