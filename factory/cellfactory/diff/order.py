"""Which lists have an order that means something, to Terraform or to AWS."""

from __future__ import annotations

from cellfactory.diff.model import Entry, Path
from cellfactory.facts.sets import is_provider_set

_POLICY = "Statement"
"""What a list in a policy lies below: none of them has an order.

Source:
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
"""
_ORDERED = frozenset({"instance_types", "args", "command", "assume_role"})
_ORDERED_OF = frozenset({("helm_release", "values")})
_UNORDERED = frozenset({"depends_on", "ignore_changes", "replace_triggered_by"})


def is_ordered(resource_type: str, path: Path) -> bool:
    """Tell whether a list in another order is another list.

    Args:
        resource_type: such as `aws_vpc`; empty where it is none.
        path: of the list.

    >>> is_ordered("aws_iam_role", ("assume_role_policy", "Statement", 0, "Action"))
    False
    >>> is_ordered("aws_eks_cluster", ("vpc_config", 0, "subnet_ids"))
    False
    >>> is_ordered("helm_release", ("values",)), is_ordered("provider", ("assume_role",))
    (True, True)
    """
    names = [part for part in path if isinstance(part, str) and not isinstance(part, Entry)]
    if not names or _POLICY in names or names[-1] in _UNORDERED:
        return False
    if names[-1] in _ORDERED or (resource_type, names[-1]) in _ORDERED_OF:
        return True
    return is_provider_set(resource_type, ".".join(names)) is False
