"""Hubs whose requests a role accepts: that the role, the tables and the way there fit."""

from __future__ import annotations

from collections.abc import Iterator

from cellfactory.errors import Finding, KeyPath
from cellfactory.inventory.hubs import Hub
from cellfactory.inventory.nearest import suggest
from cellfactory.inventory.schema import Inventory
from cellfactory.inventory.unreadable import as_far_as_readable, lacks, names_of, peek, readable


def check_hubs(inventory: Inventory) -> Iterator[Finding]:
    """Yield what does not fit in how hubs accept.

    Rules:
        F110: the organization that leads to a hub's role is not defined.
        F121: a route table stands twice, of one hub or of two.
        F167: the role of a hub lies in another account than its VPC.
        F169: route tables are named of a hub that nobody may change.
    """
    tables: dict[str, str] = {}
    for name, hub in (peek(inventory, "hubs") or {}).items():
        yield from _check_role(inventory, name, hub)
        yield from _check_tables(hub, name, tables)


@as_far_as_readable
def _check_role(inventory: Inventory, name: str, hub: Hub) -> Iterator[Finding]:
    path: KeyPath = ("hubs", name, "accept")
    if hub.role is None:
        return
    if hub.role.via is not None and lacks(inventory.organizations, hub.role.via):
        near = suggest(hub.role.via, names_of(inventory.organizations))
        message = f"unknown organization {hub.role.via!r}{near}"
        yield Finding(rule="F110", path=(*path, "via"), message=message)
    account = hub.role.role.split(":")[4]
    if account != hub.account:
        yield Finding(
            rule="F167",
            path=(*path, "role"),
            message=f"the role is in account {account}, but hub {name!r} in {hub.account}",
            hint="name a role of the hub's own account: only the owner of a VPC accepts for it",
        )


@as_far_as_readable
def _check_tables(hub: Hub, name: str, tables: dict[str, str]) -> Iterator[Finding]:
    path: KeyPath = ("hubs", name, "route_tables")
    if hub.route_tables and hub.role is None:
        yield Finding(
            rule="F169",
            path=path,
            message=f"hub {name!r} names route tables, but its owner accepts by hand",
            hint="name the role that may change them, accept: {role: arn:aws:iam::…}, or leave "
            "them out and let the owner add the routes",
        )
    for index, table in readable(hub.route_tables):
        first = tables.setdefault(table, f"hub {name!r}")
        if first != f"hub {name!r}" or table in hub.route_tables[:index]:
            message = f"{table} is a route table of {first} already"
            yield Finding(rule="F121", path=(*path, index), message=message)
