"""Marks that follow from where a test stands, or from what it asks for.

Doctests of the packages whose import starts Node, or the emulated AWS, bear that mark; so do tests
whose fixture is a place with a Terraform that does nothing: it is a program of its own.
"""

from __future__ import annotations

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
FIXTURES = {"place": "programs", "scene": "programs"}  # of `tests/unit`


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark them before anything is chosen by mark."""
    root = Path(__file__).resolve().parent
    for item in items:
        for folder, mark in MARKS.items():
            if item.path.is_relative_to(root / folder):
                item.add_marker(mark)
        if item.path.is_relative_to(root / "tests" / "unit"):
            for name in FIXTURES.keys() & getattr(item, "fixturenames", ()):
                item.add_marker(FIXTURES[name])
