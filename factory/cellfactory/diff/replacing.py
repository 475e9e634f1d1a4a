"""Which attributes of a resource cannot be changed in place, as measured on the provider itself."""

from __future__ import annotations

from cellfactory.diff.model import Path
from cellfactory.facts.replacements import Way, load_replacements

_META = frozenset(
    {"connection", "count", "depends_on", "for_each", "lifecycle", "provider", "timeouts"}
)
"""Arguments of Terraform's own: none of them is a value of what stands."""


def replaces(resource_type: str, path: Path, way: Way = "changed") -> bool | None:
    """Tell whether another value at a path makes Terraform replace the resource.

    Args:
        resource_type: such as `aws_vpc`.
        path: where in the resource; what a string holds lies below its path.
        way: whether there are two values, or none before, or none after.

    Returns:
        None where nobody measured it, and where what stands above a path has no one answer.
    """
    names = [str(part) for part in path if not isinstance(part, int)]
    if not names:
        return None
    if names[0] in _META:
        return False
    told = load_replacements().outcome(resource_type, ".".join(names), way)
    return None if told == "unknown" else told == "replace"
