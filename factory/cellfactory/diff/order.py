"""Which lists are sets: their order means nothing to Terraform, or to AWS."""

from __future__ import annotations

from cellfactory.diff.model import Path
from cellfactory.facts.sets import is_provider_set

_OF_POLICIES = frozenset(
    {"Statement", "Action", "NotAction", "Resource", "NotResource", "AWS", "Service", "Federated"}
)
"""Of an IAM policy; a value of `Condition` is another one.

Source:
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
"""
_OF_TERRAFORM = frozenset({"depends_on", "ignore_changes", "replace_triggered_by"})


def is_set(resource_type: str, path: Path) -> bool:
    """Tell whether the order of a list means nothing.

    Args:
        resource_type: such as `aws_vpc`; empty where it is none.
        path: of the list.

    >>> is_set("aws_iam_role", ("assume_role_policy", "Statement", 0, "Action"))
    True
    >>> is_set("aws_eks_cluster", ("vpc_config", 0, "subnet_ids"))
    True
    >>> is_set("helm_release", ("values",))
    False
    """
    names = [part for part in path if isinstance(part, str)]
    if not names:
        return False
    if "Statement" in names and (names[-1] in _OF_POLICIES or "Condition" in names):
        return True
    return names[-1] in _OF_TERRAFORM or is_provider_set(resource_type, ".".join(names))
