"""The shipped inventory, synthesized once."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from factory.cli.reading import Planned, plan_file
from factory.layers import Stack, list_stacks

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """What the shipped inventory becomes."""

    planned: Planned
    stacks: tuple[Stack, ...]
    texts: dict[str, str]  # the Terraform of each stack, by stack name
    documents: dict[str, Any]  # the same, parsed


def synthesize(inventory_file: Path) -> Example:
    """Plan and synthesize an inventory."""
    import json

    from factory.stacks.synth import synth_stacks

    planned = plan_file(inventory_file)
    stacks = list_stacks(planned.inventory, planned.facts)
    made = synth_stacks(planned.inventory, planned.plan, planned.facts, stacks)
    texts = dict(made.stacks)
    return Example(
        planned=planned,
        stacks=stacks,
        texts=texts,
        documents={name: json.loads(text) for name, text in texts.items()},
    )


@pytest.fixture(scope="session")
def example() -> Example:
    """The shipped inventory, synthesized."""
    return synthesize(ROOT / "cells.yaml")
