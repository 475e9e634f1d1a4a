"""Which endpoints a cell has."""

from __future__ import annotations

from factory.facts.schema import Facts
from factory.inventory.schema import CellType
from factory.inventory.unreadable import readable

ALWAYS = "s3"  # its gateway endpoint: images, event logs and data come through it


def endpoint_services(cell_type: CellType, facts: Facts) -> tuple[str, ...]:
    """List the services that a cell reaches through interface endpoints, sorted.

    A cell without egress has those that it needs to start and those it names; with a NAT gateway
    it has only those it names. Services with a gateway endpoint are not among them.

    Source: https://docs.aws.amazon.com/eks/latest/userguide/private-clusters.html
    """
    needed = facts.endpoints if cell_type.egress == "none" else ()
    kind = facts.endpoint_services.kind
    named = (name for _, name in readable(cell_type.endpoints) if not kind(name).gateway)
    return tuple(sorted({*needed, *named}))


def gateway_services(cell_type: CellType, facts: Facts) -> tuple[str, ...]:
    """List the services that a cell reaches through gateway endpoints, sorted."""
    kind = facts.endpoint_services.kind
    named = (name for _, name in readable(cell_type.endpoints) if kind(name).gateway)
    return tuple(sorted({ALWAYS, *named}))
