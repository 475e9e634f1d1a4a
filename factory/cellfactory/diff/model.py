"""What a change is, whether it was found between two trees or planned by Terraform."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final, Literal

from cellfactory.layers import StackId

Action = Literal["create", "update", "replace", "delete", "move", "forget", "import"]
"""What becomes of a resource; `move` alone is a new address, `forget` leaves it in AWS."""

StackAction = Literal["add", "change", "remove"]

PARTS = frozenset({"data", "output", "provider", "variable", "terraform", "backend"})
"""What a document holds beside resources; an address begins with one of these words."""

Path = tuple[str | int, ...]
"""Where in a resource, such as `("tags", "team")`; what a string holds lies below its path."""


class Entry(str):
    """A step of a path: the entry of a list that a key of its own names, such as `name=a`."""

    __slots__ = ()


class Absent(Enum):
    """The one value that stands for there being none, which is not `null`."""

    ABSENT = "absent"


ABSENT: Final = Absent.ABSENT


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """A value that only the apply knows; `text` is the expression, where there is one."""

    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueChange:
    """One value of a resource; values are JSON, `ABSENT` or `Unknown`."""

    path: Path
    before: Any
    after: Any
    is_secret: bool = False  # neither value is ever shown
    replaces: bool = False  # it cannot be changed in place


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceChange:
    """One resource of one stack."""

    address: str  # the one after the change; the one before where it is deleted
    action: Action
    values: tuple[ValueChange, ...] = ()  # by path; of a create or delete the whole of it
    moved_from: str = ""  # the address before
    is_likely: bool = False  # a replacement that a table expects, and no plan has confirmed
    reason: str = ""  # of Terraform, such as `tainted`; empty from trees

    @property
    def resource_type(self) -> str:
        """Such as `aws_vpc`."""
        return self.address.partition(".")[0]

    @property
    def is_resource(self) -> bool:
        """Whether it is one that exists in AWS or a cluster, and no part of a document alone."""
        return self.resource_type not in PARTS

    @property
    def is_destructive(self) -> bool:
        """Whether something that stands goes away."""
        return self.action in ("delete", "replace") and self.is_resource


@dataclass(frozen=True, slots=True, kw_only=True)
class StackChange:
    """One stack that is not what it was."""

    stack: StackId
    action: StackAction
    resources: tuple[ResourceChange, ...]  # by address
    why: tuple[str, ...] = ()  # what of the inventory it is affected by, a sentence each


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """All that is different, by stack name."""

    stacks: tuple[StackChange, ...]
    unchanged: int  # stacks

    def __iter__(self) -> Iterator[tuple[StackId, ResourceChange]]:
        """Yield every changed resource with its stack."""
        for changed in self.stacks:
            for resource in changed.resources:
                yield changed.stack, resource
