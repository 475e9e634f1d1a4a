"""An apply in several passes: once more for whatever asks for the rest of its peerings.

Everything is applied in the first pass. Where a stack then has edges left, it is applied again, and
after it what takes values from it: those who accept, then the routes, which wait until all edges
are there. It ends when none is left, or when a pass found no room to ask for any.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, replace

from cellfactory.layers import Stack, StackId
from cellfactory.terraform.messages import Counts
from cellfactory.terraform.results import Result

Tell = Callable[[Result], None]
Once = Callable[[Sequence[Stack], Mapping[StackId, Result], Tell], Iterable[Result]]
"""Applies stacks once, given what became of them in earlier passes."""

_SETTLED = frozenset({"applied", "no-change", "done-before"})


def in_passes(
    stacks: Sequence[Stack], askers: Collection[StackId], once: Once, finished: Tell
) -> tuple[Result, ...]:
    """Apply stacks, in as many passes as it takes.

    Args:
        stacks: in an order of what they wait for.
        askers: those that may have edges left.
        once: one pass.
        finished: is told of each stack, once nothing more comes of it.
    """
    open_ = downstream(stacks, askers)
    if not open_:
        return tuple(once(stacks, {}, finished))

    def tell(result: Result) -> None:
        if result.stack not in open_:
            finished(result)

    results: dict[StackId, Result] = {}
    todo: Sequence[Stack] = stacks
    while todo:
        before = dict(results)
        for result in once(todo, before, tell):
            results[result.stack] = joined(before.get(result.stack), result)
        todo = _again(stacks, results, before)
    for stack in stacks:
        if stack.id in open_:
            finished(results[stack.id])
    return tuple(results[stack.id] for stack in stacks)


def each_once(results: Iterable[Result]) -> tuple[Result, ...]:
    """Make one result of those of a stack that several rings had a part in, as a hub's."""
    found: dict[StackId, Result] = {}
    for result in results:
        before = found.get(result.stack)
        if before is None or not before.broken:
            found[result.stack] = joined(before, result)
    return tuple(found.values())


def is_settled(result: Result) -> bool:
    """Whether nothing is left to do of a stack as long as it takes the same values."""
    return result.status in _SETTLED and not result.edges_left


def downstream(stacks: Iterable[Stack], first: Collection[StackId]) -> frozenset[StackId]:
    """Name stacks, and all that wait for them, however far.

    Args:
        stacks: in an order of what they wait for.
        first: whom to begin with; who is not among the stacks does not count.
    """
    found: set[StackId] = set()
    for stack in stacks:
        if stack.id in first or not found.isdisjoint(stack.waits_for):
            found.add(stack.id)
    return frozenset(found)


def joined(before: Result | None, after: Result) -> Result:
    """Say of a stack what became of it in two passes."""
    if before is None or before is after or before.status not in _SETTLED:
        return after
    is_done = before.status == "applied" and after.status in _SETTLED
    return replace(
        after,
        status="applied" if is_done else after.status,
        counts=_sum(before.counts, after.counts),
        planned=(*before.planned, *after.planned),
        changes=(*before.changes, *after.changes),
        applied=(*before.applied, *after.applied),
        warnings=(*before.warnings, *after.warnings),
        seconds=before.seconds + after.seconds,
        less=0,
    )


def _sum(one: Counts, other: Counts) -> Counts:
    more = asdict(other)
    return Counts(**{name: number + more[name] for name, number in asdict(one).items()})


def _again(
    stacks: Sequence[Stack], results: Mapping[StackId, Result], before: Mapping[StackId, Result]
) -> tuple[Stack, ...]:
    left = {i for i, result in results.items() if result.edges_left and not result.broken}
    if not any(i not in before or results[i].edges_left < before[i].edges_left for i in left):
        return ()
    again = downstream(stacks, left)
    return tuple(s for s in stacks if s.id in again and not results[s.id].broken)
