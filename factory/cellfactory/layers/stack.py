"""A stack as a value: whose it is, where it works, what it takes and what it hands on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Literal

from cellfactory.layers.leaf import Leaf
from cellfactory.layers.rows import ROWS, Layer, LayerRow, OwnerKind
from cellfactory.naming import stack_name

_PLACE = attrgetter("owner", "layer")  # as ids sort, and faster

VariableType = Literal["string", "map(string)", "list(string)"]

Lacking = Literal["wait", "next-round", "leave-out"]
"""What becomes of an entry of a map that its stack does not hand on yet.

`wait`: the taker waits. `next-round`: it waits too, unless the entry is there and empty, which says
that it comes with a later round; it is left out until then. `leave-out`: it is left out, whatever
the reason.
"""


@dataclass(frozen=True, slots=True, order=True)
class StackId:
    """One Terraform state: a layer of a cell, a mesh or an organization."""

    owner: str  # its name; what kind of owner it is, the layer tells
    layer: Layer

    @property
    def row(self) -> LayerRow:
        """What is true of its layer."""
        return ROWS[self.layer]

    @property
    def kind(self) -> OwnerKind:
        """What kind of owner it has."""
        return self.row.owner

    @property
    def cell(self) -> str | None:
        """The cell that owns it; None where a mesh or an organization does."""
        return self.owner if self.kind == "cell" else None

    @property
    def name(self) -> str:
        """Name of the stack, of its folder and of its tag."""
        return stack_name(self.owner, self.layer)

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where the value of a variable comes from: an output of another stack."""

    stack: StackId
    output: str
    key: str | None = None  # the entry of a map output; None takes the whole output


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """A typed variable of a stack and where its value comes from.

    `sources` is one `Source` for the whole value, or, for a map that is put together from
    several stacks, a `Source` for each of its keys.
    """

    type: VariableType
    sources: Source | Mapping[str, Source]
    lacking: Lacking = "wait"

    def all_sources(self) -> tuple[Source, ...]:
        """Every source, in the order of keys."""
        if isinstance(self.sources, Source):
            return (self.sources,)
        return tuple(self.sources[key] for key in sorted(self.sources))


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """The account that a stack works in, and the way there."""

    account: Leaf  # twelve digits, or the Terraform expression of the variable that holds them
    roles: tuple[Leaf, ...]  # ARNs, each assumed from the one before
    region: str
    sts_region: str  # where the roles are assumed; an opt-in Region may not know them


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """A state: whose it is, the way to its account, what it takes and what it hands on."""

    id: StackId
    access: Access
    inputs: Mapping[str, Input] = field(default_factory=dict)  # by variable name
    outputs: Mapping[str, VariableType] = field(default_factory=dict)  # by output name
    after: tuple[StackId, ...] = ()  # what has to be there although it takes nothing of it

    @property
    def takes_from(self) -> tuple[StackId, ...]:
        """The stacks whose outputs it takes, sorted."""
        return tuple(sorted(self._producers(), key=_PLACE))

    @property
    def ranked_by(self) -> tuple[StackId, ...]:
        """The stacks whose outputs it cannot do without, sorted."""
        return tuple(sorted(self._producers("leave-out"), key=_PLACE))

    @property
    def waits_for(self) -> tuple[StackId, ...]:
        """The stacks whose outputs it takes, or that it comes after, sorted."""
        return tuple(sorted(self._producers().union(self.after), key=_PLACE))

    def _producers(self, but: Lacking | None = None) -> set[StackId]:
        found: set[StackId] = set()
        for given in self.inputs.values():
            sources = given.sources
            if given.lacking == but:
                continue
            if isinstance(sources, Source):
                found.add(sources.stack)
            else:
                found.update([source.stack for source in sources.values()])
        return found
