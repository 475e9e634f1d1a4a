"""Which interface endpoints a cell has."""

from __future__ import annotations

from factory.facts.schema import Facts
from factory.inventory.schema import CellType
from factory.inventory.unreadable import readable

GATEWAY_SERVICES = ("s3",)
"""Services that every cell reaches through a gateway endpoint; one has no address in the VPC."""


def endpoint_services(cell_type: CellType, facts: Facts) -> tuple[str, ...]:
    """List the services that a cell reaches through interface endpoints, sorted.

    A cell without egress has those that it needs to start and those it names; with a NAT gateway
    it has only those it names. The gateway endpoint of S3 is not among them: every cell has it.

    Source: https://docs.aws.amazon.com/eks/latest/userguide/private-clusters.html
    """
    needed = facts.endpoints if cell_type.egress == "none" else ()
    asked = _asked_for(cell_type) if cell_type.egress == "none" else ()
    return tuple(sorted({*needed, *asked, *(name for _, name in readable(cell_type.endpoints))}))


SESSION_MANAGER = ("ssm", "ssmmessages", "ec2messages")
METRICS = ("monitoring",)


def _asked_for(cell_type: CellType) -> tuple[str, ...]:
    """List the services of what a cell type asks for on top.

    Source: https://docs.aws.amazon.com/systems-manager/latest/userguide/setup-create-vpc.html
    """
    sessions = SESSION_MANAGER if cell_type.session_manager else ()
    metrics = METRICS if "amazon-cloudwatch-observability" in cell_type.addons else ()
    return (*sessions, *metrics)
