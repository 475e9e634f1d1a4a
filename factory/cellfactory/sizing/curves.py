"""How full each bound would be with another number of nodes, and where it is used up; pure."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

from cellfactory.inventory.groups import group_size
from cellfactory.sizing.scale import scale_nodes
from cellfactory.sizing.setting import Setting, size_setting
from cellfactory.sizing.solve import most_nodes
from cellfactory.sizing.usage import fullest

MOST_CURVES = 7  # those that bind first
POINTS = 60  # of each curve
PAST = 1.2  # curves go so far beyond the nodes at which the first bound that must hold is full


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """The share of one limit at each number of nodes."""

    bound: str
    shares: tuple[float, ...]
    crossing: int | None  # the most nodes that it allows; None where it allows any


@dataclass(frozen=True, slots=True, kw_only=True)
class Curves:
    """Shares of several limits at the same numbers of nodes."""

    nodes: tuple[int, ...]
    curves: tuple[Curve, ...]  # the fullest at the last number first


def node_curves(setting: Setting) -> Curves:
    """Size a cell with ever more nodes, up to where the first bound that must hold is full."""
    size_of_group = group_size(setting.facts)
    zones = len(setting.shape.zones)
    sizes = _sizes(setting, zones)
    shares: dict[str, list[float]] = {}
    for per_zone in sizes:
        sized = fullest(size_setting(setting, scale_nodes(setting.shape, per_zone, size_of_group)))
        for usage in sized:
            if usage.per_node and usage.gate != "note":
                shares.setdefault(usage.bound, []).append(usage.share)
    drawn = sorted(shares, key=lambda bound: -shares[bound][-1])[:MOST_CURVES]
    allowed = most_nodes(setting, drawn)
    return Curves(
        nodes=tuple(zones * per_zone for per_zone in sizes),
        curves=tuple(
            Curve(bound=bound, shares=tuple(shares[bound]), crossing=allowed[bound])
            for bound in drawn
        ),
    )


def _sizes(setting: Setting, zones: int) -> list[int]:
    """Choose the numbers of nodes in each zone to size the cell with."""
    gating = {u.bound for u in size_setting(setting) if u.gate == "error" and u.per_node}
    first = min((n for n in most_nodes(setting, gating).values() if n is not None), default=0)
    most = max(zones * 2, 2 * setting.shape.nodes, ceil(PAST * first))
    return sorted({max(1, most * step // (POINTS * zones)) for step in range(1, POINTS + 1)})
