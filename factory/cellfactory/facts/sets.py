"""Which lists of a resource are sets, as `terraform_sets.yaml` has it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from cellfactory.facts.loader import read_table


def is_provider_set(resource_type: str, path: str) -> bool:
    """Tell whether the provider keeps a list as a set.

    Args:
        resource_type: such as `aws_eks_cluster`.
        path: dotted, without the positions of a list.

    >>> is_provider_set("aws_eks_cluster", "vpc_config.subnet_ids")
    True
    """
    return path in _sets().get(resource_type, frozenset())


@cache
def _sets() -> Mapping[str, frozenset[str]]:
    return {kind: frozenset(paths) for kind, paths in read_table("terraform_sets")["types"].items()}
