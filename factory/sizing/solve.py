"""The model run backwards: how many nodes, how many cells, which quotas, what mends a cell."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache

from factory.inventory.groups import group_size
from factory.sizing.bounds import BOUNDS
from factory.sizing.ledger import size_shape
from factory.sizing.mesh import size_neighbourhood
from factory.sizing.nau import cell_nau
from factory.sizing.rules import raise_to
from factory.sizing.scale import scale_nodes
from factory.sizing.setting import Setting, size_setting
from factory.sizing.usage import Limit, Scope, Usage

SEARCH_LIMIT = 1 << 17
"""Nodes in a zone, or cells of a mesh, beyond which a bound counts as no bound at all."""

Sizing = Callable[[int], Iterable[Usage]]
"""Usages as a function of one whole number, which none of them falls with."""


def most_fitting(size: Sizing, bounds: Iterable[str], least: int = 1) -> dict[str, int | None]:
    """Find, for each bound alone, the largest number at which it still holds.

    Args:
        size: Usages for a number; none may fall as the number grows.
        bounds: Bounds to solve for; one that the usages do not have is left out.
        least: Smallest number to try.

    Returns:
        The number by bound: `least - 1` where not even `least` fits, None where the bound holds
        at any number up to `SEARCH_LIMIT`.
    """

    @cache
    def broken(number: int) -> frozenset[str]:
        return frozenset(usage.bound for usage in size(number) if not usage.fits)

    def holds(bound: str) -> Callable[[int], bool]:
        return lambda number: bound not in broken(number)

    # A single cell asks no peer: some bounds are there from the second number on.
    known = {usage.bound for number in (least, least + 1) for usage in size(number)}
    return {bound: _bisect(holds(bound), least) for bound in bounds if bound in known}


def _bisect(fits: Callable[[int], bool], least: int) -> int | None:
    if not fits(least):
        return least - 1
    low, high = least, least * 2
    while fits(high):
        if high >= SEARCH_LIMIT:
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

    def size(per_zone: int) -> tuple[Usage, ...]:
        return size_setting(setting, scale_nodes(setting.shape, per_zone, size_of_group))

    wanted = BOUNDS if bounds is None else bounds
    solved = most_fitting(size, wanted)
    return {b: None if n is None else n * zones for b, n in solved.items()}


def most_cells(setting: Setting, pools: Mapping[str, tuple[int, int]]) -> dict[str, int | None]:
    """Find how many cells like this one a mesh may have, each peered with each.

    The cell's hubs stay in the mesh.

    Args:
        setting: The cell; its present peers are ignored.
        pools: Addresses there are, and addresses that one cell takes, by bound.

    Returns:
        Cells by bound; None where no number of cells matters.
    """
    name = setting.shape.name
    own = {name: cell_nau(setting.shape, setting.facts)}
    hubs = setting.around.connections - len(setting.around.cells) + 1

    def size(cells: int) -> Iterator[Usage]:
        around = replace(
            setting.around,
            cells=(name,) * cells,
            connections=cells - 1 + hubs,
            requests=cells - 1 + hubs,  # of the lowest name, which asks all the others
        )
        yield from size_neighbourhood(around, own, setting.facts)
        yield from _routes(setting, cells - len(setting.around.cells))
        for bound, (there, taken) in pools.items():
            yield _pool_usage(bound, taken * cells, there)

    return most_fitting(size, BOUNDS)


def _routes(setting: Setting, more: int) -> Iterator[Usage]:
    """Size the routes of a cell with so many more peers, one routable block each."""
    shape = setting.shape
    shape = replace(shape, peers=replace(shape.peers, blocks=shape.peers.blocks + more))
    usages = size_shape(shape, cell_nau(shape, setting.facts), setting.facts)
    return (usage for usage in usages if usage.bound == "routes-per-route-table")


def _pool_usage(bound: str, used: int, there: int) -> Usage:
    row = BOUNDS[bound]
    return Usage(
        bound=bound,
        scope=Scope("address pools", "inventory", row.title),
        used=used,
        allowed=Limit(value=there, source="address_pools"),
        unit=row.unit,
        gate=row.gate,
        path=("address_pools",),
    )


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
