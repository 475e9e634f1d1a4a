"""A cell that grows by so many nodes a month: which raise is due when, and when it is full."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from math import inf

from cellfactory.sizing.bounds import BOUNDS
from cellfactory.sizing.setting import Setting, size_setting
from cellfactory.sizing.solve import most_nodes
from cellfactory.sizing.usage import Usage


@dataclass(frozen=True, slots=True, kw_only=True)
class Milestone:
    """A bound that growth reaches."""

    bound: str
    title: str
    nodes: int  # that it allows (nodes)
    months: float  # from now until more than these are there; 0 where it is full already
    code: str  # quota to be raised before; empty where nothing but another cell helps


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """How long a cell holds out at a pace."""

    nodes: int  # that it has (nodes)
    per_month: int  # nodes that come each month (nodes)
    raises: tuple[Milestone, ...]  # in the order in which they are due
    full: Milestone | None  # the first bound that nobody can raise; None where there is none


def grow(setting: Setting, per_month: int) -> Growth:
    """Say which quotas must be raised by when, and when the next cell is needed.

    The cell keeps its blocks and its mix of pools, its peers stay as they are. A quota counts as
    raised to the most that AWS documents, and without an end where no page names one.

    Args:
        setting: The cell among its peers.
        per_month: Nodes that come each month, 1 or more (nodes).
    """
    gating = {u.bound: u for u in size_setting(setting) if u.gate == "error" and u.per_node}
    now = most_nodes(setting, gating)
    highest = most_nodes(_raised(setting, gating.values()), gating)
    walls = [
        _milestone(setting, bound, nodes, per_month)
        for bound, nodes in highest.items()
        if nodes is not None
    ]
    full = min(walls, key=lambda wall: wall.nodes, default=None)
    end = full.nodes if full else inf
    due = [
        replace(_milestone(setting, bound, nodes, per_month), code=gating[bound].code)
        for bound, nodes in now.items()
        if nodes is not None and nodes != highest[bound] and nodes < end
    ]
    return Growth(
        nodes=setting.shape.nodes,
        per_month=per_month,
        raises=tuple(sorted(due, key=lambda one: (one.months, one.bound))),
        full=full,
    )


def _milestone(setting: Setting, bound: str, nodes: int, per_month: int) -> Milestone:
    months = max(0, nodes - setting.shape.nodes) / per_month
    return Milestone(bound=bound, title=BOUNDS[bound].title, nodes=nodes, months=months, code="")


def _raised(setting: Setting, usages: Iterable[Usage]) -> Setting:
    """Raise every quota of the usages as far as AWS does."""
    most: Mapping[str, float] = {
        u.code: inf if u.allowed.maximum is None else u.allowed.maximum
        for u in usages
        if u.code and u.allowed.adjustable
    }
    shape = setting.shape
    return replace(setting, shape=replace(shape, quotas={**shape.quotas, **most}))
