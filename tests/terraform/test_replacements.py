"""`facts/replacements.yaml` says what the real provider does, and has all that we write."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cellfactory.facts.replacements import load_replacements
from tools import measure_replacements

pytestmark = pytest.mark.terraform

TYPES = ["aws_eks_node_group", "aws_eks_cluster", "aws_lb", "aws_vpc", "aws_subnet"]


def test_the_provider_plans_what_the_file_says(terraform_mirror: Path) -> None:
    measured, _ = measure_replacements.measure(str(terraform_mirror), TYPES)
    table = load_replacements().types
    assert sorted(measured) == sorted(TYPES)
    for kind, rows in measured.items():
        told: dict[str, Any] = {p: measure_replacements.folded(w) for p, w in rows.items()}
        filed = {p: dict(w) for p, w in table[kind].items() if "unknown" not in w.values()}
        assert filed == {
            path: {"changed": said} if isinstance(said, str) else said
            for path, said in told.items()
        }, kind
