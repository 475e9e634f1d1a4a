"""Doctests of the packages whose import starts Node, or the emulated AWS, bear that mark."""

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


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark them before anything is chosen by mark."""
    root = Path(__file__).resolve().parent
    for item in items:
        for folder, mark in MARKS.items():
            if item.path.is_relative_to(root / folder):
                item.add_marker(mark)
