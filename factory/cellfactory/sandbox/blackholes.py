"""Routes whose target is gone: EC2 keeps them, says `blackhole`, and drops what they carry.

A route to a connection that waits to be accepted is one, too, until that is active; so is one to a
transit gateway that its VPC is not attached to any more.

Source:
    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Route.html
    https://docs.aws.amazon.com/vpc/latest/peering/vpc-peering-routing.html
"""

from __future__ import annotations

from typing import Any

import moto.ec2.models.route_tables as tables

from cellfactory.sandbox.transit import FABRIC

ACTIVE, BLACKHOLE = "active", "blackhole"


def show_blackholes() -> None:
    """Have every route say whether its target is there."""
    tables.Route.state = property(state_of)  # type: ignore[method-assign, assignment]


def state_of(route: tables.Route) -> str:
    """Tell the state of a route by the connection or gateway that it leads to, if to one."""
    gateway: Any = route.transit_gateway
    if gateway is not None:
        attachment = FABRIC.vpc_attachment(gateway.id, route.route_table.vpc_id)
        return ACTIVE if attachment is not None and attachment.carries else BLACKHOLE
    connection = route.vpc_pcx
    if connection is None or connection.status["Code"] == "active":
        return ACTIVE
    return BLACKHOLE
