"""Which endpoints a cell has."""

from __future__ import annotations

from factory.facts.endpoint_services import load_catalogue
from factory.facts.endpoints import load_endpoints
from factory.inventory.schema import CellType
from factory.inventory.unreadable import readable

ALWAYS = "s3"  # its gateway endpoint: images, event logs and data come through it


def endpoint_services(cell_type: CellType) -> tuple[str, ...]:
    """List the services that a cell reaches through interface endpoints, sorted.

    A cell without egress has those that it needs to start and those it names; with a NAT gateway
    it has only those it names. Services with a gateway endpoint are not among them.

    Source: https://docs.aws.amazon.com/eks/latest/userguide/private-clusters.html
    """
    needed = load_endpoints() if cell_type.egress == "none" else ()
    kind = load_catalogue().kind
    named = (name for _, name in readable(cell_type.endpoints) if not kind(name).gateway)
    return tuple(sorted({*needed, *named}))


def has_private_names(service: str) -> bool:
    """Whether clients find the interface endpoint of a service by its usual names."""
    return load_catalogue().kind(service).private_names


def gateway_services(cell_type: CellType) -> tuple[str, ...]:
    """List the services that a cell reaches through gateway endpoints, sorted."""
    kind = load_catalogue().kind
    named = (name for _, name in readable(cell_type.endpoints) if kind(name).gateway)
    return tuple(sorted({ALWAYS, *named}))
