"""What of a spec is a leaf: a value that its Terraform shows as it is, and that decides nothing.

Two specs that differ in leaves alone have one shape, and one synthesis serves both: see
`cellfactory.specs.shape`. A leaf never stands in a name of Terraform's, in a key or in a condition;
whoever builds a stack is not even able to look at one.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Annotated


class Mark(Enum):
    """Which part of a spec it is that does not belong to its shape."""

    LEAF = "leaf"
    ROWS = "rows"


Leaf = Annotated[str, Mark.LEAF]
"""A text, which may be a Terraform expression: a name, an account, a block, an ARN."""

Rows = Annotated[Mapping[str, Mapping[str, str]], Mark.ROWS]
"""The rows of a local that resources are made for each of; whole, keys included."""
