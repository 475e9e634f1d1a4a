"""What `doctor` asks in the account of a hub, by the role that accepts for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cellfactory.credentials import Session
from cellfactory.facts.schema import Facts, Quota, effective
from cellfactory.inventory.schema import ExistingAccount, Hub, Inventory
from cellfactory.layers.access import hub_access
from cellfactory.layers.hub import asking_cells
from cellfactory.layers.stack import Access
from cellfactory.naming import owner_tag
from cellfactory.runs.questions import Question, Status, Unmet, Visit, error_code

OWNER_PAGE = "docs/prerequisites.md, By a role, has what its owner lets the role do, and for whom"
READS = "let the role do what HubLook of docs/permissions.md allows"
STANDING = ("active", "pending-acceptance", "provisioning")  # they count
BY_PROPAGATION = "EnableVgwRoutePropagation"  # routes that count elsewhere


def hub_questions(
    inventory: Inventory, facts: Facts, name: str, enter: Callable[[Access], Session]
) -> Iterator[Question]:
    """Ask by the role of a hub; nothing where its owner accepts by hand."""
    hub = inventory.hubs[name]
    if hub.role is None:
        unmet = Unmet("its owner accepts by hand: no role of ours leads there", status="skipped")
        yield Question(claim="its account can be worked in", ask=lambda: unmet, path=("account",))
        return
    visit = Visit(hub_access(inventory, facts, name, hub.role), enter)
    yield Question(
        claim=_way(visit.access),
        ask=visit.open,
        path=("accept",),
        fix=OWNER_PAGE,
        bars=True,
    )
    yield Question(
        claim=f"{hub.vpc} is there",
        ask=visit.asks("ec2", _is_there, hub),
        path=("vpc",),
        fix=READS,
        bars=True,
    )
    yield Question(
        claim="its blocks are those of cells.yaml",
        ask=visit.asks("ec2", _blocks, hub),
        path=("blocks",),
        fix=READS,
    )
    yield from _of_room(inventory, facts, name, visit)


def _way(access: Access) -> str:
    role = access.roles[-1]
    return f"{role} can be assumed" + (f" from {access.roles[0]}" if access.roles[1:] else "")


def _of_room(inventory: Inventory, facts: Facts, name: str, visit: Visit) -> Iterator[Question]:
    hub, cells = inventory.hubs[name], inventory.cells_of(name)
    asking = asking_cells(inventory, name)
    accounts = frozenset(
        account.id
        for cell in cells
        if isinstance(account := inventory.cells[cell].account, ExistingAccount)
    )
    ours = _Ours(asking=len(asking), joined=len(cells), accounts=accounts)
    quota = facts.quota("peerings-per-vpc")
    yield Question(
        claim=f"it has room for peerings with {len(asking):,} cells",
        ask=visit.asks("ec2", _room_for_peerings, hub, ours, quota),
        path=("quotas",),
        fix=READS,
    )
    quota = facts.quota("routes-per-route-table")
    for index, table in enumerate(hub.route_tables):
        yield Question(
            claim=f"{table} has room for routes to {len(cells):,} cells",
            ask=visit.asks("ec2", _room_for_routes, hub, table, ours, quota),
            path=("route_tables", index),
            fix=READS,
        )


def _is_there(ec2: Any, hub: Hub) -> Unmet | None:
    if _vpc(ec2, hub):
        return None
    seen = f"account {hub.account} has no {hub.vpc} in {hub.region}"
    return Unmet(seen, "write the id of the hub's VPC, its account and its Region")


def _vpc(ec2: Any, hub: Hub) -> Mapping[str, Any] | None:
    from botocore.exceptions import ClientError

    try:
        rows = ec2.describe_vpcs(VpcIds=[hub.vpc])["Vpcs"]
    except ClientError as error:
        if error_code(error) != "InvalidVpcID.NotFound":
            raise
        return None
    return rows[0] if rows else None


def _blocks(ec2: Any, hub: Hub) -> Unmet | None:
    """Hold the blocks that are written against those that the VPC has.

    What it has beside them is a warning: AWS peers no VPCs of which any two blocks overlap. What it
    lacks may lie behind it where a gateway leads there.
    """
    rows = (_vpc(ec2, hub) or {}).get("CidrBlockAssociationSet", ())
    states = ("associated", "associating")
    has = {row["CidrBlock"] for row in rows if row["CidrBlockState"]["State"] in states}
    wanted = {str(block) for block in hub.blocks}
    if lost := sorted(wanted - has):
        seen = f"{hub.vpc} has no {', '.join(lost)}; it has {', '.join(sorted(has))}"
        status: Status = "warning" if hub.attachments else "failed"
        return Unmet(seen, "write its blocks as they are: cells route to them", status)
    if more := sorted(has - wanted):
        seen = f"{hub.vpc} also has {', '.join(more)}, which no cell reaches"
        fix = "write it under blocks: a cell with an overlapping block cannot be peered with it"
        return Unmet(seen, fix, "warning")
    return None


def _peerings(ec2: Any, hub: Hub) -> dict[str, Mapping[str, Any]]:
    """List the connections of the VPC that count, by id."""
    found: dict[str, Mapping[str, Any]] = {}
    for side in ("accepter", "requester"):
        pages = ec2.get_paginator("describe_vpc_peering_connections").paginate(
            Filters=[
                {"Name": f"{side}-vpc-info.vpc-id", "Values": [hub.vpc]},
                {"Name": "status-code", "Values": list(STANDING)},
            ]
        )
        rows = (row for page in pages for row in page["VpcPeeringConnections"])
        found |= {row["VpcPeeringConnectionId"]: row for row in rows}
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ours:
    """The cells of a hub."""

    asking: int  # cells that ask for a peering
    joined: int  # cells that reach the hub
    accounts: frozenset[str]  # of those whose accounts exist

    def has(self, row: Mapping[str, Any]) -> bool:
        """Tell whether a connection is of a cell: its account asked, or we have accepted it."""
        tags = {tag["Key"] for tag in row.get("Tags", ())}
        return owner_tag("hub") in tags or row["RequesterVpcInfo"].get("OwnerId") in self.accounts


def _room_for_peerings(ec2: Any, hub: Hub, ours: _Ours, quota: Quota) -> Unmet | None:
    others = sum(not ours.has(row) for row in _peerings(ec2, hub).values())
    return _beyond(
        f"{hub.vpc} has {others:,} peerings with others", others, ours.asking, hub, quota
    )


def _room_for_routes(ec2: Any, hub: Hub, table: str, ours: _Ours, quota: Quota) -> Unmet | None:
    """Count the routes that are not of cells; those over a gateway that cells share may be."""
    from botocore.exceptions import ClientError

    try:
        rows = ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"]
    except ClientError as error:
        if error_code(error) != "InvalidRouteTableID.NotFound":
            raise
        rows = []
    if not rows or rows[0]["VpcId"] != hub.vpc:
        seen = f"{table} is a route table of {rows[0]['VpcId']}" if rows else f"no {table} is there"
        return Unmet(seen, f"name route tables of {hub.vpc} alone")
    own = {id_ for id_, row in _peerings(ec2, hub).items() if ours.has(row)}
    routes = [
        row
        for row in rows[0]["Routes"]
        if "DestinationCidrBlock" in row
        and row.get("Origin") != BY_PROPAGATION
        and not (hub.attachments and row.get("TransitGatewayId"))
    ]
    others = sum(row.get("VpcPeeringConnectionId") not in own for row in routes)
    return _beyond(f"{table} has {others:,} routes to others", others, ours.joined, hub, quota)


def _beyond(has: str, others: int, cells: int, hub: Hub, quota: Quota) -> Unmet | None:
    most, total = int(effective(quota, hub.region, hub.quotas)), others + cells
    if total <= most:
        return None
    return Unmet(
        f"{has}: with those of {cells:,} cells {total:,}; its quota is {most:,}",
        f"have its owner raise {quota.code}, and write it under quotas of the hub",
    )
