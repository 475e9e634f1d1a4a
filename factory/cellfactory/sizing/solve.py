"""The model run backwards: how many nodes, how many cells, which quotas, what mends a cell."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache, partial

from cellfactory.addressing.room import Room
from cellfactory.inventory.groups import group_size
from cellfactory.sizing.bounds import BOUNDS
from cellfactory.sizing.joining import JoinedMesh, size_joined
from cellfactory.sizing.ledger import Part
from cellfactory.sizing.rules import raise_to
from cellfactory.sizing.scale import scale_nodes
from cellfactory.sizing.setting import Setting, parts_of_setting
from cellfactory.sizing.usage import Usage

SEARCH_LIMIT = 1 << 17
"""Nodes in a zone beyond which a bound counts as no bound at all."""

MOST_CELLS = 1 << 13
"""The same for the cells of a mesh."""

Sizing = Callable[[int], Iterable[Usage]]
"""Usages as a function of one whole number, which none of them falls with."""


def most_fitting(
    size: Sizing, bounds: Iterable[str], least: int = 1, limit: int = SEARCH_LIMIT
) -> dict[str, int | None]:
    """Find, for each bound alone, the largest number at which it still holds.

    Args:
        size: Usages for a number; none may fall as the number grows.
        bounds: Bounds to solve for; one that the usages do not have is left out.
        least: Smallest number to try.
        limit: Number at which a bound that holds counts as none.

    Returns:
        The number by bound: `least - 1` where not even `least` fits, None where the bound holds
        at any number up to the limit.
    """

    return _most_of_parts(lambda number: (partial(size, number),), bounds, least, limit)


def _most_of_parts(
    parts: Callable[[int], Sequence[Part]], bounds: Iterable[str], least: int, limit: int
) -> dict[str, int | None]:
    """Do as `most_fitting`, and size for each bound the parts alone that have it.

    Args:
        parts: What sizes a number, taken apart in the same way for each.
    """
    apart = cache(parts)

    @cache
    def broken(part: int, number: int) -> frozenset[str]:
        return frozenset(usage.bound for usage in apart(number)[part]() if not usage.fits)

    def holds(bound: str) -> Callable[[int], bool]:
        return lambda number: all(bound not in broken(part, number) for part in having[bound])

    # A single cell asks no peer: some bounds are there from the second number on.
    having: dict[str, set[int]] = {}
    for number in (least, least + 1):
        for part, size in enumerate(apart(number)):
            for usage in size():
                having.setdefault(usage.bound, set()).add(part)
    return {bound: _bisect(holds(bound), least, limit) for bound in bounds if bound in having}


def _bisect(fits: Callable[[int], bool], least: int, limit: int) -> int | None:
    if not fits(least):
        return least - 1
    low, high = least, least * 2
    while fits(high):
        if high >= limit:
            return None
        low, high = high, high * 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if fits(middle) else (low, middle)
    return low


def most_nodes(setting: Setting, bounds: Iterable[str] | None = None) -> dict[str, int | None]:
    """Find how many nodes a cell may have under each bound alone; its pools keep their mix.

    Its blocks stay as they are planned, and its peers as they are.

    Returns:
        Nodes of the cell, a multiple of its zones, by bound; None where nodes do not matter.
    """
    size_of_group = group_size(setting.facts)
    zones = len(setting.shape.zones)

    def parts(per_zone: int) -> tuple[Part, ...]:
        return parts_of_setting(setting, scale_nodes(setting.shape, per_zone, size_of_group))

    wanted = BOUNDS if bounds is None else bounds
    solved = _most_of_parts(parts, wanted, least=1, limit=SEARCH_LIMIT)
    return {b: None if n is None else n * zones for b, n in solved.items()}


def most_cells(mesh: JoinedMesh, room: Room) -> dict[str, int | None]:
    """Find how many cells a mesh may have under each bound alone, those that come like one cell.

    Its hubs, and the cells of other meshes, stay as they are.

    Args:
        mesh: The mesh of the cell.
        room: Cells that find room in the address pools beside those there are, by bound.

    Returns:
        Cells by bound; None where no number of cells matters.
    """
    solved = most_fitting(lambda cells: size_joined(mesh, cells), BOUNDS, limit=MOST_CELLS)
    there = len(mesh.members)
    return solved | {b: None if more is None else there + more for b, more in room.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotaRaise:
    """A quota that must be higher before a design fits."""

    owner: str
    code: str
    title: str
    now: float
    wanted: int
    possible: bool  # AWS documents no lower maximum


def quota_raises(usages: Iterable[Usage]) -> tuple[QuotaRaise, ...]:
    """List the smallest raise of each quota that makes the usages that stop the work fit.

    Of several usages of one quota the largest decides.
    """
    wanted: dict[tuple[str, str], Usage] = {}
    for usage in usages:
        if usage.fits or usage.gate != "error" or not usage.allowed.adjustable or not usage.code:
            continue
        key = (usage.scope.owner, usage.code)
        if key not in wanted or usage.used > wanted[key].used:
            wanted[key] = usage
    return tuple(
        QuotaRaise(
            owner=owner,
            code=code,
            title=BOUNDS[usage.bound].title,
            now=usage.limit,
            wanted=-int(-usage.used // 1),
            possible=raise_to(usage) is not None,
        )
        for (owner, code), usage in sorted(wanted.items())
    )
