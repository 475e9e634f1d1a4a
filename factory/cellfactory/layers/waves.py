"""Waves: in which order a rollout comes to the stacks, ring by ring.

A stack belongs to the ring of its cell, or to a later one where it takes values of stacks of a
later one. So an edge belongs to the ring of its later cell: `peering`, `accept` and `routes` of a
cell hold rows of all its peers, and change when one of them comes or goes. What an earlier ring
has of its own, its networks, clusters and platforms, is never the business of a later one.

The stack of a hub holds a row for each cell that is joined to it. It takes part in every ring in
which one of these asks, and waits for none that is of a later ring: a row of that one is not there
before its own ring has asked.

That a stack comes after another one without taking anything of it, as a platform after the way to
its cluster, holds it back only until that one stands: an operator's upgrade of the first ring does
not wait for the last.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from cellfactory.inventory.schema import Inventory
from cellfactory.layers.order import order_stacks
from cellfactory.layers.stack import Stack, StackId

Part = Literal["cells", "edges"]
"""What of a ring: that which a cell needs no other cell of the ring for, or the rest."""

Stands = Callable[[StackId], bool]
"""Whether a stack was applied."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wave:
    """Stacks that are applied before any of the next wave, in an order of what they wait for."""

    index: int  # among the waves of all stacks there are, from 0
    ring: str
    part: Part
    stacks: tuple[Stack, ...]

    @property
    def ids(self) -> tuple[StackId, ...]:
        """The stacks by name."""
        return tuple(stack.id for stack in self.stacks)

    @property
    def cells(self) -> tuple[str, ...]:
        """The cells that own them, sorted."""
        return tuple(sorted({stack.cell for stack in self.ids if stack.cell is not None}))


def rings_of(
    inventory: Inventory, stacks: Iterable[Stack], stands: Stands = lambda _stack: True
) -> dict[StackId, str]:
    """Say to which ring each stack belongs.

    Args:
        inventory: whose cells and rings they are.
        stacks: every stack of it; what one of them takes values from is among them.
        stands: whether a stack was applied, which is asked of those that others come after.

    Returns:
        Rings by stack, of one that takes part in several the first; the stacks in an order in which
        they can be applied.
    """
    names = inventory.ring_names
    found = _ranks(inventory, {stack.id: stack for stack in stacks}, stands)
    return {stack: names[min(ranks)] for stack, ranks in found.items()}


def _ranks(
    inventory: Inventory, known: Mapping[StackId, Stack], stands: Stands
) -> dict[StackId, frozenset[int]]:
    """The places of the rings that each stack takes part in; of nearly all it is one."""
    needed = _first_needed(inventory, known)
    ranks: dict[StackId, frozenset[int]] = {}
    for stack in order_stacks(known.values()):
        one = known[stack]
        held = [*one.ranked_by, *(w for w in one.after if not stands(w))]
        own = max([needed[stack], *(min(ranks[w]) for w in held if w in ranks)])
        served = set(one.takes_from).difference(one.ranked_by)
        joined = [max(own, min(ranks[w])) for w in served if w in ranks]
        ranks[stack] = frozenset(joined or [own])
    return ranks


def _first_needed(inventory: Inventory, known: Mapping[StackId, Stack]) -> dict[StackId, int]:
    """The ring of each stack's cell; of one that no cell owns, the first that needs it, if any."""
    places = {name: place for place, name in enumerate(inventory.ring_names)}
    needed: dict[StackId, int] = {}
    for stack in reversed(order_stacks(known.values())):
        if stack.cell is not None:
            needed[stack] = places[inventory.cells[stack.cell].ring]
        for before in known[stack].waits_for if stack in needed else ():
            if before in known and before.cell is None:
                needed[before] = min(needed.get(before, len(places)), needed[stack])
    return {stack: needed.get(stack, 0) for stack in known}


def list_waves(
    inventory: Inventory,
    stacks: Iterable[Stack],
    chosen: Collection[StackId] | None = None,
    stands: Stands = lambda _stack: True,
) -> tuple[Wave, ...]:
    """List the waves of a rollout, those of the first ring first; none is empty.

    Args:
        inventory: whose cells and rings they are.
        stacks: every stack of it.
        chosen: which of them the rollout is about; all when None.
        stands: as for `rings_of`.
    """
    known = {stack.id: stack for stack in stacks}
    ranks = _ranks(inventory, known, stands)
    parts = [
        (ring, part, held)
        for place, ring in enumerate(inventory.ring_names)
        for part, held in split([known[stack] for stack, own in ranks.items() if place in own])
        if held
    ]
    waves = [
        Wave(
            index=index,
            ring=ring,
            part=part,
            stacks=tuple(s for s in held if chosen is None or s.id in chosen),
        )
        for index, (ring, part, held) in enumerate(parts)
    ]
    return tuple(wave for wave in waves if wave.stacks)


def split(stacks: Sequence[Stack]) -> tuple[tuple[Part, tuple[Stack, ...]], ...]:
    """Part stacks of a ring into what cells need each other for and what they do not.

    Args:
        stacks: in an order of what they wait for.
    """
    alone: dict[StackId, bool] = {}
    for stack in stacks:
        waits = [w for w in stack.waits_for if w in alone]
        alone[stack.id] = all(alone[w] and w.owner == stack.id.owner for w in waits)
    return (
        ("cells", tuple(stack for stack in stacks if alone[stack.id])),
        ("edges", tuple(stack for stack in stacks if not alone[stack.id])),
    )


def batches(stacks: Sequence[Stack], cells_at_once: int | None) -> Iterator[tuple[Stack, ...]]:
    """Yield stacks of a ring so that only so many cells are changed at a time; edges come last.

    Args:
        stacks: in an order of what they wait for.
        cells_at_once: most cells of one batch; None for all (cells).
    """
    if cells_at_once is None:
        yield tuple(stacks)
        return
    (_, own), (_, edges) = split(stacks)
    owners = list(dict.fromkeys(sorted(stack.id.owner for stack in own)))
    for start in range(0, len(owners), cells_at_once):
        some = owners[start : start + cells_at_once]
        yield tuple(stack for stack in own if stack.id.owner in some)
    if edges:
        yield edges


def shards(stacks: Sequence[Stack], most: int) -> tuple[tuple[Stack, ...], ...]:
    """Part stacks so that none waits for one in another part; the parts are about equally large.

    Args:
        stacks: of one wave, in an order of what they wait for.
        most: parts at most.

    Returns:
        None of them empty; each keeps the order.
    """
    parts: list[list[Stack]] = [[] for _ in range(most)]
    for component in sorted(_components(stacks), key=lambda c: (-len(c), c[0].id)):
        min(parts, key=len).extend(component)
    place = {stack.id: i for i, stack in enumerate(stacks)}
    return tuple(tuple(sorted(part, key=lambda s: place[s.id])) for part in parts if part)


def _components(stacks: Sequence[Stack]) -> list[list[Stack]]:
    """Group stacks that wait for each other, over however many others."""
    group: dict[StackId, list[Stack]] = {}
    for stack in stacks:
        own = group[stack.id] = [stack]
        for other in {id(g): g for w in stack.waits_for if (g := group.get(w))}.values():
            if other is not own:
                other.extend(own)
                own = other
                group |= dict.fromkeys((s.id for s in own), own)
    return list({id(g): g for g in group.values()}.values())
