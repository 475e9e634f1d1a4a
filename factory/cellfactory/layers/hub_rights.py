"""What the role of a hub takes, which its owner makes: bound to the one VPC and to its tables.

Nothing in that account bears a tag of ours before we accept, so names of things take their place:
the ARN of the VPC, and those of the route tables that the inventory names.
"""

from __future__ import annotations

from collections.abc import Iterator

from cellfactory.facts.iam import load_iam
from cellfactory.inventory.schema import Hub, HubRole, Inventory
from cellfactory.layers.scopes import ANY
from cellfactory.layers.special import TAGGING
from cellfactory.layers.statement import Statement, statement
from cellfactory.naming import reading_role_name

_ACCEPTER = "aws_vpc_peering_connection_accepter"
_OPTIONS = "aws_vpc_peering_connection_options"
_REPLACE = "ec2:ReplaceRoute"  # a way that leads elsewhere is changed in place


def hub_statements(hub: Hub, *, reads: bool = False) -> tuple[Statement, ...]:
    """Derive what accepting for a hub takes in its account.

    Args:
        hub: its VPC, its tables and whether names are resolved decide what is asked.
        reads: of the role beside it, which only looks.
    """
    return tuple(_statements(hub, reads=reads))


def _statements(hub: Hub, *, reads: bool) -> Iterator[Statement]:
    iam = load_iam()
    types = [_ACCEPTER, "command.orphans", "command.hub"]
    types += [_OPTIONS] if hub.dns_resolution else []
    types += ["aws_route"] if hub.route_tables else []
    names = {name for kind in types for name in iam.of_type(kind)}
    looks = {name for name in names if iam.actions[name].reads}
    yield statement("HubLook", "AWS lets these calls be bound to nothing.", looks, [ANY])
    if reads:
        return
    here = f"arn:aws:ec2:{hub.region}:{hub.account}"
    connections = f"{here}:vpc-peering-connection/*"
    routes = {name for name in names if name.endswith("Route")}
    yield statement(
        "HubAccept",
        "Requests are accepted for the one VPC, and their names resolved.",
        names - looks - routes - TAGGING,
        [connections, f"{here}:vpc/{hub.vpc}"],
    )
    yield statement(
        "HubTag",
        "A connection that is accepted bears the tags of its hub on this side, too.",
        TAGGING,
        [connections],
    )
    if hub.route_tables:
        yield statement(
            "HubRoutes",
            "Routes back to the cells stand in the tables that the inventory names.",
            routes | {_REPLACE},
            [f"{here}:route-table/{table}" for table in hub.route_tables],
        )


def hub_roles(inventory: Inventory, via: str | None, *, reads: bool = False) -> tuple[str, ...]:
    """List the ARNs of the roles of hubs that one way leads to, sorted.

    Args:
        inventory: whose hubs they are.
        via: the organization whose provisioning role goes there; None for those that whoever runs
            this takes by itself.
        reads: those beside them, which only look.
    """
    named = (hub.role for hub in inventory.hubs.values())
    roles = {role.role for role in named if isinstance(role, HubRole) and role.via == via}
    return tuple(sorted(reading_role_name(role) if reads else role for role in roles))
