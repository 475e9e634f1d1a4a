"""Marks that follow from where a test stands, or from what it asks for.

Doctests of the packages whose import starts Node, or the emulated AWS, bear that mark; so do tests
whose fixture is a place with a Terraform that does nothing: it is a program of its own. What is
marked as long is left out unless it is asked for.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

collect_ignore = [
    "factory/cellfactory/runs/checkov_adapter.py"
]  # only Checkov's Python has Checkov

MARKS = {
    "factory/cellfactory/constructs": "synth",
    "factory/cellfactory/sandbox": "sandbox",
    "factory/cellfactory/stacks": "synth",
}
PROGRAMS = {"place", "scene"}  # fixtures of `tests/unit`
OPT_IN = pytest.mark.skip(reason="opt-in: `python3 dev.py long`")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark them before anything is chosen by mark."""
    root = Path(__file__).resolve().parent
    for item in items:
        for folder, mark in MARKS.items():
            if item.path.is_relative_to(root / folder):
                item.add_marker(mark)
        is_unit = item.path.is_relative_to(root / "tests" / "unit")
        if is_unit and PROGRAMS.intersection(getattr(item, "fixturenames", ())):
            item.add_marker("programs")
        if item.get_closest_marker("long") and "CELLFACTORY_LONG" not in os.environ:
            item.add_marker(OPT_IN)
