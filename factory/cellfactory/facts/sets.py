"""Which lists of a resource are sets, as `terraform_sets.yaml` has it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from cellfactory.facts.loader import read_table


def is_provider_set(resource_type: str, path: str) -> bool | None:
    """Tell whether the provider keeps a list as a set; None where the type is not in the table.

    Args:
        resource_type: such as `aws_eks_cluster`.
        path: dotted, without the positions of a list.

    >>> is_provider_set("aws_eks_cluster", "vpc_config.subnet_ids")
    True
    """
    found = _sets().get(resource_type)
    return None if found is None else path in found


@cache
def _sets() -> Mapping[str, frozenset[str]]:
    return {kind: frozenset(paths) for kind, paths in read_table("terraform_sets")["types"].items()}
