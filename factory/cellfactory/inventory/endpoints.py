"""Which endpoints a cell has."""

from __future__ import annotations

from cellfactory.facts.schema import EndpointService, Facts
from cellfactory.inventory.schema import CellType
from cellfactory.inventory.unreadable import peek, readable

ALWAYS = "s3"  # its gateway endpoint: images, event logs and data come through it


def endpoint_services(cell_type: CellType, facts: Facts) -> tuple[str, ...]:
    """List the services that a cell reaches through interface endpoints, sorted.

    A cell without egress has those that it needs to start and those it names; with a NAT gateway
    it has only those it names. Services with a gateway endpoint are not among them.

    Source: https://docs.aws.amazon.com/eks/latest/userguide/private-clusters.html
    """
    rows = facts.endpoints.values() if cell_type.egress == "none" else ()
    needed = (row.id for row in rows if _is_needed(row, cell_type))
    kind = facts.endpoint_services.kind
    named = (name for _, name in readable(cell_type.endpoints) if not kind(name).gateway)
    return tuple(sorted({*needed, *named}))


def gateway_services(cell_type: CellType, facts: Facts) -> tuple[str, ...]:
    """List the services that a cell reaches through gateway endpoints, sorted."""
    kind = facts.endpoint_services.kind
    named = (name for _, name in readable(cell_type.endpoints) if kind(name).gateway)
    return tuple(sorted({ALWAYS, *named}))


def _is_needed(row: EndpointService, cell_type: CellType) -> bool:
    key, _, addon = row.asked_by.partition(".")
    if addon:
        return addon in cell_type.addons
    return not key or bool(peek(cell_type, key))
