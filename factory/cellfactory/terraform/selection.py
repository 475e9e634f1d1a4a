"""Which stacks a command is about."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from cellfactory.errors import UsageError
from cellfactory.inventory.nearest import suggest
from cellfactory.layers import OwnerKind, StackId


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Stacks by owner and layer, and stacks by their own names beside those; empty means all."""

    cells: tuple[str, ...] = ()
    meshes: tuple[str, ...] = ()
    organizations: tuple[str, ...] = ()
    hubs: tuple[str, ...] = ()
    layers: tuple[str, ...] = ()
    stacks: tuple[str, ...] = ()  # whole names, such as a-network

    @property
    def owners(self) -> Mapping[OwnerKind, tuple[str, ...]]:
        """The named owners, by kind."""
        return {
            "organization": self.organizations,
            "mesh": self.meshes,
            "hub": self.hubs,
            "cell": self.cells,
        }

    @property
    def has_owners(self) -> bool:
        """Whether any owner is named."""
        return any(self.owners.values())

    def takes(self, stack: StackId) -> bool:
        """Whether it is about a stack."""
        if stack.name in self.stacks:
            return True
        if self.stacks and not self.has_owners and not self.layers:
            return False
        is_owned = not self.has_owners or stack.owner in self.owners[stack.kind]
        return is_owned and (not self.layers or stack.layer in self.layers)


EVERYTHING = Selection()


def select_stacks(
    stacks: Iterable[StackId], wanted: Selection, layers: Collection[str] = ()
) -> tuple[StackId, ...]:
    """Keep the stacks that a selection is about.

    Args:
        stacks: what there is to be chosen from.
        wanted: which of them.
        layers: those that may be named although no stack is of them.

    Raises:
        UsageError: when a name fits no stack.
    """
    known = tuple(stacks)
    unknown = [
        *(
            line
            for kind, names in wanted.owners.items()
            for line in _unknown(kind, names, sorted({s.owner for s in known if s.kind == kind}))
        ),
        *_unknown("layer", wanted.layers, sorted({*layers, *(stack.layer for stack in known)})),
        *_unknown("stack", wanted.stacks, sorted({stack.name for stack in known})),
    ]
    if unknown:
        raise UsageError("\n".join(unknown))
    return tuple(stack for stack in known if wanted.takes(stack))


def _unknown(noun: str, names: Iterable[str], known: Collection[str]) -> Iterator[str]:
    for name in dict.fromkeys(names):
        if name not in known:
            near = suggest(name, known)
            hint = "" if near else f"\n    known: {', '.join(known) or 'none'}"
            yield f"unknown {noun} {name!r}{near}{hint}"
