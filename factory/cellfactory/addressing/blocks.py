"""The addresses of one cell, as values; how they are chosen is in `cellfactory.addressing.plan`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import Literal

from cellfactory.errors import Finding

Purpose = Literal["node", "endpoint", "control_plane", "public", "transit", "pod"]
"""What a subnet of a cell is for; a cell has one of each in every zone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SubnetKind:
    """A row of the table of subnets: all that is true of the subnets for one purpose."""

    name: Purpose
    cut_from: Literal["primary", "pod"]  # block of the VPC
    made: Literal["always", "with_egress", "with_gateway"]  # room is kept in every cell
    routes: Literal["node", "pod", "public"] | None  # route table that it is associated with
    use: str
    has_ipv6: bool = False  # where pods have IPv6 addresses, what starts in it has one, too

    @property
    def slug(self) -> str:
        """The name as it stands in construct ids and tags."""
        return self.name.replace("_", "-")


_ROWS = (
    SubnetKind(
        name="node",
        cut_from="primary",
        made="always",
        routes="node",
        use="the primary interface of each node",
        has_ipv6=True,
    ),
    SubnetKind(
        name="endpoint",
        cut_from="primary",
        made="always",
        routes="node",
        use="interface endpoints and the network load balancer",
    ),
    SubnetKind(
        name="control_plane",
        cut_from="primary",
        made="always",
        routes="node",
        use="the interfaces of the EKS control plane",
        has_ipv6=True,
    ),
    SubnetKind(
        name="public",
        cut_from="primary",
        made="with_egress",
        routes="public",
        use="a NAT gateway; kept free without egress",
    ),
    SubnetKind(
        name="transit",
        cut_from="primary",
        made="with_gateway",
        routes=None,
        use="a transit gateway attachment; kept free without one",
    ),
    SubnetKind(
        name="pod",
        cut_from="pod",
        made="always",
        routes="pod",
        use="pod interfaces and the /28 prefixes of the nodes; unroutable",
    ),
)
SUBNET_KINDS: Mapping[Purpose, SubnetKind] = {row.name: row for row in _ROWS}
"""Every kind of subnet, in the order in which they are cut and written down."""

PRIMARY_KINDS = tuple(row.name for row in _ROWS if row.cut_from == "primary")
"""Those that are cut from a cell's primary block, and so are routable in its mesh."""

POD_KINDS = tuple(row.name for row in _ROWS if row.cut_from == "pod")
"""Those that are cut from a pod block."""

ZoneBlocks = Mapping[Purpose, IPv4Network]
"""The subnets of a cell in one zone, one for each purpose; none of POD_KINDS for IPv6 pods."""


def subnet_kinds(*, egress: bool, gateway: bool = False, pods: bool = True) -> tuple[Purpose, ...]:
    """List the kinds of subnet that a cell has in each zone.

    Args:
        egress: whether it has NAT gateways of its own.
        gateway: whether its mesh has a transit gateway, or is to get one.
        pods: whether pods have subnets of their own; those with IPv6 addresses have none.

    >>> subnet_kinds(egress=False)
    ('node', 'endpoint', 'control_plane', 'pod')
    >>> subnet_kinds(egress=False, pods=False)
    ('node', 'endpoint', 'control_plane')
    """
    made = {"always": True, "with_egress": egress, "with_gateway": gateway}
    kinds = (row for row in _ROWS if made[row.made])
    return tuple(row.name for row in kinds if pods or row.name not in POD_KINDS)


@dataclass(frozen=True, slots=True, kw_only=True)
class CellAddresses:
    """Every block that a cell owns."""

    cell: str
    primary: IPv4Network  # first block of the VPC, /16 to /28
    pod_blocks: tuple[IPv4Network, ...]  # further blocks, each /16 to /28; none for IPv6 pods
    zones: Mapping[str, ZoneBlocks]  # by zone id

    def primary_subnets(self) -> tuple[IPv4Network, ...]:
        """Every subnet that is cut from the primary block."""
        return self._subnets(PRIMARY_KINDS)

    def pod_subnets(self) -> tuple[IPv4Network, ...]:
        """Every subnet that is cut from a pod block."""
        return self._subnets(POD_KINDS)

    def _subnets(self, kinds: tuple[Purpose, ...]) -> tuple[IPv4Network, ...]:
        return tuple(zone[kind] for zone in self.zones.values() for kind in kinds if kind in zone)

    @property
    def blocks(self) -> tuple[IPv4Network, ...]:
        """Every block of the VPC, the primary one first."""
        return (self.primary, *self.pod_blocks)


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressPlan:
    """The addresses of every cell of an inventory."""

    cells: Mapping[str, CellAddresses]  # by cell name; one with an error below is left out
    findings: tuple[Finding, ...] = ()  # what does not work out, and warnings
    removed: tuple[IPv4Network, ...] = ()  # blocks of cells that left and were not released
