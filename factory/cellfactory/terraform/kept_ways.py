"""Routes that keep their place: behind a gateway, what a way leads over changes in place alone.

While a route is destroyed and made anew there is no way, for a moment or for as long as an apply
that broke off is not taken up. A route goes with its peer, hub or zone, and for nothing else.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from cellfactory.errors import Finding
from cellfactory.layers import StackId
from cellfactory.terraform.guard import is_tainted
from cellfactory.terraform.messages import Change
from cellfactory.terraform.workspace import CONFIGURATION, Sources
from cellfactory.words import counted

ROUTE = "aws_route"
_SHOWN = 3

Way = tuple[str, str]
"""A zone of the cell, and the block that is routed from it."""


def refuse_cut(
    stack: StackId, planned: Sequence[Change], before: Sources, after: Sources
) -> Finding | None:
    """Refuse a plan that would take a way from a cell, whatever it was allowed to destroy.

    Args:
        stack: whose plan it is.
        planned: what Terraform plans.
        before: what the stack was applied with last; empty where it never was.
        after: what it is planned with.

    Rules:
        F774: it would destroy or replace a route to a peer or hub that stays.
    """
    cut = (
        cut_ways(planned, route_rows(before), route_rows(after)) if stack.layer == "routes" else ()
    )
    if not cut:
        return None
    more = f" and {len(cut) - _SHOWN:,} more" if len(cut) > _SHOWN else ""
    named = ", ".join(change.address for change in cut[:_SHOWN])
    return Finding(
        rule="F774",
        stack=stack.name,
        message=f"it would destroy or replace {counted(len(cut), 'route')} to peers and hubs that "
        f"stay: {named}{more}",
        hint="there is no way to them meanwhile; what a route leads over changes in place, so "
        "find out why it does not\nno --allow-destroy covers this",
    )


def cut_ways(
    planned: Iterable[Change], before: Mapping[str, Any], after: Mapping[str, Any]
) -> tuple[Change, ...]:
    """List the changes that would take a way which stays; none in a mesh without a gateway.

    Args:
        planned: what Terraform plans.
        before: rows of routes that were applied last, by key.
        after: rows that are to be applied.
    """
    if not any("over" in row for row in after.values()):
        return ()
    wanted = {_way(row) for row in after.values()}
    found = []
    for change in planned:
        if change.resource_type != ROUTE:
            continue
        row = before.get(change.key, after.get(change.key))
        stays = row is not None and _way(row) in wanted
        is_replaced = change.action == "replace" and not is_tainted(change)
        if stays and (is_replaced or change.action == "delete"):
            found.append(change)
    return tuple(sorted(found, key=lambda change: change.address))


def _way(row: Mapping[str, Any]) -> Way:
    return str(row.get("zone")), str(row.get("block"))


def route_rows(sources: Sources) -> dict[str, Any]:
    """Read the rows of routes out of a synthesized stack; none where there is nothing like it."""
    try:
        rows = json.loads(sources.get(CONFIGURATION, "{}")).get("locals", {}).get("routes", {})
    except (ValueError, AttributeError, RecursionError):
        return {}
    return {k: r for k, r in rows.items() if isinstance(r, dict)} if isinstance(rows, dict) else {}
