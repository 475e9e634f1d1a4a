"""Steps from one Kubernetes version to another that EKS takes a control plane through."""

from __future__ import annotations

from typing import Literal

from cellfactory.inventory.addon_rules import numbers

Refusal = Literal["", "back", "skips"]
"""Why a step is not taken: back to an older version, or past a minor version; or it is."""


def refusal(before: str, after: str) -> Refusal:
    """Say why a control plane would not be taken from one version to another.

    Source: https://docs.aws.amazon.com/eks/latest/userguide/update-cluster.html

    >>> refusal("1.34", "1.35"), refusal("1.34", "1.36"), refusal("1.35", "1.34")
    ('', 'skips', 'back')
    """
    if numbers(before) > numbers(after):
        return "back"
    return "skips" if numbers(after)[1] - numbers(before)[1] > 1 else ""


def next_version(version: str) -> str:
    """Name the minor version after one.

    >>> next_version("1.34")
    '1.35'
    """
    major, minor = numbers(version)[:2]
    return f"{major}.{minor + 1}"
